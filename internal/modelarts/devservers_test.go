package modelarts_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

func TestRequestsOnTheWire(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		call    func(context.Context, *modelarts.Client) error
		want    string
		body    string
		answer  string
		typed   bool // has a Content-Type
		escaped bool
	}{
		"get": {
			call: func(ctx context.Context, c *modelarts.Client) error {
				_, err := c.GetServer(ctx, testServer)

				return err
			},
			want: "GET " + testPath,
		},
		"get with an odd id": {
			call: func(ctx context.Context, c *modelarts.Client) error {
				_, err := c.GetServer(ctx, "a b?c#d%2Fe")

				return err
			},
			want:   "GET /v1/" + testProject + "/dev-servers/a%20b%3Fc%23d%252Fe",
			answer: `{"status":"STOPPED"}`,
		},
		"list": {
			call:   func(ctx context.Context, c *modelarts.Client) error { _, err := c.ListAllServers(ctx); return err },
			want:   "GET /v1/" + testProject + "/dev-servers?limit=1024",
			answer: `{"data":[],"total":0}`,
		},
		"list images": {
			call: func(ctx context.Context, c *modelarts.Client) error {
				_, err := c.ListImages(ctx, modelarts.ListImagesOptions{ServerType: "BMS", FlavorName: "a b&c"})

				return err
			},
			want:   "GET /v1/" + testProject + "/dev-servers/images?flavor_name=a%20b%26c&server_type=BMS",
			answer: `{"data":[],"total":0}`,
		},
		"start": {
			call: func(ctx context.Context, c *modelarts.Client) error {
				_, err := c.StartServer(ctx, testServer)

				return err
			},
			want: "PUT " + testPath + "/start", body: "{}", typed: true,
		},
		"stop": {
			call: func(ctx context.Context, c *modelarts.Client) error {
				_, err := c.StopServer(ctx, testServer)

				return err
			},
			want: "PUT " + testPath + "/stop", typed: true,
		},
		"reinstall with everything": {
			call: func(ctx context.Context, c *modelarts.Client) error {
				_, err := c.ReinstallServerOS(ctx, testServer, &modelarts.ReinstallRequest{
					AdminPass: modelarts.NewSecret("@Admin_pass"), KeyPairName: "key", ImageID: "image", UserData: modelarts.NewSecret("IyEvYmluL3No"),
				})

				return err
			},
			want:  "POST " + testPath + "/reinstallos",
			body:  `{"admin_pass":"@Admin_pass","key_pair_name":"key","image_id":"image","user_data":"IyEvYmluL3No"}`,
			typed: true,
		},
		"reinstall with a key pair": {
			call: func(ctx context.Context, c *modelarts.Client) error {
				_, err := c.ReinstallServerOS(ctx, testServer, &modelarts.ReinstallRequest{KeyPairName: "key"})

				return err
			},
			want: "POST " + testPath + "/reinstallos", body: `{"key_pair_name":"key"}`, typed: true,
		},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			answer := tt.answer
			if answer == "" {
				answer = serverBody
			}

			client, got := listen(t, reply(answer))
			if err := tt.call(t.Context(), client); err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff([]string{tt.want}, got.lines()); diff != "" {
				t.Fatal(diff)
			}

			req := got.all()[0]
			if req.Body != tt.body || req.ContentLength != int64(len(tt.body)) {
				t.Errorf("body %q of length %d, want %q", req.Body, req.ContentLength, tt.body)
			}

			wantHeaders(t, req, tt.typed)
		})
	}
}

// wantHeaders checks the headers of a signed request.
func wantHeaders(t *testing.T, req sent, typed bool) {
	t.Helper()

	want := map[string]string{
		"Accept": "application/json", "User-Agent": "test/1", "X-Project-Id": testProject,
		"X-Auth-Token": "", "X-Security-Token": "", "Content-Type": "",
	}
	if typed {
		want["Content-Type"] = "application/json"
	}

	for name, value := range want {
		if got := req.Header.Get(name); got != value {
			t.Errorf("header %s is %q, want %q", name, got, value)
		}
	}

	const prefix = "SDK-HMAC-SHA256 Access=" + testAK + ", SignedHeaders=host;x-project-id;x-sdk-date, Signature="
	if got := req.Header.Get("Authorization"); !strings.HasPrefix(got, prefix) || len(got) != len(prefix)+64 {
		t.Errorf("header Authorization is %q", got)
	}
}

func TestServerIDsThatAreNone(t *testing.T) {
	t.Parallel()

	for _, id := range []string{"", ".", "..", "a/b"} {
		transport := always(http.StatusOK, serverBody)
		client := newClient(t, transport)

		if _, err := client.GetServer(t.Context(), id); err == nil {
			t.Errorf("GetServer(%q): no error", id)
		}

		if _, err := client.ReinstallServerOS(t.Context(), id, &modelarts.ReinstallRequest{}); err == nil {
			t.Errorf("ReinstallServerOS(%q): no error", id)
		}

		if lines := transport.lines(); len(lines) != 0 {
			t.Errorf("%q: sent %v", id, lines)
		}
	}
}

