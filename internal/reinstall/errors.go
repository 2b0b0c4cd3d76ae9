package reinstall

import (
	"context"
	"errors"
	"fmt"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// The causes for which a run ends early.
var (
	ErrTimedOut    = errors.New("the timeout has expired")
	ErrInterrupted = errors.New("interrupted")
)

// DuplicateError reports a second request for a server in one run of the provider.
type DuplicateError struct{ ServerID string }

// Error names the server.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("server %s is being reinstalled, or was, by another resource", e.ServerID)
}

// StatusError reports a server in a status that forbids a reinstall.
type StatusError struct{ Status modelarts.Status }

// Error names the status.
func (e *StatusError) Error() string { return fmt.Sprintf("status %q forbids a reinstall", e.Status) }

// OtherDiskError reports a server whose system disk is not the one that was to be erased.
type OtherDiskError struct{ Planned, Found string }

// Error names both disks.
func (e *OtherDiskError) Error() string {
	return fmt.Sprintf("the system disk is %s, not %s", e.Found, e.Planned)
}

// EndedError reports that the operation which was open had already ended when the run began: the system disk may have been
// replaced since.
type EndedError struct{}

func (e *EndedError) Error() string {
	return "the reinstall that was to be waited for had ended before"
}

// PointlessError reports a server that no longer shows what it was to be reinstalled for.
type PointlessError struct{}

func (e *PointlessError) Error() string { return "the server no longer needs the reinstall" }

// UntouchedError reports a server that still has the system disk from before a reinstall that was waited for.
type UntouchedError struct{}

func (e *UntouchedError) Error() string { return "the system disk is still the one from before" }

// RunningError reports a running server that may not be stopped.
type RunningError struct{}

func (e *RunningError) Error() string { return "the server is running and may not be stopped" }

// GoneError reports a server that vanished during its reinstall.
type GoneError struct {
	Status modelarts.Status // empty: the service no longer knows it
	Err    error            // the service's answer, if it no longer knows it
}

func (e *GoneError) Error() string {
	if e.Err != nil {
		return "the server is gone: " + e.Err.Error()
	}

	return fmt.Sprintf("the server is being deleted: status %q", e.Status)
}

// Unwrap returns the service's answer.
func (e *GoneError) Unwrap() error { return e.Err }

// cause returns ErrTimedOut or ErrInterrupted, whichever made ctx done, along with last, the error of the last read: it
// often is why the time ran out.
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
