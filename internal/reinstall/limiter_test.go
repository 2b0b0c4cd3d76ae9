package reinstall_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// fleetScript is many servers, each with its own schedule.
type fleetScript struct {
	mu      sync.Mutex
	servers map[string]*script
	busy    int // servers between stop or POST and end
	most    int // the most there were at a time
}

func (f *fleetScript) server(id string) *script {
	f.mu.Lock()
	defer f.mu.Unlock()

	return f.servers[id]
}

func (f *fleetScript) GetServer(ctx context.Context, id string) (*modelarts.Server, error) {
	return f.server(id).GetServer(ctx, id)
}

func (f *fleetScript) FindImage(context.Context, string) (*modelarts.Image, error) { return nil, nil } //nolint:nilnil // not listed

func (f *fleetScript) StartServer(ctx context.Context, id string) (*modelarts.Server, error) {
	return f.server(id).StartServer(ctx, id)
}

func (f *fleetScript) StopServer(ctx context.Context, id string) (*modelarts.Server, error) {
	return f.server(id).StopServer(ctx, id)
}

// ReinstallServerOS makes the server come back ten minutes later.
func (f *fleetScript) ReinstallServerOS(
	ctx context.Context, id string, body *modelarts.ReinstallRequest,
) (*modelarts.ReinstallReply, error) {
	s := f.server(id)

	f.mu.Lock()
	f.busy++
	f.most = max(f.most, f.busy)
	f.mu.Unlock()

	time.AfterFunc(10*time.Minute, func() {
		f.mu.Lock()
		defer f.mu.Unlock()

		f.busy--
	})

	back := at(time.Since(s.began)+10*time.Minute, s.end, "image", "new", 200)
	back.server.Name = s.replies[0].server.Name
	s.replies = append(s.replies, back)

	return s.ReinstallServerOS(ctx, id, body)
}

// run reinstalls all servers at the same time, in the order of their ids, and returns the results by id.
func (f *fleetScript) run(ctx context.Context, limits reinstall.Limits, timeout time.Duration) map[string]reinstall.Result {
	engine := reinstall.New(f, limits, reinstall.Records{})
	results := map[string]reinstall.Result{}

	var all sync.WaitGroup

	for i := range len(f.servers) {
		id := fmt.Sprint(i)

		all.Go(func() {
			// Terraform has an order too.
			time.Sleep(time.Duration(i) * time.Millisecond)

			result := engine.Run(ctx, reinstall.Request{ServerID: id, StopFirst: true, Timeout: timeout})

			f.mu.Lock()
			defer f.mu.Unlock()

			results[id] = result
		})
	}

	all.Wait()

	return results
}

// newFleet returns stopped servers whose reinstall leads to a status.
func newFleet(size int, end modelarts.Status) *fleetScript {
	f := &fleetScript{servers: map[string]*script{}}
	for i := range size {
		f.servers[fmt.Sprint(i)] = &script{
			began: time.Now(), end: end, replies: []reply{at(0, modelarts.StatusStopped, "image", "old", 100)},
		}
	}

	return f
}

// posts counts the POSTs of the whole fleet.
func (f *fleetScript) posts() int {
	posts := 0
	for _, s := range f.servers {
		posts += s.sent("POST")
	}

	return posts
}

// No more servers are down at the same time than the limit allows, and none times out in the queue.
func TestLimitsConcurrent(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(12, modelarts.StatusRunning)
		results := f.run(t.Context(), reinstall.Limits{Concurrent: 3}, 15*time.Minute)

		for id, result := range results {
			if result.Outcome != reinstall.OutcomeCompleted {
				t.Errorf("server %s: %v, %v", id, result.Outcome, result.Err)
			}
		}

		if f.most != 3 || f.posts() != 12 {
			t.Errorf("%d at a time, %d POSTs, want 3 and 12", f.most, f.posts())
		}
	})
}

// An interruption ends the queue, and touches nothing.
func TestLimitsQueueInterrupted(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()

		time.AfterFunc(time.Minute, cancel)

		f := newFleet(5, modelarts.StatusRunning)
		f.run(ctx, reinstall.Limits{Concurrent: 1}, time.Hour)

		if f.posts() != 1 {
			t.Errorf("%d POSTs, want 1", f.posts())
		}
	})
}

// A reinstall in progress is adopted before the queue: it may be over after it.
func TestLimitsJoinBeforeQueue(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(2, modelarts.StatusRunning)
		f.servers["1"].replies = []reply{
			at(0, modelarts.StatusReinstallingOS, "image", "old", 100), at(5*time.Minute, modelarts.StatusRunning, "image", "new", 200),
		}

		results := f.run(t.Context(), reinstall.Limits{Concurrent: 1}, time.Hour)
		if !results["1"].Operation.Adopted || f.posts() != 1 {
			t.Errorf("adopted %v, %d POSTs, want the result of the one in progress, and 1", results["1"].Operation.Adopted, f.posts())
		}
	})
}

