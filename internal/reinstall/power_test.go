package reinstall_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// A start whose answer was lost is not repeated before a look has shown that the server still stands still.
func TestRestartLooksBeforeItAsksAgain(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		start simulator.Fault
		power reinstall.Power
		look  func(map[string]any) // changes the look after the refused request
	}{
		"the look after it fails": {
			simulator.Fault{Status: 408, Process: true, OnReply: func(c *simulator.Cloud, _ string) {
				c.AddFault(simulator.Fault{Action: "get", Times: 1, Status: 429})
			}},
			reinstall.PowerRunning, nil,
		},
		"a look before it was ahead": {
			simulator.Fault{Status: 408, Process: true},
			reinstall.PowerStarting, func(body map[string]any) { body["update_at"] = time.Now().Add(time.Hour).UnixMilli() },
		},
		"somebody reinstalls the server": {
			simulator.Fault{Status: 504, OnMatch: func(c *simulator.Cloud, id string) { c.BeginReinstall(id, "", "KeyPair-1") }},
			reinstall.PowerUnclear, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := newSimulated(t, simulator.StatusRunning)
				s.cloud.AddFault(simulator.Fault{Action: "reinstallos", Status: 403, OnReply: func(c *simulator.Cloud, _ string) {
					c.AddFault(simulator.Fault{Action: "get", Times: 1, Odd: test.look})
				}})

				test.start.Action, test.start.Times = "start", 1
				s.cloud.AddFault(test.start)

				result := reinstall.New(s.client, reinstall.Limits{}).Run(t.Context(), s.request())
				if starts := s.cloud.CountServer("PUT", "start", s.id); result.Power != test.power || result.PowerErr != nil || starts != 1 {
					t.Errorf("power %d, error %v, %d starts; want power %d and one start", result.Power, result.PowerErr, starts, test.power)
				}
			})
		})
	}
}

// A service that answers 429 for a request which it has taken in is found out even if no time is left to send it again.
func TestThrottledRequestIsLookedAfter(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newSimulated(t, simulator.StatusStopped)
		s.cloud.AddFault(simulator.Fault{
			Action: "reinstallos", Status: 429, Process: true, Header: map[string]string{"Retry-After": "7200"},
		})

		began := time.Now()
		if result := reinstall.New(s.client, reinstall.Limits{}).Run(t.Context(), s.request()); result.Outcome == reinstall.OutcomeRefused || !result.Operation.Adopted {
			t.Errorf("outcome %d after %s, though the disk was erased", result.Outcome, time.Since(began))
		}
	})
}

// A look that lags shows a server that we stopped as running still, which is no reason to leave it alone.
func TestRestartBelievesNoStaleLook(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{posts: []error{answered(http.StatusBadRequest)}, looks: []look{
			at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "old", 100),
			at(4*time.Second, modelarts.StatusRunning, "image", "old", 90),
			at(20*time.Second, modelarts.StatusStopped, "image", "old", 100),
			at(time.Minute, modelarts.StatusRunning, "image", "old", 110),
		}}
		s.post = func() { time.Sleep(5 * time.Second) }
		result := s.play(t.Context())

		if got := strings.Join(s.log, " "); got != "stop POST start" || result.Power != reinstall.PowerRunning {
			t.Errorf("sent %q, power %v, error %v; want it started again", got, result.Power, result.Err)
		}
	})
}

// One reply that is ahead of all others does not keep a run from going on for ever.
func TestRunSurvivesAReplyAhead(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		first look
		known int64
		log   string
	}{
		"of the run":     {at(0, modelarts.StatusRunning, "image", "old", 9000), 0, "stop POST"},
		"of the refresh": {at(0, modelarts.StatusStopped, "image", "old", 100), 9000, "POST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := script{began: time.Now(), looks: []look{
					test.first, at(time.Second, modelarts.StatusStopped, "image", "old", 100),
				}}
				s.post = func() {
					s.looks = append(s.looks, at(time.Since(s.began), modelarts.StatusRunning, "image", "new", 200))
				}
				result := reinstall.New(&s, reinstall.Limits{}).Run(t.Context(), reinstall.Request{
					ServerID: serverID, StopFirst: true, Timeout: time.Hour, KnownUpdate: test.known,
				})

				if got := strings.Join(s.log, " "); got != test.log || result.Outcome != reinstall.OutcomeCompleted {
					t.Errorf("sent %q, outcome %v, error %v; want %q and a reinstall", got, result.Outcome, result.Err, test.log)
				}
			})
		})
	}
}

// A look that leaves out the system disk does not say that it is the one which may be erased.
func TestRunLooksAgainForTheDisk(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		looks []look
		want  reinstall.Outcome
		log   string
	}{
		"and finds another one": {
			[]look{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "", 100),
				at(20*time.Second, modelarts.StatusStopped, "image", "other", 110),
				at(50*time.Second, modelarts.StatusRunning, "image", "other", 120),
			}, reinstall.OutcomeRefused, "stop start",
		},
		"and finds that one": {
			[]look{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "", 100),
				at(20*time.Second, modelarts.StatusStopped, "image", "old", 100),
				at(50*time.Second, modelarts.StatusRunning, "image", "new", 120),
			}, reinstall.OutcomeCompleted, "stop POST",
		},
		"and none is shown any longer": {
			[]look{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "", 100),
				at(5*time.Minute, modelarts.StatusRunning, "image", "new", 120),
			}, reinstall.OutcomeCompleted, "stop POST",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := script{began: time.Now(), looks: test.looks}
				result := reinstall.New(&s, reinstall.Limits{}).Run(t.Context(), reinstall.Request{
					ServerID: serverID, StopFirst: true, Timeout: time.Hour, RootVolumeID: "old",
				})

				if got := strings.Join(s.log, " "); got != test.log || result.Outcome != test.want {
					t.Errorf("sent %q, outcome %v, error %v; want %q, %v", got, result.Outcome, result.Err, test.log, test.want)
				}
			})
		})
	}
}
