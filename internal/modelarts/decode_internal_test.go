package modelarts

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/lenient"
)

func TestDecodePageOfServers(t *testing.T) {
	t.Parallel()

	wantPages(t, decodeListedServer, map[string]decoded[Server]{
		"page": {
			body:  `{"current":0,"data":[{"id":"a","status":"RUNNING"},{"id":"b"}],"pages":1,"size":2,"total":2}`,
			items: []Server{{ID: new("a"), Status: new(StatusRunning)}, {ID: new("b")}}, elements: 2, total: new(int64(2)),
		},
		"empty":                  {body: `{"current":0,"data":[],"pages":0,"size":0,"total":0}`, items: []Server{}, total: new(int64(0))},
		"data is null":           {body: `{"data":null,"total":0}`, items: []Server{}, total: new(int64(0))},
		"data is missing":        {body: `{"current":1}`, items: []Server{}},
		"odd elements":           {body: `{"data":[1,null,{},{"id":"a"},[]],"total":"5"}`, items: []Server{{ID: new("a")}}, elements: 5, total: new(int64(5))},
		"object":                 {body: `{}`},
		"server":                 {body: `{"id":"a","status":"STOPPED"}`},
		"data is null, no total": {body: `{"data":null}`},
		"array":                  {body: `[]`},
		"null":                   {body: `null`},
		"HTML":                   {body: `<html>`},
		"none":                   {body: ``},
	})
}

func TestDecodePageOfImages(t *testing.T) {
	t.Parallel()

	wantPages(t, decodeListedImage, map[string]decoded[Image]{
		"page": {
			body: `{"current":0,"data":[{"arch":"X86_64","image_id":"a","name":"n","server_type":"ECS","status":"ACTIVE","size":7}],"total":1}`,
			items: []Image{{
				Arch: new("X86_64"), ImageID: new("a"), Name: new("n"), ServerType: new("ECS"), Status: new("ACTIVE"),
			}},
			elements: 1, total: new(int64(1)),
		},
		"empty": {body: `{"data":[],"total":0}`, items: []Image{}, total: new(int64(0))},
		"odd elements": {
			body:  `{"data":[1,null,{},{"image_id":7,"name":null},{"image_id":"a"}]}`,
			items: []Image{{ImageID: new("a")}}, elements: 5,
		},
		"object": {body: `{}`},
	})
}

// decoded is a body with the page that it is decoded to; without items there is none.
type decoded[T any] struct {
	body     string
	items    []T
	elements int
	total    *int64
}

func wantPages[T any](t *testing.T, decode func(lenient.Object) (T, bool), tests map[string]decoded[T]) {
	t.Helper()

	for name, want := range tests {
		page := decodePage([]byte(want.body), decode)

		switch {
		case page == nil && want.items == nil:
		case page == nil || want.items == nil:
			t.Errorf("%s: got %+v, want %+v", name, page, want)
		default:
			got := decoded[T]{body: want.body, items: page.items, elements: page.elements, total: page.total}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(decoded[T]{})); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}
