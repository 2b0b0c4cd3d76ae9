package simulator_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

const (
	goodPass  = `{"admin_pass":"@Admin_pass1"}`
	goodKey   = `{"key_pair_name":"kp-1"}`
	projectID = simulator.DefaultProjectID
)

// client sends requests to a cloud in memory. edit changes them before they are signed, tamper after that.
type client struct {
	t       *testing.T
	cloud   *simulator.Cloud
	access  string
	secret  string
	session string // the security token
	edit    func(*http.Request)
	tamper  func(*http.Request)
}

func newClient(t *testing.T, cloud *simulator.Cloud) *client {
	t.Helper()
	return &client{t: t, cloud: cloud, access: simulator.DefaultAccessKey, secret: simulator.DefaultSecretKey}
}

// answer is a reply whose body was read.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (a answer) code() string {
	code, _ := a.body["error_code"].(string)
	return code
}

func (a answer) text(path ...string) string {
	var at any = a.body
	for _, name := range path {
		m, _ := at.(map[string]any)
		at = m[name]
	}
	s, _ := at.(string)
	return s
}

func (c *client) request(ctx context.Context, method, path, body string) *http.Request {
	c.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, "https://modelarts.example.com"+path, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("X-Sdk-Date", time.Now().UTC().Format("20060102T150405Z"))
	if strings.HasPrefix(path, "/v1/") {
		req.Header.Set("X-Project-Id", projectID)
	}
	if c.session != "" {
		req.Header.Set("X-Security-Token", c.session)
	}
	if c.edit != nil {
		c.edit(req)
	}
	sign(req, c.access, c.secret, body)
	if c.tamper != nil {
		c.tamper(req)
	}
	return req
}

// try sends a request. Its error is that of the transport or of reading the body.
func (c *client) try(ctx context.Context, method, path, body string) (answer, error) {
	c.t.Helper()
	resp, err := c.cloud.RoundTripper().RoundTrip(c.request(ctx, method, path, body))
	if err != nil {
		return answer{}, err
	}
	return read(resp)
}

func read(resp *http.Response) (answer, error) {
	defer func() { _ = resp.Body.Close() }()
	a := answer{status: resp.StatusCode, header: resp.Header}
	raw, err := io.ReadAll(resp.Body)
	a.raw = string(raw)
	if err == nil && json.Unmarshal(raw, &a.body) != nil {
		a.body = nil
	}
	return a, err
}

func (c *client) do(method, path, body string) answer {
	c.t.Helper()
	a, err := c.try(c.t.Context(), method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %s", method, path, err)
	}
	return a
}

func (c *client) ok(method, path, body string) answer {
	c.t.Helper()
	a := c.do(method, path, body)
	if a.status != http.StatusOK {
		c.t.Fatalf("%s %s: status %d, want 200: %s", method, path, a.status, a.raw)
	}
	return a
}

func (c *client) refused(status int, code, method, path, body string) answer {
	c.t.Helper()
	a := c.do(method, path, body)
	if a.status != status || a.code() != code {
		c.t.Fatalf("%s %s: %d %s, want %d %s: %s", method, path, a.status, a.code(), status, code, a.raw)
	}
	return a
}

func (c *client) reinstall(id, body string) answer {
	c.t.Helper()
	return c.ok(http.MethodPost, path(id, "reinstallos"), body)
}

func (c *client) status(id string) string {
	c.t.Helper()
	return c.ok(http.MethodGet, path(id), "").text("status")
}

func path(parts ...string) string {
	return "/v1/" + projectID + "/dev-servers" + strings.Join(append([]string{""}, parts...), "/")
}

// sign signs all headers but Content-Type, and the host.
func sign(req *http.Request, access, secret, body string) {
	names := []string{"host"}
	for name := range req.Header {
		if name != "Content-Type" && name != "Authorization" {
			names = append(names, strings.ToLower(name))
		}
	}
	slices.Sort(names)
	var b bytes.Buffer
	b.WriteString(req.Method + "\n" + strings.TrimSuffix(req.URL.Path, "/") + "/\n")
	b.WriteString(strings.ReplaceAll(req.URL.Query().Encode(), "+", "%20") + "\n")
	for _, name := range names {
		value := req.Header.Get(name)
		if name == "host" {
			value = req.URL.Host
		}
		b.WriteString(name + ":" + value + "\n")
	}
	b.WriteString("\n" + strings.Join(names, ";") + "\n" + sum(body))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("SDK-HMAC-SHA256\n" + req.Header.Get("X-Sdk-Date") + "\n" + sum(b.String())))
	req.Header.Set("Authorization", "SDK-HMAC-SHA256 Access="+access+", SignedHeaders="+strings.Join(names, ";")+
		", Signature="+hex.EncodeToString(mac.Sum(nil)))
}

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

func setQuery(req *http.Request, name, value string) {
	req.URL.RawQuery = url.Values{name: {value}}.Encode()
}

// noViolations fails the test if the cloud received anything that a correct client never sends.
func noViolations(t *testing.T, cloud *simulator.Cloud) {
	t.Helper()
	for _, v := range cloud.Violations() {
		t.Errorf("violation: %s", v)
	}
}
