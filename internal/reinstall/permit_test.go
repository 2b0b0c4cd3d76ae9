package reinstall_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// The permit is checked before the server is stopped, and again before the request is sent.
func TestRunPermit(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		script  script
		request reinstall.Request
		want    reinstall.Outcome
		err     error // of the type that is wanted
		log     string
		power   reinstall.Power
	}{
		"the disk of the plan": {
			script{replies: []reply{
				at(0, modelarts.StatusStopped, "image", "old", 100), at(time.Minute, modelarts.StatusRunning, "image", "new", 200),
			}},
			reinstall.Request{RootVolumeID: "old"},
			reinstall.OutcomeCompleted, nil, "POST", 0,
		},
		"another disk": {
			script{replies: []reply{at(0, modelarts.StatusStopped, "image", "other", 100)}},
			reinstall.Request{RootVolumeID: "old"},
			reinstall.OutcomeRefused, &reinstall.OtherDiskError{}, "", 0,
		},
		"another disk, of a running server": {
			script{replies: []reply{at(0, modelarts.StatusRunning, "image", "other", 100)}},
			reinstall.Request{RootVolumeID: "old"},
			reinstall.OutcomeRefused, &reinstall.OtherDiskError{}, "", 0,
		},
		"another disk once it has stopped": {
			script{replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "other", 100),
				at(time.Minute, modelarts.StatusRunning, "image", "other", 110),
			}},
			reinstall.Request{RootVolumeID: "old"},
			reinstall.OutcomeRefused, &reinstall.OtherDiskError{}, "stop start",
			reinstall.PowerRunning,
		},
		"another disk after a change of OS": {
			script{replies: []reply{
				at(0, modelarts.StatusChangingOS, "image", "old", 90), at(time.Minute, modelarts.StatusRunning, "image", "other", 100),
			}},
			reinstall.Request{RootVolumeID: "old"},
			reinstall.OutcomeRefused, &reinstall.OtherDiskError{}, "", 0,
		},
		"a disk that is not shown": {
			script{replies: []reply{
				{server: hidden(modelarts.StatusStopped, 100)},
				{from: 2 * time.Minute, server: hidden(modelarts.StatusRunning, 200)},
			}},
			reinstall.Request{RootVolumeID: "old"},
			reinstall.OutcomeCompleted, nil, "POST", 0,
		},
		"an adopted reinstall that has left another disk, and not what is asked for": {
			script{replies: []reply{
				at(0, modelarts.StatusReinstallingOS, "image", "old", 100), at(time.Minute, modelarts.StatusRunning, "other", "theirs", 200),
			}},
			reinstall.Request{RootVolumeID: "old"},
			reinstall.OutcomeNotStarted, nil, "", 0,
		},
		"another disk than an adopted reinstall has left": {
			script{replies: []reply{
				at(0, modelarts.StatusReinstallingOS, "image", "old", 100), at(time.Minute, modelarts.StatusRunning, "other", "theirs", 200),
				at(2*time.Minute, modelarts.StatusStopped, "other", "third", 210),
				at(4*time.Minute, modelarts.StatusRunning, "other", "third", 220),
			}},
			reinstall.Request{},
			reinstall.OutcomeRefused, &reinstall.OtherDiskError{}, "stop start", reinstall.PowerRunning,
		},
		"the disk that the open operation has left": {
			script{replies: []reply{
				at(0, modelarts.StatusReinstallingOS, "image", "old", 150),
				at(30*time.Second, modelarts.StatusRunning, "image", "theirs", 200),
				at(time.Minute, modelarts.StatusStopped, "image", "theirs", 210),
				at(2*time.Minute, modelarts.StatusRunning, "image", "new", 300),
			}},
			reinstall.Request{RootVolumeID: "old", Open: open()},
			reinstall.OutcomeCompleted, nil, "stop POST", 0,
		},
		"a disk that the open operation may have left, had it not ended before": {
			script{replies: []reply{at(0, modelarts.StatusRunning, "image", "another", 200)}},
			reinstall.Request{RootVolumeID: "old", Open: open()},
			reinstall.OutcomeRefused, &reinstall.EndedError{}, "", 0,
		},
		"the disk from before the open operation, which has failed": {
			script{replies: []reply{
				at(0, modelarts.StatusReinstallingOSFailed, "image", "old", 200),
				at(2*time.Minute, modelarts.StatusRunning, "image", "new", 300),
			}},
			reinstall.Request{RootVolumeID: "old", Open: open()},
			reinstall.OutcomeCompleted, nil, "POST", 0,
		},
		"an adopted reinstall that was given up": {
			script{replies: []reply{
				at(0, modelarts.StatusReinstallingOS, "image", "old", 100), at(time.Minute, modelarts.StatusRunning, "image", "old", 200),
			}},
			reinstall.Request{RootVolumeID: "old"},
			reinstall.OutcomeNotStarted, &reinstall.UntouchedError{}, "", 0,
		},
		"planned during a reinstall that has ended since": {
			script{replies: []reply{at(0, modelarts.StatusRunning, "image", "new", 200)}},
			reinstall.Request{JoinsFirst: true},
			reinstall.OutcomeRefused, &reinstall.EndedError{}, "", 0,
		},
		"planned during a reinstall that has failed since": {
			script{replies: []reply{at(0, modelarts.StatusReinstallingOSFailed, "image", "old", 200)}},
			reinstall.Request{JoinsFirst: true},
			reinstall.OutcomeRefused, &reinstall.EndedError{}, "", 0,
		},
		"planned during a reinstall that goes on": {
			script{replies: []reply{
				at(0, modelarts.StatusReinstallingOS, "image", "old", 100), at(time.Minute, modelarts.StatusRunning, "image", "new", 200),
			}},
			reinstall.Request{JoinsFirst: true},
			reinstall.OutcomeCompleted, nil, "", 0,
		},
		"planned during a reinstall of another image": {
			script{replies: []reply{
				at(0, modelarts.StatusReinstallingOS, "image", "old", 100), at(time.Minute, modelarts.StatusRunning, "other", "theirs", 200),
				at(2*time.Minute, modelarts.StatusStopped, "other", "theirs", 210),
				at(3*time.Minute, modelarts.StatusRunning, "image", "new", 300),
			}},
			reinstall.Request{JoinsFirst: true},
			reinstall.OutcomeCompleted, nil, "stop POST", 0,
		},
		"planned during a change of OS": {
			script{replies: []reply{
				at(0, modelarts.StatusChangingOS, "other", "old", 90), at(time.Minute, modelarts.StatusStopped, "other", "changed", 100),
				at(3*time.Minute, modelarts.StatusRunning, "image", "new", 300),
			}},
			reinstall.Request{JoinsFirst: true},
			reinstall.OutcomeCompleted, nil, "POST", 0,
		},
		"it needs no reinstall": {
			script{replies: []reply{at(0, modelarts.StatusRunning, "image", "old", 100)}},
			reinstall.Request{Pointless: runsImage},
			reinstall.OutcomeRefused, &reinstall.PointlessError{}, "", 0,
		},
		"it needs none once it has stopped": {
			script{replies: []reply{
				at(0, modelarts.StatusRunning, "other", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "old", 100),
				at(time.Minute, modelarts.StatusRunning, "image", "old", 110),
			}},
			reinstall.Request{Pointless: runsImage},
			reinstall.OutcomeRefused, &reinstall.PointlessError{}, "stop start",
			reinstall.PowerRunning,
		},
		"it needs one": {
			script{replies: []reply{
				at(0, modelarts.StatusStopped, "other", "old", 90), at(time.Minute, modelarts.StatusRunning, "image", "new", 100),
			}},
			reinstall.Request{Pointless: runsImage},
			reinstall.OutcomeCompleted, nil, "POST", 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := test.script
				s.began = time.Now()
				test.request.ServerID, test.request.StopFirst, test.request.Timeout = serverID, true, time.Hour
				test.request.Body.ImageID = "image"
				result := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), test.request)

				if result.Outcome != test.want || result.Power != test.power {
					t.Errorf("outcome %v, power %v, error %v; want %v, %v", result.Outcome, result.Power, result.Err, test.want, test.power)
				}

				_, otherDisk := errors.AsType[*reinstall.OtherDiskError](result.Err)
				_, wantsOtherDisk := errors.AsType[*reinstall.OtherDiskError](test.err)
				_, ended := errors.AsType[*reinstall.EndedError](result.Err)
				_, wantsEnded := errors.AsType[*reinstall.EndedError](test.err)
				_, pointless := errors.AsType[*reinstall.PointlessError](result.Err)

				if _, wantsPointless := errors.AsType[*reinstall.PointlessError](test.err); otherDisk != wantsOtherDisk || pointless != wantsPointless || ended != wantsEnded {
					t.Errorf("error %v, want %T", result.Err, test.err)
				}

				if got := strings.Join(s.log, " "); got != test.log {
					t.Errorf("sent %q, want %q", got, test.log)
				}
			})
		})
	}
}

