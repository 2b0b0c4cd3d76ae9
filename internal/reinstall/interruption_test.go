package reinstall_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

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
