package simulator

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/datacenter"
)

func serveImages(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	query := r.url.Query()
	serverType := query.Get("server_type")
	if query.Has("server_type") && !slices.Contains([]string{TypeECS, TypeBMS, TypeHPS}, serverType) {
		return 0, nil, invalid("server_type %q is none of ECS, BMS, HPS", serverType)
	}
	flavor := cmp.Or(query.Get("flavor_name"), query.Get("resource_flavor_name"))
	data := []any{}
	for _, image := range c.site.Images() {
		if serverType != "" && serverType != image.ServerType {
			continue
		}
		if flavor != "" && len(image.Flavors) > 0 && !slices.Contains(image.Flavors, flavor) {
			continue
		}
		data = append(data, imageBody(image))
	}
	pages := min(len(data), 1)
	return http.StatusOK, map[string]any{"current": 0, "pages": pages, "size": len(data), "total": len(data), "data": data}, nil
}

func serveImage(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	if !datacenter.ValidID(r.id) {
		return 0, nil, invalid("the image id %q is malformed", r.id)
	}
	image, ok := c.site.Image(r.id)
	if !ok {
		return 0, nil, &refusal{
			status: http.StatusBadRequest, code: CodeNotFound, message: "Image '" + r.id + "' not found.", innocent: true,
		}
	}
	return http.StatusOK, imageBody(image), nil
}