// The time in the queue does not count, even after the wait for a reinstall that turned out to be another one.
func TestLimitsQueueAfterJoining(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(2, modelarts.StatusRunning)
		f.servers["1"].replies = []reply{
			at(0, modelarts.StatusReinstallingOS, "image", "old", 100),
			at(time.Minute, modelarts.StatusReinstallingOSFailed, "image", "old", 150),
		}

		results := f.run(t.Context(), reinstall.Limits{Concurrent: 1, FailureTolerance: 2}, 12*time.Minute)
		for id, result := range results {
			if result.Outcome != reinstall.OutcomeCompleted {
				t.Errorf("server %s: %v, %v", id, result.Outcome, result.Err)
			}
		}
	})
}

// A server that was stopped by a request whose answer was lost counts like any other that was stopped for nothing.
func TestLimitsLostStop(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(5, modelarts.StatusRunning)
		for _, s := range f.servers {
			s.stops, s.posts = []error{lost}, []error{answered(http.StatusBadRequest)}
			s.replies = []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Second, modelarts.StatusStopped, "image", "old", 100),
			}
		}

		results := f.run(t.Context(), reinstall.Limits{Concurrent: 1}, time.Hour)

		touched := 0

		for id, result := range results {
			if len(f.servers[id].log) > 0 {
				touched++

				if result.Power == reinstall.PowerUntouched {
					t.Errorf("server %s: sent %v, and the result says that it was not touched", id, f.servers[id].log)
				}
			}
		}

		if touched != 1 {
			t.Errorf("%d servers were touched, want 1", touched)
		}
	})
}

// A failure that the following request makes up for does not hold that request back.
func TestLimitsResumeFollowed(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(1, modelarts.StatusRunning)
		f.servers["0"].replies = []reply{at(0, modelarts.StatusReinstallingOSFailed, "image", "old", 200)}
		engine := reinstall.New(f, reinstall.Limits{}, reinstall.Records{})

		op := submitted()
		op.SubmittedAt = time.Now()

		result := engine.Run(t.Context(), reinstall.Request{ServerID: "0", Open: &op, Timeout: time.Hour})

		if result.Waited == nil || result.Waited.Outcome != reinstall.OutcomeFailed || result.Outcome != reinstall.OutcomeCompleted {
			t.Errorf("outcome %v (%v), waited %+v; want a failure, and a success", result.Outcome, result.Err, result.Waited)
		}
	})
}

// checkFailed requires the error to list servers whose reinstall failed, more of them than are tolerated, and each once.
func checkFailed(t *testing.T, held *reinstall.TooManyFailuresError, results map[string]reinstall.Result) {
	t.Helper()

	seen := map[string]bool{}
	for _, failed := range held.Failed {
		if results[failed.ID].Outcome != reinstall.OutcomeFailed || failed.Name != "trainer-"+failed.ID || seen[failed.ID] {
			t.Errorf("%+v is listed among %+v", failed, held.Failed)
		}

		seen[failed.ID] = true
	}

	if len(seen) <= held.Tolerance {
		t.Errorf("%+v have failed, and %d are tolerated", held.Failed, held.Tolerance)
	}
}

// After one more failure than is tolerated, no further server is touched.
func TestLimitsFailureTolerance(t *testing.T) {
	t.Parallel()

	for tolerance, want := range map[int]int{0: 2, 2: 4} {
		t.Run(fmt.Sprint(tolerance), func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				f := newFleet(20, modelarts.StatusReinstallingOSFailed)
				for id, s := range f.servers {
					s.replies[0] = s.replies[0].named("trainer-" + id)
				}

				results := f.run(t.Context(), reinstall.Limits{Concurrent: 2, FailureTolerance: tolerance}, time.Hour)

				heldBack := 0

				for id, result := range results {
					if held, ok := errors.AsType[*reinstall.TooManyFailuresError](result.Err); ok {
						heldBack++

						checkFailed(t, held, results)

						if sent := strings.Join(f.servers[id].log, " "); sent != "" {
							t.Errorf("server %s was held back, and got %q", id, sent)
						}
					}
				}

				if f.posts() != want || heldBack != 20-want {
					t.Errorf("%d POSTs, %d held back, want %d, %d", f.posts(), heldBack, want, 20-want)
				}
			})
		})
	}
}

// Refusals of servers that were not touched do not hold others back. Those of servers that were stopped do, and these
// servers are started again.
func TestLimitsRefusals(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(10, modelarts.StatusRunning)
		for _, s := range f.servers {
			s.posts = []error{answered(http.StatusBadRequest)}
		}

		f.run(t.Context(), reinstall.Limits{}, time.Hour)

		if f.posts() != 10 {
			t.Errorf("%d POSTs to stopped servers, want 10", f.posts())
		}
	})

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(10, modelarts.StatusRunning)
		for _, s := range f.servers {
			s.posts = []error{answered(http.StatusBadRequest)}
			s.replies = []reply{
				at(0, modelarts.StatusRunning, "image", "old", 90), at(time.Minute, modelarts.StatusStopped, "image", "old", 100),
			}
		}

		f.run(t.Context(), reinstall.Limits{Concurrent: 1}, time.Hour)

		stops, starts := 0, 0

		for _, s := range f.servers {
			stops += strings.Count(strings.Join(s.log, " "), "stop")
			starts += strings.Count(strings.Join(s.log, " "), "start")
		}

		if stops != 1 || starts != 1 || f.posts() != 1 {
			t.Errorf("%d stops, %d starts, %d POSTs, want 1 each", stops, starts, f.posts())
		}
	})
}
