package modelarts_test

import (
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
