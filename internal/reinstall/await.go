package reinstall

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// lastLook bounds the one look that is taken after an interruption, to learn whether a request was accepted, and after a
// refusal, to learn whether somebody was quicker.
const lastLook = 10 * time.Second

// await looks at the server until op has ended, or ctx does.
func (r *run) await(ctx context.Context, op Operation) Result {
	r.enter(StageWait)

	for held := (tracker{}); ; {
		server, err := r.look(ctx)

		switch {
		case err == nil, modelarts.IsNotFound(err):
			seen := op.observe(server)
			seen.NotFound = err != nil

			if result, done := r.judge(ctx, &op, held.observe(&op, seen), server); done {
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

// judge takes in one look, and reports whether it ends the run. server is nil where the service does not know it.
func (r *run) judge(ctx context.Context, op *Operation, seen Observation, server *modelarts.Server) (Result, bool) {
	op.note(seen)

	if inProgress(seen.Status) && !op.stale(seen) {
		r.met = true
	}

	if server != nil && !op.stale(seen) {
		r.server = server
	}

	switch Judge(*op, seen) {
	case VerdictGone:
		return r.gone(*op, &GoneError{Status: seen.Status, Err: r.lastError}), true
	case VerdictNotStarted:
		op.end(StateNotStarted, nil)

		return r.result(OutcomeNotStarted, *op, r.postError), true
	case VerdictFailed:
		op.end(op.failedState(), r.server)

		return r.result(outcomeOf(op.State), *op, nil), true
	case VerdictEnded:
		switch {
		case r.joining && seen.RootVolumeID != "" && seen.RootVolumeID == cmp.Or(r.root, r.before):
			return r.givenUp(op, seen, heldStopped)
		case r.tried != nil && op.Adopted && seen.Status == modelarts.StatusStopped && op.sameRoot(seen):
			return r.givenUp(op, seen, heldStoppedOther)
		}

		return r.compare(ctx, op, seen)
	case VerdictWait:
		return Result{}, false
	default:
		return Result{}, false
	}
}

// givenUp ends a wait for a reinstall of somebody else's after which the server still has the disk that it had before: nothing
// is claimed for it. Nor is a request sent after it, since it may have been one all the same, before a service that gives a new
// disk the name of the old one.
func (r *run) givenUp(op *Operation, seen Observation, held time.Duration) (Result, bool) {
	if seen.Held < held {
		return Result{}, false
	}

	op.end(StateNotStarted, r.server)

	return r.result(OutcomeNotStarted, *op, &UntouchedError{}), true
}

// compare looks once more at a server that came back, and compares it with what was asked for.
func (r *run) compare(ctx context.Context, op *Operation, seen Observation) (Result, bool) {
	r.enter(StageCompare)
	defer func() { r.stage = StageWait }()

	server, err := r.look(ctx)
	if err != nil {
		return Result{}, false
	}

	again := op.observe(server)
	again.Held = seen.Held

	if again.Status != seen.Status || Judge(*op, again) != VerdictEnded {
		return Result{}, false
	}

	differences := op.Differences(server)

	held := heldOther
	if again.Status == modelarts.StatusStopped {
		held = heldStoppedOther
	}

	if len(differences) > 0 && seen.Held < held {
		return Result{}, false // it may be on its way still
	}

	r.server = server
	op.end(op.endState(differences), server)

	result := r.result(outcomeOf(op.State), *op, nil)
	result.Differences = differences

	return result, true
}

// gone ends a run whose server vanished: whatever the reinstall did, there is no result. Whether there was a reinstall
// stays unknown if the answer was lost.
func (r *run) gone(op Operation, err error) Result {
	if op.State == StateUnknown {
		return r.result(OutcomeFailed, op, err)
	}

	op.end(op.failedState(), nil)

	return r.result(outcomeOf(op.State), op, err)
}

// interrupted ends a run whose ctx ended first. If it is not clear whether the request was accepted, one more look is
// taken.
func (r *run) interrupted(ctx context.Context, op Operation) Result {
	err := cause(ctx, r.lastError)

	if op.State == StateUnknown {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
		defer cancel()

		if server, lookErr := r.look(detached); lookErr == nil {
			op.note(op.observe(server))
		}
	}

	if op.State == StateUnknown {
		return r.result(OutcomeUnknown, op, errors.Join(err, r.postError))
	}

	return r.result(OutcomePending, op, err)
}

// outcomeOf is the outcome of a run whose operation has ended in state.
func outcomeOf(state State) Outcome {
	switch state {
	case StateCompleted:
		return OutcomeCompleted
	case StateMismatched:
		return OutcomeMismatched
	case StateNotStarted:
		return OutcomeNotStarted
	case StateFailed:
		return OutcomeFailed
	case StateSubmitted, StateUnknown:
		return OutcomePending
	default:
		return OutcomePending
	}
}

// result ends the run.
func (r *run) result(outcome Outcome, op Operation, err error) Result {
	return Result{Outcome: outcome, Operation: op, Server: r.server, Stage: r.stage, Err: err}
}

// requestID is the request id of an answer; empty where there was none.
func requestID(reply *modelarts.ReinstallReply, err error) string {
	if apiErr, ok := errors.AsType[*modelarts.Error](err); ok {
		return apiErr.RequestID
	}

	if reply != nil {
		return reply.RequestID
	}

	return ""
}
