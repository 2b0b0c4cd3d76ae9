package reinstall

import (
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// Outcome says how a run ended.
type Outcome int

// The outcomes.
const (
	OutcomeRefused    Outcome = iota // no request was accepted: this run has erased nothing
	OutcomeNotStarted                // sent without any sign of it; or an adopted reinstall ended with other values than asked for
	OutcomePending                   // accepted; the run ended before the reinstall did
	OutcomeUnknown                   // sent; the run ended before it was clear whether it was accepted
	OutcomeCompleted                 // the server has been reinstalled as asked
	OutcomeFailed                    // erased, and it ended in a failed status
	OutcomeMismatched                // erased, and it came back with another image or key pair
)

// Sent reports whether a request was, or may have been, accepted.
func (o Outcome) Sent() bool { return o != OutcomeRefused && o != OutcomeNotStarted }

// Result is the result of a run.
type Result struct {
	Outcome     Outcome
	Operation   Operation         // zero if no request was sent and no reinstall adopted
	Server      *modelarts.Server // as last read; nil if never
	Stage       Stage             // how far the run had come
	Err         error             // why, unless the outcome is completed, or a plain mismatch or failure
	Differences []Difference      // of a mismatch, or of an adopted reinstall that ended with other values
	Resumed     bool              // it is about the operation that was open, and nothing was sent after it
	Waited      *Result           // how the operation that was open ended; nil: there was none, or it is this result
	Earlier     *Operation        // the request of an earlier run that was taken up, as it was last seen; nil: there was none
	JournalErr  error             // why the journal does not have all of this run
	Power       Power             // what became of a server that this run stopped
	PowerErr    error             // why it could not be started again
}

// Kept reports whether the result is that of a request of an earlier run, and nothing was sent after it.
func (r *Result) Kept() bool {
	return r.Earlier != nil && r.Operation.SubmittedAt.Equal(r.Earlier.SubmittedAt)
}
