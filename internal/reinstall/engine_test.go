package reinstall_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

const serverID = "62383738-e52a-450a-9f84-f9e705402be8"

// reply is what a GET returns from a certain time on.
type reply struct {
	from   time.Duration // since the test began
	server *modelarts.Server
	err    error
}

// script is a service that follows a schedule, and records what was sent to it.
type script struct {
	began   time.Time
	replies []reply
	posts   []error          // the outcome of each POST; the last one is repeated
	starts  []error          // as posts
	stops   []error          // as posts
	end     modelarts.Status // for a fleet: where a reinstall ends
	post    func()           // called by each POST

	log []string
}

func (s *script) GetServer(ctx context.Context, _ string) (*modelarts.Server, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}

	var now reply

	for _, l := range s.replies {
		if time.Since(s.began) >= l.from {
			now = l
		}
	}

	return now.server, now.err
}

func (s *script) StartServer(context.Context, string) (*modelarts.Server, error) {
	s.log = append(s.log, "start")

	return &modelarts.Server{}, s.nth(s.starts, "start")
}

func (s *script) StopServer(context.Context, string) (*modelarts.Server, error) {
	s.log = append(s.log, "stop")

	return &modelarts.Server{}, s.nth(s.stops, "stop")
}

func (s *script) ReinstallServerOS(
	ctx context.Context, _ string, _ *modelarts.ReinstallRequest,
) (*modelarts.ReinstallReply, error) {
	s.log = append(s.log, "POST")

	if s.post != nil {
		s.post()
	}

	if err := ctx.Err(); err != nil {
		return nil, err
	}

	return &modelarts.ReinstallReply{Server: &modelarts.Server{}, RequestID: "request"}, s.nth(s.posts, "POST")
}

// nth returns the outcome of the current request, and the last outcome if there have been more requests.
func (s *script) nth(outcomes []error, request string) error {
	if len(outcomes) == 0 {
		return nil
	}

	return outcomes[min(s.sent(request), len(outcomes))-1]
}

// sent returns how many requests of one kind were sent.
func (s *script) sent(request string) int { return strings.Count(strings.Join(s.log, " "), request) }

// play runs a request for image "image" against the script, with a timeout of an hour.
func (s *script) play(ctx context.Context) reinstall.Result {
	s.began = time.Now()

	return reinstall.New(s, reinstall.Limits{}).Run(ctx, reinstall.Request{
		ServerID:  serverID,
		Body:      modelarts.ReinstallRequest{ImageID: "image", KeyPairName: "key"},
		StopFirst: true,
		Timeout:   time.Hour,
	})
}

func at(from time.Duration, status modelarts.Status, image, root string, updatedAt int64) reply {
	return reply{from: from, server: shown(status, image, root, updatedAt)}
}

func answered(code int) error { return &modelarts.Error{StatusCode: code} }

// busy is an answer that was throttled.
var busy = answered(http.StatusTooManyRequests)

// lost is an answer that never arrived.
var lost = &modelarts.ConnectionError{Sent: true, Err: io.ErrUnexpectedEOF}

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

