package modelarts_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

const listPath = "/v1/" + testProject + "/dev-servers"

// pages answers with one body after the other, and then always with the last one.
func pages(bodies ...string) *memory {
	return &memory{answer: func(n int, _ *http.Request) (*http.Response, error) {
		return response(http.StatusOK, bodies[min(n, len(bodies))-1], "X-Request-Id", fmt.Sprintf("r%d", n)), nil
	}}
}

// serversPage returns a page of servers with these ids, without a total if it is negative.
func serversPage(total int, ids ...string) string { return pageOf("id", total, ids) }

func imagesPage(total int, ids ...string) string { return pageOf("image_id", total, ids) }

func pageOf(key string, total int, ids []string) string {
	elements := make([]string, len(ids))
	for i, id := range ids {
		elements[i] = fmt.Sprintf("{%q:%q}", key, id)
	}

	body := `{"current":0,"data":[` + strings.Join(elements, ",") + `]`
	if total >= 0 {
		body += `,"total":` + strconv.Itoa(total)
	}

	return body + "}"
}

// numbered returns the ids first to last.
func numbered(first, last int) []string {
	var ids []string
	for i := first; i <= last; i++ {
		ids = append(ids, fmt.Sprintf("s%04d", i))
	}

	return ids
}

func serverIDs(servers []modelarts.Server) []string {
	ids := []string{}
	for _, server := range servers {
		ids = append(ids, *server.ID)
	}

	return ids
}

func TestListAllServers(t *testing.T) {
	t.Parallel()

	first := "GET " + listPath + "?limit=1024"

	tests := map[string]struct {
		bodies []string
		want   []string
		asked  []string
	}{
		"one page": {[]string{serversPage(2, "a", "b")}, []string{"a", "b"}, []string{first}},
		"none":     {[]string{serversPage(0)}, []string{}, []string{first}},
		"two pages": {
			[]string{serversPage(1100, numbered(1, 1024)...), serversPage(1100, numbered(1025, 1100)...)},
			numbered(1, 1100),
			[]string{first, first + "&offset=1024"},
		},
		"a page that ends with the listing": {
			[]string{serversPage(1024, numbered(1, 1024)...)}, numbered(1, 1024), []string{first},
		},
		"pages shorter than asked for": {
			[]string{serversPage(3, "a", "b"), serversPage(3, "c")}, []string{"a", "b", "c"}, []string{first, first + "&offset=2"},
		},
		"no total": {
			[]string{serversPage(-1, "a", "b"), serversPage(-1, "c"), serversPage(-1)},
			[]string{"a", "b", "c"},
			[]string{first, first + "&offset=2", first + "&offset=3"},
		},
		"no total, and none": {[]string{`{"current":0,"data":null}`}, []string{}, []string{first}},
		"no total, and one of the second page again": {
			[]string{serversPage(-1, "a", "b"), serversPage(-1, "b", "c"), serversPage(-1)},
			[]string{"a", "b", "c"},
			[]string{first, first + "&offset=2", first + "&offset=4"},
		},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			transport := pages(tt.bodies...)

			servers, err := newClient(t, transport).ListAllServers(t.Context())
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(tt.want, serverIDs(servers)); diff != "" {
				t.Error(diff)
			}

			if diff := cmp.Diff(tt.asked, transport.lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A listing that may be incomplete is an error, whatever the cause.
func TestListAllServersThatCannotBeUsed(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		bodies []string
		want   string
	}{
		"cut short":                       {[]string{serversPage(3, "a", "b"), serversPage(3)}, "the total is 3, but it shows 2"},
		"cut short at once":               {[]string{serversPage(1)}, "the total is 1, but it shows 0"},
		"one deleted between pages":       {[]string{serversPage(4, "a", "b"), serversPage(3, "d")}, "while it was read, its length changed from 4 to 3"},
		"one created between pages":       {[]string{serversPage(4, "a", "b"), serversPage(5, "c", "d", "e")}, "while it was read, its length changed from 4 to 5"},
		"the total vanishes":              {[]string{serversPage(4, "a", "b"), serversPage(-1, "c", "d")}, "while it was read, its length changed from 4 to unknown"},
		"the total appears":               {[]string{serversPage(-1, "a", "b"), serversPage(3, "c")}, "while it was read, its length changed from unknown to 3"},
		"one on two pages":                {[]string{serversPage(4, "a", "b"), serversPage(4, "b", "c")}, "the total is 4, but it shows 3"},
		"one twice on a page":             {[]string{serversPage(2, "a", "a")}, "the total is 2, but it shows 1"},
		"more than the total":             {[]string{serversPage(1, "a", "b")}, "the total is 1, but it shows 2"},
		"the offset is ignored":           {[]string{serversPage(4, "a")}, "a later page shows the same again"},
		"the offset is ignored, no total": {[]string{serversPage(-1, "a")}, "a later page shows the same again"},
		"one without an id":               {[]string{`{"data":[{"id":"a"},{"name":"b"}],"total":2}`}, "one of its elements has no id"},
		"one with an empty id":            {[]string{`{"data":[{"id":""}],"total":1}`}, "one of its elements has no id"},
		"elements that are no servers":    {[]string{`{"data":[{"id":"a"},null,{},7],"total":4}`}, "3 of its elements cannot be read"},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			transport := pages(tt.bodies...)

			servers, err := newClient(t, transport).ListAllServers(t.Context())
			if servers != nil {
				t.Errorf("got %v", serverIDs(servers))
			}

			var (
				broken *modelarts.ListingError
				answer *modelarts.Error
			)

			if !errors.As(err, &broken) || !errors.As(err, &answer) {
				t.Fatalf("got %v", err)
			}

			want := &modelarts.Error{
				Method: http.MethodGet, Path: listPath, StatusCode: http.StatusOK,
				Message:   "the listing of servers cannot be used: " + tt.want,
				RequestID: fmt.Sprintf("r%d", len(transport.all())),
			}
			if diff := cmp.Diff(want, answer); diff != "" {
				t.Error(diff)
			}

			if broken.Error() != answer.Error() {
				t.Errorf("got %q", broken)
			}
		})
	}
}