// open is an accepted operation on a server with the system disk "old".
func open() *reinstall.Operation {
	op := submitted()

	return &op
}

// runsImage reports whether a server shows the image "image".
func runsImage(server *modelarts.Server) bool { return server.InstalledImageID() == "image" }

// A request that was not accepted is sent again only if the server shows no sign of it, and never after it has shown one.
func TestRunOvertaken(t *testing.T) {
	t.Parallel()

	stopped := at(0, modelarts.StatusStopped, "image", "old", 100)
	unauthorized := &modelarts.Error{StatusCode: http.StatusUnauthorized, Refreshed: true}
	throttled := &modelarts.Error{StatusCode: http.StatusTooManyRequests, RetryAfter: 15 * time.Minute}
	during := at(time.Second, modelarts.StatusReinstallingOS, "image", "old", 200)

	for name, test := range map[string]struct {
		posts   []error
		replies []reply
		want    reinstall.Outcome
		log     string
		adopted bool
	}{
		"throttled, and done within Retry-After": {
			[]error{throttled},
			[]reply{stopped, during, at(5*time.Minute, modelarts.StatusRunning, "image", "new", 300)},
			reinstall.OutcomeCompleted, "POST", true,
		},
		"throttled, and done otherwise within Retry-After": {
			[]error{throttled},
			[]reply{stopped, during, at(5*time.Minute, modelarts.StatusRunning, "other", "new", 300)},
			reinstall.OutcomeNotStarted, "POST", true,
		},
		"throttled, and done and stopped again within Retry-After": {
			[]error{throttled}, []reply{
				stopped, during, at(5*time.Minute, modelarts.StatusRunning, "image", "new", 300),
				at(6*time.Minute, modelarts.StatusStopped, "image", "new", 400),
			}, reinstall.OutcomeCompleted, "POST", true,
		},
		"throttled, and the time runs out before the next read": {
			[]error{&modelarts.Error{StatusCode: http.StatusTooManyRequests, RetryAfter: 59*time.Minute + 50*time.Second}},
			[]reply{
				stopped,
				{from: 59 * time.Minute, err: busy},
				at(time.Hour, modelarts.StatusReinstallingOS, "image", "old", 300),
			},
			reinstall.OutcomePending, "POST", true,
		},
		"throttled, and done within Retry-After, and the reply before showed no system disk": {
			[]error{throttled}, []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "", 100),
				at(10*time.Second, modelarts.StatusReinstallingOS, "image", "", 200),
				at(20*time.Second, modelarts.StatusRunning, "image", "new", 300),
			}, reinstall.OutcomeCompleted, "stop POST", true,
		},
		"throttled, and failed within Retry-After": {
			[]error{throttled},
			[]reply{stopped, during, at(5*time.Minute, modelarts.StatusReinstallingOSFailed, "image", "old", 300)},
			reinstall.OutcomeNotStarted, "POST", true,
		},
		"401 with new credentials": {
			[]error{unauthorized, nil},
			[]reply{stopped, at(time.Minute, modelarts.StatusRunning, "image", "new", 300)},
			reinstall.OutcomeCompleted, "POST POST", false,
		},
		"401 with new credentials, and processed all the same": {
			[]error{unauthorized},
			[]reply{stopped, during, at(5*time.Minute, modelarts.StatusRunning, "image", "new", 300)},
			reinstall.OutcomeCompleted, "POST", true,
		},
		"401 twice": {[]error{unauthorized, unauthorized}, []reply{stopped}, reinstall.OutcomeRefused, "POST POST", false},
		"401 without new credentials": {
			[]error{answered(http.StatusUnauthorized)}, []reply{stopped}, reinstall.OutcomeRefused, "POST", false,
		},
		"refused, since somebody was quicker": {
			[]error{answered(http.StatusBadRequest)},
			[]reply{stopped, during, at(5*time.Minute, modelarts.StatusRunning, "image", "new", 300)},
			reinstall.OutcomeCompleted, "POST", true,
		},
		"refused, since somebody was quicker with another image": {
			[]error{answered(http.StatusBadRequest)},
			[]reply{stopped, during, at(5*time.Minute, modelarts.StatusRunning, "other", "new", 300)},
			reinstall.OutcomeNotStarted, "POST", true,
		},
		"refused, since somebody's reinstall has failed": {
			[]error{answered(http.StatusBadRequest)}, []reply{
				stopped, during, at(5*time.Minute, modelarts.StatusReinstallingOSFailed, "image", "old", 300),
			}, reinstall.OutcomeNotStarted, "POST", true,
		},
		"refused, since somebody was quicker, and the reads after it fail": {
			[]error{answered(http.StatusBadRequest)}, []reply{
				stopped,
				{from: time.Second, err: answered(http.StatusInternalServerError)},
				at(30*time.Second, modelarts.StatusReinstallingOS, "image", "old", 200),
				at(5*time.Minute, modelarts.StatusRunning, "image", "new", 300),
			}, reinstall.OutcomeCompleted, "POST", true,
		},
		"processed in spite of a 401, then refused, and the replies lag": {
			[]error{unauthorized, answered(http.StatusBadRequest)}, []reply{
				stopped, at(15*time.Second, modelarts.StatusReinstallingOS, "image", "old", 200),
				at(5*time.Minute, modelarts.StatusRunning, "image", "new", 300),
			}, reinstall.OutcomeCompleted, "POST POST", true,
		},
		"conflict with somebody who was quicker": {
			[]error{answered(http.StatusConflict)},
			[]reply{stopped, during, at(5*time.Minute, modelarts.StatusRunning, "image", "new", 300)},
			reinstall.OutcomeCompleted, "POST", true,
		},
		"conflict with something else": {
			[]error{answered(http.StatusConflict)}, []reply{stopped}, reinstall.OutcomeNotStarted, "POST", false,
		},
		"lost answer, and another image": {
			[]error{lost},
			[]reply{stopped, during, at(5*time.Minute, modelarts.StatusRunning, "other", "new", 300)},
			reinstall.OutcomeNotStarted, "POST", true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := script{posts: test.posts, replies: test.replies}
				// A read after the POST gets what is scheduled for after the POST.
				s.post = func() { time.Sleep(time.Second) }
				result := s.play(t.Context())

				if result.Outcome != test.want || result.Operation.Adopted != test.adopted {
					t.Errorf("outcome %v, adopted %v, error %v; want %v, %v",
						result.Outcome, result.Operation.Adopted, result.Err, test.want, test.adopted)
				}

				if got := strings.Join(s.log, " "); got != test.log {
					t.Errorf("sent %q, want %q", got, test.log)
				}
			})
		})
	}
}

