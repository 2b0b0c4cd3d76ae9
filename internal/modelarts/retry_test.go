package modelarts_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// step is one answer of a script.
type step struct {
	status int
	err    error
	body   string
	header []string
}

// script answers with one step after the other, and then always with the last one.
func script(steps ...step) *memory {
	return &memory{answer: func(n int, _ *http.Request) (*http.Response, error) {
		s := steps[min(n, len(steps))-1]
		if s.err != nil && s.status != 0 {
			return broken(s.status, s.body, s.err), nil
		}

		if s.err != nil {
			return nil, s.err
		}

		return response(s.status, s.body, s.header...), nil
	}}
}

var succeed = step{status: http.StatusOK, body: serverBody}

func TestGetIsRepeated(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		steps    []step
		retries  int
		want     int // requests
		fails    bool
		min, max time.Duration
	}{
		"success":            {steps: []step{succeed}, retries: 5, want: 1},
		"502":                {steps: []step{{status: 502}, succeed}, retries: 5, want: 2, min: 250 * time.Millisecond, max: 750 * time.Millisecond},
		"503":                {steps: []step{{status: 503}, succeed}, retries: 5, want: 2, min: 250 * time.Millisecond, max: 750 * time.Millisecond},
		"504":                {steps: []step{{status: 504}, succeed}, retries: 5, want: 2, min: 250 * time.Millisecond, max: 750 * time.Millisecond},
		"429":                {steps: []step{{status: 429}, succeed}, retries: 5, want: 2, min: 250 * time.Millisecond, max: 750 * time.Millisecond},
		"EOF":                {steps: []step{{err: io.EOF}, succeed}, retries: 5, want: 2, min: 250 * time.Millisecond, max: 750 * time.Millisecond},
		"reset in the body":  {steps: []step{{status: 200, body: serverBody, err: io.ErrUnexpectedEOF}, succeed}, retries: 5, want: 2, min: 250 * time.Millisecond, max: 750 * time.Millisecond},
		"longer every time":  {steps: []step{{status: 502}, {status: 503}, {err: io.EOF}, succeed}, retries: 5, want: 4, min: 1750 * time.Millisecond, max: 5250 * time.Millisecond},
		"up to the limit":    {steps: []step{{status: 502}}, retries: 3, want: 4, fails: true, min: 1750 * time.Millisecond, max: 5250 * time.Millisecond},
		"not at all":         {steps: []step{{status: 502}}, retries: 0, want: 1, fails: true},
		"negative limit":     {steps: []step{{status: 502}}, retries: -1, want: 1, fails: true},
		"Retry-After":        {steps: []step{{status: 429, header: []string{"Retry-After", "20"}}, succeed}, retries: 1, want: 2, min: 20250 * time.Millisecond, max: 20750 * time.Millisecond},
		"Retry-After date":   {steps: []step{{status: 503, header: []string{"Retry-After", "Sat, 01 Jan 2000 00:01:00 GMT"}}, succeed}, retries: 1, want: 2, min: 60 * time.Second, max: 61 * time.Second},
		"Retry-After is old": {steps: []step{{status: 429, header: []string{"Retry-After", "20"}}, {err: io.EOF}, succeed}, retries: 2, want: 3, min: 20 * time.Second, max: 23 * time.Second},
		"an hour":            {steps: []step{{status: 503, header: []string{"Retry-After", "3600"}}, {status: 429, header: []string{"Retry-After", "3600"}}, succeed}, retries: 2, want: 3, min: 120 * time.Second, max: 123 * time.Second},
		"a date tomorrow":    {steps: []step{{status: 503, header: []string{"Retry-After", "Sun, 02 Jan 2000 00:00:00 GMT"}}, succeed}, retries: 1, want: 2, min: 60 * time.Second, max: 61 * time.Second},
		"400":                {steps: []step{{status: 400}}, retries: 5, want: 1, fails: true},
		"403":                {steps: []step{{status: 403}}, retries: 5, want: 1, fails: true},
		"404":                {steps: []step{{status: 404}}, retries: 5, want: 1, fails: true},
		"408":                {steps: []step{{status: 408}}, retries: 5, want: 1, fails: true},
		"500":                {steps: []step{{status: 500}}, retries: 5, want: 1, fails: true},
		"redirect":           {steps: []step{{status: 307, header: []string{"Location", "/x"}}}, retries: 5, want: 1, fails: true},
		"unusable reply":     {steps: []step{{status: 200, body: "<html>"}}, retries: 5, want: 1, fails: true},
		"certificate":        {steps: []step{{err: &tls.CertificateVerificationError{Err: errors.New("unknown authority")}}}, retries: 5, want: 1, fails: true},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := script(tt.steps...)
				client := newClient(t, transport, func(cfg *modelarts.Config) { cfg.MaxRetries = tt.retries })
				began := time.Now()

				_, err := client.GetServer(t.Context(), testServer)
				if (err != nil) != tt.fails {
					t.Error(err)
				}

				if n := len(transport.all()); n != tt.want {
					t.Errorf("%d requests, want %d", n, tt.want)
				}

				if took := time.Since(began); took < tt.min || took > tt.max {
					t.Errorf("took %s, want %s to %s", took, tt.min, tt.max)
				}
			})
		})
	}
}

