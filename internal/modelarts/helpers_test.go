package modelarts_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

const (
	testProject = "0605767b5d80d5762f8ac01d2f4ec4a1"
	testServer  = "62383738-e52a-450a-9f84-f9e705402be8"
	testPath    = "/v1/" + testProject + "/dev-servers/" + testServer
	testAK      = "AKAKAKAKAKAKAKAKAKAK"
	testSK      = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"
	testPass    = `Pass<&>"wörd/1` + "\t"

	serverBody = `{"id":"` + testServer + `","status":"STOPPED"}`
)

// sent is one request as it was received.
type sent struct {
	Method, URI, Host, Body string
	ContentLength           int64
	Header                  http.Header
}

// String returns the method and the URI.
func (s sent) String() string { return s.Method + " " + s.URI }

// recorder records requests.
type recorder struct {
	mu       sync.Mutex
	requests []sent
}

// add records req, and returns how many requests there are.
func (r *recorder) add(req *http.Request) int {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}

	r.mu.Lock()
	defer r.mu.Unlock()

	r.requests = append(r.requests, sent{
		Method: req.Method, URI: req.URL.RequestURI(), Host: req.Host, Body: string(body),
		ContentLength: req.ContentLength, Header: req.Header.Clone(),
	})

	return len(r.requests)
}

// all returns the requests.
func (r *recorder) all() []sent {
	r.mu.Lock()
	defer r.mu.Unlock()

	return append([]sent(nil), r.requests...)
}

// lines returns method and URI of every request.
func (r *recorder) lines() []string {
	lines := []string{}
	for _, req := range r.all() {
		lines = append(lines, req.String())
	}

	return lines
}

// memory is an in-memory transport. answer gets the number of the request, from 1.
type memory struct {
	recorder
	answer func(n int, req *http.Request) (*http.Response, error)
}

func (m *memory) RoundTrip(req *http.Request) (*http.Response, error) {
	n := m.add(req)

	if err := req.Context().Err(); err != nil {
		return nil, context.Cause(req.Context())
	}

	return m.answer(n, req)
}

// always answers every request in the same way.
func always(status int, body string, header ...string) *memory {
	return &memory{answer: func(int, *http.Request) (*http.Response, error) { return response(status, body, header...), nil }}
}

// response returns an answer; header alternates names and values.
func response(status int, body string, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Add(header[i], header[i+1])
	}

	return resp
}

// broken returns an answer whose body ends with err.
func broken(status int, body string, err error) *http.Response {
	resp := response(status, "")
	resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), errReader{err}))

	return resp
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

// testConfig returns a configuration for an in-memory transport.
func testConfig(transport http.RoundTripper) modelarts.Config {
	return modelarts.Config{
		Region: "cn-north-4", ProjectID: testProject, Transport: transport, UserAgent: "test/1",
		Credentials: modelarts.StaticCredentials(modelarts.Credentials{
			AccessKey: testAK, SecretKey: modelarts.NewSecret(testSK),
		}),
	}
}

// newClient returns a client for testConfig, after change.
func newClient(tb testing.TB, transport http.RoundTripper, change ...func(*modelarts.Config)) *modelarts.Client {
	tb.Helper()

	cfg := testConfig(transport)
	for _, c := range change {
		c(&cfg)
	}

	client, err := modelarts.NewClient(cfg)
	if err != nil {
		tb.Fatal(err)
	}

	return client
}

// listen serves handler on this machine, and returns a client for it and a record of the requests.
func listen(t *testing.T, handler http.HandlerFunc, change ...func(*modelarts.Config)) (*modelarts.Client, *recorder) {
	t.Helper()

	got := &recorder{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
		got.add(req)
		handler(w, req)
	}))
	t.Cleanup(server.Close)

	return newClient(t, nil, append([]func(*modelarts.Config){func(cfg *modelarts.Config) {
		cfg.Endpoint, cfg.IAMEndpoint = server.URL, server.URL
	}}, change...)...), got
}

// reply answers with 200 and body.
func reply(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "request-1")
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, body)
	}
}

// reinstall asks for a reinstall with a password.
func reinstall(ctx context.Context, client *modelarts.Client) (*modelarts.ReinstallReply, error) {
	answer, err := client.ReinstallServerOS(ctx, testServer, &modelarts.ReinstallRequest{AdminPass: modelarts.NewSecret(testPass)})
	if err != nil {
		return nil, fmt.Errorf("reinstall: %w", err)
	}

	return answer, nil
}
