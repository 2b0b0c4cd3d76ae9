package conformance_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/signer"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/request"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/signature"
)

// sample is a request to sign.
type sample struct {
	method, host, path     string
	query                  url.Values
	body                   string
	accessKey, secretKey   string
	project, securityToken string
	now                    time.Time
}

// ours returns the Authorization header of this repository.
func ours(s *sample) string {
	req := &http.Request{
		Method: s.method, Host: s.host, URL: &url.URL{Scheme: "https", Host: s.host, Path: s.path, RawQuery: s.query.Encode()},
		Header: http.Header{},
	}
	if s.project != "" {
		req.Header.Set("X-Project-Id", s.project)
	}

	if s.securityToken != "" {
		req.Header.Set("X-Security-Token", s.securityToken)
	}

	signature.Sign(req, []byte(s.body), s.accessKey, s.secretKey, s.now)

	return req.Header.Get("Authorization")
}

// theirs returns the Authorization header of the SDK, which signs every header that it is given.
func theirs(t *testing.T, s *sample) string {
	t.Helper()

	builder := request.NewHttpRequestBuilder().
		WithEndpoint("https://"+s.host).WithMethod(s.method).WithPath(s.path).WithBody("body", s.body).
		AddHeaderParam("Host", s.host).
		AddHeaderParam("Content-Type", "application/json").
		AddHeaderParam(signer.HeaderXDate, s.now.UTC().Format(signer.BasicDateFormat))

	for name, values := range s.query {
		builder.AddQueryParam(name, reflect.ValueOf(values))
	}

	for name, value := range map[string]string{"X-Project-Id": s.project, "X-Security-Token": s.securityToken} {
		if value != "" {
			builder.AddHeaderParam(name, value)
		}
	}

	headers, err := signer.Sign(builder.Build(), s.accessKey, s.secretKey)
	if err != nil {
		t.Fatal(err)
	}

	return headers[signer.HeaderAuthorization]
}

// compare fails the test if the two differ.
func compare(t *testing.T, s *sample) {
	t.Helper()

	if got, want := ours(s), theirs(t, s); got != want {
		t.Fatalf("%+v\n ours %s\ntheirs %s", *s, got, want)
	}
}

// TestSignaturesOfRandomRequests compares the signatures of 10,000 requests.
func TestSignaturesOfRandomRequests(t *testing.T) {
	t.Parallel()

	const samples = 10_000

	source := &generator{rand.New(rand.NewPCG(1, 2))} // the same requests in every run

	seen := map[string]bool{}

	for range samples {
		s := source.sample()
		compare(t, s)
		seen[ours(s)] = true
	}

	if len(seen) != samples {
		t.Errorf("only %d of %d requests differ", len(seen), samples)
	}

	t.Logf("%d signatures equal those of the SDK", len(seen))
}

func FuzzSignature(f *testing.F) {
	f.Add("GET", "modelarts.cn-north-4.myhuaweicloud.com", "/v1/p/dev-servers", "limit=10&owner=a+b", "", "AK", "SK", "p", "", int64(0))
	f.Add("POST", "127.0.0.1:8080", "/v1/ü%2F//", "a=&a=%20&=", `{"admin_pass":"x"}`, "AK", "SK", "p", "t+/=", int64(1763899200))
	f.Add("PUT", "[::1]:1", "", "", "{}", "A", "S", "", " t ", int64(1))

	f.Fuzz(func(t *testing.T, method, host, path, rawQuery, body, accessKey, secretKey, project, token string, seconds int64) {
		query, err := url.ParseQuery(rawQuery)
		if err != nil || accessKey == "" || secretKey == "" || seconds < 0 || seconds >= 1<<33 {
			t.Skip()
		}

		// Other hosts are skipped: net/http does not accept them, and only for them could the SDK sign another host.
		if parsed, err := url.Parse("https://" + host); err != nil || host == "" || parsed.Host != host {
			t.Skip()
		}

		compare(t, &sample{
			method: method, host: host, path: path, query: query, body: body, accessKey: accessKey, secretKey: secretKey,
			project: project, securityToken: token, now: time.Unix(seconds, 0),
		})
	})
}

// generator generates random requests.
type generator struct{ *rand.Rand }

