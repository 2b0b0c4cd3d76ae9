package modelarts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// rotating returns other credentials after every Refresh, while there are any.
type rotating struct {
	mu       sync.Mutex
	at, last int
	err      error
	stale    []string
}

func (r *rotating) Credentials(context.Context) (modelarts.Credentials, error) {
	r.mu.Lock()
	defer r.mu.Unlock()

	return modelarts.Credentials{AccessKey: fmt.Sprintf("AK%d", r.at), SecretKey: modelarts.NewSecret("sk")}, nil
}

func (r *rotating) Refresh(_ context.Context, stale modelarts.Credentials) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.stale = append(r.stale, stale.AccessKey)

	if r.err != nil || r.at == r.last {
		return false, r.err
	}

	r.at++

	return true, nil
}

// unauthorizedUntil answers the first requests, up to last, with 401.
func unauthorizedUntil(last int) *memory {
	return &memory{answer: func(n int, _ *http.Request) (*http.Response, error) {
		if n <= last {
			return response(http.StatusUnauthorized, `{"error_code":"APIGW.0301"}`), nil
		}

		return response(http.StatusOK, serverBody), nil
	}}
}

func TestUnauthorizedIsRefreshedOnce(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		source *rotating
		until  int // the requests that are answered 401
		want   int // requests
		status int // of the error, 0 for none
		text   string
	}{
		"new credentials work":      {source: &rotating{last: 1}, until: 1, want: 2},
		"new ones do not either":    {source: &rotating{last: 9}, until: 9, want: 2, status: 401},
		"there are no new ones":     {source: &rotating{}, until: 9, want: 1, status: 401},
		"they are not to be had":    {source: &rotating{err: errors.New("IAM is down")}, until: 9, want: 1, status: 401, text: "IAM is down"},
		"the first ones are enough": {source: &rotating{last: 1}, want: 1},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			transport := unauthorizedUntil(tt.until)
			client := newClient(t, transport, func(cfg *modelarts.Config) { cfg.Credentials, cfg.MaxRetries = tt.source, 3 })
			_, err := client.GetServer(t.Context(), testServer)

			wantStatus(t, err, tt.status, tt.text)
			wantRotation(t, transport.all(), tt.want)
		})
	}
}

// writes are the calls that change a server.
var writes = map[string]func(context.Context, *modelarts.Client) error{
	"reinstall": func(ctx context.Context, c *modelarts.Client) error { _, err := reinstall(ctx, c); return err },
	"stop": func(ctx context.Context, c *modelarts.Client) error {
		_, err := c.StopServer(ctx, testServer)

		return err
	},
	"start": func(ctx context.Context, c *modelarts.Client) error {
		_, err := c.StartServer(ctx, testServer)

		return err
	},
}

// A write that is answered with 401 may have been processed all the same. So it is sent once, and new credentials are
// only for a caller that reads the server and decides to try again.
func TestUnauthorizedWriteIsSentOnce(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		source    *rotating
		until     int
		refreshed bool
		text      string
	}{
		"new credentials":        {source: &rotating{last: 1}, until: 1, refreshed: true},
		"new ones every time":    {source: &rotating{last: 9}, until: 9, refreshed: true},
		"there are no new ones":  {source: &rotating{}, until: 9},
		"they are not to be had": {source: &rotating{err: errors.New("IAM is down")}, until: 9, text: "IAM is down"},
	} {
		for verb, call := range writes {
			t.Run(verb+" "+name, func(t *testing.T) {
				t.Parallel()

				source := &rotating{last: tt.source.last, err: tt.source.err}
				transport := unauthorizedUntil(tt.until)
				client := newClient(t, transport, func(cfg *modelarts.Config) { cfg.Credentials, cfg.MaxRetries = source, 3 })
				err := call(t.Context(), client)

				wantStatus(t, err, http.StatusUnauthorized, tt.text)
				wantRotation(t, transport.all(), 1)

				if refused, ok := errors.AsType[*modelarts.Error](err); !ok || refused.Refreshed != tt.refreshed {
					t.Errorf("refreshed is not %v: %+v", tt.refreshed, refused)
				}

				if diff := cmp.Diff([]string{"AK0"}, source.stale); diff != "" {
					t.Errorf("refreshed: %s", diff)
				}
			})
		}
	}
}

