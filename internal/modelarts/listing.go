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
	// maxServersPerPage is the longest page of servers that the service documents, and minServersPerPage the shortest one
	// that is asked for where longer ones are too long to be read.
	maxServersPerPage = 1024
	minServersPerPage = 16
	// maxPages bounds a listing that never comes to its end.
	maxPages = 1000
)

// ListImagesOptions says which images to show. An empty field is not sent.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ListDevServerImages.html
type ListImagesOptions struct {
	ServerType string // BMS, ECS or HPS
	FlavorName string // name of a flavor that the images have to fit, 1 to 128 characters
}

// ListingError is a listing that is not whole, or that does not agree with itself, as when servers come and go while it
// is read. Nothing of such a listing is to be used: what it lacks may well be there.
type ListingError struct {
	Err *Error // the answer in which it showed, and what is wrong with it
}

// Error returns what Err says.
func (e *ListingError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *ListingError) Unwrap() error { return e.Err }

// ListAllServers returns all servers that the caller created, each of them once, in the order of the service. It reads
// as many pages as it takes, and shorter ones where a page is too long to be read. A listing that is not as long as it
// says, that changes its length while it is read, or that shows something without an id is a *ListingError.
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

// serverPage returns at most limit servers from offset on, and the answer that shows them.
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

// ListImages returns the images that DevServers can have, each of them once, in the order of the service. An incomplete
// listing is a *ListingError, as in ListAllServers.
//
// The documentation has no parameters for paging, though the reply is a page. So a whole listing is asked for, and only
// where the reply says that there is more, the rest is asked for with the offset that the listing of servers has.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ListDevServerImages.html
func (c *Client) ListImages(ctx context.Context, opts ListImagesOptions) ([]Image, error) {
	images := listing[Image]{what: "images", id: func(image Image) *string { return image.ImageID }}

	return images.read(func(offset int) (*page[Image], *reply, error) {
		return c.imagePage(ctx, opts, offset)
	})
}

// imagePage returns the images from offset on, and the answer that shows them.
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

	if page.total == nil {
		whole := int64(page.elements)
		page.total = &whole
	}

	return page, answer, nil
}

// listing puts the pages of a listing together.
type listing[T any] struct {
	what string // what it lists, in the plural
	id   func(T) *string

	items    []T
	known    map[string]bool // the ids of items; nil before the first page
	elements int             // elements of the pages so far, repeated ones included
	total    *int64          // as the first page has it; nil: the end is an empty page
}

// read fetches the pages until the listing is whole, and returns its items. fetch gets the number of elements to leave
// out.
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
			problem = fmt.Sprintf("it is said to have %d and shows %d", *l.total, len(l.items))
		case end:
			return l.items, nil
		case fresh == 0:
			problem = "a later page shows the same again"
		case pages == maxPages:
			problem = fmt.Sprintf("it has no end within %d pages", maxPages)
		default:
			continue
		}

		return nil, l.broken(answer, problem)
	}
}

// add takes in a page. It returns the number of items that no page before had, and what is wrong with the page.
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

// broken is the error for a listing with a problem that showed in answer.
func (l *listing[T]) broken(answer *reply, problem string) error {
	return &ListingError{Err: answer.failure(fmt.Sprintf("the listing of %s cannot be used: %s", l.what, problem))}
}

// number returns n in words.
func number(n *int64) string {
	if n == nil {
		return "unknown"
	}

	return strconv.FormatInt(*n, 10)
}
