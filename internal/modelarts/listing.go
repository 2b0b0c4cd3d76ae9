package modelarts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

const (
	// maxServersPerPage is the longest documented page of servers, and minServersPerPage the shortest one that is requested
	// if longer ones are too long to be read.
	maxServersPerPage = 1024
	minServersPerPage = 16
	// maxPages bounds a listing that never ends.
	maxPages = 1000
)

// ListImagesOptions says which images to show. An empty field is not sent.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ListDevServerImages.html
type ListImagesOptions struct {
	ServerType string // BMS, ECS or HPS
	FlavorName string // name of a flavor that the images must fit, 1 to 128 characters
}

// ListingError reports a listing that is incomplete or inconsistent, as when servers come and go while it is read. No
// part of such a listing may be used: servers missing from it may still exist.
type ListingError struct {
	Err *Error // the answer in which it showed, and what is wrong
}

// Error returns the text of Err.
func (e *ListingError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *ListingError) Unwrap() error { return e.Err }

// ListAllServers returns all servers that the caller created, each of them once, in the order of the service. It reads
// as many pages as necessary, and shorter ones if a page is too long to be read. It returns a *ListingError if the
// listing is not as long as it says, changes its length while it is read, or shows something without an id.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ListDevServers.html
func (c *Client) ListAllServers(ctx context.Context) ([]Server, error) {
	servers := listing[Server]{what: "servers", id: func(server Server) *string { return server.ID }}
	limit := maxServersPerPage

	return servers.read(func(offset int) (*page[Server], *reply, error) {
		for {
			page, answer, err := c.serverPage(ctx, limit, offset)
			if _, tooLong := errors.AsType[*tooLongError](err); !tooLong || limit == minServersPerPage {
				return page, answer, err
			}

			limit /= 2
		}
	})
}

// serverPage returns at most limit servers, starting at offset, and the answer that shows them.
func (c *Client) serverPage(ctx context.Context, limit, offset int) (*page[Server], *reply, error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if offset > 0 {
		query.Set("offset", strconv.Itoa(offset))
	}

	answer, err := c.send(ctx, &request{method: http.MethodGet, query: query})
	if err != nil {
		return nil, nil, err
	}

	page := decodePage(answer.body, decodeListedServer)
	if page == nil {
		return nil, nil, answer.unusable("a page of servers")
	}

	for i := range page.items {
		redactServer(answer.redactor, &page.items[i])
	}

	return page, answer, nil
}

// ListImages returns the images for DevServers, each of them once, in the order of the service. It returns a
// *ListingError as ListAllServers does.
//
// The documentation has no parameters for paging, though the reply is a page. So the first request asks for everything.
// Only if the reply says that there is more, the rest is requested with the offset parameter of the listing of servers.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ListDevServerImages.html
func (c *Client) ListImages(ctx context.Context, opts ListImagesOptions) ([]Image, error) {
	images := listing[Image]{what: "images", id: func(image Image) *string { return image.ImageID }}

	return images.read(func(offset int) (*page[Image], *reply, error) {
		return c.imagePage(ctx, opts, offset)
	})
}

// imagePage returns the images starting at offset, and the answer that shows them.
func (c *Client) imagePage(ctx context.Context, opts ListImagesOptions, offset int) (*page[Image], *reply, error) {
	query := url.Values{}

	for name, value := range map[string]string{"server_type": opts.ServerType, "flavor_name": opts.FlavorName} {
		if value != "" {
			query.Set(name, value)
		}
	}

	if offset > 0 {
		query.Set("offset", strconv.Itoa(offset))
	}

	answer, err := c.send(ctx, &request{method: http.MethodGet, path: []string{"images"}, query: query})
	if err != nil {
		return nil, nil, err
	}

	page := decodePage(answer.body, decodeListedImage)
	if page == nil {
		return nil, nil, answer.unusable("a page of images")
	}

	for i := range page.items {
		redactImage(answer.redactor, &page.items[i])
	}

	if page.total == nil {
		whole := int64(page.elements)
		page.total = &whole
	}

	return page, answer, nil
}

// listing assembles the pages of a listing.
type listing[T any] struct {
	what string // what it lists, in the plural
	id   func(T) *string

	items    []T
	known    map[string]bool // the ids of items; nil before the first page
	elements int             // elements of the pages so far, repeated ones included
	total    *int64          // as the first page says; nil: an empty page is the end
}

// read fetches pages until the listing is complete, and returns its items. fetch is called with the number of elements to
// skip.
func (l *listing[T]) read(fetch func(offset int) (*page[T], *reply, error)) ([]T, error) {
	for pages := 1; ; pages++ {
		page, answer, err := fetch(l.elements)
		if err != nil {
			return nil, err
		}

		fresh, problem := l.add(page)
		end := page.elements == 0 || l.total != nil && int64(l.elements) >= *l.total

		switch {
		case problem != "":
		case end && l.total != nil && int64(len(l.items)) != *l.total:
			problem = fmt.Sprintf("the total is %d, but it shows %d", *l.total, len(l.items))
		case end:
			return l.items, nil
		case fresh == 0:
			problem = "a later page shows the same again"
		case pages == maxPages:
			problem = fmt.Sprintf("it has more than %d pages", maxPages)
		default:
			continue
		}

		return nil, l.broken(answer, problem)
	}
}

// add adds a page. It returns the number of items that were on no earlier page, and what is wrong with the page.
func (l *listing[T]) add(page *page[T]) (fresh int, problem string) {
	switch {
	case l.known == nil:
		l.known, l.total, l.items = map[string]bool{}, page.total, []T{}
	case number(l.total) != number(page.total):
		return 0, fmt.Sprintf("while it was read, its length changed from %s to %s", number(l.total), number(page.total))
	}

	if odd := page.elements - len(page.items); odd > 0 {
		return 0, fmt.Sprintf("%d of its elements cannot be read", odd)
	}

	for _, item := range page.items {
		id := l.id(item)
		if id == nil || *id == "" {
			return 0, "one of its elements has no id"
		}

		if !l.known[*id] {
			l.known[*id] = true
			l.items = append(l.items, item)
			fresh++
		}
	}

	l.elements += page.elements

	return fresh, ""
}

// broken returns the error for a listing with a problem that showed in answer.
func (l *listing[T]) broken(answer *reply, problem string) error {
	return &ListingError{Err: answer.failure(fmt.Sprintf("the listing of %s cannot be used: %s", l.what, problem))}
}

// number returns n as text.
func number(n *int64) string {
	if n == nil {
		return "unknown"
	}

	return strconv.FormatInt(*n, 10)
}
