package simulator_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// timeline returns the statuses that a server shows, every half second, without repetitions.
func timeline(c *client, id string, d time.Duration) []string {
	c.t.Helper()
	var seen []string
	for range d / (500 * time.Millisecond) {
		seen = append(seen, c.status(id))
		time.Sleep(500 * time.Millisecond)
	}
	return slices.Compact(seen)
}

func TestReinstallTimelines(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		behavior simulator.Behavior
		reply    string
		want     string
	}{
		"default":      {simulator.Behavior{}, "REINSTALLINGOS", "REINSTALLINGOS RUNNING"},
		"other name":   {simulator.Behavior{ReinstallStatus: "REINSTALLOS"}, "REINSTALLOS", "REINSTALLOS RUNNING"},
		"other reply":  {simulator.Behavior{ReinstallReplyStatus: "STOPPED"}, "STOPPED", "REINSTALLINGOS RUNNING"},
		"via":          {simulator.Behavior{Via: []string{"STOPPED", "STARTING"}}, "REINSTALLINGOS", "REINSTALLINGOS STOPPED STARTING RUNNING"},
		"failure":      {simulator.Behavior{EndStatus: "REINSTALLINGOS_FAILED"}, "REINSTALLINGOS", "REINSTALLINGOS REINSTALLINGOS_FAILED"},
		"start failed": {simulator.Behavior{Via: []string{"STARTING"}, EndStatus: "START_FAILED"}, "REINSTALLINGOS", "REINSTALLINGOS STARTING START_FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cloud := simulator.New(simulator.Config{Behavior: test.behavior, Durations: simulator.Durations{Reinstall: 5 * time.Second}})
				before := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped})
				c := newClient(t, cloud)
				if a := c.reinstall(before.ID, goodKey); a.text("status") != test.reply {
					t.Errorf("reply %s, want %s", a.text("status"), test.reply)
				}
				if got := strings.Join(timeline(c, before.ID, 10*time.Second), " "); got != test.want {
					t.Errorf("statuses %s, want %s", got, test.want)
				}
				after, _ := cloud.Server(before.ID)
				if after.Root() == before.Root() || after.UpdateAt <= before.UpdateAt {
					t.Errorf("root %s, was %s; update_at %d, was %d", after.Root(), before.Root(), after.UpdateAt, before.UpdateAt)
				}
				if wipes := cloud.WipesOf(before.ID); len(wipes) != 1 || wipes[0].OldRoot != before.Root() || wipes[0].NewRoot != after.Root() {
					t.Errorf("wipes %+v", wipes)
				}
				noViolations(t, cloud)
			})
		})
	}
}

func TestWhenTheNewRootShows(t *testing.T) {
	t.Parallel()
	for show, want := range map[simulator.RootVisibility][3]bool{
		simulator.RootAtStart: {true, true, true}, simulator.RootAtEnd: {false, true, true}, simulator.RootAtRunning: {false, false, true},
		"never": {false, false, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := simulator.Behavior{ShowRoot: show, FreezeRoot: show == "never", Via: []string{"STARTING"}}
			cloud := simulator.New(simulator.Config{Behavior: b})
			before := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped})
			newClient(t, cloud).reinstall(before.ID, goodKey)
			var got [3]bool
			for i := range got {
				now, _ := cloud.Server(before.ID)
				got[i] = now.Root() != before.Root()
				time.Sleep(time.Second)
			}
			if got != want {
				t.Errorf("%q: new at %v, want %v", show, got, want)
			}
		})
	}
}

func TestImagePolicies(t *testing.T) {
	t.Parallel()
	const body = `{"key_pair_name":"kp-2","image_id":"` + simulator.UbuntuImageID + `"}`
	for policy, want := range map[simulator.ImagePolicy]string{
		simulator.ImageHonored: simulator.UbuntuImageID, simulator.ImageIgnored: simulator.DefaultImageID, simulator.ImageRefused: "",
	} {
		synctest.Test(t, func(t *testing.T) {
			cloud := simulator.New(simulator.Config{Behavior: simulator.Behavior{ImageChange: policy}})
			id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
			c := newClient(t, cloud)
			if policy == simulator.ImageRefused {
				c.refused(400, simulator.CodeInvalid, http.MethodPost, path(id, "reinstallos"), body)
				return
			}
			if a := c.reinstall(id, body); a.text("image", "image_id") != simulator.DefaultImageID {
				t.Errorf("the new image shows in the reply")
			}
			time.Sleep(time.Second)
			a := c.ok(http.MethodGet, path(id), "")
			if a.text("image", "image_id") != want || a.text("key_pair_name") != "kp-2" || cloud.Wipes()[0].ImageID != want {
				t.Errorf("%s: %s", policy, a.raw)
			}
		})
	}
}

