package modelarts

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// DecodeServer returns the server in body, nil where body shows none. It takes what it understands: a field that is
// missing, null or of a JSON type that makes no sense for it is nil, unknown fields and values are fine.
func DecodeServer(body []byte) *Server { return decodeServer(decodeObject(body)) }

// page is one page of a listing.
type page[T any] struct {
	items    []T
	elements int    // of the array in the reply, those included that are no item
	total    *int64 // number of elements of the whole listing
}

// decodePage returns the page in body with the items that decode takes; nil where body is no page. It is as lenient as
// DecodeServer.
func decodePage[T any](body []byte, decode func(object) (T, bool)) *page[T] {
	members := decodeObject(body)
	data, known := members["data"].([]any)

	for _, name := range []string{"current", "pages", "size", "total"} {
		known = known || members.int64(name) != nil
	}

	if !known {
		return nil
	}

	return &page[T]{items: decodeList(data, decode), elements: len(data), total: members.int64("total")}
}

// decodeListedServer decodes an element of a page; false where it is not a server.
func decodeListedServer(element object) (Server, bool) {
	server := decodeServer(element)
	if server == nil {
		return Server{}, false
	}

	return *server, true
}

// decodeListedImage decodes an element of a page; false where it is not an image.
func decodeListedImage(element object) (Image, bool) {
	image := decodeImage(element)

	return image, image != Image{}
}

// decodeProjects returns the ids of the projects in body that are called name; false where body is no list of projects.
func decodeProjects(body []byte, name string) ([]string, bool) {
	projects, ok := decodeObject(body)["projects"].([]any)
	if !ok {
		return nil, false
	}

	return decodeList(projects, func(project object) (string, bool) {
		id, shown := project.string("id"), project.string("name")
		if id == nil || !isPathElement(*id) || !isHeaderValue(*id) {
			return "", false
		}

		return *id, shown == nil || *shown == name
	}), true
}

func decodeServer(server object) *Server {
	decoded := &Server{
		ID:                  server.string("id"),
		Name:                server.string("name"),
		Status:              (*Status)(server.string("status")),
		Category:            server.string("category"),
		ChargingMode:        server.string("charging_mode"),
		Flavor:              server.string("flavor"),
		KeyPairName:         server.string("key_pair_name"),
		OrderID:             server.string("order_id"),
		SubnetID:            server.string("subnet_id"),
		VPCID:               server.string("vpc_id"),
		CreateAt:            server.int64("create_at"),
		UpdateAt:            server.int64("update_at"),
		CloudServer:         decodeField(server, "cloud_server", decodeCloudServer),
		Endpoints:           decodeFields(server, "endpoints", decodeEndpoint),
		EndpointsResponse:   decodeFields(server, "endpoints_response", decodeEndpointResponse),
		Image:               decodeField(server, "image", decodeImage),
		ServerImageResponse: decodeField(server, "server_image_response", decodeImage),
		ServerHPS:           decodeField(server, "server_hps", decodeServerHPS),
		Volumes:             decodeFields(server, "volumes", decodeVolume),
	}

	if reflect.ValueOf(decoded).Elem().IsZero() {
		return nil
	}

	return decoded
}

func decodeCloudServer(cloud object) CloudServer {
	return CloudServer{
		ID: cloud.string("id"), Type: cloud.string("type"), HPSID: cloud.string("hps_id"), HPSECSID: cloud.string("hps_ecs_id"),
	}
}

func decodeEndpoint(endpoint object) Endpoint {
	return Endpoint{
		AllowedAccessIPs: endpoint.strings("allowed_access_ips"),
		DevService:       endpoint.string("dev_service"),
		KeyPairNames:     endpoint.strings("key_pair_names"),
		Service:          endpoint.string("service"),
		SSHKeys:          endpoint.strings("ssh_keys"),
		URI:              endpoint.string("uri"),
	}
}

func decodeEndpointResponse(endpoint object) EndpointResponse {
	return EndpointResponse{
		AllowedAccessIPs: endpoint.strings("allowed_access_ips"),
		DevService:       endpoint.string("dev_service"),
		Extensions:       endpoint.stringMap("extensions"),
		SSHKeys:          endpoint.strings("ssh_keys"),
	}
}

func decodeImage(image object) Image {
	return Image{
		Arch:       image.string("arch"),
		ImageID:    image.string("image_id"),
		Name:       image.string("name"),
		ServerType: image.string("server_type"),
		Status:     image.string("status"),
	}
}

func decodeServerHPS(hps object) ServerHPS {
	return ServerHPS{ID: hps.string("id"), Name: hps.string("name")}
}

func decodeVolume(volume object) Volume {
	return Volume{
		EVSID: volume.string("evs_id"), EVSType: volume.string("evs_type"), Size: volume.int64("size"), Type: volume.string("type"),
	}
}

// object is a JSON object. Its methods return nil for what is missing, null or of another type.
type object map[string]any

// decodeObject returns the one JSON object that body consists of, nil where it does not.
func decodeObject(body []byte) object {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()

	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil
	}

	if _, err := decoder.Token(); err != io.EOF {
		return nil
	}

	members, _ := value.(map[string]any)

	return members
}

func (o object) object(name string) object {
	members, _ := o[name].(map[string]any)

	return members
}

func (o object) string(name string) *string {
	if text, ok := o[name].(string); ok {
		return &text
	}

	return nil
}

// int64 takes a number, one in a string, and one written as a float such as 1.699e12, as long as it is integral.
func (o object) int64(name string) *int64 {
	var text string

	switch value := o[name].(type) {
	case json.Number:
		text = value.String()
	case string:
		text = strings.TrimSpace(value)
	default:
		return nil
	}

	if number, err := strconv.ParseInt(text, 10, 64); err == nil {
		return &number
	}

	const exact = 1 << 53 // up to here a float64 has every integer

	float, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Trunc(float) != float || math.Abs(float) > exact {
		return nil
	}

	number := int64(float)

	return &number
}

func (o object) strings(name string) []string {
	values, ok := o[name].([]any)
	if !ok {
		return nil
	}

	texts := make([]string, 0, len(values))

	for _, value := range values {
		if text, ok := value.(string); ok {
			texts = append(texts, text)
		}
	}

	return texts
}

func (o object) stringMap(name string) map[string]string {
	members := o.object(name)
	if members == nil {
		return nil
	}

	texts := make(map[string]string, len(members))

	for key, value := range members {
		if text, ok := value.(string); ok {
			texts[key] = text
		}
	}

	return texts
}

// decodeField decodes a member that is an object.
func decodeField[T any](o object, name string, decode func(object) T) *T {
	members := o.object(name)
	if members == nil {
		return nil
	}

	decoded := decode(members)

	return &decoded
}

// decodeFields decodes a member that is an array of objects.
func decodeFields[T any](o object, name string, decode func(object) T) []T {
	values, ok := o[name].([]any)
	if !ok {
		return nil
	}

	return decodeList(values, func(element object) (T, bool) { return decode(element), true })
}

// decodeList decodes the objects in values, and leaves out what is none or what decode does not take.
func decodeList[T any](values []any, decode func(object) (T, bool)) []T {
	list := make([]T, 0, len(values))

	for _, value := range values {
		members, ok := value.(map[string]any)
		if !ok {
			continue
		}

		if decoded, ok := decode(members); ok {
			list = append(list, decoded)
		}
	}

	return list
}