func TestLastErrorSurvivesRepeating(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := script(step{status: 502}, step{status: 503, body: `{"error_code":"APIGW.1","error_msg":"m"}`, header: []string{"X-Request-Id", "r2"}})
		_, err := newClient(t, transport, func(cfg *modelarts.Config) { cfg.MaxRetries = 1 }).GetServer(t.Context(), testServer)

		if want := "GET " + testPath + ": HTTP 503 Service Unavailable, error code APIGW.1, request id r2: m"; err == nil || err.Error() != want {
			t.Errorf("got %v", err)
		}
	})
}

// What the service asks for is obeyed up to a minute, and reported in full.
func TestRetryAfterIsToldInFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := script(step{status: 503, header: []string{"Retry-After", "3600"}})
		began := time.Now()

		_, err := newClient(t, transport, func(cfg *modelarts.Config) { cfg.MaxRetries = 1 }).GetServer(t.Context(), testServer)
		if answer, ok := errors.AsType[*modelarts.Error](err); !ok || answer.RetryAfter != time.Hour {
			t.Errorf("got %+v", answer)
		}

		if took := time.Since(began); took < time.Minute || took > 61*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// IAM may also ask for an hour: requests that need a role or a project id wait no longer than a minute.
func TestRetryAfterOfIAM(t *testing.T) {
	t.Parallel()

	busy := step{status: 503, header: []string{"Retry-After", "3600"}}

	for name, tt := range map[string]struct {
		reply string
		call  func(*testing.T, *memory) error
	}{
		"project": {`{"projects":[{"id":"p1","name":"cn-north-4"}]}`, func(t *testing.T, transport *memory) error {
			t.Helper()

			client := newClient(t, transport, withoutProject, func(cfg *modelarts.Config) { cfg.MaxRetries = 1 })
			_, err := client.ProjectID(t.Context())

			return err
		}},
		"role": {
			`{"credential":{"access":"TMP","secret":"secret-of-iam","securitytoken":"token-of-iam"}}`,
			func(t *testing.T, transport *memory) error {
				t.Helper()

				role, err := modelarts.AssumeRole(withRetries(testConfig(transport), 1), hourRole)
				if err != nil {
					t.Fatal(err)
				}

				_, err = role.Credentials(t.Context())

				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				if err := tt.call(t, script(busy, step{status: 200, body: tt.reply})); err != nil {
					t.Error(err)
				}

				if took := time.Since(began); took < time.Minute || took > 61*time.Second {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

func TestContextBoundsRepeating(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("the user's timeout")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, cause)
		defer cancel()

		transport := script(step{status: 429, header: []string{"Retry-After", "3600"}})
		client := newClient(t, transport, func(cfg *modelarts.Config) { cfg.MaxRetries = 5 })
		began := time.Now()

		_, err := client.GetServer(ctx, testServer)
		if !errors.Is(err, cause) || !strings.Contains(err.Error(), "HTTP 429") {
			t.Error(err)
		}

		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("took %s", took)
		}

		if n := len(transport.all()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestContextThatIsOver(t *testing.T) {
	t.Parallel()

	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)

	transport := always(http.StatusOK, serverBody)
	client := newClient(t, transport, func(cfg *modelarts.Config) { cfg.MaxRetries = 5 })

	_, getErr := client.GetServer(ctx, testServer)
	_, postErr := reinstall(ctx, client)

	for _, err := range []error{getErr, postErr} {
		var connErr *modelarts.ConnectionError
		if !errors.As(err, &connErr) || connErr.Sent || !errors.Is(err, cause) {
			t.Error(err)
		}
	}

	if n := len(transport.all()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// TestTryIsBounded uses a server that accepts a request and never answers.
func TestTryIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := &memory{answer: func(_ int, req *http.Request) (*http.Response, error) {
			<-req.Context().Done()

			return nil, req.Context().Err()
		}}
		began := time.Now()

		_, err := reinstall(t.Context(), newClient(t, transport))

		var connErr *modelarts.ConnectionError
		if !errors.As(err, &connErr) || !connErr.Sent || !strings.Contains(err.Error(), "no complete answer within 2m0s") {
			t.Error(err)
		}

		if took := time.Since(began); took != 2*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

func TestHangingBodyIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := &memory{answer: func(n int, req *http.Request) (*http.Response, error) {
			resp := response(http.StatusOK, serverBody)
			if n == 1 {
				resp.Body = io.NopCloser(waitReader{req.Context()})
			}

			return resp, nil
		}}

		if _, err := newClient(t, transport, func(cfg *modelarts.Config) { cfg.MaxRetries = 1 }).GetServer(t.Context(), testServer); err != nil {
			t.Error(err)
		}

		if n := len(transport.all()); n != 2 {
			t.Errorf("%d requests", n)
		}
	})
}

// waitReader blocks until its context is done.
type waitReader struct{ ctx context.Context } //nolint:containedctx // it stands for a connection

func (w waitReader) Read([]byte) (int, error) {
	<-w.ctx.Done()

	return 0, w.ctx.Err()
}