// A 401 counts even if its body is truncated, or never ends.
func TestUnauthorizedWithBrokenBody(t *testing.T) {
	t.Parallel()

	for name, resp := range map[string]func() *http.Response{
		"reset": func() *http.Response {
			return broken(http.StatusUnauthorized, `{"error_code":"AP`, errors.New("reset"))
		},
		"endless": func() *http.Response { return response(http.StatusUnauthorized, strings.Repeat("x", 5<<20)) },
		"none": func() *http.Response {
			return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{}, Body: http.NoBody}
		},
	} {
		for verb, call := range writes {
			t.Run(verb+" "+name, func(t *testing.T) {
				t.Parallel()

				transport := &memory{answer: func(int, *http.Request) (*http.Response, error) { return resp(), nil }}
				client := newClient(t, transport, func(cfg *modelarts.Config) { cfg.Credentials, cfg.MaxRetries = &rotating{last: 9}, 5 })

				if refused, ok := errors.AsType[*modelarts.Error](call(t.Context(), client)); !ok || !refused.Refreshed {
					t.Errorf("got %+v", refused)
				}

				wantRotation(t, transport.all(), 1)
			})
		}
	}
}

// Twenty reinstalls whose credentials are revoked at once send twenty requests, and one to IAM.
func TestUnauthorizedWritesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := iam(func(access string) bool { return access == "TMP1" })
		client := roleClient(t, transport, hourRole)

		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				_, err := reinstall(t.Context(), client)
				if refused, ok := errors.AsType[*modelarts.Error](err); !ok || !refused.Refreshed {
					t.Errorf("got %v", err)
				}
			})
		}
		group.Wait()

		if toIAM, others := count(transport.all()); toIAM != 2 || others != 20 {
			t.Errorf("%d calls to IAM, %d others", toIAM, others)
		}
	})
}

// Only a 401 says that the credentials are not valid.
func TestOtherAnswersDoNotRefresh(t *testing.T) {
	t.Parallel()

	for _, status := range []int{302, 400, 403, 404, 407, 409, 429, 500, 503} {
		for verb, call := range writes {
			source := &rotating{last: 9}
			client := newClient(t, always(status, ""), func(cfg *modelarts.Config) { cfg.Credentials = source })
			err := call(t.Context(), client)

			if refused, ok := errors.AsType[*modelarts.Error](err); !ok || refused.Refreshed || len(source.stale) != 0 {
				t.Errorf("%s %d: %+v, %d refreshed", verb, status, refused, len(source.stale))
			}
		}
	}
}

// wantStatus checks that err is an answer with that status, or nil if status is 0.
func wantStatus(t *testing.T, err error, status int, text string) {
	t.Helper()

	var refused *modelarts.Error

	switch {
	case status == 0 && err == nil:
	case status == 0, !errors.As(err, &refused), refused.StatusCode != status, !strings.Contains(err.Error(), text):
		t.Errorf("got %v, want status %d", err, status)
	}
}

// wantRotation checks that n requests were sent, each with its own key and the same body.
func wantRotation(t *testing.T, requests []sent, n int) {
	t.Helper()

	if len(requests) != n {
		t.Fatalf("%d requests, want %d", len(requests), n)
	}

	for i, req := range requests {
		if !strings.Contains(req.Header.Get("Authorization"), fmt.Sprintf("Access=AK%d,", i)) || req.Body != requests[0].Body {
			t.Errorf("request %d: %v", i, req)
		}
	}
}

