package modelarts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		change  func(*modelarts.Config)
		api     string
		iam     string
		failure string
	}{
		"by region":          {func(*modelarts.Config) {}, "https://modelarts.cn-north-4.myhuaweicloud.com", "https://iam.cn-north-4.myhuaweicloud.com", ""},
		"in Europe":          {func(c *modelarts.Config) { c.Region = "eu-west-101" }, "https://modelarts.eu-west-101.myhuaweicloud.eu", "https://iam.eu-west-101.myhuaweicloud.eu", ""},
		"another cloud":      {func(c *modelarts.Config) { c.Cloud = "example.org" }, "https://modelarts.cn-north-4.example.org", "https://iam.cn-north-4.example.org", ""},
		"given":              {func(c *modelarts.Config) { c.Endpoint, c.IAMEndpoint = "https://a.example/", "https://b.example/v3" }, "https://a.example", "https://b.example", ""},
		"without scheme":     {func(c *modelarts.Config) { c.Endpoint, c.IAMEndpoint = " a.example:8443 ", "b.example/v3/" }, "https://a.example:8443", "https://b.example", ""},
		"with path":          {func(c *modelarts.Config) { c.Endpoint = "https://proxy.example/modelarts/" }, "https://proxy.example/modelarts", "https://iam.cn-north-4.myhuaweicloud.com", ""},
		"default port, case": {func(c *modelarts.Config) { c.Endpoint, c.IAMEndpoint = "https://A.example:443", "http://localhost:80" }, "https://a.example", "http://localhost", ""},
		"other default port": {func(c *modelarts.Config) { c.Endpoint, c.IAMEndpoint = "https://a.example:80", "http://127.0.0.1:443" }, "https://a.example:80", "http://127.0.0.1:443", ""},
		"this machine":       {func(c *modelarts.Config) { c.Endpoint, c.IAMEndpoint = "http://[::1]:8080", "http://LOCALHOST:8080" }, "http://[::1]:8080", "http://localhost:8080", ""},
		"insecure":           {func(c *modelarts.Config) { c.Endpoint, c.Insecure = "http://a.example", true }, "http://a.example", "https://iam.cn-north-4.myhuaweicloud.com", ""},
		"plain http":         {func(c *modelarts.Config) { c.Endpoint = "http://a.example" }, "", "", "the ModelArts endpoint is plain http to a.example,"},
		"plain http for IAM": {func(c *modelarts.Config) { c.IAMEndpoint = "http://127.evil.example" }, "", "", "the IAM endpoint is plain http"},
		"below localhost":    {func(c *modelarts.Config) { c.Endpoint = "http://x.localhost" }, "", "", "is plain http to x.localhost,"},
		"localhost.example":  {func(c *modelarts.Config) { c.Endpoint = "http://localhost.example" }, "", "", "is plain http to localhost.example,"},
		"another loopback":   {func(c *modelarts.Config) { c.Endpoint, c.IAMEndpoint = "http://127.1.2.3:1", "http://127.0.0.1" }, "http://127.1.2.3:1", "http://127.0.0.1", ""},
		"no loopback":        {func(c *modelarts.Config) { c.Endpoint = "http://128.0.0.1" }, "", "", "is plain http to 128.0.0.1,"},
		"in the endpoint":    {func(c *modelarts.Config) { c.Endpoint = "https://user:hush@a.example" }, "", "", "the ModelArts endpoint has a user name"},
		"in that of IAM":     {func(c *modelarts.Config) { c.IAMEndpoint = "https://a.example?x=hush" }, "", "", "the IAM endpoint has a query"},
		"odd region":         {func(c *modelarts.Config) { c.Region = "evil.example/" }, "", "", "do not make a host name"},
		"odd cloud":          {func(c *modelarts.Config) { c.Cloud = "x/../y" }, "", "", "do not make a host name"},
		"neither":            {func(c *modelarts.Config) { c.Region = "" }, "", "", "neither a region nor an endpoint"},
		"no name for lookup": {func(c *modelarts.Config) {
			c.Region, c.Endpoint, c.IAMEndpoint = "", "https://a.example", "https://b.example"
		}, "", "", "neither a project id, a project name nor a region"},
		"no credentials":     {func(c *modelarts.Config) { c.Credentials = nil }, "", "", "no credentials"},
		"odd project":        {func(c *modelarts.Config) { c.ProjectID = "a/b" }, "", "", "is not a project id"},
		"project with break": {func(c *modelarts.Config) { c.ProjectID = "a\n" }, "", "", "is not a project id"},
		"user agent":         {func(c *modelarts.Config) { c.UserAgent = "a\nb" }, "", "", "the user agent"},
		"region is not asked": {func(c *modelarts.Config) {
			c.Region, c.ProjectName, c.Endpoint, c.IAMEndpoint = "", "n", "https://a.example", "https://b.example"
		}, "https://a.example", "https://b.example", ""},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			hosts := map[string]string{}
			transport := &memory{answer: func(_ int, req *http.Request) (*http.Response, error) {
				path, kind, body := req.URL.Path, "api", serverBody
				if strings.HasSuffix(path, "/v3/projects") {
					kind, body = "iam", `{"projects":[{"id":"p1"}]}`
				}

				hosts[kind] = req.URL.Scheme + "://" + req.Host + path

				return response(http.StatusOK, body), nil
			}}

			cfg := testConfig(transport)
			cfg.ProjectID = ""
			tt.change(&cfg)

			client, err := modelarts.NewClient(cfg)
			if tt.failure != "" {
				if err == nil || !strings.Contains(err.Error(), tt.failure) || strings.Contains(err.Error(), "hush") {
					t.Error(err)
				}

				return
			}

			if err != nil {
				t.Fatal(err)
			}

			if _, err := client.GetServer(t.Context(), testServer); err != nil {
				t.Fatal(err)
			}

			want := map[string]string{"api": tt.api + "/v1/p1/dev-servers/" + testServer, "iam": tt.iam + "/v3/projects"}
			if diff := cmp.Diff(want, hosts); diff != "" {
				t.Error(diff)
			}

			if client.Region() != cfg.Region {
				t.Errorf("region %q", client.Region())
			}
		})
	}
}

