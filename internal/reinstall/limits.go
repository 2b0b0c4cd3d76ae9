package reinstall

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Limits keep a bad image, or a bad idea, from going through a whole fleet.
type Limits struct {
	// Concurrent is how many servers are stopped, erased and waited for at a time. 0: as many as are asked for.
	Concurrent int
	// FailureTolerance is how many reinstalls may fail before no further server is touched.
	FailureTolerance int
}

// HeldBackError is a server that was not touched, since too many others have failed.
type HeldBackError struct{ Failures, Tolerance int }

// Error counts the failures.
func (e *HeldBackError) Error() string {
	return fmt.Sprintf("%d reinstalls have failed, and %d may", e.Failures, e.Tolerance)
}

// fleet counts what the runs of one engine have in common.
type fleet struct {
	slots     chan struct{} // nil: no limit
	tolerance int

	mu       sync.Mutex
	failures int
}

// newFleet begins to count.
func newFleet(limits Limits) *fleet {
	f := &fleet{tolerance: limits.FailureTolerance}
	if limits.Concurrent > 0 {
		f.slots = make(chan struct{}, limits.Concurrent)
	}

	return f
}

// queue waits for one of the fleet's slots, as long as ctx lives.
func (r *run) queue(ctx context.Context) error {
	if r.fleet.slots == nil {
		return nil
	}

	select {
	case r.fleet.slots <- struct{}{}:
		r.entered = true

		return nil
	case <-ctx.Done():
		return cause(ctx, nil)
	}
}

// leave gives the slot back, if the run has one.
func (r *run) leave() {
	if r.entered {
		<-r.fleet.slots
	}

	r.entered = false
}

// lookBeforeQueue returns the reinstall that is in progress, if there is one and there is a queue. Queueing first could
// outlast it, and what has ended cannot be told from what never was.
func (r *run) lookBeforeQueue(ctx context.Context) (op *Operation) {
	if r.fleet.slots == nil {
		return nil
	}

	r.within(ctx, func(ctx context.Context) {
		if server, err := r.patientLook(ctx); err == nil && inProgress(server.CurrentStatus()) && !r.req.stale(server) {
			joined := r.joined(server)
			op = &joined
		}
	})

	return op
}

// heldBack is the error for a server that may no longer be touched, nil as long as it may.
func (f *fleet) heldBack() error {
	f.mu.Lock()
	defer f.mu.Unlock()

	if f.failures > f.tolerance {
		return &HeldBackError{Failures: f.failures, Tolerance: f.tolerance}
	}

	return nil
}

// count takes in how a run ended.
func (f *fleet) count(result *Result) {
	if !counts(result) {
		return
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	f.failures++
}

// counts reports whether a result is one of those that hold the rest of the fleet back: the server is not what it should
// be, or it was stopped for nothing. What was refused before anything was touched, and what the user has interrupted,
// says nothing about the others.
func counts(result *Result) bool {
	switch result.Outcome {
	case OutcomeFailed, OutcomeMismatched:
		return true
	case OutcomePending, OutcomeUnknown:
		return errors.Is(result.Err, ErrTimedOut)
	case OutcomeRefused, OutcomeNotStarted:
		if result.Operation.Adopted {
			return true // a reinstall has ended otherwise, whoever began it
		}

		_, heldBack := errors.AsType[*HeldBackError](result.Err)

		return result.Power != PowerUntouched && !heldBack && !errors.Is(result.Err, ErrInterrupted)
	case OutcomeCompleted:
		return false
	default:
		return false
	}
}