func TestUnusableCredentials(t *testing.T) {
	t.Parallel()

	secret := modelarts.NewSecret("very secret")

	for name, credentials := range map[string]modelarts.Credentials{
		"none":           {},
		"no secret key":  {AccessKey: "ak"},
		"no access key":  {SecretKey: secret},
		"line break":     {Token: modelarts.NewSecret("very secret\n")},
		"odd access key": {AccessKey: "a\x00", SecretKey: secret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			transport := always(http.StatusOK, serverBody)
			client := newClient(t, transport, func(cfg *modelarts.Config) {
				cfg.Credentials, cfg.MaxRetries = modelarts.StaticCredentials(credentials), 5
			})

			_, err := reinstall(t.Context(), client)
			_, getErr := client.GetServer(t.Context(), testServer)

			var connErr *modelarts.ConnectionError
			if !errors.As(err, &connErr) || connErr.Sent || getErr == nil || strings.Contains(err.Error(), "very") {
				t.Error(err, getErr)
			}

			if n := len(transport.all()); n != 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// iam answers like IAM's securitytokens and like ModelArts, which accepts the n-th credentials until refuse reports true.
func iam(refuse func(access string) bool) *memory {
	var mu sync.Mutex

	issued := 0

	return &memory{answer: func(_ int, req *http.Request) (*http.Response, error) {
		if req.URL.Path != "/v3.0/OS-CREDENTIAL/securitytokens" {
			if _, access, _ := strings.Cut(req.Header.Get("Authorization"), "Access="); refuse != nil && refuse(access[:strings.Index(access, ",")]) {
				return response(http.StatusUnauthorized, `{"error_code":"APIGW.0301"}`), nil
			}

			return response(http.StatusOK, serverBody), nil
		}

		time.Sleep(time.Second)

		mu.Lock()
		defer mu.Unlock()

		issued++

		return response(http.StatusCreated, fmt.Sprintf(
			`{"credential":{"access":"TMP%d","secret":"s%d","securitytoken":"t%d","expires_at":%q}}`,
			issued, issued, issued, time.Now().Add(time.Hour).UTC().Format(time.RFC3339Nano),
		)), nil
	}}
}

// roleClient returns a client that assumes a role for an hour.
func roleClient(t *testing.T, transport http.RoundTripper, role modelarts.Role) *modelarts.Client {
	t.Helper()

	return newClient(t, transport, func(cfg *modelarts.Config) {
		source, err := modelarts.AssumeRole(*cfg, role)
		if err != nil {
			t.Fatal(err)
		}

		cfg.Credentials = source
	})
}

var hourRole = modelarts.Role{AgencyName: "agency", DomainName: "domain", Duration: time.Hour}

// count returns how many of the requests were sent to IAM, and how many were not.
func count(requests []sent) (toIAM, others int) {
	for _, req := range requests {
		if strings.HasPrefix(req.Host, "iam.") {
			toIAM++
		}
	}

	return toIAM, len(requests) - toIAM
}

func TestAssumeRoleOnTheWire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := iam(nil)
		if _, err := reinstall(t.Context(), roleClient(t, transport, hourRole)); err != nil {
			t.Fatal(err)
		}

		want := []string{"POST /v3.0/OS-CREDENTIAL/securitytokens", "POST " + testPath + "/reinstallos"}
		if diff := cmp.Diff(want, transport.lines()); diff != "" {
			t.Fatal(diff)
		}

		asked, used := transport.all()[0], transport.all()[1]

		body := `{"auth":{"identity":{"methods":["assume_role"],"assume_role":{"agency_name":"agency","domain_name":"domain","duration_seconds":3600}}}}`
		if asked.Body != body || asked.Host != "iam.cn-north-4.myhuaweicloud.com" || asked.Header.Get("X-Project-Id") != "" {
			t.Errorf("asked %+v", asked)
		}

		if got := asked.Header.Get("Authorization"); !strings.HasPrefix(got, "SDK-HMAC-SHA256 Access="+testAK+", SignedHeaders=host;x-sdk-date,") {
			t.Errorf("asked with %s", got)
		}

		if got := used.Header.Get("Authorization"); !strings.Contains(got, "Access=TMP1,") || used.Header.Get("X-Security-Token") != "t1" {
			t.Errorf("used %s", got)
		}
	})
}

func TestAssumeRoleByDomainID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := iam(nil)
		client := roleClient(t, transport, modelarts.Role{AgencyName: "agency", DomainName: "domain", DomainID: "id"})

		if _, err := client.GetServer(t.Context(), testServer); err != nil {
			t.Fatal(err)
		}

		body := `{"auth":{"identity":{"methods":["assume_role"],"assume_role":{"agency_name":"agency","domain_id":"id","duration_seconds":43200}}}}`
		if got := transport.all()[0].Body; got != body {
			t.Error(got)
		}
	})
}

func TestAssumedCredentialsAreKeptAndRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := iam(nil)
		client := roleClient(t, transport, hourRole)

		for range 3 {
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() {
					if _, err := client.GetServer(t.Context(), testServer); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
		}

		if toIAM, others := count(transport.all()); toIAM != 1 || others != 60 {
			t.Errorf("%d calls for 20 at once, three times over (%d)", toIAM, others)
		}

		for _, wait := range []time.Duration{49 * time.Minute, 2 * time.Minute} {
			time.Sleep(wait)

			if _, err := client.GetServer(t.Context(), testServer); err != nil {
				t.Error(err)
			}
		}

		if toIAM, _ := count(transport.all()); toIAM != 2 {
			t.Errorf("%d calls after 51 minutes", toIAM)
		}
	})
}

func TestAssumedCredentialsThatAreRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := iam(func(access string) bool { return access == "TMP1" })
		client := roleClient(t, transport, hourRole)

		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if _, err := client.GetServer(t.Context(), testServer); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()

		if toIAM, others := count(transport.all()); toIAM != 2 || others != 40 {
			t.Errorf("%d calls to IAM, %d others", toIAM, others)
		}
	})
}

// TestRefreshAfterRefresh answers a request with 401 after another one has replaced its credentials.
func TestRefreshAfterRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := iam(nil)

		source, err := modelarts.AssumeRole(testConfig(transport), hourRole)
		if err != nil {
			t.Fatal(err)
		}

		first, err := source.Credentials(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		for range 3 {
			if refreshed, err := source.Refresh(t.Context(), first); !refreshed || err != nil {
				t.Error(refreshed, err)
			}
		}

		if second, err := source.Credentials(t.Context()); second.AccessKey != "TMP2" || err != nil {
			t.Error(second, err)
		}

		if toIAM, _ := count(transport.all()); toIAM != 2 {
			t.Errorf("%d calls to IAM", toIAM)
		}
	})
}

// TestUnauthorizedReinstallWithRole revokes the first credentials when the request that erases a disk arrives.
func TestUnauthorizedReinstallWithRole(t *testing.T) {
	t.Parallel()

	for verb, call := range writes {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := iam(func(access string) bool { return access == "TMP1" })
				client := roleClient(t, transport, hourRole)

				if refused, ok := errors.AsType[*modelarts.Error](call(t.Context(), client)); !ok || !refused.Refreshed {
					t.Errorf("got %+v", refused)
				}

				if toIAM, others := count(transport.all()); toIAM != 2 || others != 1 {
					t.Errorf("%d calls to IAM, %d others", toIAM, others)
				}

				if err := call(t.Context(), client); err != nil {
					t.Errorf("with the new credentials: %v", err)
				}

				if toIAM, others := count(transport.all()); toIAM != 2 || others != 2 {
					t.Errorf("%d calls to IAM, %d others", toIAM, others)
				}
			})
		})
	}
}

// TestSameCredentialsAgain lets IAM return the credentials that the service has just refused.
func TestSameCredentialsAgain(t *testing.T) {
	t.Parallel()

	transport := &memory{answer: func(_ int, req *http.Request) (*http.Response, error) {
		if strings.HasPrefix(req.Host, "iam.") {
			return response(http.StatusCreated, `{"credential":{"access":"TMP","secret":"secret-of-iam","securitytoken":"token-of-iam"}}`), nil
		}

		return response(http.StatusUnauthorized, ""), nil
	}}

	_, err := reinstall(t.Context(), roleClient(t, transport, hourRole))
	if refused, ok := errors.AsType[*modelarts.Error](err); !ok || refused.Refreshed {
		t.Errorf("got %+v", refused)
	}
}

// TestAssumeRoleIsRepeated lets IAM fail in ways that a retry overcomes.
func TestAssumeRoleIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const credential = `{"credential":{"access":"TMP","secret":"secret-of-iam","securitytoken":"token-of-iam"}}`

		transport := script(
			step{status: 503}, step{err: errors.New("reset")},
			step{status: http.StatusCreated, body: credential[:40], err: errors.New("reset in the body")},
			step{status: http.StatusCreated, body: credential}, step{status: 200, body: serverBody},
		)
		role, err := modelarts.AssumeRole(withRetries(testConfig(transport), 3), hourRole)
		if err != nil {
			t.Fatal(err)
		}

		client := newClient(t, transport, func(cfg *modelarts.Config) { cfg.Credentials = role })
		if _, err := client.GetServer(t.Context(), testServer); err != nil {
			t.Error(err)
		}

		if toIAM, others := count(transport.all()); toIAM != 4 || others != 1 {
			t.Errorf("%d calls to IAM, %d others", toIAM, others)
		}
	})
}

