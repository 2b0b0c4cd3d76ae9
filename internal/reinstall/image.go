package reinstall

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// imageTimeout bounds the search for the image that is asked for. Without it, the service still refuses a wrong image, but
// only once the server is stopped.
const imageTimeout = 30 * time.Second

// ImageError reports an image that cannot be installed on a server.
type ImageError struct {
	ImageID string
	Field   string // status, arch or server_type
	Found   string // of the image
	Needed  string // ACTIVE, or that of the server
}

// Error names what does not fit.
func (e *ImageError) Error() string {
	return fmt.Sprintf("image %s has %s %q, not %q", e.ImageID, e.Field, e.Found, e.Needed)
}

// CheckImage returns an *ImageError if image cannot be installed on server: it is not active, or for another architecture or
// another type of server. What either side does not show, or shows in an unknown word, is not compared. image may be nil: it
// is not known.
func CheckImage(image *modelarts.Image, server *modelarts.Server) error {
	if image == nil {
		return nil
	}

	refused := func(field, found, needed string) error {
		return &ImageError{ImageID: text(image.ImageID), Field: field, Found: found, Needed: needed}
	}

	if status := text(image.Status); strings.EqualFold(status, "INACTIVE") {
		return refused("status", status, "ACTIVE")
	}

	if found, needed := architecture(text(image.Arch)), serverArchitecture(server); found != "" && needed != "" && found != needed {
		return refused("arch", found, needed)
	}

	if found, needed := serverType(text(image.ServerType)), serverTypes(server); found != "" && len(needed) > 0 && !slices.Contains(needed, found) {
		return refused("server_type", found, needed[0])
	}

	return nil
}

// serverArchitecture returns the architecture of a server, which only its image shows; empty if it is not known. The image of a
// server that has failed may be why it has.
func serverArchitecture(server *modelarts.Server) string {
	if status := string(server.CurrentStatus()); status == "ERROR" || strings.HasSuffix(status, "_FAILED") {
		return ""
	}

	return architecture(text(server.InstalledImage().Arch))
}

// architecture returns the documented name of an architecture; empty if it is unknown. Examples of the service have other
// names than its documentation.
func architecture(name string) string {
	switch strings.ToUpper(name) {
	case "X86", "X86_64", "AMD64":
		return "X86"
	case "ARM", "ARM64", "AARCH64":
		return "ARM"
	default:
		return ""
	}
}

// serverType returns the documented name of a type of server; empty if it is unknown.
func serverType(name string) string {
	name = strings.ToUpper(name)
	if !slices.Contains([]string{"ECS", "BMS", "HPS"}, name) {
		return ""
	}

	return name
}

// serverTypes returns the types of server that server may be; none if that is not known. The node of a supernode may have an
// image for the machine under it, whose type only that image shows.
func serverTypes(server *modelarts.Server) []string {
	var types []string

	if server != nil && server.CloudServer != nil {
		types = append(types, serverType(text(server.CloudServer.Type)))
	}

	types = append(types, serverType(text(server.InstalledImage().ServerType)))

	if slices.Contains(types, "HPS") {
		return nil
	}

	return slices.DeleteFunc(types, func(name string) bool { return name == "" })
}

// text returns the text, empty for nil.
func text(shown *string) string {
	if shown == nil {
		return ""
	}

	return *shown
}

// findImage finds the image that is asked for, once. One that cannot be found is left to the service.
func (r *run) findImage(ctx context.Context) {
	if r.req.Body.ImageID == "" || r.imageSought {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, imageTimeout)
	defer cancel()

	r.imageSought = true

	if image, err := r.api.FindImage(ctx, r.req.Body.ImageID); err == nil {
		r.image = image
	}
}