func TestNewImageAtStart(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{Behavior: simulator.Behavior{NewImageAtStart: true}})
	id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped, KeyPairName: "old"}).ID
	a := newClient(t, cloud).reinstall(id, `{"key_pair_name":"kp-2","image_id":"`+simulator.UbuntuImageID+`"}`)
	if a.text("image", "name") != "Ubuntu22.04_x86_64_GPU" || a.text("key_pair_name") != "kp-2" {
		t.Errorf("%s", a.raw)
	}
}

func TestPowerAndChangeOS(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Config{Durations: simulator.Durations{Stop: 2 * time.Second, Reboot: simulator.Instant}})
		id := cloud.AddServer(simulator.Server{Status: simulator.StatusCreating}).ID
		c := newClient(t, cloud)
		step := func(want ...string) {
			t.Helper()
			if got := timeline(c, id, 3*time.Second); !slices.Equal(got, want) {
				t.Errorf("statuses %v, want %v", got, want)
			}
		}
		step("CREATING", "RUNNING")
		c.ok(http.MethodPut, path(id, "stop"), "")
		step("STOPPING", "STOPPED")
		c.ok(http.MethodPut, path(id, "start"), "{}")
		step("STARTING", "RUNNING")
		c.ok(http.MethodPut, path(id, "reboot"), "")
		step("RUNNING")
		c.ok(http.MethodPut, path(id, "stop"), "{}")
		step("STOPPING", "STOPPED")
		c.refused(400, simulator.CodeInvalid, http.MethodPost, path(id, "changeos"), goodKey)
		c.ok(http.MethodPost, path(id, "changeos"), `{"admin_pass":"@Admin_pass1","image_id":"`+simulator.UbuntuImageID+`"}`)
		step("CHANGINGOS", "RUNNING")
		if w := cloud.Wipes(); len(w) != 1 || w[0].Action != "changeos" || !w[0].AdminPassSet || w[0].ImageID != simulator.UbuntuImageID {
			t.Errorf("wipes %+v", w)
		}
	})
}

func TestSecondReinstallErasesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Config{
			Behavior: simulator.Behavior{AcceptDuringReinstall: true}, Durations: simulator.Durations{Reinstall: 10 * time.Second},
		})
		id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
		c := newClient(t, cloud)
		c.reinstall(id, goodKey)
		time.Sleep(6 * time.Second)
		c.reinstall(id, goodKey)
		time.Sleep(6 * time.Second)
		if s := c.status(id); s != simulator.StatusReinstallingOS {
			t.Errorf("the first reinstall ends the second: %s", s)
		}
		time.Sleep(4 * time.Second)
		if s := c.status(id); s != simulator.StatusRunning || len(cloud.Wipes()) != 2 || cloud.AcceptedReinstalls(id) != 2 {
			t.Errorf("%s, %d wipes", s, len(cloud.Wipes()))
		}
	})
}

func TestConsoleNeedsSync(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{Behavior: simulator.Behavior{ConsoleNeedsSync: true}})
	id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
	c := newClient(t, cloud)
	cloud.PowerOn(id)
	if s := c.status(id); s != simulator.StatusStopped {
		t.Fatalf("shows %s before sync", s)
	}
	c.refused(400, simulator.CodeIllegalStatus, http.MethodPost, path(id, "reinstallos"), goodPass)
	noViolations(t, cloud)
	c.ok(http.MethodPut, path("sync")+"?limit=100", "")
	if s := c.status(id); s != simulator.StatusRunning {
		t.Fatalf("shows %s after sync", s)
	}
}

