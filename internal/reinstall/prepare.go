package reinstall

import (
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// prepare brings the server into a status from which it can be reinstalled. Where a reinstall is under way already, it
// returns that one instead.
func (r *run) prepare(ctx context.Context, req *Request) (*Operation, error) {
	r.enter(StageCheck)

	for began := time.Now(); ; {
		server, err := r.patientLook(ctx)

		switch {
		case ctx.Err() != nil:
			return nil, cause(ctx, r.lastError)
		case err != nil && (r.server == nil || modelarts.IsNotFound(err)):
			return nil, err
		case err != nil, r.stale(server), req.stale(server), r.stop != stopNone && server.CurrentStatus() == "":
			// A lost look, or a stale one, or one that shows nothing: look again.
		default:
			joined, ready, err := r.step(ctx, req, server)
			if err != nil || ready || joined != nil {
				return joined, err
			}
		}

		if !pause(ctx, time.Since(began)) {
			return nil, cause(ctx, r.lastError)
		}
	}
}

// step takes the next step towards a legal status, and tells whether there is nothing left to do.
func (r *run) step(ctx context.Context, req *Request, server *modelarts.Server) (*Operation, bool, error) {
	step := Precheck(server.CurrentStatus(), req.StopFirst)

	switch {
	case step == StepSubmit && r.stop != stopNone:
		r.stop = stopDone
	case step == StepStop && r.stop == stopTaken:
		step = StepWait // what still shows RUNNING has not got there yet
	}

	switch step {
	case StepSubmit:
		return nil, true, nil
	case StepStop:
		return nil, false, r.sendStop(ctx)
	case StepJoin:
		op := joined(server, req)

		return &op, false, nil
	case StepWait:
		return nil, false, nil
	case StepRefuse:
		if server.CurrentStatus() == modelarts.StatusRunning {
			return nil, false, &RunningError{}
		}

		return nil, false, &StatusError{Status: server.CurrentStatus()}
	default:
		return nil, false, nil
	}
}

// joined is the operation of a reinstall that is under way on server.
func joined(server *modelarts.Server, req *Request) Operation {
	op := newOperation(server, &req.Body)
	op.State, op.Adopted, op.TransitionSeen = StateSubmitted, true, true

	return op
}

// stale tells whether server is older than what is known of it.
func (req *Request) stale(server *modelarts.Server) bool {
	return server.UpdatedAt() != 0 && server.UpdatedAt() < req.KnownUpdate
}

// stopState is what is known of the stop that a run has sent.
type stopState int

const (
	stopNone    stopState = iota // none was sent, or only ones that had no effect
	stopUnclear                  // the answer was lost: the server may be stopping
	stopTaken                    // the service took it
	stopDone                     // the server was seen in a legal status after it
)

// sendStop asks for the server to be stopped. It may be asked again, so only a plain refusal ends the run; and not even
// that, if the server went its own way in the meantime.
func (r *run) sendStop(ctx context.Context) error {
	if err := r.fleet.heldBack(); err != nil {
		return err
	}

	r.enter(StageStop)

	_, err := r.api.StopServer(ctx, r.id)
	if err == nil {
		r.stop = stopTaken

		return nil
	}

	answer, _ := Classify(err)
	if answer == AnswerAmbiguous {
		r.stop = max(r.stop, stopUnclear)
	}

	if answer != AnswerRefused && !modelarts.IsConflict(err) {
		r.lastError = err

		return nil
	}

	if server, lookErr := r.look(ctx); lookErr == nil && server.CurrentStatus() != modelarts.StatusRunning {
		return nil
	}

	return err
}
