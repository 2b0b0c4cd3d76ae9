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

// A start whose answer was lost is not repeated until a reply shows that the server is still stopped.
func TestRestartReadsBeforeItAsksAgain(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		start simulator.Fault
		power reinstall.Power
		reply func(map[string]any) // changes the reply after the refused request
	}{
		"the read after it fails": {
			simulator.Fault{Status: 408, Process: true, OnReply: func(c *simulator.Cloud, _ string) {
				c.AddFault(simulator.Fault{Action: "get", Times: 1, Status: 429})
			}},
			reinstall.PowerRunning, nil,
		},
		"a reply before it was ahead": {
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
					c.AddFault(simulator.Fault{Action: "get", Times: 1, Odd: test.reply})
				}})

				test.start.Action, test.start.Times = "start", 1
				s.cloud.AddFault(test.start)

				result := reinstall.New(s.client, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), s.request())
				if starts := s.cloud.CountServer("PUT", "start", s.id); result.Power != test.power || result.PowerErr != nil || starts != 1 {
					t.Errorf("power %d, error %v, %d starts; want power %d and one start", result.Power, result.PowerErr, starts, test.power)
				}
			})
		})
	}
}

// If a service answers 429 to a request that it does process, that is noticed even if no time is left to send it again.
func TestThrottledRequestThatWasProcessed(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newSimulated(t, simulator.StatusStopped)
		s.cloud.AddFault(simulator.Fault{
			Action: "reinstallos", Status: 429, Process: true, Header: map[string]string{"Retry-After": "7200"},
		})

		began := time.Now()
		if result := reinstall.New(s.client, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), s.request()); result.Outcome == reinstall.OutcomeRefused || !result.Operation.Adopted {
			t.Errorf("outcome %d after %s, though the disk was erased", result.Outcome, time.Since(began))
		}
	})
}

// A reply that lags shows a server that this run stopped as running, which is no reason to leave it stopped.
func TestRestartIgnoresStaleReplies(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{posts: []error{answered(http.StatusBadRequest)}, replies: []reply{
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

// One reply that is ahead of all others does not block a run forever.
func TestRunSurvivesAReplyAhead(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		first reply
		known int64
		log   string
	}{
		"of the run":     {at(0, modelarts.StatusRunning, "image", "old", 9000), 0, "stop POST"},
		"of the refresh": {at(0, modelarts.StatusStopped, "image", "old", 100), 9000, "POST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := script{began: time.Now(), replies: []reply{
					test.first, at(time.Second, modelarts.StatusStopped, "image", "old", 100),
				}}
				s.post = func() {
					s.replies = append(s.replies, at(time.Since(s.began), modelarts.StatusRunning, "image", "new", 200))
				}
				result := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), reinstall.Request{
					ServerID: serverID, StopFirst: true, Timeout: time.Hour, KnownUpdate: test.known,
				})

				if got := strings.Join(s.log, " "); got != test.log || result.Outcome != reinstall.OutcomeCompleted {
					t.Errorf("sent %q, outcome %v, error %v; want %q and a reinstall", got, result.Outcome, result.Err, test.log)
				}
			})
		})
	}
}

// A reply that leaves out the system disk does not show that it is the one that may be erased.
func TestRunReadsAgainForTheDisk(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		replies []reply
		want    reinstall.Outcome
		log     string
	}{
		"and finds another one": {
			[]reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "", 100),
				at(20*time.Second, modelarts.StatusStopped, "image", "other", 110),
				at(50*time.Second, modelarts.StatusRunning, "image", "other", 120),
			}, reinstall.OutcomeRefused, "stop start",
		},
		"and finds that one": {
			[]reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "", 100),
				at(20*time.Second, modelarts.StatusStopped, "image", "old", 100),
				at(50*time.Second, modelarts.StatusRunning, "image", "new", 120),
			}, reinstall.OutcomeCompleted, "stop POST",
		},
		"and none is shown any longer": {
			[]reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "", 100),
				at(5*time.Minute, modelarts.StatusRunning, "image", "new", 120),
			}, reinstall.OutcomeCompleted, "stop POST",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := script{began: time.Now(), replies: test.replies}
				result := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), reinstall.Request{
					ServerID: serverID, StopFirst: true, Timeout: time.Hour, RootVolumeID: "old",
				})

				if got := strings.Join(s.log, " "); got != test.log || result.Outcome != test.want {
					t.Errorf("sent %q, outcome %v, error %v; want %q, %v", got, result.Outcome, result.Err, test.log, test.want)
				}
			})
		})
	}
}
