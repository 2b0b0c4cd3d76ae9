package reinstall

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Limits keep a bad image, or a bad idea, from going through a whole fleet.
type Limits struct {
	// Concurrent is the number of servers that may be stopped, erased and waited for at a time. 0: no limit.
	Concurrent int
	// FailureTolerance is the number of reinstalls that may fail before no further server is touched.
	FailureTolerance int
}

// TooManyFailuresError reports a server whose reinstall was not requested, since too many others have failed.
type TooManyFailuresError struct {
	Failed    []FailedServer // in the order in which they failed
	Tolerance int
}

// FailedServer is a server whose reinstall failed.
type FailedServer struct {
	ID   string
	Name string // empty: it is not known
}

// Error counts the failures.
func (e *TooManyFailuresError) Error() string {
	return fmt.Sprintf("%d reinstalls have failed, and %d are tolerated", len(e.Failed), e.Tolerance)
}

// limiter holds the slots and the failures that the runs of one engine share.
type limiter struct {
	slots     chan struct{} // nil: no limit
	tolerance int

	mu     sync.Mutex
	failed []FailedServer
}

// newLimiter returns a limiter without failures.
func newLimiter(limits Limits) *limiter {
	l := &limiter{tolerance: limits.FailureTolerance}
	if limits.Concurrent > 0 {
		l.slots = make(chan struct{}, limits.Concurrent)
	}

	return l
}

// tooManyFailures returns an error if no further server may be touched.
func (l *limiter) tooManyFailures() error {
	l.mu.Lock()
	defer l.mu.Unlock()

	if len(l.failed) > l.tolerance {
		return &TooManyFailuresError{Failed: slices.Clone(l.failed), Tolerance: l.tolerance}
	}

	return nil
}

// record counts the result of the run of a server if it is a failure.
func (l *limiter) record(serverID string, result *Result) {
	if !isFailure(result) {
		return
	}

	l.mu.Lock()
	defer l.mu.Unlock()

	l.failed = append(l.failed, FailedServer{ID: serverID, Name: result.Server.CurrentName()})
}

// isFailure reports whether a result counts towards the limit: the server is not what it should be, or it was stopped
// for nothing. A refusal before anything was touched, or an interruption by the user, says nothing about other servers.
func isFailure(result *Result) bool {
	switch result.Outcome {
	case OutcomeFailed, OutcomeMismatched:
		return true
	case OutcomePending, OutcomeUnknown:
		return errors.Is(result.Err, ErrTimedOut)
	case OutcomeRefused, OutcomeNotStarted:
		if result.Operation.Adopted {
			return true // a reinstall has ended with other values, whoever began it
		}

		_, tooMany := errors.AsType[*TooManyFailuresError](result.Err)

		return result.Power != PowerUntouched && !tooMany && !errors.Is(result.Err, ErrInterrupted)
	case OutcomeCompleted:
		return false
	default:
		return false
	}
}

// acquireSlot waits for a slot, until ctx is done. It reports progress in the meantime.
func (r *run) acquireSlot(ctx context.Context) error {
	if r.limiter.slots == nil {
		return nil
	}

	select {
	case r.limiter.slots <- struct{}{}:
		r.holdsSlot = true

		return nil
	default:
		r.begin(StageQueue)
	}

	defer r.keepReporting()()

	// The channel serves those that wait in their order, so this select must not be repeated.
	select {
	case r.limiter.slots <- struct{}{}:
		r.holdsSlot = true

		return nil
	case <-ctx.Done():
		return cause(ctx, nil)
	}
}

// releaseSlot gives the slot back, if the run has one.
func (r *run) releaseSlot() {
	if r.holdsSlot {
		<-r.limiter.slots
	}

	r.holdsSlot = false
}
