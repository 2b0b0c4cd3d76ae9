package reinstall_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

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
		engine := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{})
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
		engine := reinstall.New(&s, reinstall.Limits{FailureTolerance: 9}, reinstall.Records{})
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