func (g *generator) sample() *sample {
	s := &sample{
		method:    pick(g, "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"),
		host:      pick(g, "modelarts.cn-north-4.myhuaweicloud.com", "iam.myhuaweicloud.com", "127.0.0.1:8080", "[::1]:443", "a"),
		query:     url.Values{},
		accessKey: g.text(1, 20, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
		secretKey: g.text(1, 40, odd),
		now:       time.Unix(g.Int64N(4e9), 0),
	}

	for range g.IntN(6) {
		s.path += "/" + g.text(0, 12, odd)
	}

	for range g.IntN(4) {
		s.query.Add(g.text(1, 6, odd), g.text(0, 10, odd))
	}

	for name := range s.query {
		if g.IntN(3) == 0 {
			s.query.Add(name, g.text(0, 10, odd))
		}
	}

	if g.IntN(2) == 0 {
		s.body = g.text(0, 200, odd)
	}

	if g.IntN(4) != 0 {
		s.project = g.text(32, 32, "0123456789abcdef")
	}

	if g.IntN(2) == 0 {
		s.securityToken = g.text(1, 300, "ABCabc019+/=-_ ")
	}

	return s
}

const odd = "abcXYZ019-._~ !\"#$%&'()*+,/:;<=>?@[\\]^`{|}\t\x00\x7fäß€語😀"

func (g *generator) text(shortest, longest int, alphabet string) string {
	var b strings.Builder

	runes := []rune(alphabet)
	for range shortest + g.IntN(longest-shortest+1) {
		b.WriteRune(runes[g.IntN(len(runes))])
	}

	return b.String()
}

func pick(g *generator, texts ...string) string { return texts[g.IntN(len(texts))] }

// comparingTransport is a transport that compares the signature of each request with that of the SDK.
type comparingTransport struct {
	t    *testing.T
	seen []string
}

func (c *comparingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte

	if req.Body != nil {
		read, err := io.ReadAll(req.Body)
		if err != nil {
			c.t.Error(err)
		}

		body = read
	}

	now, err := time.Parse(signer.BasicDateFormat, req.Header.Get(signer.HeaderXDate))
	if err != nil {
		c.t.Error(err)
	}

	want := theirs(c.t, &sample{
		method: req.Method, host: req.Host, path: req.URL.Path, query: req.URL.Query(), body: string(body),
		accessKey: "AK", secretKey: "SK", project: req.Header.Get("X-Project-Id"), securityToken: req.Header.Get("X-Security-Token"), now: now,
	})
	if got := req.Header.Get("Authorization"); got != want {
		c.t.Errorf("%s %s\n ours %s\ntheirs %s", req.Method, req.URL, got, want)
	}

	c.seen = append(c.seen, req.Method+" "+req.URL.Path)

	answer := `{"id":"server","projects":[{"id":"project"}],"data":[],"credential":{"access":"AK","secret":"SK","securitytoken":"token/+="}}`

	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(answer)))}, nil
}

// TestSignaturesOfTheClient compares the signatures of the requests that the client sends.
func TestSignaturesOfTheClient(t *testing.T) {
	t.Parallel()

	transport := &comparingTransport{t: t}
	cfg := modelarts.Config{
		Region: "cn-north-4", Transport: transport,
		Credentials: modelarts.StaticCredentials(modelarts.Credentials{AccessKey: "AK", SecretKey: modelarts.NewSecret("SK")}),
	}

	role, err := modelarts.AssumeRole(cfg, modelarts.Role{AgencyName: "ägency", DomainName: "domain"})
	if err != nil {
		t.Fatal(err)
	}

	cfg.Credentials = role

	client, err := modelarts.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}

	for _, call := range []func(context.Context) error{
		func(ctx context.Context) error { _, err := client.GetServer(ctx, "server"); return err },
		func(ctx context.Context) error { _, err := client.ListAllServers(ctx); return err },
		func(ctx context.Context) error {
			_, err := client.ListImages(ctx, modelarts.ListImagesOptions{ServerType: "BMS", FlavorName: "a b+c/d"})

			return err
		},
		func(ctx context.Context) error { _, err := client.StopServer(ctx, "server"); return err },
		func(ctx context.Context) error { _, err := client.StartServer(ctx, "server"); return err },
		func(ctx context.Context) error {
			_, err := client.ReinstallServerOS(ctx, "server", &modelarts.ReinstallRequest{AdminPass: modelarts.NewSecret("<Pä&ss>")})

			return err
		},
	} {
		if err := call(t.Context()); err != nil {
			t.Error(err)
		}
	}

	want := []string{
		"POST /v3.0/OS-CREDENTIAL/securitytokens",
		"GET /v3/projects",
		"GET /v1/project/dev-servers/server",
		"GET /v1/project/dev-servers",
		"GET /v1/project/dev-servers/images",
		"PUT /v1/project/dev-servers/server/stop",
		"PUT /v1/project/dev-servers/server/start",
		"POST /v1/project/dev-servers/server/reinstallos",
	}
	if !slices.Equal(transport.seen, want) {
		t.Errorf("sent %v, want %v", transport.seen, want)
	}
}