func TestRunJoins(t *testing.T) {
	t.Parallel()

	during := at(0, modelarts.StatusReinstallingOS, "image", "old", 200)

	for name, test := range map[string]struct {
		replies []reply
		want    reinstall.Outcome
		log     string
		adopted bool
	}{
		"a reinstall that fits": {
			[]reply{during, at(time.Minute, modelarts.StatusRunning, "image", "new", 300)}, reinstall.OutcomeCompleted, "", true,
		},
		"a reinstall of another image": {
			[]reply{
				during, at(time.Minute, modelarts.StatusRunning, "other", "new", 300),
				at(2*time.Minute, modelarts.StatusStopped, "other", "new", 400),
				at(3*time.Minute, modelarts.StatusReinstallingOS, "other", "new", 500),
				at(9*time.Minute, modelarts.StatusRunning, "image", "newer", 600),
			}, reinstall.OutcomeCompleted, "stop POST", false,
		},
		"a reinstall of another image that comes before our stop is over": {
			[]reply{
				at(0, modelarts.StatusRunning, "image", "old", 100), at(time.Second, modelarts.StatusReinstallingOS, "image", "old", 200),
				at(time.Minute, modelarts.StatusRunning, "other", "new", 300),
				at(2*time.Minute, modelarts.StatusStopped, "other", "new", 400),
				at(3*time.Minute, modelarts.StatusReinstallingOS, "other", "new", 500),
				at(9*time.Minute, modelarts.StatusRunning, "image", "newer", 600),
			}, reinstall.OutcomeCompleted, "stop stop POST", false,
		},
		"a reinstall that a late reply shows as not begun, on the disk from before": {
			[]reply{
				at(0, modelarts.StatusRunning, "image", "old", 100), at(time.Second, modelarts.StatusReinstallingOS, "other", "new", 100),
				at(30*time.Second, modelarts.StatusRunning, "image", "old", 100),
				at(40*time.Second, modelarts.StatusReinstallingOS, "other", "new", 100),
				at(time.Minute, modelarts.StatusRunning, "other", "new", 100),
				at(2*time.Minute, modelarts.StatusStopped, "other", "new", 100),
				at(3*time.Minute, modelarts.StatusReinstallingOS, "other", "new", 100),
				at(9*time.Minute, modelarts.StatusRunning, "image", "newer", 100),
			}, reinstall.OutcomeCompleted, "stop stop POST", false,
		},
		"a reinstall that fails": {
			[]reply{
				during, at(time.Minute, modelarts.StatusReinstallingOSFailed, "image", "old", 300),
				at(3*time.Minute, modelarts.StatusReinstallingOS, "other", "old", 500),
				at(9*time.Minute, modelarts.StatusRunning, "image", "new", 600),
			}, reinstall.OutcomeCompleted, "POST", false,
		},
		"a reinstall that ends in STOPPED on the disk that was there": {
			[]reply{
				at(0, modelarts.StatusRunning, "image", "old", 100), at(time.Second, modelarts.StatusReinstallingOS, "image", "old", 200),
				at(time.Minute, modelarts.StatusStopped, "image", "old", 300),
			}, reinstall.OutcomeNotStarted, "stop", true,
		},
		"a reinstall that passes through STOPPED": {
			[]reply{
				during, at(time.Minute, modelarts.StatusStopped, "image", "new", 300),
				at(2*time.Minute, modelarts.StatusRunning, "image", "new", 400),
			}, reinstall.OutcomeCompleted, "", true,
		},
		"a reinstall that does not end": {[]reply{during}, reinstall.OutcomePending, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := script{replies: test.replies}
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

func TestRunInterrupted(t *testing.T) {
	t.Parallel()

	stopped := at(0, modelarts.StatusStopped, "image", "old", 100)
	during := at(time.Second, modelarts.StatusReinstallingOS, "image", "old", 200)

	for name, test := range map[string]struct {
		script script
		after  time.Duration // when the interruption comes
		want   reinstall.Outcome
		state  reinstall.State
		log    string
	}{
		"while stopping": {
			script{replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopping, "image", "old", 95),
			}},
			30 * time.Second, reinstall.OutcomeRefused, "", "stop",
		},
		"while waiting": {
			script{replies: []reply{stopped, during}},
			30 * time.Second, reinstall.OutcomePending, reinstall.StateSubmitted, "POST",
		},
		"while asking after a lost answer": {
			script{posts: []error{lost}, replies: []reply{stopped}},
			30 * time.Second, reinstall.OutcomeUnknown, reinstall.StateUnknown, "POST",
		},
		"while asking, and the last read decides": {
			script{posts: []error{lost}, replies: []reply{
				stopped, at(30*time.Second, modelarts.StatusReinstallOS, "image", "old", 200),
			}},
			30 * time.Second, reinstall.OutcomePending, reinstall.StateSubmitted, "POST",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()

				time.AfterFunc(test.after, cancel)

				s := test.script
				result := s.play(ctx)

				if result.Outcome != test.want || result.Operation.State != test.state {
					t.Errorf("outcome %v, state %s; want %v, %s", result.Outcome, result.Operation.State, test.want, test.state)
				}

				if !errors.Is(result.Err, reinstall.ErrInterrupted) {
					t.Errorf("error %v does not name the interruption", result.Err)
				}

				if got := strings.Join(s.log, " "); got != test.log {
					t.Errorf("sent %q, want %q", got, test.log)
				}
			})
		})
	}
}

// An interruption during the POST does not cut it off: its answer counts.
func TestRunInterruptedDuringPost(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()

		s := script{replies: []reply{at(0, modelarts.StatusStopped, "image", "old", 100)}, post: cancel}
		result := s.play(ctx)

		if result.Outcome != reinstall.OutcomePending || s.sent("POST") != 1 {
			t.Errorf("outcome %v after %d POSTs, want a pending one after 1", result.Outcome, s.sent("POST"))
		}

		if result.Operation.RequestID != "request" {
			t.Errorf("request id %q of the answer is lost", result.Operation.RequestID)
		}
	})
}

// The timeout is the caller's, and the error distinguishes it from an interruption.
func TestRunTimesOut(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{replies: []reply{at(0, modelarts.StatusStopped, "image", "old", 100)}}
		result := s.play(t.Context())

		if !errors.Is(result.Err, reinstall.ErrTimedOut) || errors.Is(result.Err, reinstall.ErrInterrupted) {
			t.Errorf("error %v, want the timeout", result.Err)
		}

		if took := time.Since(s.began); took != time.Hour {
			t.Errorf("it took %v of an hour", took)
		}
	})
}

