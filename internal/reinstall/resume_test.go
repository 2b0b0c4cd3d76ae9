package reinstall_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

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

				result := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), reinstall.Request{
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
