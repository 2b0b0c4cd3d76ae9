package reinstall_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

func TestRun(t *testing.T) {
	t.Parallel()

	stopped := at(0, modelarts.StatusStopped, "image", "old", 100)
	during := func(from time.Duration) reply { return at(from, modelarts.StatusReinstallingOS, "image", "old", 200) }
	back := func(from time.Duration) reply { return at(from, modelarts.StatusRunning, "image", "new", 300) }
	notFound := reply{err: &modelarts.Error{StatusCode: http.StatusBadRequest, Code: "ModelArts.6404"}}

	for name, test := range map[string]struct {
		script script
		want   reinstall.Outcome
		log    string // all that was sent but GETs
		power  reinstall.Power
	}{
		"from STOPPED": {
			script{replies: []reply{stopped, during(time.Second), back(10 * time.Minute)}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"from RUNNING": {
			script{replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Minute, modelarts.StatusStopped, "image", "old", 100),
				during(2 * time.Minute), back(10 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "stop POST", 0,
		},
		"stop refused": {
			script{stops: []error{answered(http.StatusBadRequest)}, replies: []reply{at(0, modelarts.StatusRunning, "image", "old", 90)}},
			reinstall.OutcomeRefused, "stop", 0,
		},
		"wait for STARTING to settle": {
			script{replies: []reply{
				at(0, modelarts.StatusChangingOS, "image", "old", 90), at(time.Minute, modelarts.StatusChangingOSFailed, "image", "old", 100),
				during(2 * time.Minute), back(10 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"transition never seen": {
			script{replies: []reply{stopped, back(time.Minute)}}, reinstall.OutcomeCompleted, "POST", 0,
		},
		"stale RUNNING from before the stop": {
			script{replies: []reply{
				stopped, at(time.Second, modelarts.StatusRunning, "image", "old", 90), during(5 * time.Minute), back(10 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"stale FAILED from before the request": {
			script{replies: []reply{
				at(0, modelarts.StatusReinstallingOSFailed, "image", "old", 100), during(5 * time.Minute), back(10 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"errors while waiting": {
			script{replies: []reply{
				stopped,
				{from: time.Second, err: answered(http.StatusInternalServerError)},
				{from: time.Minute, err: answered(http.StatusUnauthorized)},
				{from: 2 * time.Minute, err: &modelarts.Error{StatusCode: http.StatusNotFound, Code: "APIGW.0101"}},
				back(5 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"an odd status on the way": {
			script{replies: []reply{stopped, at(time.Second, "POLISHING", "image", "new", 200), back(5 * time.Minute)}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"another image at first": {
			script{replies: []reply{
				stopped, during(time.Second), at(time.Minute, modelarts.StatusRunning, "other", "new", 300),
				at(time.Minute+10*time.Second, modelarts.StatusRunning, "image", "new", 300),
			}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"another image": {
			script{replies: []reply{stopped, during(time.Second), at(time.Minute, modelarts.StatusRunning, "other", "new", 300)}},
			reinstall.OutcomeMismatched, "POST", 0,
		},
		"failed": {
			script{replies: []reply{
				stopped, during(time.Second), at(time.Minute, modelarts.StatusReinstallingOSFailed, "image", "old", 300),
			}},
			reinstall.OutcomeFailed, "POST", 0,
		},
		"stays stopped with a new system disk": {
			script{replies: []reply{stopped, during(time.Second), at(time.Minute, modelarts.StatusStopped, "image", "new", 300)}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"accepted, and nothing ever happens": {
			script{replies: []reply{stopped}}, reinstall.OutcomePending, "POST", 0,
		},
		"vanishes": {
			script{replies: []reply{stopped, during(time.Second), {from: time.Minute, err: notFound.err}}},
			reinstall.OutcomeFailed, "POST", 0,
		},
		"is deleted": {
			script{replies: []reply{stopped, at(time.Second, modelarts.StatusDeleting, "image", "old", 200)}},
			reinstall.OutcomeFailed, "POST", 0,
		},
		"not known": {script{replies: []reply{notFound}}, reinstall.OutcomeRefused, "", 0},
		"illegal status": {
			script{replies: []reply{at(0, modelarts.StatusError, "image", "old", 100)}}, reinstall.OutcomeRefused, "", 0,
		},
		"no reply before": {
			script{replies: []reply{{err: answered(http.StatusForbidden)}}}, reinstall.OutcomeRefused, "", 0,
		},
		"refused": {
			script{posts: []error{answered(http.StatusBadRequest)}, replies: []reply{stopped}},
			reinstall.OutcomeRefused, "POST", 0,
		},
		"refused after our stop": {
			script{posts: []error{answered(http.StatusBadRequest)}, replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Minute, modelarts.StatusStopped, "image", "old", 100),
				at(2*time.Minute, modelarts.StatusRunning, "image", "old", 110),
			}},
			reinstall.OutcomeRefused, "stop POST start", reinstall.PowerRunning,
		},
		"refused after our stop, and does not start": {
			script{posts: []error{answered(http.StatusBadRequest)}, starts: []error{answered(http.StatusBadRequest)}, replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Minute, modelarts.StatusStopped, "image", "old", 100),
			}},
			reinstall.OutcomeRefused, "stop POST start", reinstall.PowerStartRefused,
		},
		"refused after our stop, and the start throttled": {
			script{
				posts: []error{answered(http.StatusBadRequest)}, starts: []error{busy, busy, nil},
				replies: []reply{
					at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Minute, modelarts.StatusStopped, "image", "old", 100),
					at(2*time.Minute, modelarts.StatusRunning, "image", "old", 110),
				},
			},
			reinstall.OutcomeRefused, "stop POST start start start", reinstall.PowerRunning,
		},
		"stop lost, and taken": {
			script{stops: []error{lost}, replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "old", 100),
				during(2 * time.Minute), back(10 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "stop POST", 0,
		},
		"refused after a stop whose answer was lost": {
			script{
				stops: []error{answered(http.StatusGatewayTimeout)}, posts: []error{answered(http.StatusBadRequest)},
				replies: []reply{
					at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "old", 100),
					at(time.Minute, modelarts.StatusRunning, "image", "old", 110),
				},
			},
			reinstall.OutcomeRefused, "stop POST start", reinstall.PowerRunning,
		},
		"a stop whose answer was lost, and a read that fails": {
			script{stops: []error{lost}, replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90),
				{from: time.Second, err: answered(http.StatusInternalServerError)},
				at(time.Minute, modelarts.StatusStopped, "image", "old", 100), during(2 * time.Minute), back(10 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "stop POST", 0,
		},
		"a stop that never gets through": {
			script{
				stops:   []error{lost, answered(http.StatusBadRequest)},
				replies: []reply{at(0, modelarts.StatusRunning, "image", "old", 90)},
			},
			reinstall.OutcomeRefused, "stop stop", reinstall.PowerUnclear,
		},
		"a stop that something else forbids": {
			script{stops: []error{answered(http.StatusConflict)}, replies: []reply{at(0, modelarts.StatusRunning, "image", "old", 90)}},
			reinstall.OutcomeRefused, "stop", reinstall.PowerUnclear,
		},
		"a stop that fails": {
			script{replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopFailed, "image", "old", 100),
			}},
			reinstall.OutcomeRefused, "stop", reinstall.PowerUnclear,
		},
		"a reply without a status after our stop": {
			script{replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, "", "", "", 0),
				at(time.Minute, modelarts.StatusStopped, "image", "old", 100), during(2 * time.Minute), back(10 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "stop POST", 0,
		},
		"somebody starts the server after our stop": {
			script{posts: []error{busy, nil}, replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "old", 95),
				at(3*time.Second, modelarts.StatusRunning, "image", "old", 100), at(time.Minute, modelarts.StatusStopped, "image", "old", 105),
				during(3 * time.Minute), back(10 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "stop POST stop POST", 0,
		},
		"a read that fails while something else is in progress": {
			script{replies: []reply{
				at(0, modelarts.StatusStarting, "image", "old", 90),
				{from: time.Second, err: answered(http.StatusInternalServerError)},
				at(time.Minute, modelarts.StatusStopped, "image", "old", 100), during(2 * time.Minute), back(10 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"refused after our stop, and the start lost, and taken": {
			script{posts: []error{answered(http.StatusBadRequest)}, starts: []error{lost}, replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "old", 100),
				at(3*time.Second, modelarts.StatusStarting, "image", "old", 105), at(time.Minute, modelarts.StatusRunning, "image", "old", 110),
			}},
			reinstall.OutcomeRefused, "stop POST start start", reinstall.PowerRunning,
		},
		"refused after our stop, and the start fails once": {
			script{
				posts: []error{answered(http.StatusBadRequest)}, starts: []error{answered(http.StatusBadGateway), nil},
				replies: []reply{
					at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "old", 100),
					at(time.Minute, modelarts.StatusRunning, "image", "old", 110),
				},
			},
			reinstall.OutcomeRefused, "stop POST start start", reinstall.PowerRunning,
		},
		"stays stopped with a new system disk and the old image, at first": {
			script{replies: []reply{
				stopped, during(time.Second), at(time.Minute, modelarts.StatusStopped, "other", "new", 300),
				at(9*time.Minute, modelarts.StatusRunning, "image", "new", 400),
			}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"lost answer, and nothing is seen for a while": {
			script{posts: []error{answered(http.StatusGatewayTimeout)}, replies: []reply{
				stopped,
				{from: 30 * time.Second, err: answered(http.StatusBadGateway)},
				at(6*time.Minute, modelarts.StatusStopped, "image", "old", 100), during(7 * time.Minute), back(20 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"reads throttled at first": {
			script{replies: []reply{
				{err: busy}, at(2*time.Minute, modelarts.StatusStopped, "image", "old", 100), during(3 * time.Minute), back(9 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"reads always throttled": {script{replies: []reply{{err: busy}}}, reinstall.OutcomeRefused, "", 0},
		"never stops": {
			script{replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopping, "image", "old", 100),
			}},
			reinstall.OutcomeRefused, "stop", reinstall.PowerStopping,
		},
		"throttled twice": {
			script{posts: []error{answered(http.StatusTooManyRequests), answered(http.StatusTooManyRequests), nil}, replies: []reply{
				stopped, during(time.Minute), back(5 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST POST POST", 0,
		},
		"throttled, and somebody else reinstalls the server meanwhile": {
			script{posts: []error{answered(http.StatusTooManyRequests)}, replies: []reply{
				stopped, during(time.Second), back(5 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"throttled, and a read is lost in the meantime": {
			script{posts: []error{answered(http.StatusTooManyRequests), nil}, replies: []reply{
				stopped,
				{from: time.Second, err: answered(http.StatusBadGateway)},
				at(10*time.Second, modelarts.StatusStopped, "image", "old", 100), during(time.Minute), back(5 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST POST", 0,
		},
		"no connection at first": {
			script{posts: []error{&modelarts.ConnectionError{Err: io.EOF}, nil}, replies: []reply{
				stopped, during(time.Minute), back(5 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST POST", 0,
		},
		"lost answer, accepted": {
			script{posts: []error{lost}, replies: []reply{stopped, during(time.Minute), back(5 * time.Minute)}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"lost answer, accepted late": {
			script{posts: []error{answered(http.StatusGatewayTimeout)}, replies: []reply{
				stopped, during(4 * time.Minute), back(10 * time.Minute),
			}},
			reinstall.OutcomeCompleted, "POST", 0,
		},
		"lost answer, never accepted": {
			script{posts: []error{answered(http.StatusBadGateway)}, replies: []reply{stopped}},
			reinstall.OutcomeNotStarted, "POST", 0,
		},
		"lost answer, and somebody starts the server": {
			script{posts: []error{lost}, replies: []reply{stopped, at(time.Minute, modelarts.StatusRunning, "image", "old", 200)}},
			reinstall.OutcomeNotStarted, "POST", 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := test.script
				result := s.play(t.Context())

				if result.Outcome != test.want || result.Power != test.power {
					t.Errorf("outcome %v, power %v, error %v; want %v, %v",
						result.Outcome, result.Power, result.Err, test.want, test.power)
				}

				if got := strings.Join(s.log, " "); got != test.log {
					t.Errorf("sent %q, want %q", got, test.log)
				}
			})
		})
	}
}

// If the server vanishes, it remains unknown what became of a request whose answer was lost, but not of one that was
// accepted.
func TestRunVanishes(t *testing.T) {
	t.Parallel()

	gone := &modelarts.Error{StatusCode: http.StatusBadRequest, Code: "ModelArts.6404"}

	for name, test := range map[string]struct {
		post error
		want reinstall.State
	}{
		"accepted": {nil, reinstall.StateFailed}, "lost answer": {lost, reinstall.StateUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := script{posts: []error{test.post}, replies: []reply{
					at(0, modelarts.StatusStopped, "image", "old", 100), {from: time.Second, err: gone},
				}}

				result := s.play(t.Context())
				if result.Outcome != reinstall.OutcomeFailed || result.Operation.State != test.want {
					t.Errorf("outcome %v, state %q; want a failure, %q", result.Outcome, result.Operation.State, test.want)
				}
			})
		})
	}
}

// A reply that is older than what is known of the server decides nothing.
func TestRunIgnoresStalePrecheck(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{began: time.Now(), replies: []reply{
			at(0, modelarts.StatusReinstallingOS, "image", "old", 100), // of an earlier reinstall
			at(time.Minute, modelarts.StatusStopped, "image", "new", 300),
			at(2*time.Minute, modelarts.StatusReinstallingOS, "image", "new", 400),
			at(9*time.Minute, modelarts.StatusRunning, "image", "newer", 500),
		}}
		result := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), reinstall.Request{
			ServerID: serverID, StopFirst: true, Timeout: time.Hour, KnownUpdate: 300,
		})

		if result.Outcome != reinstall.OutcomeCompleted || result.Operation.Adopted || s.sent("POST") != 1 {
			t.Errorf("outcome %v, adopted %v, %d POSTs; want this request's own reinstall",
				result.Outcome, result.Operation.Adopted, s.sent("POST"))
		}
	})
}

// The end is noticed late by a few percent at most, and an hour takes few requests.
func TestRunPollsSeldom(t *testing.T) {
	t.Parallel()

	for _, duration := range []time.Duration{time.Minute, 10 * time.Minute, 55 * time.Minute} {
		t.Run(duration.String(), func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				gets := 0
				s := script{replies: []reply{
					at(0, modelarts.StatusStopped, "image", "old", 100), at(duration, modelarts.StatusRunning, "image", "new", 200),
				}}
				counting := &countingAPI{script: &s, gets: &gets}
				s.began = time.Now()

				reinstall.New(counting, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), reinstall.Request{ServerID: serverID, Timeout: time.Hour})

				late := time.Since(s.began) - duration
				if limit := max(duration/20, 3*time.Second); late > limit {
					t.Errorf("the end of %v was noticed %v late, want at most %v", duration, late, limit)
				}

				if limit := 60 + int(duration/(10*time.Second)); gets > limit {
					t.Errorf("%d GETs in %v, want at most %d", gets, duration, limit)
				}
			})
		})
	}
}

// countingAPI counts the GETs of a script.
type countingAPI struct {
	*script

	gets *int
}

func (c *countingAPI) GetServer(ctx context.Context, id string) (*modelarts.Server, error) {
	*c.gets++

	return c.script.GetServer(ctx, id)
}