func TestListAllServersHasAnEnd(t *testing.T) {
	t.Parallel()

	transport := &memory{answer: func(n int, _ *http.Request) (*http.Response, error) {
		return response(http.StatusOK, serversPage(-1, strconv.Itoa(n))), nil
	}}

	_, err := newClient(t, transport).ListAllServers(t.Context())
	if err == nil || !strings.Contains(err.Error(), "more than 1000 pages") {
		t.Error(err)
	}

	if n := len(transport.all()); n != 1000 {
		t.Errorf("%d requests", n)
	}
}

// bulky answers with as many of the servers as are requested, each of that size in bytes.
func bulky(servers, size int) *memory {
	padding := strings.Repeat("x", size)

	return &memory{answer: func(_ int, req *http.Request) (*http.Response, error) {
		limit, _ := strconv.Atoi(req.URL.Query().Get("limit"))
		offset, _ := strconv.Atoi(req.URL.Query().Get("offset"))

		var rows []string
		for i := offset; i < min(offset+limit, servers); i++ {
			rows = append(rows, fmt.Sprintf(`{"id":"s%04d","name":"%s"}`, i+1, padding))
		}

		return response(http.StatusOK, fmt.Sprintf(`{"data":[%s],"total":%d}`, strings.Join(rows, ","), servers)), nil
	}}
}