// pages is a script whose POST is answered with a success that shows no server.
type pages struct{ *script }

func (p pages) ReinstallServerOS(
	ctx context.Context, id string, body *modelarts.ReinstallRequest,
) (*modelarts.ReinstallReply, error) {
	reply, err := p.script.ReinstallServerOS(ctx, id, body)
	reply.Server = nil

	return reply, err
}

// A success that shows no server proves nothing.
func TestRunPage(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		replies []reply
		want    reinstall.Outcome
		log     string
	}{
		"nothing was done": {
			[]reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "old", 100),
				at(10*time.Minute, modelarts.StatusRunning, "image", "old", 110),
			},
			reinstall.OutcomeNotStarted, "stop POST start",
		},
		"it was done": {
			[]reply{at(0, modelarts.StatusStopped, "image", "old", 100), at(time.Minute, modelarts.StatusRunning, "image", "new", 200)},
			reinstall.OutcomeCompleted, "POST",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := script{began: time.Now(), replies: test.replies}
				result := reinstall.New(pages{&s}, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), reinstall.Request{
					ServerID: serverID, StopFirst: true, Timeout: time.Hour,
				})

				if result.Outcome != test.want || strings.Join(s.log, " ") != test.log || result.Operation.RequestID != "request" {
					t.Errorf("outcome %v, error %v, request %q, sent %q; want %v, %q",
						result.Outcome, result.Err, result.Operation.RequestID, s.log, test.want, test.log)
				}
			})
		})
	}
}

