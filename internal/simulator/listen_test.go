package simulator_test

import (
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
