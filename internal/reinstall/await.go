package reinstall

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// lastLook bounds the one look that is taken after an interruption, to learn whether a request was accepted.
const lastLook = 10 * time.Second

// await looks at the server until op has ended, or ctx does.
func (r *run) await(ctx context.Context, op Operation) Result {
	r.enter(StageWait)

	for held := (tracker{}); ; {
		server, err := r.look(ctx)

		switch {
		case modelarts.IsNotFound(err):
			return r.gone(op, &GoneError{Err: err})
		case err == nil:
			if result, done := r.judge(ctx, &op, held.observe(&op, server)); done {
				return result
			}
		default:
			held = tracker{} // nobody knows what it was meanwhile
		}

		if !pause(ctx, time.Since(op.SubmittedAt)) {
			return r.interrupted(ctx, op)
		}
	}
}

// judge takes in one look, and tells whether it ends the run.
func (r *run) judge(ctx context.Context, op *Operation, seen Observation) (Result, bool) {
	op.note(seen)

	switch Judge(*op, seen) {
	case VerdictGone:
		return r.gone(*op, &GoneError{Status: seen.Status}), true
	case VerdictFailed:
		op.end(StateFailed, r.server)

		return r.result(OutcomeFailed, *op, nil), true
	case VerdictEnded:
		return r.compare(ctx, op, seen)
	case VerdictWait:
	}

	if op.notStarted(seen) {
		op.end(StateNotStarted, nil)

		return r.result(OutcomeNotStarted, *op, r.postError), true
	}

	return Result{}, false
}

// compare looks once more at a server that came back, and compares it with what was asked for.
func (r *run) compare(ctx context.Context, op *Operation, seen Observation) (Result, bool) {
	r.enter(StageCompare)
	defer func() { r.stage = StageWait }()

	server, err := r.look(ctx)
	if err != nil {
		return Result{}, false
	}

	again := observe(server)
	again.Held = seen.Held

	if again.Status != seen.Status || Judge(*op, again) != VerdictEnded {
		return Result{}, false
	}

	differences := op.Differences(server)
	if again.Status == modelarts.StatusStopped && len(differences) > 0 && seen.Held < heldStoppedOther {
		return Result{}, false // it may be on its way still
	}

	op.end(endState(differences), server)

	if len(differences) == 0 {
		return r.result(OutcomeCompleted, *op, nil), true
	}

	result := r.result(OutcomeMismatched, *op, nil)
	result.Differences = differences

	return result, true
}

// gone ends a run whose server vanished: whatever the reinstall did, there is no result. Whether there was a reinstall
// stays unknown if the answer was lost.
func (r *run) gone(op Operation, err error) Result {
	if op.State != StateUnknown {
		op.end(StateFailed, nil)
	}

	return r.result(OutcomeFailed, op, err)
}

// interrupted ends a run whose ctx ended first. If it is not clear whether the request was accepted, one more look is
// taken.
func (r *run) interrupted(ctx context.Context, op Operation) Result {
	err := cause(ctx, r.lastError)

	if op.State == StateUnknown {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
		defer cancel()

		if server, lookErr := r.look(detached); lookErr == nil {
			op.note(observe(server))
		}
	}

	if op.State == StateUnknown {
		return r.result(OutcomeUnknown, op, errors.Join(err, r.postError))
	}

	return r.result(OutcomePending, op, err)
}

// result ends the run.
func (r *run) result(outcome Outcome, op Operation, err error) Result {
	return Result{Outcome: outcome, Operation: op, Server: r.server, Stage: r.stage, Err: err}
}

// requestID is the request id of an answer that was an error; empty where there was none.
func requestID(err error) string {
	if apiErr, ok := errors.AsType[*modelarts.Error](err); ok {
		return apiErr.RequestID
	}

	return ""
}