func TestLogLinesHaveNoSecrets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		cloud := simulator.New(simulator.Config{Log: &log})
		s := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped})
		newClient(t, cloud).reinstall(s.ID, `{"admin_pass":"@Admin_pass1","user_data":"c2VjcmV0"}`)
		time.Sleep(time.Second)
		cloud.Settle()
		for _, want := range []string{s.Name + ": STOPPED -> REINSTALLINGOS", "WIPE " + s.Name, "/reinstallos 200", "REINSTALLINGOS -> RUNNING"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("no %q in:\n%s", want, &log)
			}
		}
		for _, secret := range []string{"@Admin_pass1", "c2VjcmV0", simulator.DefaultSecretKey} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("%q in:\n%s", secret, &log)
			}
		}
	})
}

// TestEveryAcceptedReinstallIsOneWipe drives random clouds with random clients.
func TestEveryAcceptedReinstallIsOneWipe(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			cloud := simulator.New(simulator.Config{Behavior: simulator.Behavior{
				AcceptRunning: random.IntN(2) == 0, AcceptDuringReinstall: random.IntN(2) == 0,
				EndStatus: []string{"", "STOPPED", "REINSTALLINGOS_FAILED"}[random.IntN(3)],
			}})
			for _, f := range []simulator.Fault{
				{DropAfter: true}, {DropBefore: true}, {Status: 502}, {Status: 500, Process: true}, {ProcessLate: 700 * time.Millisecond},
			} {
				f.Action, f.After, f.Times = "reinstallos", random.IntN(8), random.IntN(3)+1
				cloud.AddFault(f)
			}
			id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
			c := newClient(t, cloud)
			for range 30 {
				method, p, body := http.MethodPost, path(id, "reinstallos"), goodKey
				switch random.IntN(3) {
				case 0:
					method, p, body = http.MethodPut, path(id, "stop"), ""
				case 1:
					p, body = path(id, "reinstallos"), `{}`
				}
				_, _ = c.try(t.Context(), method, p, body)
				time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
			}
			time.Sleep(time.Minute)
			checkWipes(t, cloud, fmt.Sprintf("seed %d", seed), id)
		})
	}
}

func checkWipes(t *testing.T, cloud *simulator.Cloud, name, id string) {
	t.Helper()
	wipes := cloud.WipesOf(id)
	if got := cloud.AcceptedReinstalls(id); got != len(wipes) || got == 0 {
		t.Errorf("%s: %d accepted, %d wipes", name, got, len(wipes))
	}
	requests, seen := cloud.Requests(), map[int]bool{}
	for i, w := range wipes {
		r := requests[w.RequestN-1]
		if seen[w.RequestN] || !r.Accepted || r.Action != "reinstallos" {
			t.Errorf("%s: wipe %d belongs to request %+v", name, i, r)
		}
		seen[w.RequestN] = true
	}
	if s, _ := cloud.Server(id); s.Root() != wipes[len(wipes)-1].NewRoot {
		t.Errorf("%s: the ROOT id is not that of the last wipe", name)
	}
}

func TestFinish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Config{
			Behavior:  simulator.Behavior{Via: []string{"STARTING"}},
			Durations: simulator.Durations{Stop: time.Hour, Reinstall: time.Hour, Start: time.Hour},
		})
		server, other := cloud.AddServer(simulator.Server{}), cloud.AddServer(simulator.Server{})
		c := newClient(t, cloud)
		cloud.Finish(server.ID)
		if got := c.status(server.ID); got != simulator.StatusRunning {
			t.Fatalf("an idle server is %s after Finish, want RUNNING", got)
		}
		for _, id := range []string{server.ID, other.ID} {
			c.ok(http.MethodPut, path(id, "stop"), "")
		}
		cloud.Finish(server.ID)
		if got, untouched := c.status(server.ID), c.status(other.ID); got != "STOPPED" || untouched != "STOPPING" {
			t.Fatalf("%s and %s, want STOPPED and STOPPING", got, untouched)
		}
		c.reinstall(server.ID, goodKey)
		cloud.Finish(server.ID)
		after, _ := cloud.Server(server.ID)
		if after.Status != simulator.StatusRunning || after.Root() == server.Root() {
			t.Errorf("%s with root %s, want RUNNING with another one", after.Status, after.Root())
		}
		time.Sleep(5 * time.Hour)
		if later, _ := cloud.Server(server.ID); later.Status != after.Status || later.UpdateAt != after.UpdateAt {
			t.Errorf("it continues with %s", later.Status)
		}
	})
}
