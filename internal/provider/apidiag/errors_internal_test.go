package apidiag

import (
	"context"
	"io"
	"net"
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
		not     []string
	}{
		"refused":       {answers(403, `{"error":{"code":"403","message":"denied"}}`), []string{"The service answered GET /v3/projects with HTTP 403"}, nil},
		"no connection": {fails(io.EOF), []string{"The service gave no answer to GET /v3/projects: EOF", "Check the network"}, []string{"misspelled"}},
		"two projects": {
			answers(200, `{"projects":[{"id":"p1"},{"id":"p2"}]}`),
			[]string{"The request GET dev-servers/" + diagnosedServer + " was not sent: ", "IAM shows 2 such projects (p1, p2)"},
			[]string{"gave no answer", "network", "misspelled"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := readingError(t, test.through)
			checkTexts(t, says(err), test.want, append(test.not, "project_id}", "%7B"))
			checkTexts(t, ProjectUnknown(err).Detail(), []string{"could not be looked up"}, []string{"project_id}", "%7B"})
		})
	}
}

// A region that does not exist is called that before anything else.
func TestMisspelledRegion(t *testing.T) {
	t.Parallel()

	noHost := func(host string) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	named := func(cfg *modelarts.Config) { cfg.ProjectName = "nowhere" }
	withProject := func(cfg *modelarts.Config) { cfg.ProjectID = "p1" }
	configured := func(cfg *modelarts.Config) { cfg.IAMEndpoint = "https://iam.cn-nroth-4.myhuaweicloud.com" }
	none := answers(200, `{"projects":[]}`)

	for name, test := range map[string]struct {
		through transport
		change  []func(*modelarts.Config)
		first   string // of the paragraph
		want    []string
		not     []string
	}{
		"IAM has no such host": {
			fails(noHost("iam.cn-nroth-4.myhuaweicloud.com")), nil, `The region "cn-nroth-4" may be misspelled`,
			[]string{"check the network and the proxy"},
			nil,
		},
		"ModelArts has no such host": {
			fails(noHost("modelarts.cn-nroth-4.myhuaweicloud.com")),
			[]func(*modelarts.Config){withProject},
			`The region "cn-nroth-4" may be misspelled`,
			[]string{"check the network and the proxy"},
			nil,
		},
		"a configured host": {
			fails(noHost("iam.cn-nroth-4.myhuaweicloud.com")),
			[]func(*modelarts.Config){configured},
			"Check the network", nil,
			[]string{"misspelled"},
		},
		"the host of a proxy": {fails(noHost("proxy.example.com")), nil, "Check the network", nil, []string{"misspelled"}},
		"a resolver that does not answer": {
			fails(&net.DNSError{Err: "server misbehaving", Name: "iam.cn-nroth-4.myhuaweicloud.com", IsTemporary: true}), nil,
			"Check the network", nil,
			[]string{"misspelled"},
		},
		"no project of that name": {
			none, nil, `The region "cn-nroth-4" is probably misspelled, or project_name is needed`,
			[]string{"HW_REGION_NAME", "HW_PROJECT_NAME", "HW_PROJECT_ID"},
			[]string{"gave no answer", "network"},
		},
		"no project of the configured name": {
			none,
			[]func(*modelarts.Config){named},
			`IAM knows no project named "nowhere"`,
			[]string{"Check project_name (HW_PROJECT_NAME)"},
			[]string{"gave no answer", "network", "misspelled"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := readingError(t, test.through, test.change...)
			if text := says(err); !strings.HasPrefix(text, test.first) && !strings.Contains(text, "\n"+test.first) {
				t.Errorf("no paragraph begins with %q: %s", test.first, text)
			}

			checkTexts(t, says(err), test.want, test.not)
			checkTexts(t, ProjectUnknown(err).Detail(), append(test.want, test.first), test.not)
		})
	}
}

// Credentials that are refused are named with their source, and none of their values is shown.
func TestRefusedCredentials(t *testing.T) {
	t.Parallel()

	refused := answers(401, `{"error_code":"APIGW.0301","error_msg":"refused"}`)
	from := func(source string) func(*modelarts.Config) {
		return func(cfg *modelarts.Config) {
			cfg.ProjectID = "p1"
			cfg.Credentials = modelarts.StaticCredentials(modelarts.Credentials{
				AccessKey: "hush-ak", SecretKey: modelarts.NewSecret("hush-sk"), Source: source,
			})
		}
	}
	assumed := func(cfg *modelarts.Config) {
		from("the access key from HW_ACCESS_KEY")(cfg)

		role, err := modelarts.AssumeRole(*cfg, modelarts.Role{AgencyName: "operators", DomainName: "account"})
		if err != nil {
			t.Fatal(err)
		}

		cfg.Credentials = role
	}

	for name, test := range map[string]struct {
		through transport
		change  func(*modelarts.Config)
		want    string
	}{
		"known":              {refused, from("the access key from HW_ACCESS_KEY"), "The access key from HW_ACCESS_KEY was refused."},
		"not known":          {refused, from(""), "Check the provider's credentials: access_key and secret_key (HW_ACCESS_KEY, HW_SECRET_KEY)"},
		"of a role, by IAM":  {refused, assumed, "The access key from HW_ACCESS_KEY was refused."},
		"that may not do it": {answers(403, `{}`), assumed, "that the access key from HW_ACCESS_KEY may assume it"},
		"of a role": {
			func(req *http.Request) (*http.Response, error) {
				if strings.HasPrefix(req.URL.Path, "/v1/") {
					return refused(req)
				}

				return answers(201, `{"credential":{"access":"hush-temporary","secret":"hush-secret","securitytoken":"hush-token"}}`)(req)
			}, assumed,
			`The temporary access key of the agency "operators", assumed with the access key from HW_ACCESS_KEY, was refused.`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			checkTexts(t, says(readingError(t, test.through, test.change)), []string{test.want}, []string{"hush"})
		})
	}
}