// A server is erased once per engine, however many requests there are for it. One that was refused may be requested again.
func TestRunTwice(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{
			began: time.Now(),
			posts: []error{answered(http.StatusForbidden), nil},
			replies: []reply{
				at(0, modelarts.StatusStopped, "image", "old", 100), at(time.Minute, modelarts.StatusRunning, "image", "new", 200),
			},
		}
		engine := reinstall.New(&s, reinstall.Limits{})
		request := reinstall.Request{ServerID: serverID, StopFirst: true, Timeout: time.Hour}

		for i, want := range []reinstall.Outcome{
			reinstall.OutcomeRefused, reinstall.OutcomeCompleted, reinstall.OutcomeRefused,
		} {
			result := engine.Run(t.Context(), request)
			if result.Outcome != want {
				t.Errorf("run %d: outcome %v, error %v; want %v", i+1, result.Outcome, result.Err, want)
			}

			var double *reinstall.DuplicateError
			if errors.As(result.Err, &double) != (i == 2) {
				t.Errorf("run %d: error %v", i+1, result.Err)
			}
		}

		if s.sent("POST") != 2 {
			t.Errorf("%d POSTs, want one refused and one accepted", s.sent("POST"))
		}
	})
}

// A request whose answer was lost may have been accepted even if it never began: nobody else sends another one.
func TestRunTwiceAfterALostAnswer(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{
			began: time.Now(), posts: []error{lost}, replies: []reply{at(0, modelarts.StatusStopped, "image", "old", 100)},
		}
		engine := reinstall.New(&s, reinstall.Limits{FailureTolerance: 9})
		request := reinstall.Request{ServerID: serverID, StopFirst: true, Timeout: time.Hour}

		first, second := engine.Run(t.Context(), request), engine.Run(t.Context(), request)
		if first.Outcome != reinstall.OutcomeNotStarted {
			t.Errorf("outcome %v, want one that did not start", first.Outcome)
		}

		if _, twice := errors.AsType[*reinstall.DuplicateError](second.Err); !twice || s.sent("POST") != 1 {
			t.Errorf("error %v, %d POSTs; want a duplicate and 1", second.Err, s.sent("POST"))
		}
	})
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
		result := reinstall.New(&s, reinstall.Limits{}).Run(t.Context(), reinstall.Request{
			ServerID: serverID, StopFirst: true, Timeout: time.Hour, KnownUpdate: 300,
		})

		if result.Outcome != reinstall.OutcomeCompleted || result.Operation.Adopted || s.sent("POST") != 1 {
			t.Errorf("outcome %v, adopted %v, %d POSTs; want this request's own reinstall",
				result.Outcome, result.Operation.Adopted, s.sent("POST"))
		}
	})
}

func TestResume(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		op      reinstall.Operation
		replies []reply
		want    reinstall.Outcome
	}{
		"ends": {
			submitted(), []reply{
				at(0, modelarts.StatusReinstallOS, "image", "old", 200), at(time.Minute, modelarts.StatusRunning, "image", "new", 300),
			}, reinstall.OutcomeCompleted,
		},
		"ended before": {
			submitted(), []reply{at(0, modelarts.StatusRunning, "image", "new", 300)}, reinstall.OutcomeCompleted,
		},
		"never began": {
			unclear(), []reply{at(0, modelarts.StatusStopped, "image", "old", 100)}, reinstall.OutcomeNotStarted,
		},
		"does not end": {
			submitted(), []reply{at(0, modelarts.StatusReinstallOS, "image", "old", 200)}, reinstall.OutcomePending,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				op := test.op
				op.SubmittedAt = time.Now().Add(-time.Minute)
				s := script{began: time.Now(), replies: test.replies}

				result := reinstall.New(&s, reinstall.Limits{}).Run(t.Context(), reinstall.Request{
					ServerID: serverID, Open: &op, WaitOnly: true, Timeout: time.Hour,
				})
				if result.Outcome != test.want {
					t.Errorf("outcome %v, error %v; want %v", result.Outcome, result.Err, test.want)
				}

				if len(s.log) > 0 {
					t.Errorf("sent %v, want nothing", s.log)
				}
			})
		})
	}
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

				reinstall.New(counting, reinstall.Limits{}).Run(t.Context(), reinstall.Request{ServerID: serverID, Timeout: time.Hour})

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

// Whoever continues with an adopted reinstall has to know the disk from before it, which the reply that shows the reinstall
// may no longer show.
func TestRunJoinsWithTheDiskFromBefore(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()

		time.AfterFunc(time.Minute, cancel)

		s := script{replies: []reply{
			at(0, modelarts.StatusRunning, "image", "old", 100), at(time.Second, modelarts.StatusReinstallingOS, "image", "new", 200),
		}}

		result := s.play(ctx)
		if root := result.Operation.Baseline.RootVolumeID; result.Outcome != reinstall.OutcomePending || root != "old" {
			t.Errorf("outcome %v, disk %q; want it open, and the old disk", result.Outcome, root)
		}
	})
}
