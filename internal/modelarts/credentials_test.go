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

// An answer that refuses credentials names their source; any other does not.
func TestRefusedCredentialsNameTheirSource(t *testing.T) {
	t.Parallel()

	const source = "the access key from HW_ACCESS_KEY"

	for status, want := range map[int]string{
		http.StatusUnauthorized: source, http.StatusForbidden: source, http.StatusBadRequest: "", http.StatusInternalServerError: "",
	} {
		client := newClient(t, always(status, `{}`), func(cfg *modelarts.Config) {
			cfg.Credentials = modelarts.StaticCredentials(modelarts.Credentials{
				AccessKey: testAK, SecretKey: modelarts.NewSecret(testSK), Source: source,
			})
		})

		for _, call := range []func() error{
			func() error { _, err := client.GetServer(t.Context(), testServer); return err },
			func() error { _, err := reinstall(t.Context(), client); return err },
		} {
			answer, ok := errors.AsType[*modelarts.Error](call())
			if !ok || answer.Credentials != want {
				t.Errorf("HTTP %d: %+v", status, answer)
			}
		}
	}
}