func TestAssumeRoleFailures(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		answer step
		want   int
		text   string
	}{
		"refused":        {step{status: 403, body: `{"error":{"code":"403","message":"no"}}`, header: []string{"X-IAM-Trace-Id", "t1"}}, 1, "assume role agency: POST /v3.0/OS-CREDENTIAL/securitytokens: HTTP 403 Forbidden, error code 403, request id t1: no"},
		"down":           {step{status: 503}, 3, "HTTP 503"},
		"not authorized": {step{status: 401}, 1, "HTTP 401"},
		"unreachable":    {step{err: errors.New("refused")}, 3, "refused"},
		"no credentials": {step{status: 201, body: `{"credential":{"access":"a","secret":"hush"}}`}, 1, "the reply has no credentials"},
		"empty secret":   {step{status: 201, body: `{"credential":{"access":"a","secret":"","securitytoken":"hush"}}`}, 1, "the reply has no credentials"},
		"HTML":           {step{status: 200, body: "<html>hush</html>"}, 1, "the reply has no credentials"},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := script(tt.answer)
				source, err := modelarts.AssumeRole(withRetries(testConfig(transport), 2), hourRole)
				if err != nil {
					t.Fatal(err)
				}

				client := newClient(t, transport, func(cfg *modelarts.Config) { cfg.Credentials, cfg.MaxRetries = source, 2 })
				_, err = client.GetServer(t.Context(), testServer)

				var connErr *modelarts.ConnectionError
				if !errors.As(err, &connErr) || connErr.Sent || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "hush") {
					t.Error(err)
				}

				if modelarts.IsRoleRefused(err) != (name == "refused") {
					t.Errorf("refused is %v", modelarts.IsRoleRefused(err))
				}

				if toIAM, others := count(transport.all()); toIAM != tt.want || others != 0 {
					t.Errorf("%d calls to IAM, %d others", toIAM, others)
				}
			})
		})
	}

	if modelarts.IsRoleRefused(nil) || modelarts.IsRoleRefused(&modelarts.Error{StatusCode: http.StatusForbidden}) {
		t.Error("there is no role")
	}
}

func withRetries(cfg modelarts.Config, n int) modelarts.Config {
	cfg.MaxRetries = n

	return cfg
}

// TestRenewalThatFails lets IAM be down when the credentials should be renewed.
func TestRenewalThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inner := iam(nil)
		down := false
		transport := &memory{answer: func(_ int, req *http.Request) (*http.Response, error) {
			if down && strings.HasPrefix(req.Host, "iam.") {
				return response(http.StatusServiceUnavailable, ""), nil
			}

			return inner.RoundTrip(req)
		}}
		client := roleClient(t, transport, hourRole)
		get := func() error { _, err := client.GetServer(t.Context(), testServer); return err }

		if err := get(); err != nil {
			t.Fatal(err)
		}

		down = true

		time.Sleep(55 * time.Minute)

		if err := get(); err != nil {
			t.Errorf("the credentials still held: %v", err)
		}

		time.Sleep(10 * time.Minute)

		if err := get(); err == nil {
			t.Error("the credentials have ended")
		}
	})
}

func TestIncompleteRoles(t *testing.T) {
	t.Parallel()

	for name, role := range map[string]modelarts.Role{
		"no agency": {DomainName: "d"},
		"no domain": {AgencyName: "a"},
		"too short": {AgencyName: "a", DomainID: "d", Duration: time.Minute},
		"too long":  {AgencyName: "a", DomainID: "d", Duration: 25 * time.Hour},
		"negative":  {AgencyName: "a", DomainID: "d", Duration: -time.Hour},
	} {
		if _, err := modelarts.AssumeRole(testConfig(nil), role); err == nil {
			t.Errorf("%s: no error", name)
		}
	}

	cfg := testConfig(nil)
	cfg.Credentials = nil

	if _, err := modelarts.AssumeRole(cfg, hourRole); err == nil {
		t.Error("no error without credentials")
	}
}

func TestTokenInsteadOfSignature(t *testing.T) {
	t.Parallel()

	client, got := listen(t, reply(serverBody), func(cfg *modelarts.Config) {
		cfg.Credentials = modelarts.StaticCredentials(modelarts.Credentials{
			AccessKey: testAK, SecretKey: modelarts.NewSecret(testSK), Token: modelarts.NewSecret("the-token"),
		})
	})

	if _, err := reinstall(t.Context(), client); err != nil {
		t.Fatal(err)
	}

	header := got.all()[0].Header
	if header.Get("X-Auth-Token") != "the-token" || header.Get("Authorization") != "" || header.Get("X-Sdk-Date") != "" {
		t.Errorf("headers %v", header)
	}

	if !strings.Contains(got.all()[0].Body, "admin_pass") {
		t.Error("the body is lost")
	}
}