// What a server does now decides whether it is started again, not what it did when it was last read.
func TestRestartReadsAgain(t *testing.T) {
	t.Parallel()

	running := at(0, modelarts.StatusRunning, "image", "old", 90)

	for name, test := range map[string]struct {
		replies []reply
		want    reinstall.Power
		log     string
	}{
		"it has stopped since": {
			[]reply{
				running, at(time.Second, modelarts.StatusStopping, "image", "old", 95),
				at(31*time.Second, modelarts.StatusStopped, "image", "old", 100),
			},
			reinstall.PowerStarting, "stop start",
		},
		"nobody saw it stop": {
			[]reply{
				running,
				{from: time.Second, err: answered(http.StatusInternalServerError)},
				at(31*time.Second, modelarts.StatusStopped, "image", "old", 100),
			},
			reinstall.PowerStarting, "stop start",
		},
		"it still stops": {
			[]reply{running, at(time.Second, modelarts.StatusStopping, "image", "old", 95)}, reinstall.PowerStopping, "stop",
		},
		"it still runs": {[]reply{running}, reinstall.PowerStopping, "stop"},
		"somebody reinstalls it": {
			[]reply{
				running, at(time.Second, modelarts.StatusStopping, "image", "old", 95),
				at(31*time.Second, modelarts.StatusReinstallingOS, "image", "old", 100),
			},
			reinstall.PowerUnclear, "stop",
		},
		"nobody can see it": {
			[]reply{running, {from: time.Second, err: answered(http.StatusInternalServerError)}}, reinstall.PowerUnclear, "stop",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()

				time.AfterFunc(31*time.Second, cancel)

				s := script{replies: test.replies}
				result := s.play(ctx)

				if got := strings.Join(s.log, " "); result.Power != test.want || got != test.log {
					t.Errorf("power %v, error %v, sent %q; want %v, %q", result.Power, result.Err, got, test.want, test.log)
				}
			})
		})
	}
}

