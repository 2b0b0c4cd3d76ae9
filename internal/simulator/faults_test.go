package simulator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// faulty returns a cloud with one stopped server and one fault on its reinstall.
func faulty(t *testing.T, f simulator.Fault) (*simulator.Cloud, *client, string) {
	t.Helper()
	cloud := simulator.New(simulator.Config{})
	id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
	f.Action = "reinstallos"
	cloud.AddFault(f)
	return cloud, newClient(t, cloud), id
}

func TestConnectionFaults(t *testing.T) {
	t.Parallel()
	dial := func(err error) bool {
		var op *net.OpError
		return errors.As(err, &op) && op.Op == "dial" && errors.Is(err, syscall.ECONNREFUSED)
	}
	reset := func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }
	is := func(want error) func(error) bool { return func(err error) bool { return errors.Is(err, want) } }
	for name, test := range map[string]struct {
		fault    simulator.Fault
		wipes    int
		requests int
		err      func(error) bool
	}{
		"dropped before": {simulator.Fault{DropBefore: true}, 0, 1, is(io.EOF)},
		"dropped after":  {simulator.Fault{DropAfter: true}, 1, 1, is(io.ErrUnexpectedEOF)},
		"reset before":   {simulator.Fault{DropBefore: true, Reset: true}, 0, 1, reset},
		"reset after":    {simulator.Fault{DropAfter: true, Reset: true}, 1, 1, reset},
		"dial refused":   {simulator.Fault{RefuseDial: true}, 0, 0, dial},
		"body cut":       {simulator.Fault{CutBody: true}, 1, 1, is(io.ErrUnexpectedEOF)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.fault.Name = name
			cloud, c, id := faulty(t, test.fault)
			_, err := c.try(t.Context(), http.MethodPost, path(id, "reinstallos"), goodKey)
			if !test.err(err) {
				t.Errorf("error %v", err)
			}
			if len(cloud.Wipes()) != test.wipes || cloud.ReinstallPosts(id) != test.requests || cloud.FaultsHit()[name] != 1 {
				t.Errorf("%d wipes, %d posts, hits %v", len(cloud.Wipes()), cloud.ReinstallPosts(id), cloud.FaultsHit())
			}
			noViolations(t, cloud)
		})
	}
}

func TestAnswerFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  simulator.Fault
		status int
		wipes  int
		raw    string // part of the body
	}{
		"gateway":     {simulator.Fault{Status: 502}, 502, 0, "APIGW.0201"},
		"processed":   {simulator.Fault{Status: 504, Process: true}, 504, 1, "APIGW.0201"},
		"code":        {simulator.Fault{Status: 400, Code: "ModelArts.7777", Message: "no"}, 400, 0, `"error_code":"ModelArts.7777"`},
		"html":        {simulator.Fault{Status: 502, Body: "<html>", ContentType: "text/html"}, 502, 0, "<html>"},
		"echo":        {simulator.Fault{Status: 400, EchoBody: true}, 400, 0, "kp-1"},
		"empty reply": {simulator.Fault{Process: true, Body: " "}, 200, 1, " "},
		"accepted":    {simulator.Fault{Process: true, Status: 202}, 202, 1, `"status":"REINSTALLINGOS"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud, c, id := faulty(t, test.fault)
			a := c.do(http.MethodPost, path(id, "reinstallos"), goodKey)
			if a.status != test.status || !strings.Contains(a.raw, test.raw) || len(cloud.Wipes()) != test.wipes {
				t.Errorf("%d %s, %d wipes", a.status, a.raw, len(cloud.Wipes()))
			}
			if a.header.Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
		})
	}
}

func TestFaultHeaders(t *testing.T) {
	t.Parallel()
	_, c, id := faulty(t, simulator.Fault{Status: 429, Header: map[string]string{"Retry-After": "7", "X-Request-Id": ""}})
	a := c.refused(429, simulator.CodeThrottled, http.MethodPost, path(id, "reinstallos"), goodKey)
	if a.header.Get("Retry-After") != "7" || len(a.header.Values("X-Request-Id")) != 0 {
		t.Errorf("headers %v", a.header)
	}
}

func TestAfterTimesAndRemoval(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	id, other := cloud.AddServer(simulator.Server{}).ID, cloud.AddServer(simulator.Server{}).ID
	c := newClient(t, cloud)
	remove := cloud.AddFault(simulator.Fault{Name: "f", Method: "GET", Route: "/dev-servers/{id}", ServerID: id, Status: 500, After: 1, Times: 2})
	var got []int
	for range 4 {
		got = append(got, c.do(http.MethodGet, path(id), "").status)
		c.status(other)
	}
	if want := []int{200, 500, 500, 200}; !slices.Equal(got, want) {
		t.Errorf("statuses %v, want %v", got, want)
	}
	if n := cloud.FaultsHit()["f"]; n != 2 {
		t.Errorf("%d hits", n)
	}
	remove()
	remove = cloud.AddFault(simulator.Fault{Status: 503})
	c.refused(503, simulator.CodeBadRequest, http.MethodGet, path(id), "")
	remove()
	c.status(id)
	cloud.AddFault(simulator.Fault{Status: 503, Match: func(method, _ string) bool { return method == http.MethodPut }})
	c.status(id)
	c.refused(503, simulator.CodeBadRequest, http.MethodPut, path(id, "stop"), "")
	cloud.ClearFaults()
	c.ok(http.MethodPut, path(id, "stop"), "")
}

func TestDelays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   simulator.Fault
		patient time.Duration
		took    time.Duration
		wipes   int
		err     error
	}{
		"before, patient":   {simulator.Fault{Delay: time.Minute}, time.Hour, time.Minute, 1, nil},
		"before, impatient": {simulator.Fault{Delay: time.Minute}, time.Second, time.Second, 0, context.DeadlineExceeded},
		"after, impatient":  {simulator.Fault{DelayReply: time.Minute}, time.Second, time.Second, 1, context.DeadlineExceeded},
		"no time at all":    {simulator.Fault{}, -1, 0, 0, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cloud, c, id := faulty(t, test.fault)
				ctx, cancel := context.WithTimeout(t.Context(), test.patient)
				defer cancel()
				start := time.Now()
				_, err := c.try(ctx, http.MethodPost, path(id, "reinstallos"), goodKey)
				if !errors.Is(err, test.err) || time.Since(start) != test.took || len(cloud.Wipes()) != test.wipes {
					t.Errorf("error %v after %s, %d wipes", err, time.Since(start), len(cloud.Wipes()))
				}
			})
		})
	}
}

func TestProcessLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud, c, id := faulty(t, simulator.Fault{ProcessLate: time.Minute})
		c.refused(504, simulator.CodeBadRequest, http.MethodPost, path(id, "reinstallos"), goodKey)
		time.Sleep(59 * time.Second)
		if s := c.status(id); s != simulator.StatusStopped || cloud.AcceptedReinstalls(id) != 0 {
			t.Errorf("too early: %s", s)
		}
		time.Sleep(time.Second)
		if s := c.status(id); s != simulator.StatusReinstallingOS || cloud.AcceptedReinstalls(id) != 1 {
			t.Errorf("too late: %s", s)
		}
		if w := cloud.Wipes(); len(w) != 1 || w[0].RequestN != 1 {
			t.Errorf("wipes %+v", w)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		cloud, c, id := faulty(t, simulator.Fault{ProcessLate: time.Minute, DropAfter: true})
		if _, err := c.try(t.Context(), http.MethodPost, path(id, "reinstallos"), goodKey); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("error %v", err)
		}
		cloud.PowerOn(id)
		time.Sleep(time.Minute)
		if len(cloud.Wipes()) != 0 || len(cloud.Violations())+len(cloud.Innocent()) != 1 {
			t.Error("a late request was not checked against the status at its own time")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		cloud, c, id := faulty(t, simulator.Fault{ProcessLate: time.Hour})
		c.refused(504, simulator.CodeBadRequest, http.MethodPost, path(id, "reinstallos"), goodKey)
		cloud.Finish(id)
		time.Sleep(999 * time.Millisecond)
		if s := c.status(id); s != simulator.StatusReinstallingOS || len(cloud.Wipes()) != 1 {
			t.Errorf("not processed by Finish, or ended with it: %s", s)
		}
		time.Sleep(2 * time.Hour)
		if s := c.status(id); s != simulator.StatusRunning || len(cloud.Wipes()) != 1 {
			t.Errorf("at last: %s, wipes %+v", s, cloud.Wipes())
		}
	})
}

func TestStaleReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Config{Durations: simulator.Durations{Reinstall: 10 * time.Second}})
		id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
		other := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
		c := newClient(t, cloud)
		cloud.AddFault(simulator.Fault{Stale: 4 * time.Second, ServerID: id})
		c.reinstall(id, goodKey)
		c.reinstall(other, goodKey)
		time.Sleep(3 * time.Second)
		if a, b := c.status(id), c.status(other); a != "STOPPED" || b != "REINSTALLINGOS" {
			t.Errorf("GET: %s, %s", a, b)
		}
		if a, b := listed(c, id), listed(c, other); a != "STOPPED" || b != "REINSTALLINGOS" {
			t.Errorf("list: %s, %s", a, b)
		}
		time.Sleep(time.Second)
		if a := c.status(id); a != "REINSTALLINGOS" {
			t.Errorf("after the lag: %s", a)
		}
		cloud.Delete(id)
		if a := c.status(id); a != "REINSTALLINGOS" {
			t.Errorf("deleted: %s", a)
		}
		time.Sleep(4 * time.Second)
		c.refused(400, simulator.CodeNotFound, http.MethodGet, path(id), "")
	})
}

func listed(c *client, id string) string {
	c.t.Helper()
	rows, _ := c.ok(http.MethodGet, path(), "").body["data"].([]any)
	for _, row := range rows {
		if m, _ := row.(map[string]any); m["id"] == id {
			s, _ := m["status"].(string)
			return s
		}
	}
	return ""
}

func TestInvisibleTransitions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Config{})
		s := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped})
		cloud.AddFault(simulator.Fault{Invisible: true})
		c := newClient(t, cloud)
		c.reinstall(s.ID, goodKey)
		if got := strings.Join(timeline(c, s.ID, 3*time.Second), " "); got != "STOPPED RUNNING" {
			t.Errorf("statuses %s", got)
		}
	})
}

func TestEffectless(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status, method, action, body, shown string
	}{
		"reinstall": {simulator.StatusStopped, http.MethodPost, "reinstallos", goodKey, simulator.StatusReinstallingOS},
		"changeos": {
			simulator.StatusStopped, http.MethodPost, "changeos",
			`{"key_pair_name":"kp-1","image_id":"` + simulator.DefaultImageID + `"}`, simulator.StatusStopped,
		},
		"stop":  {simulator.StatusRunning, http.MethodPut, "stop", "", simulator.StatusRunning},
		"start": {simulator.StatusStopped, http.MethodPut, "start", "{}", simulator.StatusStopped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := simulator.New(simulator.Config{})
			before := cloud.AddServer(simulator.Server{Status: test.status})
			c := newClient(t, cloud)
			cloud.AddFault(simulator.Fault{Action: test.action, Effectless: true})
			if a := c.ok(test.method, path(before.ID, test.action), test.body); a.text("id") != before.ID || a.text("status") != test.shown {
				t.Errorf("answer %s", a.raw)
			}
			after, _ := cloud.Server(before.ID)
			if len(cloud.Wipes()) != 0 || after.Status != before.Status || after.UpdateAt != before.UpdateAt || cloud.Requests()[0].Accepted {
				t.Errorf("it had an effect: %+v", after)
			}
			// All checks are still made.
			cloud.SetStatus(before.ID, simulator.StatusRebooting)
			c.refused(400, simulator.CodeIllegalStatus, test.method, path(before.ID, test.action), test.body)
		})
	}
}

func TestFlicker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Config{})
		id := cloud.AddServer(simulator.Server{}).ID
		c := newClient(t, cloud)
		cloud.AddFault(simulator.Fault{Action: "get", ServerID: id, Flicker: simulator.StatusError, After: 1, For: 3 * time.Second})
		var got []string
		for range 6 {
			got = append(got, c.status(id))
			time.Sleep(time.Second)
		}
		if text := strings.Join(got, " "); text != "RUNNING ERROR ERROR ERROR ERROR RUNNING" {
			t.Errorf("statuses %s", text)
		}
		if s, _ := cloud.Server(id); s.Status != simulator.StatusRunning {
			t.Errorf("the server itself is %s", s.Status)
		}
	})
}

func TestOddRepliesAndOutsideActors(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
	c := newClient(t, cloud)
	cloud.AddFault(simulator.Fault{Action: "get", Odd: func(m map[string]any) { m["status"] = 7; delete(m, "image") }})
	cloud.AddFault(simulator.Fault{Action: "reinstallos", OnMatch: func(c *simulator.Cloud, id string) { c.PowerOn(id) }})
	if a := c.ok(http.MethodGet, path(id), ""); a.body["status"] != 7.0 || a.body["image"] != nil {
		t.Errorf("odd: %s", a.raw)
	}
	c.refused(400, simulator.CodeIllegalStatus, http.MethodPost, path(id, "reinstallos"), goodKey)
	noViolations(t, cloud)
}

func TestOnReply(t *testing.T) {
	t.Parallel()
	var wipes, status int
	_, c, id := faulty(t, simulator.Fault{OnReply: func(cloud *simulator.Cloud, id string) {
		wipes, status = len(cloud.WipesOf(id)), cloud.Requests()[0].Status
	}})
	c.reinstall(id, goodKey)
	if wipes != 1 || status != 0 {
		t.Errorf("%d wipes and status %d, want the call after the handling and before the reply", wipes, status)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Config{RateLimit: simulator.RateLimit{PerSecond: 2, Burst: 3, RetryAfter: 1500 * time.Millisecond}})
		c := newClient(t, cloud)
		for range 3 {
			c.ok(http.MethodGet, path(), "")
		}
		a := c.refused(429, simulator.CodeThrottled, http.MethodGet, path(), "")
		if a.header.Get("Retry-After") != "2" {
			t.Errorf("headers %v", a.header)
		}
		time.Sleep(500 * time.Millisecond)
		c.ok(http.MethodGet, path(), "")
		c.refused(429, simulator.CodeThrottled, http.MethodGet, path(), "")
		noViolations(t, cloud)
	})
}

func TestRequestLog(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
	c := newClient(t, cloud)
	c.status(id)
	c.ok(http.MethodGet, path(), "")
	c.reinstall(id, goodKey)
	if cloud.Count(http.MethodGet, "/dev-servers") != 1 || cloud.Count("", "") != 3 || cloud.Count("POST", "/reinstallos") != 1 ||
		cloud.CountServer("", "get", id) != 1 || cloud.CountServer("", "", id) != 2 {
		t.Errorf("requests %+v", cloud.Requests())
	}
	r := cloud.Requests()[2]
	if r.N != 3 || r.Status != 200 || !r.Accepted || string(r.Body) != goodKey || r.Header.Get("X-Project-Id") != projectID ||
		r.Route != "POST /v1/{project_id}/dev-servers/{id}/reinstallos" || r.ServerID != id || r.Action != "reinstallos" {
		t.Errorf("request %+v", r)
	}
	cloud.ResetLog()
	if len(cloud.Requests())+len(cloud.Wipes()) != 0 {
		t.Error("the log was not reset")
	}
	c.status(id)
	if cloud.Requests()[0].N != 4 {
		t.Errorf("the numbers start over: %+v", cloud.Requests())
	}
}
