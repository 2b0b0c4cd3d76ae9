package modelarts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/lenient"
)

// ReinstallRequest is the body of a request for a reinstall. An empty field is not sent.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html
type ReinstallRequest struct {
	AdminPass   Secret
	KeyPairName string
	ImageID     string
	UserData    Secret // base64
}

// ReinstallReply is a 2xx answer to a request for a reinstall.
type ReinstallReply struct {
	// Server is the server as the reply shows it. It is nil unless the reply shows the requested id, or no id but a
	// documented status: a gateway's page, an empty body, {}, another server or a truncated body do not prove that the
	// service itself accepted the request.
	Server    *Server
	RequestID string
}

// GetServer returns the server with that id. If the service does not know it, IsNotFound reports true for the error. A reply
// that shows no server, or another one, is an error.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ShowDevServer.html
func (c *Client) GetServer(ctx context.Context, id string) (*Server, error) {
	answer, err := c.do(ctx, http.MethodGet, id, "", nil)
	if err != nil {
		return nil, err
	}

	server := DecodeServer(answer.body)
	if server == nil {
		return nil, answer.unusable("a server")
	}

	if !server.is(id) {
		return nil, answer.failure("the reply shows server " + answer.redactor.Token(*server.ID) + " instead")
	}

	redactServer(answer.redactor, server)

	return server, nil
}

// AwaitServer returns what GetServer returns, but waits for a service that answers that there are too many requests, until ctx
// is done: a plan reads a whole fleet at once.
func (c *Client) AwaitServer(ctx context.Context, id string) (*Server, error) {
	for tries := 0; ; tries++ {
		server, err := c.GetServer(ctx, id)
		if !IsThrottled(err) || !sleep(ctx, requestedPause(err)+spreadPause(id, tries)) {
			return server, err
		}
	}
}

// spreadPause returns how long to wait before the server with that id is read again: twice as long each time, up to 16 s, and
// another time for each server, so that those of a fleet do not come in step.
func spreadPause(id string, tries int) time.Duration {
	hash := fnv.New32a()
	_, _ = fmt.Fprint(hash, id, tries) // it never fails

	pause := time.Second << min(tries, 4)

	return pause/2 + time.Duration(float64(pause)/2*float64(hash.Sum32())/math.MaxUint32)
}

// StartServer asks for a stopped server to be started, and returns what the reply shows of it. As in ReinstallReply, the
// server is nil if the reply shows none, which leaves open whether the service accepted the request.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/StartDevServer.html
func (c *Client) StartServer(ctx context.Context, id string) (*Server, error) {
	return c.switchServer(ctx, id, "start", []byte("{}")) // the service requires a body
}

// StopServer asks for a running server to be stopped, and returns what the reply shows of it. As in ReinstallReply, the
// server is nil if the reply shows none, which leaves open whether the service accepted the request.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/StopDevServer.html
func (c *Client) StopServer(ctx context.Context, id string) (*Server, error) {
	return c.switchServer(ctx, id, "stop", nil)
}

func (c *Client) switchServer(ctx context.Context, id, verb string, body []byte) (*Server, error) {
	answer, err := c.do(ctx, http.MethodPut, id, verb, body)
	if err != nil {
		return nil, err
	}

	return answer.server(id), nil
}

// Withhold keeps the password and the user data of req, which need not have been sent yet, out of everything that the client
// quotes from now on.
func (c *Client) Withhold(req *ReinstallRequest) {
	withhold(c.api.redactor, req.AdminPass)
	c.api.redactor.AddUserData(req.UserData.Reveal())
}

// Quote returns a short text of a reply, such as the name of an image, as it may be quoted: in one line, and withheld if it
// repeats a secret.
func (c *Client) Quote(text string) string { return c.api.redactor.Token(text) }

// ReinstallServerOS asks for the OS of a stopped server to be reinstalled. This erases its system disk. The request is
// sent once, whatever the answer is.
//
// It returns an *Error for an answer that is not 2xx; after a 401, Refreshed reports whether there are new credentials
// to try again with. It returns a *ConnectionError if there is no answer; if Sent is true, the disk may be being
// erased.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html
func (c *Client) ReinstallServerOS(ctx context.Context, id string, req *ReinstallRequest) (*ReinstallReply, error) {
	if req == nil {
		return nil, errors.New("there is no reinstall request")
	}

	body, err := req.encode()
	if err != nil {
		return nil, err
	}

	c.Withhold(req)
	c.api.redactor.AddOpen(req.KeyPairName, req.ImageID)

	answer, err := c.do(ctx, http.MethodPost, id, "reinstallos", body)
	if err != nil {
		return nil, err
	}

	return &ReinstallReply{Server: answer.server(id), RequestID: answer.quotedRequestID()}, nil
}

// reinstallWire is a ReinstallRequest as it is sent.
type reinstallWire struct {
	AdminPass   string `json:"admin_pass,omitempty"`
	KeyPairName string `json:"key_pair_name,omitempty"`
	ImageID     string `json:"image_id,omitempty"`
	UserData    string `json:"user_data,omitempty"`
}

// encode returns the body of the request. Only this method puts its secrets on the wire.
func (r *ReinstallRequest) encode() ([]byte, error) {
	body, err := json.Marshal(reinstallWire{
		AdminPass:   r.AdminPass.Reveal(),
		KeyPairName: r.KeyPairName,
		ImageID:     r.ImageID,
		UserData:    r.UserData.Reveal(),
	})
	if err != nil {
		return nil, fmt.Errorf("encode the reinstall request: %w", err)
	}

	return body, nil
}

// do sends a request about the server with that id; verb is the last element of the path, empty for none.
func (c *Client) do(ctx context.Context, method, id, verb string, body []byte) (*reply, error) {
	if !isPathElement(id) {
		return nil, fmt.Errorf("%q is not a server id", id)
	}

	path := []string{id}
	if verb != "" {
		path = append(path, verb)
	}

	return c.send(ctx, &request{method: method, path: path, body: body})
}

// send sends req, whose path is relative to the servers of the project. If the id of the project cannot be looked up, the
// error has that relative path.
func (c *Client) send(ctx context.Context, req *request) (*reply, error) {
	relative := append([]string{"dev-servers"}, req.path...)

	project, err := c.project.id(ctx)
	if err != nil {
		for i, element := range relative {
			relative[i] = url.PathEscape(element)
		}

		return nil, notSent(req.method, strings.Join(relative, "/"), err)
	}

	req.project, req.path = project, append([]string{"v1", project}, relative...)

	return c.api.do(ctx, req)
}

// isPathElement reports whether text can be one element of a path.
func isPathElement(text string) bool {
	return text != "" && text != "." && text != ".." && !strings.Contains(text, "/")
}

// is reports whether the server has that id, or shows none.
func (s *Server) is(id string) bool { return s.ID == nil || strings.EqualFold(*s.ID, id) }

// server returns the server with that id that the answer to a request shows, nil if it shows none. It is stricter than
// DecodeServer, since the server counts as evidence that the service accepted the request.
func (r *reply) server(id string) *Server {
	members := lenient.Parse(r.body)
	server := decodeServer(members)

	switch shown := members["id"]; {
	case r.bodyErr != nil, server == nil, firstOf("", members, "error_code", "errorCode") != "":
		return nil
	case shown == nil && server.CurrentStatus().documented():
	case server.ID != nil && strings.EqualFold(*server.ID, id):
	default:
		return nil
	}

	redactServer(r.redactor, server)

	return server
}
