package apidiag

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// transport answers every request in the same way.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// answers returns a transport for one answer.
func answers(status int, body string) transport {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// fails returns a transport that has no connection.
func fails(err error) transport {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// readingError returns the error of reading a server with a client that has to look up its project first.
func readingError(t *testing.T, through transport, change ...func(*modelarts.Config)) error {
	t.Helper()

	cfg := modelarts.Config{
		Region: "cn-nroth-4", Transport: through,
		Credentials: modelarts.StaticCredentials(modelarts.Credentials{AccessKey: "hush-ak", SecretKey: modelarts.NewSecret("hush-sk")}),
	}
	for _, c := range change {
		c(&cfg)
	}

	client, err := modelarts.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}

	_, err = client.GetServer(context.Background(), diagnosedServer)
	if err == nil {
		t.Fatal("no error")
	}

	return err
}

// says returns what a diagnostic says about an error of a read.
func says(err error) string { return Describe(err) + "\n" + AdviceForReading(err, CheckMayRead) }

// checkTexts requires and forbids texts.
func checkTexts(t *testing.T, text string, want, not []string) {
	t.Helper()

	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing from: %s", w, text)
		}
	}

	for _, n := range not {
		if strings.Contains(text, n) {
			t.Errorf("%q is in: %s", n, text)
		}
	}
}

// Where the project has to be looked up first, what is described is the lookup that failed.
func TestLookupThatFails(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		through transport
		want    []string
	}{
		"refused":       {answers(403, `{"error":{"code":"403","message":"denied"}}`), []string{"The service answered GET /v3/projects with HTTP 403"}},
		"no connection": {fails(io.EOF), []string{"The service gave no answer to GET /v3/projects: EOF", "Check the network"}},
		"two projects": {
			answers(200, `{"projects":[{"id":"p1"},{"id":"p2"}]}`),
			[]string{"The request GET dev-servers/" + diagnosedServer + " was not sent: ", "IAM shows 2 such projects (p1, p2)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := readingError(t, test.through)
			checkTexts(t, says(err), test.want, []string{"project_id}", "%7B"})
			checkTexts(t, ProjectUnknown(err).Detail(), []string{"could not be looked up"}, []string{"project_id}", "%7B"})
		})
	}
}