func TestReinstallWithoutRequest(t *testing.T) {
	t.Parallel()

	transport := always(http.StatusOK, serverBody)

	if _, err := newClient(t, transport).ReinstallServerOS(t.Context(), testServer, nil); err == nil {
		t.Error("no error")
	}

	if lines := transport.lines(); len(lines) != 0 {
		t.Errorf("sent %v", lines)
	}
}

// shows are 2xx answers to a request that changes testServer, and what they show of it.
var shows = map[string]struct {
	resp func() *http.Response
	want *modelarts.Server
}{
	"with a server": {
		resp: answers(`{"id":"` + testServer + `","status":"REINSTALLOS","new_field":[{}]}`),
		want: &modelarts.Server{ID: new(testServer), Status: new(modelarts.StatusReinstallOS)},
	},
	"in upper case":       {answers(`{"id":"` + strings.ToUpper(testServer) + `"}`), &modelarts.Server{ID: new(strings.ToUpper(testServer))}},
	"an id alone":         {answers(`{"id":"` + testServer + `"}`), &modelarts.Server{ID: new(testServer)}},
	"a new status":        {answers(`{"id":"` + testServer + `","status":"NEW"}`), &modelarts.Server{ID: new(testServer), Status: new(modelarts.Status("NEW"))}},
	"a status alone":      {answers(`{"status":"STOPPED"}`), &modelarts.Server{Status: new(modelarts.StatusStopped)}},
	"the id is null":      {answers(`{"id":null,"status":"STOPPED"}`), &modelarts.Server{Status: new(modelarts.StatusStopped)}},
	"no error after all":  {answers(`{"id":"` + testServer + `","error_code":""}`), &modelarts.Server{ID: new(testServer)}},
	"202":                 {resp: func() *http.Response { return response(http.StatusAccepted, "{}", "x-request-id", "r1") }},
	"204":                 {resp: func() *http.Response { return response(http.StatusNoContent, "", "x-request-id", "r1") }},
	"empty body":          {resp: answers("")},
	"blank body":          {resp: answers(" \n")},
	"empty object":        {resp: answers("{}")},
	"HTML":                {resp: answers("<html>ok</html>")},
	"a login page":        {resp: answers(`<!doctype html><title>Sign in</title><input value="` + testServer + `">`)},
	"text":                {resp: answers(testServer)},
	"array":               {resp: answers("[" + serverBody + "]")},
	"null":                {resp: answers("null")},
	"two values":          {resp: answers(serverBody + serverBody)},
	"cut off":             {resp: answers(serverBody[:20])},
	"cut off at the end":  {resp: answers(serverBody[:len(serverBody)-1])},
	"neither":             {resp: answers(`{"name":"n","update_at":1,"image":{"image_id":"i"}}`)},
	"another server":      {resp: answers(`{"id":"other"}`)},
	"another one's state": {resp: answers(`{"id":"other","status":"REINSTALLINGOS"}`)},
	"an empty id":         {resp: answers(`{"id":"","status":"STOPPED"}`)},
	"the id is a number":  {resp: answers(`{"id":7,"status":"STOPPED"}`)},
	"the id is an object": {resp: answers(`{"id":{"id":"` + testServer + `"},"status":"STOPPED"}`)},
	"a gateway's health":  {resp: answers(`{"status":"UP"}`)},
	"a gateway's success": {resp: answers(`{"status":"success"}`)},
	"a status number":     {resp: answers(`{"status":200}`)},
	"an empty status":     {resp: answers(`{"status":""}`)},
	"within an envelope":  {resp: answers(`{"data":` + serverBody + `}`)},
	"an error in it":      {resp: answers(`{"error_code":"ModelArts.7000","error_msg":"no","id":"` + testServer + `","status":"STOPPED"}`)},
	"reset":               {resp: func() *http.Response { return broken(http.StatusOK, serverBody, errors.New("reset")) }},
	"too long":            {resp: answers(serverBody + strings.Repeat(" ", 4<<20))},
}

// answers answers with 200 and body.
func answers(body string) func() *http.Response {
	return func() *http.Response { return response(http.StatusOK, body, "X-Request-Id", "r1") }
}

func TestReinstallReplies(t *testing.T) {
	t.Parallel()

	for name, tt := range shows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			resp := tt.resp()
			want := &modelarts.ReinstallReply{Server: tt.want, RequestID: resp.Header.Get("X-Request-Id")}
			transport := &memory{answer: func(int, *http.Request) (*http.Response, error) { return resp, nil }}

			got, err := reinstall(t.Context(), newClient(t, transport))
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}

			if n := len(transport.all()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestSwitchingReplies(t *testing.T) {
	t.Parallel()

	for name, tt := range shows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			client := newClient(t, &memory{answer: func(int, *http.Request) (*http.Response, error) { return tt.resp(), nil }})

			for verb, call := range map[string]func(context.Context, string) (*modelarts.Server, error){
				"start": client.StartServer, "stop": client.StopServer,
			} {
				server, err := call(t.Context(), testServer)
				if diff := cmp.Diff(tt.want, server); err != nil || diff != "" {
					t.Errorf("%s: %v %s", verb, err, diff)
				}
			}
		})
	}
}

