package modelarts_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

func withoutProject(cfg *modelarts.Config) { cfg.ProjectID = "" }

func TestProjectLookupOnTheWire(t *testing.T) {
	t.Parallel()

	client, got := listen(t, func(w http.ResponseWriter, req *http.Request) {
		body := serverBody
		if strings.HasPrefix(req.URL.Path, "/v3/") {
			body = `{"links":{},"projects":[{"id":"` + testProject + `","name":"cn-north-4"}]}`
		}

		reply(body)(w, req)
	}, withoutProject)

	for range 2 {
		if _, err := client.GetServer(t.Context(), testServer); err != nil {
			t.Fatal(err)
		}
	}

	id, err := client.ProjectID(t.Context())
	if id != testProject || err != nil {
		t.Error(id, err)
	}

	want := []string{"GET /v3/projects?name=cn-north-4", "GET " + testPath, "GET " + testPath}
	if diff := cmp.Diff(want, got.lines()); diff != "" {
		t.Error(diff)
	}

	header := got.all()[0].Header
	if !strings.Contains(header.Get("Authorization"), "SignedHeaders=host;x-sdk-date,") || len(header.Values("X-Project-Id")) != 0 {
		t.Errorf("headers %v", header)
	}
}

func TestProjectLookupAnswers(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		answer  step
		name    string
		want    string
		failure string
	}{
		"one":                 {answer: step{status: 200, body: `{"projects":[{"id":"p1","name":"cn-north-4"}]}`}, want: "p1"},
		"one without a name":  {answer: step{status: 200, body: `{"projects":[{"id":"p1"}]}`}, want: "p1"},
		"with others":         {answer: step{status: 200, body: `{"projects":[{"id":"p1","name":"cn-north-4_x"},{"id":"p2","name":"cn-north-4"},7,{"name":"x"}]}`}, want: "p2"},
		"by name":             {answer: step{status: 200, body: `{"projects":[{"id":"p1","name":"cn-north-4_x"}]}`}, name: "cn-north-4_x", want: "p1"},
		"none":                {answer: step{status: 200, body: `{"projects":[]}`}, failure: `look up the id of project "cn-north-4": IAM shows no such project; give the project id`},
		"two":                 {answer: step{status: 200, body: `{"projects":[{"id":"p1"},{"id":"p2"}]}`}, failure: "IAM shows 2 such projects (p1, p2); give the project id of one"},
		"an id that is none":  {answer: step{status: 200, body: `{"projects":[{"id":"../x"}]}`}, failure: "no such project"},
		"no list":             {answer: step{status: 200, body: `{}`}, failure: "the reply is not a list of projects: {}"},
		"HTML":                {answer: step{status: 200, body: `<html>x</html>`}, failure: "the reply is not a list of projects: x"},
		"empty":               {answer: step{status: 200}, failure: "the reply is empty instead of a list of projects"},
		"refused":             {answer: step{status: 403, body: `{"error":{"code":"403","message":"denied"}}`, header: []string{"X-IAM-Trace-Id", "t1"}}, failure: "GET /v3/projects: HTTP 403 Forbidden, error code 403, request id t1: denied"},
		"IAM is not there":    {answer: step{err: errors.New("no route")}, failure: "no route"},
		"IAM knows no server": {answer: step{status: 404, body: `{"error_code":"APIGW.0101"}`}, failure: "APIGW.0101"},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			transport := script(tt.answer)
			client := newClient(t, transport, withoutProject, func(cfg *modelarts.Config) { cfg.ProjectName = tt.name })

			id, err := client.ProjectID(t.Context())
			if id != tt.want || (err != nil) != (tt.failure != "") || err != nil && !strings.Contains(err.Error(), tt.failure) {
				t.Fatal(id, err)
			}

			if tt.failure == "" {
				return
			}

			_, err = reinstall(t.Context(), client)

			var connErr *modelarts.ConnectionError
			if !errors.As(err, &connErr) || connErr.Sent || connErr.Path != "dev-servers/"+testServer+"/reinstallos" || modelarts.IsNotFound(err) {
				t.Error(err)
			}

			if strings.ContainsAny(err.Error(), "%") {
				t.Errorf("there is a placeholder in the path: %v", err)
			}

			if lines := transport.lines(); len(lines) != 2 {
				t.Errorf("a failure is not kept, and nothing else is sent: %v", lines)
			}
		})
	}
}

func TestProjectLookupIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := &memory{answer: func(_ int, req *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)

			if err := req.Context().Err(); err != nil {
				return nil, err
			}

			return response(http.StatusOK, `{"projects":[{"id":"p1"}]}`), nil
		}}
		client := newClient(t, transport, withoutProject)

		// The first caller gives up: the others still get their answer.
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()

		var group sync.WaitGroup

		group.Go(func() {
			if _, err := client.ProjectID(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		synctest.Wait()

		for range 20 {
			group.Go(func() {
				if id, err := client.ProjectID(t.Context()); id != "p1" || err != nil {
					t.Error(id, err)
				}
			})
		}

		group.Wait()

		if n := len(transport.all()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// A project that does not exist is distinguished from one that could not be looked up.
func TestProjectLookupOfAnUnknownName(t *testing.T) {
	t.Parallel()

	for configured, want := range map[string]modelarts.UnknownProjectError{
		"":       {Name: "cn-north-4", IsRegion: true},
		"prod-1": {Name: "prod-1"},
	} {
		client := newClient(t, always(http.StatusOK, `{"projects":[]}`), withoutProject, func(cfg *modelarts.Config) { cfg.ProjectName = configured })

		_, err := client.GetServer(t.Context(), testServer)

		unknown, ok := errors.AsType[*modelarts.UnknownProjectError](err)
		if !ok || *unknown != want || !modelarts.IsUntried(err) {
			t.Errorf("%q: %v", configured, err)
		}
	}
}

// A host that is derived from the region and does not exist may be due to the region.
func TestHostOfAnUnknownRegion(t *testing.T) {
	t.Parallel()

	const modelArts, iam = "modelarts.cn-north-4.myhuaweicloud.com", "iam.cn-north-4.myhuaweicloud.com"

	missing := func(host string) error {
		return &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	unset := func(*modelarts.Config) {}

	for name, tt := range map[string]struct {
		err    error
		change func(*modelarts.Config)
		region string
	}{
		"ModelArts":            {missing(modelArts), unset, "cn-north-4"},
		"IAM":                  {missing(iam), withoutProject, "cn-north-4"},
		"rooted":               {missing(iam + "."), withoutProject, "cn-north-4"},
		"configured ModelArts": {missing(modelArts), func(cfg *modelarts.Config) { cfg.Endpoint = modelArts }, ""},
		"configured IAM":       {missing(iam), func(cfg *modelarts.Config) { cfg.ProjectID, cfg.IAMEndpoint = "", iam }, ""},
		"a proxy":              {missing("proxy.example.com"), unset, ""},
		"no resolver":          {&net.DNSError{Err: "server misbehaving", Name: modelArts, IsTemporary: true}, unset, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			transport := &memory{answer: func(int, *http.Request) (*http.Response, error) { return nil, tt.err }}

			_, err := newClient(t, transport, tt.change).GetServer(t.Context(), testServer)

			region := ""
			if unknown, ok := errors.AsType[*modelarts.UnknownHostError](err); ok {
				region = unknown.Region
			}

			if region != tt.region || !errors.Is(err, tt.err) {
				t.Errorf("region %q: %v", region, err)
			}
		})
	}
}