// A server that was stopped for a request does not stay stopped for as long as a busy service asks to wait; another one can
// wait.
func TestRunBacksOff(t *testing.T) {
	t.Parallel()

	throttled := &modelarts.Error{StatusCode: http.StatusTooManyRequests, RetryAfter: 30 * time.Minute}

	for name, test := range map[string]struct {
		first  modelarts.Status
		within time.Duration
	}{
		"stopped for it": {modelarts.StatusRunning, 2 * time.Minute}, "stopped before": {modelarts.StatusStopped, 31 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				var sent []time.Duration

				s := script{posts: []error{throttled, nil}, replies: []reply{
					at(0, test.first, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "old", 100),
				}}
				s.post = func() { sent = append(sent, time.Since(s.began)) }
				s.play(t.Context())

				if len(sent) != 2 || sent[1] > test.within || sent[1] < test.within/2 {
					t.Errorf("sent after %v, want again within %v", sent, test.within)
				}
			})
		})
	}
}

// A failure is counted before the slot goes to the next server.
func TestLimitsCountBeforeTheSlotIsFree(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(2, modelarts.StatusReinstallingOSFailed)
		engine := reinstall.New(f, reinstall.Limits{Concurrent: 1}, reinstall.Records{})
		second := make(chan reinstall.Result, 1)

		first := engine.Run(t.Context(), reinstall.Request{ServerID: "0", Timeout: time.Hour, Progress: func(p reinstall.Progress) {
			switch p.Stage {
			case reinstall.StageSubmit:
				go func() { second <- engine.Run(t.Context(), reinstall.Request{ServerID: "1", Timeout: time.Hour}) }()
			case reinstall.StageEnd:
				time.Sleep(time.Second)

				if len(second) > 0 {
					t.Error("the second server had its turn before the first run was over")
				}
			case reinstall.StageCheck, reinstall.StageQueue, reinstall.StageStop, reinstall.StageWait, reinstall.StageCompare,
				reinstall.StageRestart:
			}
		}})

		held, ok := errors.AsType[*reinstall.TooManyFailuresError]((<-second).Err)
		if first.Outcome != reinstall.OutcomeFailed || !ok || len(held.Failed) != 1 || held.Failed[0].ID != "0" {
			t.Errorf("outcome %v, then %v; want a failure, and a server that is held back", first.Outcome, held)
		}
	})
}
