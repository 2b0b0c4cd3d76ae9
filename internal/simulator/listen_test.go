package simulator_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// socket sends a signed request to a cloud that listens.
func socket(t *testing.T, c *client, base, method, path, body string) (answer, error) {
	t.Helper()
	c.edit = func(r *http.Request) {
		r.URL.Scheme = "http"
		r.URL.Host = strings.TrimPrefix(base, "http://")
		r.Host = ""
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(c.request(t.Context(), method, path, body))
	if err != nil {
		return answer{}, err
	}
	return read(resp)
}

func TestSockets(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault simulator.Fault
		fails bool
		wipes int
	}{
		"plain":          {simulator.Fault{}, false, 1},
		"dropped before": {simulator.Fault{DropBefore: true}, true, 0},
		"dropped after":  {simulator.Fault{DropAfter: true}, true, 1},
		"reset":          {simulator.Fault{DropAfter: true, Reset: true}, true, 1},
		"dial":           {simulator.Fault{RefuseDial: true}, true, 0},
		"cut":            {simulator.Fault{CutBody: true}, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, c, id := faulty(t, test.fault)
			a, err := socket(t, c, cloud.Start(t), http.MethodPost, path(id, "reinstallos"), goodKey)
			if (err != nil) != test.fails || len(cloud.Wipes()) != test.wipes || !test.fails && a.status != 200 {
				t.Errorf("%d %s, error %v, %d wipes", a.status, a.raw, err, len(cloud.Wipes()))
			}
			noViolations(t, cloud)
		})
	}
}

func TestServeRefusesOtherInterfaces(t *testing.T) {
	t.Parallel()
	l := fakeListener{&net.TCPAddr{IP: net.IPv4zero, Port: 1}}
	if _, err := simulator.Serve(l, http.NotFoundHandler()); err == nil {
		t.Error("0.0.0.0 is served")
	}
}

type fakeListener struct{ addr net.Addr }

func (l fakeListener) Accept() (net.Conn, error) { return nil, io.EOF }
func (l fakeListener) Close() error              { return nil }
func (l fakeListener) Addr() net.Addr            { return l.addr }

func TestManyClientsAtOnce(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{Durations: simulator.Durations{Reinstall: time.Hour}})
	var ids []string
	for range 20 {
		ids = append(ids, cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID)
	}
	var group sync.WaitGroup
	for _, id := range ids {
		for range 4 {
			group.Go(func() {
				c := newClient(t, cloud)
				_, err := c.try(t.Context(), http.MethodPost, path(id, "reinstallos"), goodKey)
				_, err2 := c.try(t.Context(), http.MethodGet, path(), "")
				if err := errors.Join(err, err2); err != nil {
					t.Error(err)
				}
			})
		}
	}
	group.Wait()
	for _, id := range ids {
		if len(cloud.WipesOf(id)) != 1 || cloud.AcceptedReinstalls(id) != 1 || cloud.ReinstallPosts(id) != 4 {
			t.Errorf("%s: %d wipes of %d posts", id, len(cloud.WipesOf(id)), cloud.ReinstallPosts(id))
		}
	}
}

// control calls a control route.
func control(t *testing.T, h http.Handler, method, name, body string, into any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1/_simulator/"+name, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	w := newRecorder()
	h.ServeHTTP(w, req)
	if into != nil {
		if err := json.Unmarshal([]byte(w.body.String()), into); err != nil {
			t.Fatalf("%s: %s: %s", name, err, &w.body)
		}
	}
	return w.status
}

type recorder struct {
	header http.Header
	status int
	body   strings.Builder
}

