package reinstall_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// progressReport is one call of Progress, and when it came.
type progressReport struct {
	reinstall.Progress

	at time.Duration // since the test began
}

// recordProgress returns a callback that appends to reports.
func recordProgress(reports *[]progressReport) func(reinstall.Progress) {
	began := time.Now()

	return func(p reinstall.Progress) { *reports = append(*reports, progressReport{p, time.Since(began)}) }
}

// checkProgress requires a report at every change and after every minute without one, and no others.
func checkProgress(t *testing.T, reports []progressReport) {
	t.Helper()

	for i, now := range reports[1:] {
		before := reports[i]
		gap := now.at - before.at

		if changed := now.Stage != before.Stage || now.Status != before.Status; !changed && gap < time.Minute {
			t.Errorf("after %v, %v, %s again after %v without a change", now.at, now.Stage, now.Status, gap)
		}

		if gap > time.Minute {
			t.Errorf("nothing for %v before %v, %v, %s", gap, now.at, now.Stage, now.Status)
		}
	}
}

// named returns the reply with the name of the server.
func (r reply) named(name string) reply {
	r.server.Name = &name

	return r
}

func TestProgressOfALongReinstall(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{began: time.Now(), replies: []reply{
			at(0, modelarts.StatusRunning, "image", "old", 90).named("trainer-1"),
			at(5*time.Minute, modelarts.StatusStopped, "image", "old", 100).named("trainer-1"),
			at(6*time.Minute, modelarts.StatusReinstallingOS, "image", "old", 200).named("trainer-1"),
			at(45*time.Minute, modelarts.StatusRunning, "image", "new", 300).named("trainer-1"),
		}}

		var reports []progressReport

		result := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), reinstall.Request{
			ServerID: serverID, Body: modelarts.ReinstallRequest{ImageID: "image"}, StopFirst: true, Timeout: time.Hour,
			Progress: recordProgress(&reports),
		})

		if result.Outcome != reinstall.OutcomeCompleted {
			t.Fatalf("outcome %v, error %v", result.Outcome, result.Err)
		}

		checkProgress(t, reports)

		stages := map[reinstall.Stage]int{}

		for i, r := range reports {
			stages[r.Stage]++

			if r.ServerID != serverID || r.Limit != time.Hour || r.Elapsed != r.at || r.ServerName != "trainer-1" && i > 0 {
				t.Errorf("after %v: %+v", r.at, r.Progress)
			}
		}

		if stages[reinstall.StageStop] < 5 || stages[reinstall.StageWait] < 38 || stages[reinstall.StageWait] > 43 {
			t.Errorf("reports by stage: %v", stages)
		}
	})
}

// A server that came back with another image is read again and again for a while, which is one step.
func TestProgressOfARepeatedComparison(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{began: time.Now(), replies: []reply{
			at(0, modelarts.StatusStopped, "image", "old", 100), at(time.Second, modelarts.StatusReinstallingOS, "image", "old", 200),
			at(time.Minute, modelarts.StatusStopped, "other", "new", 300),
		}}

		var reports []progressReport

		reinstall.New(&s, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), reinstall.Request{
			ServerID: serverID, Body: modelarts.ReinstallRequest{ImageID: "image"}, Timeout: time.Hour,
			Progress: recordProgress(&reports),
		})

		checkProgress(t, reports)

		if last := reports[len(reports)-1]; last.Stage != reinstall.StageEnd {
			t.Errorf("the last stage is %v", last.Stage)
		}
	})
}

// A server that was stopped for a request that is refused takes its time to start again.
func TestProgressOfARestart(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{
			began: time.Now(), posts: []error{answered(400)},
			replies: []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "old", 100),
			},
		}

		var reports []progressReport

		result := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), reinstall.Request{
			ServerID: serverID, StopFirst: true, Timeout: time.Hour, Progress: recordProgress(&reports),
		})

		checkProgress(t, reports)

		restarts := 0

		for _, r := range reports {
			if r.Stage == reinstall.StageRestart {
				restarts++
			}
		}

		if result.Stage != reinstall.StageSubmit || restarts < 5 {
			t.Errorf("it got as far as %v, with %d reports of the start: %v", result.Stage, restarts, reports)
		}
	})
}

