package reinstall

import (
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

const (
	// startTimeout bounds reading a server that was stopped for nothing and starting it again. An interruption does not cut
	// these off, so that the server does not stay stopped, but leaves only hastyStartTimeout for them.
	startTimeout      = 2 * time.Minute
	hastyStartTimeout = 30 * time.Second
	// restartWait bounds the wait until a server that was started again runs.
	restartWait = 5 * time.Minute
)

// Power says what became of a server that a run stopped, if no request was accepted afterwards.
type Power int

// The values of Power.
const (
	PowerUntouched    Power = iota // this run did not stop it
	PowerRunning                   // started again, and seen running
	PowerStarting                  // started again, not yet seen running
	PowerStopping                  // it has not stopped yet, but may, and was not started again
	PowerStartRefused              // it is stopped: the start did not work
	PowerUnclear                   // a stop was sent, and it was neither stopped nor running when last read, or the answer was lost
)

// stopState records the effect of the stop that a run sent, as far as it is known.
type stopState int

const (
	stopNone     stopState = iota // none was sent, or only ones without effect
	stopUnclear                   // the answer was lost, or showed no server: it may be stopping
	stopAccepted                  // the service accepted it
	stopDone                      // the server had a legal status after it
)

// sendStop asks for the server to be stopped. It may be sent again, so only a plain refusal ends the run, and not even
// that if the server is no longer running.
func (r *run) sendStop(ctx context.Context) error {
	if err := r.limiter.tooManyFailures(); err != nil {
		return err
	}

	r.begin(StageStop)

	server, err := r.api.StopServer(ctx, r.req.ServerID)
	answer, _ := Classify(err)

	switch {
	case err == nil && server != nil:
		r.stop = stopAccepted

		return nil
	case err == nil, answer == AnswerAmbiguous:
		r.stop = max(r.stop, stopUnclear)
	}

	r.stopDenied = r.stopDenied || err != nil && answer != AnswerAmbiguous

	if refused := answer == AnswerRefused || modelarts.IsConflict(err) || !mayRenew(err, &r.renewedStop); !refused {
		r.lastError = err

		return nil
	}

	if server, getErr := r.get(ctx); getErr == nil && server.CurrentStatus() != modelarts.StatusRunning {
		return nil
	}

	return err
}

// restart starts a server that this run stopped, as far as possible, and says what became of it. It goes by what the
// server does now, not by what was read before.
func (r *run) restart(ctx context.Context) (Power, error) {
	if r.stop == stopNone {
		return r.untouched(), nil
	}

	r.begin(StageRestart)

	limit := startTimeout
	if ctx.Err() != nil {
		limit = hastyStartTimeout
	}

	start, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()

	server := r.getPower(start)

	switch status := server.CurrentStatus(); {
	case status == modelarts.StatusStopped:
	case status == modelarts.StatusRunning && r.stop == stopDone:
		return PowerRunning, nil // somebody else started it first
	case status == modelarts.StatusStarting:
		return PowerStarting, nil
	case status == modelarts.StatusStopping, status == modelarts.StatusRunning && r.stop == stopAccepted:
		return PowerStopping, nil
	default:
		return PowerUnclear, nil
	}

	if power, err := r.start(start); power != PowerStarting {
		return power, err
	}

	wait, cancelWait := context.WithTimeout(ctx, restartWait)
	defer cancelWait()

	for began := time.Now(); r.pause(wait, time.Since(began)); {
		if _, err := r.get(wait); err == nil && r.status() == modelarts.StatusRunning {
			return PowerRunning, nil
		}
	}

	return PowerStarting, nil
}

// untouched says what became of a server that this run did not stop, as far as it can know.
func (r *run) untouched() Power {
	status := r.status()
	if r.stopDenied && (status == modelarts.StatusStopping || status == modelarts.StatusStopped) {
		return PowerUnclear // it was running when the stop was sent
	}

	return PowerUntouched
}

// getPower reads the server until it shows whether it is stopped, and returns nil if ctx is done first. RUNNING in a
// stale reply is from before the stop, and in one without update_at it may be.
func (r *run) getPower(ctx context.Context) *modelarts.Server {
	for began := time.Now(); ; {
		server, err := r.get(ctx)

		switch {
		case err == nil && (server.CurrentStatus() != modelarts.StatusRunning || server.UpdatedAt() >= r.latestUpdate):
			return server
		case isRefusal(err), !r.pause(ctx, time.Since(began)):
			return nil
		}
	}
}

// start asks for the server to be started until that is accepted, or plainly refused, or ctx is done, and says what
// became of it. A server that starts or runs has accepted it, whatever the answer was. So it is only asked again after
// a reply shows that the server is still stopped.
func (r *run) start(ctx context.Context) (Power, error) {
	for began := time.Now(); ; {
		server, err := r.api.StartServer(ctx, r.req.ServerID)
		if err == nil && server != nil {
			return PowerStarting, nil
		}

		answer, _ := Classify(err)
		refused := answer == AnswerRefused

		status, seen := r.getAfterStart(ctx)
		for !refused && !seen && r.pause(ctx, time.Since(began)) {
			status, seen = r.getAfterStart(ctx)
		}

		switch {
		case seen && status != modelarts.StatusStopped:
			return PowerStarting, nil
		case refused && !seen && status != "":
			return PowerUnclear, err // it is in some other transition
		case refused:
			return PowerStartRefused, err
		case !seen:
			return PowerUnclear, nil
		case r.pause(ctx, time.Since(began)):
		case err != nil:
			return PowerStartRefused, err
		default:
			return PowerUnclear, nil
		}
	}
}

// getAfterStart reads the server, and reports whether the reply shows that it was started, or was not. A reply that
// seems older than others may only lag behind one that was ahead; but RUNNING in it may be from before the stop.
func (r *run) getAfterStart(ctx context.Context) (modelarts.Status, bool) {
	server, err := r.get(ctx)
	if err != nil {
		return "", false
	}

	switch status := server.CurrentStatus(); status {
	case modelarts.StatusStopped, modelarts.StatusStarting:
		return status, true
	case modelarts.StatusRunning:
		return status, !r.olderThanSeen(server)
	default:
		return status, false
	}
}
