package reinstall

import (
	"cmp"
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// prepare brings the server into a status from which it can be reinstalled. Where a reinstall is in progress already, it
// returns that one instead.
func (r *run) prepare(ctx context.Context) (*Operation, error) {
	r.enter(StageCheck)

	for began := time.Now(); ; {
		server, err := r.patientLook(ctx)

		switch {
		case ctx.Err() != nil:
			return nil, cause(ctx, r.lastError)
		case err != nil && (r.server == nil || modelarts.IsNotFound(err)):
			return nil, err
		case err != nil, !r.believable(server), r.stop != stopNone && server.CurrentStatus() == "":
			// A lost look, or one that shows nothing, or not what is so now: look again.
		default:
			joined, ready, err := r.step(ctx, server)
			if err != nil || ready || joined != nil {
				return joined, err
			}
		}

		if !pause(ctx, time.Since(began)) {
			return nil, cause(ctx, r.lastError)
		}
	}
}

// believable reports whether server shows what is so now: it is no stale reply, and shows the system disk if others have.
// What every reply lacks in the end is believed all the same: a single one was ahead of the others, or had more in it.
func (r *run) believable(server *modelarts.Server) bool {
	if r.behind.shorter(r.stale(server) || r.req.stale(server), freshAfter) {
		return false
	}

	if r.stale(server) || r.req.stale(server) {
		r.server, r.latest, r.req.KnownUpdate = server, server.UpdatedAt(), 0
	}

	patience := time.Second // one look more, since a service may show no system disk at all
	if r.root != "" {
		patience = heldUnchanged
	}

	return !r.bare.shorter(server.RootVolumeID() == "", patience)
}

// step takes the next step towards a legal status, and reports whether there is nothing left to do.
func (r *run) step(ctx context.Context, server *modelarts.Server) (*Operation, bool, error) {
	if op := r.overtaking(server); op != nil {
		return op, false, nil
	}

	step := Precheck(server.CurrentStatus(), r.req.StopFirst)

	switch {
	case step == StepSubmit && r.stop != stopNone:
		r.stop = stopDone
	case step == StepStop && r.stop == stopTaken:
		step = StepWait // what still shows RUNNING has not got there yet
	}

	if step == StepSubmit || step == StepStop {
		if err := r.permitted(server); err != nil {
			return nil, false, err
		}
	}

	switch step {
	case StepSubmit:
		return nil, true, nil
	case StepStop:
		return nil, false, r.sendStop(ctx)
	case StepJoin:
		op := r.joined(server)

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

// permitted returns an error for a server that is not the one that was to be erased: its system disk is another one, or
// it needs no reinstall any longer.
func (r *run) permitted(server *modelarts.Server) error {
	if shown := server.RootVolumeID(); r.root != "" && shown != "" && shown != r.root {
		return &OtherDiskError{Planned: r.root, Found: shown}
	}

	if r.req.Pointless != nil && r.req.Pointless(server) {
		return &PointlessError{}
	}

	return nil
}

// overtaking returns the reinstall that server shows to have taken place after a request of this run that the service said it
// had not processed: by somebody else, or by that request, if the service was wrong. A failed status alone may be passing, so
// that request is open again.
func (r *run) overtaking(server *modelarts.Server) *Operation {
	if r.tried == nil {
		return nil
	}

	status := server.CurrentStatus()

	switch {
	case inProgress(status), r.tried.newRoot(r.tried.observe(server)):
		op := r.joined(server)

		return &op
	case status == modelarts.StatusReinstallingOSFailed && status != r.tried.Baseline.Status:
		op := *r.tried

		return &op
	default:
		return nil
	}
}

// joined is the operation of a reinstall that is in progress on server, or that has overtaken a request of this run. Its
// baseline has the system disk from before it, where that is known: the one that is shown by now may be the new one.
func (r *run) joined(server *modelarts.Server) Operation {
	op := newOperation(server, &r.req.Body)
	op.Baseline.RootVolumeID = cmp.Or(r.root, r.before, op.Baseline.RootVolumeID)

	if r.tried != nil {
		op = *r.tried
	}

	op.adopt(server)

	return op
}

// stale reports whether server is older than what is known of it.
func (req *Request) stale(server *modelarts.Server) bool {
	return server.UpdatedAt() != 0 && server.UpdatedAt() < req.KnownUpdate
}

// stopState is what is known of the stop that a run has sent.
type stopState int

const (
	stopNone    stopState = iota // none was sent, or only ones that had no effect
	stopUnclear                  // the answer was lost, or showed no server: it may be stopping
	stopTaken                    // the service accepted it
	stopDone                     // the server was seen in a legal status after it
)

// sendStop asks for the server to be stopped. It may be asked again, so only a plain refusal ends the run; and not even
// that, if the server went its own way in the meantime.
func (r *run) sendStop(ctx context.Context) error {
	if err := r.fleet.heldBack(); err != nil {
		return err
	}

	r.enter(StageStop)

	server, err := r.api.StopServer(ctx, r.req.ServerID)
	answer, _ := Classify(err)

	switch {
	case err == nil && server != nil:
		r.stop = stopTaken

		return nil
	case err == nil, answer == AnswerAmbiguous:
		r.stop = max(r.stop, stopUnclear)
	}

	r.denied = r.denied || err != nil && answer != AnswerAmbiguous

	if refused := answer == AnswerRefused || modelarts.IsConflict(err) || !mayRenew(err, &r.renewedStop); !refused {
		r.lastError = err

		return nil
	}

	if server, lookErr := r.look(ctx); lookErr == nil && server.CurrentStatus() != modelarts.StatusRunning {
		return nil
	}

	return err
}

// mayRenew reports whether a request that was answered with err may be sent again. One that was refused for its
// credentials may, once, if there are new ones.
func mayRenew(err error, renewed *bool) bool {
	if !modelarts.IsUnauthorized(err) {
		return true
	}

	first := !*renewed
	*renewed = true

	return first
}