func TestParseEndpoint(t *testing.T) {
	t.Parallel()

	for address, want := range map[string]string{
		"https://modelarts.cn-north-4.myhuaweicloud.com":    "https://modelarts.cn-north-4.myhuaweicloud.com",
		" https://modelarts.cn-north-4.myhuaweicloud.com/ ": "https://modelarts.cn-north-4.myhuaweicloud.com",
		"modelarts.example.com":                             "https://modelarts.example.com",
		"modelarts.example.com:8443/base//":                 "https://modelarts.example.com:8443/base",
		"httpd.example.com":                                 "https://httpd.example.com",
		"HTTPS://A.example:443":                             "https://a.example",
		"http://127.0.0.1:8080":                             "http://127.0.0.1:8080",
		"http://[::1]:8080/":                                "http://[::1]:8080",
		"http://any.example":                                "http://any.example",
	} {
		if got, err := modelarts.ParseEndpoint(address); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v, want %s", address, got, err, want)
		}
	}

	const user = "has a user name or a password in it, or another @"

	for address, want := range map[string]string{
		"":                                "is empty",
		" \t ":                            "is empty",
		"/":                               "has no valid host name",
		"https://":                        "is empty",
		"http://":                         "has no valid host name",
		"https://:8443":                   "has no valid host name",
		"https:///v1":                     "has no valid host name",
		"https://a_b.example":             "has no valid host name",
		"https://exa mple.com":            "is not a URL",
		"https://a b:hush":                "is not a URL",
		"https://a.example:hush":          "is not a URL",
		"ftp://example.com":               "is neither an https nor an http URL",
		"https://example.com?x=hush":      "has a query or a fragment, which a base URL cannot have",
		"https://example.com?":            "has a query or a fragment, which a base URL cannot have",
		"https://example.com#hush":        "has a query or a fragment, which a base URL cannot have",
		"https://user:hush@example.com":   user,
		"user:hush@example.com":           user,
		"ftp://user:hush@example.com":     user,
		"https:/user:hush@example.com":    user,
		"https://us er:hush@example.com":  user,
		"https://example.com/user:hush@x": user,
	} {
		got, err := modelarts.ParseEndpoint(address)
		if got != nil || err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v, want %q", address, got, err, want)
		}
	}
}

func TestCACertificates(t *testing.T) {
	t.Parallel()

	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	for name, file := range map[string]string{
		"missing": filepath.Join(t.TempDir(), "missing.pem"), "empty": empty, "not PEM": "-----BEGIN CERTIFICATE-----",
	} {
		cfg := testConfig(nil)
		cfg.CACertFile = file

		if _, err := modelarts.NewClient(cfg); err == nil || !strings.Contains(err.Error(), "CA certificates") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDefaultUserAgent(t *testing.T) {
	t.Parallel()

	client, got := listen(t, reply(serverBody), func(cfg *modelarts.Config) { cfg.UserAgent = "" })
	if _, err := client.GetServer(t.Context(), testServer); err != nil {
		t.Fatal(err)
	}

	if agent := got.all()[0].Header.Get("User-Agent"); agent != "terraform-provider-modelarts" {
		t.Error(agent)
	}
}

func TestOnTry(t *testing.T) {
	t.Parallel()

	type key struct{}

	var lines []string

	transport := &memory{answer: func(n int, _ *http.Request) (*http.Response, error) {
		switch n {
		case 1:
			return response(http.StatusBadRequest, `{"error_msg":"`+testSK+`"}`, "X-Request-Id", "r1", "X-Odd", testSK), nil
		case 2:
			return nil, errors.New("reset by " + testPass)
		default:
			return response(http.StatusOK, `{"data":[]}`), nil
		}
	}}
	client := newClient(t, transport, func(cfg *modelarts.Config) {
		cfg.OnTry = func(ctx context.Context, try modelarts.Try) {
			if try.Duration <= 0 {
				t.Errorf("it took %s", try.Duration)
			}

			lines = append(lines, fmt.Sprintf("%v: %s %s: %d %q %v", ctx.Value(key{}), try.Method, try.Path, try.Status, try.RequestID(), try.Err))
		}
	})

	ctx := context.WithValue(t.Context(), key{}, "caller")
	_, _ = reinstall(ctx, client)
	_, _ = reinstall(ctx, client)
	_, _ = client.ListImages(ctx, modelarts.ListImagesOptions{FlavorName: "hush"})

	want := []string{
		"caller: POST " + testPath + `/reinstallos: 400 "r1" <nil>`,
		"caller: POST " + testPath + `/reinstallos: 0 "" POST ` + testPath + "/reinstallos: no answer: (the error is not shown: it repeats a value that was sent as a secret)",
		"caller: GET /v1/" + testProject + `/dev-servers/images: 200 "" <nil>`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}
