package reinstall

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// await reads the server until op has ended, or ctx is done.
func (r *run) await(ctx context.Context, op Operation) Result {
	r.begin(StageWait)

	for stable := (stability{}); ; {
		server, err := r.get(ctx)

		switch {
		case err == nil, modelarts.IsNotFound(err):
			seen := op.observe(server)
			seen.NotFound = err != nil

			if result, done := r.judge(ctx, &op, stable.observe(&op, seen), server); done {
				return result
			}
		default:
			stable = stability{} // nobody knows what it was in the meantime
		}

		if !r.pause(ctx, time.Since(op.SubmittedAt)) {
			return r.interrupted(ctx, op)
		}
	}
}

// judge takes in one reply, and reports whether it ends the run. server is nil if the service does not know it.
func (r *run) judge(ctx context.Context, op *Operation, seen Observation, server *modelarts.Server) (Result, bool) {
	op.note(seen)

	if inProgress(seen.Status) && !op.supersedes(seen) {
		r.sawTransition = true
	}

	if server != nil && !op.supersedes(seen) {
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
		case r.adopting && seen.RootVolumeID != "" && seen.RootVolumeID == cmp.Or(r.permittedRoot, r.firstRoot):
			return r.giveUp(op, seen, stableStopped)
		case r.firstSent != nil && op.Adopted && seen.Status == modelarts.StatusStopped && op.sameRoot(seen):
			return r.giveUp(op, seen, stableStoppedOther)
		}

		return r.compare(ctx, op, seen)
	case VerdictWait:
		return Result{}, false
	default:
		return Result{}, false
	}
}

// giveUp ends the wait for somebody else's reinstall after which the server still has the disk that it had before, once
// that has been so for long enough: nothing is claimed for such a reinstall. No request is sent after it either, since
// it may have happened after all, if the service gives a new disk the id of the old one.
func (r *run) giveUp(op *Operation, seen Observation, needed time.Duration) (Result, bool) {
	if seen.StableFor < needed {
		return Result{}, false
	}

	op.end(StateNotStarted, r.server)

	return r.result(OutcomeNotStarted, *op, &UntouchedError{}), true
}

// compare reads a server that came back once more, and compares it with what was asked for.
func (r *run) compare(ctx context.Context, op *Operation, seen Observation) (Result, bool) {
	r.begin(StageCompare)
	defer func() { r.stage = StageWait }()

	server, err := r.get(ctx)
	if err != nil {
		return Result{}, false
	}

	again := op.observe(server)
	again.StableFor = seen.StableFor

	if again.Status != seen.Status || Judge(*op, again) != VerdictEnded {
		return Result{}, false
	}

	differences := op.Differences(server)

	needed := stableOther
	if again.Status == modelarts.StatusStopped {
		needed = stableStoppedOther
	}

	if len(differences) > 0 && seen.StableFor < needed {
		return Result{}, false // the reply may still lag behind
	}

	r.server = server
	op.end(op.endState(differences), server)

	result := r.result(outcomeOf(op.State), *op, nil)
	result.Differences = differences

	return result, true
}

// gone ends a run whose server vanished: whatever the reinstall did, there is no result. If the answer to the request
// was lost, it remains unknown whether there was a reinstall.
func (r *run) gone(op Operation, err error) Result {
	if op.State == StateUnknown {
		return r.result(OutcomeFailed, op, err)
	}

	op.end(op.failedState(), nil)

	return r.result(outcomeOf(op.State), op, err)
}

// interrupted ends a run whose ctx was done first. If it is not clear whether the request was accepted, it reads the
// server once more.
func (r *run) interrupted(ctx context.Context, op Operation) Result {
	err := cause(ctx, r.lastError)

	if op.State == StateUnknown {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastGetTimeout)
		defer cancel()

		if server, getErr := r.get(detached); getErr == nil {
			op.note(op.observe(server))
		}
	}

	if op.State == StateUnknown {
		return r.result(OutcomeUnknown, op, errors.Join(err, r.postError))
	}

	return r.result(OutcomePending, op, err)
}

// outcomeOf returns the outcome of a run whose operation ended in state.
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