// slowScript is a script whose reads take minutes, as those of a client do that repeats them.
type slowScript struct{ script }

func (s *slowScript) GetServer(ctx context.Context, id string) (*modelarts.Server, error) {
	time.Sleep(150 * time.Second)

	return s.script.GetServer(ctx, id)
}

func TestProgressOfSlowReads(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := slowScript{script{began: time.Now(), replies: []reply{
			at(0, modelarts.StatusStopped, "image", "old", 100), at(time.Minute*5, modelarts.StatusReinstallingOS, "image", "old", 200),
			at(20*time.Minute, modelarts.StatusRunning, "image", "new", 300),
		}}}

		var reports []progressReport

		result := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), reinstall.Request{
			ServerID: serverID, Body: modelarts.ReinstallRequest{ImageID: "image"}, Timeout: time.Hour, Progress: recordProgress(&reports),
		})
		if result.Outcome != reinstall.OutcomeCompleted {
			t.Fatalf("outcome %v, error %v", result.Outcome, result.Err)
		}

		checkProgress(t, reports)
	})
}

// The time in the queue counts for itself, and is no part of the timeout.
func TestProgressInTheQueue(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(2, modelarts.StatusRunning)
		engine := reinstall.New(f, reinstall.Limits{Concurrent: 1}, reinstall.Records{})

		go engine.Run(t.Context(), reinstall.Request{ServerID: "0", Timeout: time.Hour})

		time.Sleep(time.Second)

		var reports []progressReport

		engine.Run(t.Context(), reinstall.Request{ServerID: "1", Timeout: 20 * time.Minute, Progress: recordProgress(&reports)})
		checkProgress(t, reports)

		queued := 0

		for _, r := range reports {
			switch {
			case r.Stage == reinstall.StageQueue:
				queued++

				if r.Limit != 0 || r.Elapsed != r.at {
					t.Errorf("in the queue after %v: %+v", r.at, r.Progress)
				}
			case r.Limit != 20*time.Minute || r.Elapsed >= 11*time.Minute:
				t.Errorf("after %v: %+v", r.at, r.Progress)
			}
		}

		if queued < 10 {
			t.Errorf("%d reports in the queue", queued)
		}

		synctest.Wait()
	})
}

// An apply that is interrupted while it queues has sent nothing.
func TestProgressOfAnInterruptedQueue(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(2, modelarts.StatusRunning)
		engine := reinstall.New(f, reinstall.Limits{Concurrent: 1}, reinstall.Records{})

		go engine.Run(t.Context(), reinstall.Request{ServerID: "0", Timeout: time.Hour})

		time.Sleep(time.Second)

		ctx, cancel := context.WithTimeoutCause(t.Context(), 150*time.Second, reinstall.ErrInterrupted)
		defer cancel()

		result := engine.Run(ctx, reinstall.Request{ServerID: "1", Timeout: time.Hour})
		if result.Outcome != reinstall.OutcomeRefused || result.Stage != reinstall.StageQueue || !errors.Is(result.Err, reinstall.ErrInterrupted) {
			t.Errorf("outcome %v at %v: %v", result.Outcome, result.Stage, result.Err)
		}

		if sent := f.server("1").log; len(sent) > 0 {
			t.Errorf("sent: %v", sent)
		}

		time.Sleep(time.Hour)
	})
}

// Progress in the queue does not cost a server its place.
func TestProgressKeepsTheQueueInOrder(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(5, modelarts.StatusRunning)
		engine := reinstall.New(f, reinstall.Limits{Concurrent: 1}, reinstall.Records{})

		var (
			mu    sync.Mutex
			order []string
			all   sync.WaitGroup
		)

		for i := range len(f.servers) {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 25 * time.Second)

				engine.Run(t.Context(), reinstall.Request{ServerID: strconv.Itoa(i), Timeout: time.Hour, Progress: func(p reinstall.Progress) {
					if p.Stage == reinstall.StageSubmit {
						mu.Lock()
						defer mu.Unlock()

						order = append(order, p.ServerID)
					}
				}})
			})
		}

		all.Wait()

		if want := []string{"0", "1", "2", "3", "4"}; !slices.Equal(order, want) {
			t.Errorf("sent in the order %v, want %v", order, want)
		}
	})
}