func newRecorder() *recorder { return &recorder{header: http.Header{}, status: http.StatusOK} }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func TestControl(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	ended := false
	h := cloud.Control(func() { ended = true })
	var server simulator.Server
	if status := control(t, h, "POST", "add-server", `{"name":"a","status":"STOPPED"}`, &server); status != 200 || server.Name != "a" {
		t.Fatalf("%d %+v", status, server)
	}
	for _, step := range []struct {
		name, body string
		want       int
	}{
		{"reimage", `{"server_id":"` + server.ID + `","image_id":"` + simulator.UbuntuImageID + `"}`, 200},
		{"reimage", `{"server_id":"x"}`, 400},
		{"reimage", `{"id":"x"}`, 400},
		{"set-status", `{"server_id":"` + server.ID + `","status":"STOPPED"}`, 200},
		{"add-fault", `{"name":"f","action":"get","status":500,"times":1,"delay":"1ns"}`, 200},
		{"add-fault", `{"delay":1}`, 400},
		{"add-fault", `{"when":"now"}`, 400},
		{"remove-fault", `{"id":1}`, 200},
		{"remove-fault", `{"id":2}`, 400},
		{"add-image", `{"name":"i"}`, 200},
		{"add-server", `{"id":"x"}`, 400},
		{"add-server", `{"id":"` + server.ID + `"}`, 400},
		{"sync", ``, 200},
		{"power-off", `{"server_id":"` + server.ID + `"}`, 200},
		{"unknown", `{}`, 404},
	} {
		if got := control(t, h, "POST", step.name, step.body, nil); got != step.want {
			t.Errorf("%s %s: %d, want %d", step.name, step.body, got, step.want)
		}
	}
	c := newClient(t, cloud)
	c.reinstall(server.ID, goodKey)
	var wipes []simulator.Wipe
	var requests []simulator.Request
	var violations, innocent []string
	var servers []simulator.Server
	var hits map[string]int
	for name, into := range map[string]any{
		"wipes": &wipes, "requests": &requests, "violations": &violations, "innocent": &innocent, "servers": &servers, "faults-hit": &hits,
	} {
		control(t, h, "GET", name, "", into)
	}
	if len(wipes) != 2 || !wipes[0].Outside || wipes[1].RequestN != 1 || len(requests) != 1 || string(requests[0].Body) != goodKey ||
		len(servers) != 1 || violations == nil || len(violations) != 0 {
		t.Errorf("wipes %+v, requests %+v, servers %+v, violations %v", wipes, requests, servers, violations)
	}
	control(t, h, "POST", "reset-log", "", nil)
	control(t, h, "POST", "shutdown", "", nil)
	if !ended || len(cloud.Requests()) != 0 {
		t.Error("not reset, or not ended")
	}
}

func TestScenario(t *testing.T) {
	t.Parallel()
	s, err := simulator.ParseScenario([]byte(`{
		"region": "cn-south-1", "durations": {"reinstall": "3s", "stop": "0s"}, "behavior": {"via": ["STARTING"]},
		"rate_limit": {"per_second": 100, "burst": 100, "retry_after": "1s"},
		"agencies": [{"name": "ops", "lifetime": "15m"}],
		"images": [{"name": "mine"}],
		"servers": [{"status": "STOPPED", "behavior": {"accept_running": true}}, {}],
		"faults": [{"action": "get", "stale": "2s", "header": {"X-A": "b"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if s.Durations.Reinstall != 3*time.Second || s.Durations.Stop != simulator.Instant || s.Agencies[0].Lifetime != 15*time.Minute ||
		s.RateLimit.RetryAfter != time.Second || s.Faults[0].Stale != 2*time.Second || !s.Servers[0].Behavior.AcceptRunning {
		t.Errorf("scenario %+v", s)
	}
	cloud := simulator.NewFromScenario(s)
	if len(cloud.Servers()) != 2 || cloud.Region() != "cn-south-1" || cloud.ProjectID() != projectID {
		t.Errorf("servers %+v", cloud.Servers())
	}
	const id = "62383738-e52a-450a-9f84-f9e705402be8"
	for _, bad := range []string{
		``, `[]`, `{"server":[]}`, `{"durations":{"stop":1}}`, `{"durations":{"halt":"1s"}}`, `{"servers":[{"id":"x"}]}`,
		`{"servers":[{"id":"` + id + `"},{"id":"` + id + `"}]}`, `{"agencies":[{"nam":"x"}]}`, `{"rate_limit":{"retry_after":"x"}}`,
	} {
		if _, err := simulator.ParseScenario([]byte(bad)); err == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
}