// If pages are too long to be read, shorter ones are requested, down to a limit.
func TestListAllServersTooLong(t *testing.T) {
	t.Parallel()

	page := "GET " + listPath + "?limit="

	tests := map[string]struct {
		servers, size int
		asked         []string
		fails         bool
	}{
		"a KiB each": {servers: 1000, size: 1 << 10, asked: []string{page + "1024"}},
		"5 KiB each": {
			servers: 1200, size: 5 << 10,
			asked: []string{page + "1024", page + "512", page + "512&offset=512", page + "512&offset=1024"},
		},
		"200 KiB each": {
			servers: 21, size: 200 << 10,
			asked: []string{page + "1024", page + "512", page + "256", page + "128", page + "64", page + "32", page + "16", page + "16&offset=16"},
		},
		"300 KiB each": {
			servers: 16, size: 300 << 10, fails: true,
			asked: []string{page + "1024", page + "512", page + "256", page + "128", page + "64", page + "32", page + "16"},
		},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			transport := bulky(tt.servers, tt.size)

			servers, err := newClient(t, transport).ListAllServers(t.Context())
			if tt.fails && (err == nil || !strings.Contains(err.Error(), "longer than 4 MiB")) || !tt.fails && err != nil {
				t.Errorf("got %v", err)
			}

			if !tt.fails && !slices.Equal(serverIDs(servers), numbered(1, tt.servers)) {
				t.Errorf("got %v", serverIDs(servers))
			}

			if diff := cmp.Diff(tt.asked, transport.lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestListAllServersFails(t *testing.T) {
	t.Parallel()

	refused := &memory{answer: func(n int, _ *http.Request) (*http.Response, error) {
		if n == 1 {
			return response(http.StatusOK, serversPage(2, "a")), nil
		}

		return response(http.StatusForbidden, `{"error_code":"APIGW.0302","error_msg":"no"}`), nil
	}}

	servers, err := newClient(t, refused).ListAllServers(t.Context())
	if !modelarts.IsForbidden(err) || servers != nil {
		t.Errorf("got %v, %v", servers, err)
	}

	if _, err := newClient(t, always(http.StatusOK, "<html>Log in</html>")).ListAllServers(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "the reply is not a page of servers: Log in") {
		t.Errorf("got %v", err)
	}
}

func TestListImages(t *testing.T) {
	t.Parallel()

	path := "GET " + listPath + "/images"

	tests := map[string]struct {
		opts   modelarts.ListImagesOptions
		bodies []string
		want   []string
		err    string
		asked  []string
	}{
		"all": {bodies: []string{imagesPage(2, "a", "b")}, want: []string{"a", "b"}, asked: []string{path}},
		"some": {
			opts:   modelarts.ListImagesOptions{ServerType: "BMS", FlavorName: "a b&c"},
			bodies: []string{imagesPage(1, "a")}, want: []string{"a"}, asked: []string{path + "?flavor_name=a%20b%26c&server_type=BMS"},
		},
		"none":     {bodies: []string{imagesPage(0)}, want: []string{}, asked: []string{path}},
		"no total": {bodies: []string{imagesPage(-1, "a", "b")}, want: []string{"a", "b"}, asked: []string{path}},
		"pages after all": {
			opts:   modelarts.ListImagesOptions{ServerType: "BMS"},
			bodies: []string{imagesPage(3, "a", "b"), imagesPage(3, "c")}, want: []string{"a", "b", "c"},
			asked: []string{path + "?server_type=BMS", path + "?offset=2&server_type=BMS"},
		},
		"a rest that cannot be had": {
			bodies: []string{imagesPage(3, "a", "b")}, err: "the listing of images cannot be used: the total is 3, but it shows 2",
			asked: []string{path, path + "?offset=2"},
		},
		"one without an id": {
			bodies: []string{`{"data":[{"name":"a"}]}`}, err: "the listing of images cannot be used: one of its elements has no id",
			asked: []string{path},
		},
		"something else": {bodies: []string{serverBody}, err: "the reply is not a page of images", asked: []string{path}},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			transport := pages(tt.bodies...)

			images, err := newClient(t, transport).ListImages(t.Context(), tt.opts)
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) || tt.err == "" && err != nil {
				t.Fatalf("got %v, want %q", err, tt.err)
			}

			var got []string
			if images != nil {
				got = []string{}
			}

			for _, image := range images {
				got = append(got, *image.ImageID)
			}

			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}

			if diff := cmp.Diff(tt.asked, transport.lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzListImages(f *testing.F) {
	for _, body := range oddBodies {
		f.Add([]byte(body))
	}

	f.Add([]byte(imagesPage(3, "a", "b")))

	f.Fuzz(func(t *testing.T, body []byte) {
		images, err := newClient(t, always(http.StatusOK, string(body))).ListImages(t.Context(), modelarts.ListImagesOptions{})
		if err != nil && images != nil {
			t.Errorf("%v and %v of %q", images, err, body)
		}

		wantDistinct(t, images, func(image modelarts.Image) *string { return image.ImageID })
	})
}
