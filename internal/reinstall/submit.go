package reinstall

import (
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

const (
	// postTimeout bounds the one request that neither an interruption nor the user's timeout cuts off: cutting it off
	// would leave open whether the disk is being erased.
	postTimeout = 2 * time.Minute
	// startTimeout bounds the tries to start a server again, which nothing else cuts off: a server that was stopped for
	// nothing is not to stay so.
	startTimeout = 30 * time.Second
	// restartWait bounds the wait for a server that was started again.
	restartWait = 5 * time.Minute
)

// submit sends the request. It returns false after an answer which proves that it was not processed, and after the time
// to send it again: in that time the server may have changed, so it is to be looked at first. An error means that nothing
// was erased.
func (r *run) submit(ctx context.Context, body *modelarts.ReinstallRequest) (Operation, bool, error) {
	op := newOperation(r.server, body)

	if ctx.Err() != nil {
		return op, false, cause(ctx, r.lastError)
	}

	if r.tried.IsZero() {
		r.tried = op.SubmittedAt
	}

	reply, err := r.post(ctx, body)
	answer, retryAfter := Classify(err)

	switch answer {
	case AnswerAccepted:
		op.accepted(reply)

		return op, true, nil
	case AnswerAmbiguous:
		op.RequestID = requestID(err)
		r.postError = err

		return op, true, nil
	case AnswerNotProcessed:
		r.lastError = err

		if !sleep(ctx, max(retryAfter, interval(time.Since(r.tried), 0))) {
			return op, false, cause(ctx, r.lastError)
		}

		return op, false, nil
	case AnswerRefused:
	}

	return op, false, err
}

// post sends the request that erases the system disk, once.
func (r *run) post(ctx context.Context, body *modelarts.ReinstallRequest) (*modelarts.ReinstallReply, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()

	return r.api.ReinstallServerOS(ctx, r.id, body)
}

// restart starts a server that this run had stopped, as well as it can, and says what became of it.
func (r *run) restart(ctx context.Context) (Power, error) {
	switch status := r.status(); {
	case status == modelarts.StatusStopped:
	case status == modelarts.StatusRunning && r.stop == stopDone:
		return PowerRunning, nil // somebody else was faster
	case status == modelarts.StatusStopping, status == modelarts.StatusRunning && r.stop == stopTaken:
		return PowerStopping, nil
	default:
		return PowerUnclear, nil
	}

	start, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
	defer cancel()

	if err := r.start(start); err != nil {
		return PowerStartRefused, err
	}

	wait, cancelWait := context.WithTimeout(ctx, restartWait)
	defer cancelWait()

	for began := time.Now(); pause(wait, time.Since(began)); {
		if _, err := r.look(wait); err == nil && r.status() == modelarts.StatusRunning {
			return PowerRunning, nil
		}
	}

	return PowerStarting, nil
}

// start asks for the server to be started until it is taken, or plainly refused, or ctx ends. A server that does not
// stand still any more has taken it, whatever the answer was.
func (r *run) start(ctx context.Context) error {
	for began := time.Now(); ; {
		_, err := r.api.StartServer(ctx, r.id)
		if err == nil {
			return nil
		}

		if _, lookErr := r.look(ctx); lookErr == nil && r.status() != modelarts.StatusStopped {
			return nil
		}

		if answer, _ := Classify(err); answer == AnswerRefused || !pause(ctx, time.Since(began)) {
			return err
		}
	}
}
