package modelarts

import (
	"reflect"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/lenient"
)

// DecodeServer returns the server in body, nil if body shows none. It is lenient: a field that is missing, null or of a JSON
// type that makes no sense for it is nil, and unknown fields and values are ignored.
func DecodeServer(body []byte) *Server { return decodeServer(lenient.Parse(body)) }

// page is one page of a listing.
type page[T any] struct {
	items    []T
	elements int    // of the array in the reply, including those that are not items
	total    *int64 // number of elements of the whole listing
}

// decodePage returns the page in body with the items that decode accepts, nil if body is not a page. It is as lenient as
// DecodeServer.
func decodePage[T any](body []byte, decode func(lenient.Object) (T, bool)) *page[T] {
	members := lenient.Parse(body)
	data, known := members["data"].([]any)

	for _, name := range []string{"current", "pages", "size", "total"} {
		known = known || members.Int64(name) != nil
	}

	if !known {
		return nil
	}

	return &page[T]{items: lenient.List(data, decode), elements: len(data), total: members.Int64("total")}
}

// decodeListedServer decodes an element of a page; false if it is not a server.
func decodeListedServer(element lenient.Object) (Server, bool) {
	server := decodeServer(element)
	if server == nil {
		return Server{}, false
	}

	return *server, true
}

// decodeListedImage decodes an element of a page; false if it is not an image.
func decodeListedImage(element lenient.Object) (Image, bool) {
	image := decodeImage(element)

	return image, image != Image{}
}

// decodeProjects returns the ids of the projects in body that are called name; false if body is not a list of projects.
func decodeProjects(body []byte, name string) ([]string, bool) {
	projects, ok := lenient.Parse(body)["projects"].([]any)
	if !ok {
		return nil, false
	}

	return lenient.List(projects, func(project lenient.Object) (string, bool) {
		id, shown := project.String("id"), project.String("name")
		if id == nil || !isPathElement(*id) || !isHeaderValue(*id) {
			return "", false
		}

		return *id, shown == nil || *shown == name
	}), true
}

func decodeServer(server lenient.Object) *Server {
	decoded := &Server{
		ID:                  server.String("id"),
		Name:                server.String("name"),
		Status:              (*Status)(server.String("status")),
		Category:            server.String("category"),
		ChargingMode:        server.String("charging_mode"),
		Flavor:              server.String("flavor"),
		KeyPairName:         server.String("key_pair_name"),
		OrderID:             server.String("order_id"),
		SubnetID:            server.String("subnet_id"),
		VPCID:               server.String("vpc_id"),
		CreateAt:            server.Int64("create_at"),
		UpdateAt:            server.Int64("update_at"),
		CloudServer:         lenient.Field(server, "cloud_server", decodeCloudServer),
		Endpoints:           lenient.Fields(server, "endpoints", decodeEndpoint),
		EndpointsResponse:   lenient.Fields(server, "endpoints_response", decodeEndpointResponse),
		Image:               lenient.Field(server, "image", decodeImage),
		ServerImageResponse: lenient.Field(server, "server_image_response", decodeImage),
		ServerHPS:           lenient.Field(server, "server_hps", decodeServerHPS),
		Volumes:             lenient.Fields(server, "volumes", decodeVolume),
	}

	if reflect.ValueOf(decoded).Elem().IsZero() {
		return nil
	}

	return decoded
}

func decodeCloudServer(cloud lenient.Object) CloudServer {
	return CloudServer{
		ID: cloud.String("id"), Type: cloud.String("type"), HPSID: cloud.String("hps_id"), HPSECSID: cloud.String("hps_ecs_id"),
	}
}

func decodeEndpoint(endpoint lenient.Object) Endpoint {
	return Endpoint{
		AllowedAccessIPs: endpoint.Strings("allowed_access_ips"),
		DevService:       endpoint.String("dev_service"),
		KeyPairNames:     endpoint.Strings("key_pair_names"),
		Service:          endpoint.String("service"),
		SSHKeys:          endpoint.Strings("ssh_keys"),
		URI:              endpoint.String("uri"),
	}
}

func decodeEndpointResponse(endpoint lenient.Object) EndpointResponse {
	return EndpointResponse{
		AllowedAccessIPs: endpoint.Strings("allowed_access_ips"),
		DevService:       endpoint.String("dev_service"),
		Extensions:       endpoint.StringMap("extensions"),
		SSHKeys:          endpoint.Strings("ssh_keys"),
	}
}

func decodeImage(image lenient.Object) Image {
	return Image{
		Arch:       image.String("arch"),
		ImageID:    image.String("image_id"),
		Name:       image.String("name"),
		ServerType: image.String("server_type"),
		Status:     image.String("status"),
	}
}

func decodeServerHPS(hps lenient.Object) ServerHPS {
	return ServerHPS{ID: hps.String("id"), Name: hps.String("name")}
}

func decodeVolume(volume lenient.Object) Volume {
	return Volume{
		EVSID: volume.String("evs_id"), EVSType: volume.String("evs_type"), Size: volume.Int64("size"), Type: volume.String("type"),
	}
}
