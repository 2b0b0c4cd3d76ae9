package reinstall_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

func TestRunAdopts(t *testing.T) {
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

// Whoever continues with an adopted reinstall has to know the disk from before it, which the reply that shows the reinstall
// may no longer show.
func TestRunAdoptsWithTheDiskFromBefore(t *testing.T) {
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
