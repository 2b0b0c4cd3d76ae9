package reinstall

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

const (
	// postTimeout bounds the request itself. Neither an interruption nor the user's timeout cuts it off: that would
	// leave open whether the disk is being erased.
	postTimeout = 2 * time.Minute
	// overtakingTimeout bounds the search for a reinstall that overtook a request which was refused.
	overtakingTimeout = 2 * time.Minute
	// lastGetTimeout bounds the reads after an interruption, to learn whether a request was accepted or overtaken.
	lastGetTimeout = 10 * time.Second
	// longestBackoff limits the wait of a server that was stopped for a request when the service asks for time.
	longestBackoff = time.Minute
)

// next says what follows a request.
type next int

const (
	nextRefuse   next = iota // nothing: the service refused it
	nextTryAgain             // prepare the server, and send it again: it was not processed
	nextAwait                // wait for its end, or for a sign of it
	nextAdopt                // wait for a reinstall that overtook it
)

// submit sends the request, and says what follows. If the answer proves that it was not processed, submit returns only
// when it is time to send it again: the server may have changed in the meantime, so it has to be prepared again.
func (r *run) submit(ctx context.Context) (Operation, next, error) {
	op := newOperation(r.server, &r.req.Body)
	op.Baseline.RootVolumeID = cmp.Or(op.Baseline.RootVolumeID, r.firstRoot)

	if ctx.Err() != nil {
		return op, nextRefuse, cause(ctx, r.lastError)
	}

	if err := r.beginRecord(ctx, op); errors.Is(err, ErrJournalChanged) {
		return r.afterOther(op)
	} else if err != nil {
		return op, nextRefuse, err
	}

	if r.firstSent == nil {
		first := op
		r.firstSent = &first
	} else {
		r.sentAgain = true
	}

	if op.Baseline.RootVolumeID != "" {
		r.permittedRoot = op.Baseline.RootVolumeID
	}

	reply, err := r.post(ctx)
	answer, retryAfter := ClassifyReply(reply, err)

	switch answer {
	case AnswerAccepted:
		op.accepted(reply)
		r.noteAnswer(ctx, op)

		return op, nextAwait, nil
	case AnswerAmbiguous:
		op.RequestID = requestID(reply, err)
		r.postError = cmp.Or(err, ErrNoServer)
		r.noteAnswer(ctx, op)

		return op, nextAwait, nil
	case AnswerNotProcessed:
		r.lastError, r.postError = err, err

		if !mayRenew(err, &r.renewedPost) {
			return r.refused(ctx, op, err)
		}

		if !r.backOff(ctx, retryAfter) {
			return r.refused(ctx, op, cause(ctx, r.lastError))
		}

		return op, nextTryAgain, nil
	case AnswerRefused:
		return r.refused(ctx, op, err)
	default:
		return op, nextRefuse, err
	}
}

// afterOther says what follows if another process has begun to reinstall the server since this run read the journal.
func (r *run) afterOther(op Operation) (Operation, next, error) {
	other, err := r.joinOther()

	switch {
	case err != nil:
		return op, nextRefuse, err
	case other == nil:
		return op, nextTryAgain, nil
	default:
		return *other, nextAdopt, nil
	}
}

// post sends the request that erases the system disk, once.
func (r *run) post(ctx context.Context) (*modelarts.ReinstallReply, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()

	return r.api.ReinstallServerOS(ctx, r.req.ServerID, &r.req.Body)
}

// backOff waits until the request may be sent again, and reports whether ctx is still alive. If a server was stopped
// for it, it does not wait for as long as a busy service may ask.
func (r *run) backOff(ctx context.Context, retryAfter time.Duration) bool {
	if r.stop != stopNone {
		retryAfter = min(retryAfter, longestBackoff)
	}

	return r.sleep(ctx, max(retryAfter, interval(time.Since(r.firstSent.SubmittedAt), 0)))
}

// refused says what follows a request that the service refused, or for which no time is left.
func (r *run) refused(ctx context.Context, op Operation, err error) (Operation, next, error) {
	adopted := r.findOvertaking(ctx)
	if adopted == nil {
		op.State = StateNotStarted
		r.noteAnswer(ctx, op)

		return op, nextRefuse, err
	}

	r.noteAnswer(ctx, *adopted)
	r.postError, adopted.RequestID = err, requestID(nil, err)

	if !adopted.Adopted {
		return *adopted, nextAwait, nil
	}

	return *adopted, nextAdopt, nil
}

// mayRenew reports whether a request that was answered with err may be sent again. If it was refused for its credentials, it
// may once.
func mayRenew(err error, renewed *bool) bool {
	if !modelarts.IsUnauthorized(err) {
		return true
	}

	first := !*renewed
	*renewed = true

	return first
}

// requestID returns the request id of an answer, empty if there was none.
func requestID(reply *modelarts.ReinstallReply, err error) string {
	if apiErr, ok := errors.AsType[*modelarts.Error](err); ok {
		return apiErr.RequestID
	}

	if reply != nil {
		return reply.RequestID
	}

	return ""
}