// TestSentOnce checks that a disk is never erased twice: whatever goes wrong, one call is one request.
func TestSentOnce(t *testing.T) {
	t.Parallel()

	timeout := &net.OpError{Op: "read", Err: errors.New("i/o timeout")}
	outcomes := map[string]func() (*http.Response, error){
		"EOF":         func() (*http.Response, error) { return nil, io.EOF },
		"reset":       func() (*http.Response, error) { return nil, timeout },
		"unreachable": func() (*http.Response, error) { return nil, &net.OpError{Op: "dial", Err: errors.New("refused")} },
	}

	for _, status := range []int{300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504, 599} {
		outcomes[http.StatusText(status)+" "] = func() (*http.Response, error) {
			return response(status, "", "Retry-After", "0", "Location", "http://127.0.0.1/elsewhere"), nil
		}
	}

	for name, answer := range outcomes {
		for verb, call := range writes {
			t.Run(verb+" "+name, func(t *testing.T) {
				t.Parallel()

				transport := &memory{answer: func(int, *http.Request) (*http.Response, error) { return answer() }}
				client := newClient(t, transport, func(cfg *modelarts.Config) { cfg.MaxRetries = 5 })

				if err := call(t.Context(), client); err == nil {
					t.Error("no error")
				}

				if n := len(transport.all()); n != 1 {
					t.Errorf("%d requests", n)
				}
			})
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()

	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, location := range []string{"/elsewhere", "https://user:pw@evil.example/?token=x", "::not a URL"} {
			client, got := listen(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})

			_, getErr := client.GetServer(t.Context(), testServer)
			_, postErr := reinstall(t.Context(), client)

			for _, err := range []error{getErr, postErr} {
				var refused *modelarts.Error
				if !errors.As(err, &refused) || refused.StatusCode != status || strings.Contains(refused.Message, "pw") {
					t.Errorf("%d %s: %v", status, location, err)
				}
			}

			if lines := got.lines(); len(lines) != 2 {
				t.Errorf("%d %s: %v", status, location, lines)
			}
		}
	}
}

func TestGetRepliesThatShowNoServer(t *testing.T) {
	t.Parallel()

	tests := map[string]struct{ body, want string }{
		"empty":          {"", "the reply is empty instead of a server"},
		"blank":          {" \n", "the reply is empty instead of a server"},
		"HTML":           {"<html><script>x</script><body><h1>Log in</h1></body></html>", "the reply is not a server: Log in"},
		"array":          {"[1]", "the reply is not a server: [1]"},
		"null":           {"null", "the reply is not a server: null"},
		"no field":       {"{}", "the reply is not a server: {}"},
		"unknown fields": {`{"foo":1}`, `the reply is not a server: {"foo":1}`},
		"wrong types":    {`{"id":1,"status":[]}`, `the reply is not a server: {"id":1,"status":[]}`},
		"an error":       {`{"error_code":"ModelArts.6404"}`, `the reply is not a server: {"error_code":"ModelArts.6404"}`},
		"two values":     {serverBody + "{}", "the reply is not a server: " + serverBody + "{}"},
		"another server": {`{"id":"other"}`, "the reply shows server other instead"},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			client := newClient(t, always(http.StatusOK, tt.body, "X-Request-Id", "r1"))
			server, err := client.GetServer(t.Context(), testServer)

			var got *modelarts.Error
			if server != nil || !errors.As(err, &got) || modelarts.IsNotFound(err) {
				t.Fatal(server, err)
			}

			want := &modelarts.Error{Method: http.MethodGet, Path: testPath, StatusCode: 200, Message: tt.want, RequestID: "r1"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGetReplyTooLong(t *testing.T) {
	t.Parallel()

	client, got := listen(t, reply(serverBody+strings.Repeat(" ", 4<<20)), func(cfg *modelarts.Config) { cfg.MaxRetries = 3 })

	_, err := client.GetServer(t.Context(), testServer)
	if err == nil || !strings.Contains(err.Error(), "longer than 4 MiB") {
		t.Error(err)
	}

	if n := len(got.all()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// endless is a body that does not end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	if e.read += len(p); e.read > 64<<20 {
		return 0, errors.New("nobody needs that much")
	}

	return len(p), nil
}

func TestEndlessReply(t *testing.T) {
	t.Parallel()

	for _, status := range []int{http.StatusOK, http.StatusBadRequest} {
		body := &endless{}
		client := newClient(t, &memory{answer: func(int, *http.Request) (*http.Response, error) {
			resp := response(status, "")
			resp.Body = io.NopCloser(body)

			return resp, nil
		}})

		if _, err := client.GetServer(t.Context(), testServer); err == nil || body.read > 8<<20 {
			t.Errorf("%d: read %d bytes, %v", status, body.read, err)
		}
	}
}
