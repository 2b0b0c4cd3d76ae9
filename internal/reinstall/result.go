package reinstall

import (
	"context"
	"errors"
	"fmt"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// Outcome is how a run ended.
type Outcome int

// The outcomes.
const (
	OutcomeRefused    Outcome = iota // no request was accepted: this run has erased nothing
	OutcomeNotStarted                // sent, and no sign of it; or an adopted reinstall ended otherwise than asked for
	OutcomePending                   // accepted; the run ended before the reinstall did
	OutcomeUnknown                   // sent; the run ended before it was clear whether it was accepted
	OutcomeCompleted                 // the server is what was asked for
	OutcomeFailed                    // erased, and it ended in a failed status
	OutcomeMismatched                // erased, and it came back with another image or key pair
)

// Sent reports whether a request was, or may have been, accepted.
func (o Outcome) Sent() bool { return o != OutcomeRefused && o != OutcomeNotStarted }

// Result is the end of a run.
type Result struct {
	Outcome     Outcome
	Operation   Operation         // zero where no request was sent or joined
	Server      *modelarts.Server // as last seen; nil if never
	Stage       Stage             // how far the run had come
	Err         error             // why, for every outcome but a completed one; nil also for a plain mismatch or failure
	Differences []Difference      // of a mismatch, or of an adopted reinstall that ended otherwise
	Resumed     bool              // it is about the operation that was open, and nothing was sent after it
	Waited      *Result           // how the operation that was open ended; nil: there was none, or it is this result
	Power       Power             // what became of a server that this run had stopped
	PowerErr    error             // why it could not be started again
}

// Power is what became of a server that a run stopped, where nothing was sent afterwards.
type Power int

// The values of Power.
const (
	PowerUntouched    Power = iota // this run did not stop it
	PowerRunning                   // started again, and seen running
	PowerStarting                  // started again, not yet seen running
	PowerStopping                  // it has not stopped yet, but may: it was left so
	PowerStartRefused              // it stands still: the start did not work
	PowerUnclear                   // it was told to stop, and neither stopped nor ran when it was last seen, or the answer was lost
)

// The causes for which a run ends early.
var (
	ErrTimedOut    = errors.New("the timeout has expired")
	ErrInterrupted = errors.New("interrupted")
)

// DuplicateError is a second request for a server in one run of the provider.
type DuplicateError struct{ ServerID string }

// Error names the server.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("server %s is being reinstalled, or was, by another resource", e.ServerID)
}

// StatusError is a server in a status that forbids a reinstall.
type StatusError struct{ Status modelarts.Status }

// Error names the status.
func (e *StatusError) Error() string { return fmt.Sprintf("status %q forbids a reinstall", e.Status) }

// OtherDiskError is a server whose system disk is not the one that was to be erased.
type OtherDiskError struct{ Planned, Found string }

// Error names both disks.
func (e *OtherDiskError) Error() string {
	return fmt.Sprintf("the system disk is %s, not %s", e.Found, e.Planned)
}

// EndedError is a reinstall that was to be waited for before the next one, and had ended before this run looked: the system
// disk may have been replaced since.
type EndedError struct{}

// Error says so.
func (e *EndedError) Error() string {
	return "the reinstall that was to be waited for had ended before"
}

// PointlessError is a server that no longer shows what it was to be reinstalled for.
type PointlessError struct{}

// Error says so.
func (e *PointlessError) Error() string { return "the server no longer needs the reinstall" }

// UntouchedError is a server that still has the system disk from before a reinstall that was waited for.
type UntouchedError struct{}

// Error says so.
func (e *UntouchedError) Error() string { return "the system disk is still the one from before" }

// RunningError is a running server which may not be stopped.
type RunningError struct{}

// Error says so.
func (e *RunningError) Error() string { return "the server is running and may not be stopped" }

// GoneError is a server that vanished during its reinstall.
type GoneError struct {
	Status modelarts.Status // empty: the service no longer knows it
	Err    error            // the service's answer, where it does not
}

// Error says how it went.
func (e *GoneError) Error() string {
	if e.Err != nil {
		return "the server is gone: " + e.Err.Error()
	}

	return fmt.Sprintf("the server is being deleted: status %q", e.Status)
}

// Unwrap returns the service's answer.
func (e *GoneError) Unwrap() error { return e.Err }

// cause tells a timeout from an interruption, both of which end ctx. last is what the last look met with; it is kept,
// since it often is why the time ran out.
func cause(ctx context.Context, last error) error {
	why := ErrInterrupted
	if errors.Is(context.Cause(ctx), ErrTimedOut) {
		why = ErrTimedOut
	}

	if last == nil || errors.Is(last, context.Canceled) || errors.Is(last, context.DeadlineExceeded) {
		return why
	}

	return errors.Join(why, last)
}
