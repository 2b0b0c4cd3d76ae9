package reinstall

import (
	"cmp"
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

const (
	// postTimeout bounds the one request that neither an interruption nor the user's timeout cuts off: cutting it off
	// would leave open whether the disk is being erased.
	postTimeout = 2 * time.Minute
	// startTimeout bounds the looks at a server that was stopped for nothing and the tries to start it again, which nothing
	// else cuts off: it is not to stay so. hastyStart does so after an interruption.
	startTimeout = 2 * time.Minute
	hastyStart   = 30 * time.Second
	// restartWait bounds the wait for a server that was started again.
	restartWait = 5 * time.Minute
	// signTimeout bounds the looks for a reinstall that was quicker than a request which was refused.
	signTimeout = 2 * time.Minute
	// longestBackoff is the longest that a server which was stopped for a request stands still because the service asks for
	// time.
	longestBackoff = time.Minute
)

// next is what follows on a request.
type next int

const (
	nextRefuse   next = iota // nothing: the service has refused it
	nextTryAgain             // look at the server, and send it again: it was not processed
	nextAwait                // wait for its end, or for a sign of it
	nextJoin                 // wait for a reinstall that was quicker
)

// submit sends the request, and says what follows. After an answer which proves that it was not processed, it returns
// only once it is time to send it again: in that time the server may have changed, so it is to be looked at first.
func (r *run) submit(ctx context.Context) (Operation, next, error) {
	op := newOperation(r.server, &r.req.Body)
	op.Baseline.RootVolumeID = cmp.Or(op.Baseline.RootVolumeID, r.before)

	if ctx.Err() != nil {
		return op, nextRefuse, cause(ctx, r.lastError)
	}

	if r.tried == nil {
		first := op
		r.tried = &first
	} else {
		r.again = true
	}

	if op.Baseline.RootVolumeID != "" {
		r.root = op.Baseline.RootVolumeID
	}

	reply, err := r.post(ctx)
	answer, retryAfter := ClassifyReply(reply, err)

	switch answer {
	case AnswerAccepted:
		op.accepted(reply)

		return op, nextAwait, nil
	case AnswerAmbiguous:
		op.RequestID = requestID(reply, err)
		r.postError = cmp.Or(err, ErrNoServer)

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

// backOff waits until the request may be sent again, and reports whether it may. A server that was stopped for it does not
// stand still for as long as a busy service may ask for.
func (r *run) backOff(ctx context.Context, retryAfter time.Duration) bool {
	if r.stop != stopNone {
		retryAfter = min(retryAfter, longestBackoff)
	}

	return sleep(ctx, max(retryAfter, interval(time.Since(r.tried.SubmittedAt), 0)))
}

// refused says what follows on a request that the service has refused, or for which no time is left.
func (r *run) refused(ctx context.Context, op Operation, err error) (Operation, next, error) {
	joined := r.lookForQuicker(ctx)
	if joined == nil {
		return op, nextRefuse, err
	}

	r.postError, joined.RequestID = err, requestID(nil, err)

	if !joined.Adopted {
		return *joined, nextAwait, nil
	}

	return *joined, nextJoin, nil
}

// lookForQuicker reads the server again after a request to it was refused, and returns the reinstall that was quicker: one
// that is in progress, or has changed the system disk by now. It is somebody else's, or the service was wrong. A read that
// fails is repeated for a while, and so is one that shows nothing after a request that was sent twice.
func (r *run) lookForQuicker(ctx context.Context) *Operation {
	if r.tried == nil {
		return nil
	}

	limit := signTimeout
	if ctx.Err() != nil {
		limit = lastLook
	}

	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()

	for began := time.Now(); ; {
		server, err := r.look(detached)
		if err == nil && !r.stale(server) {
			if op := r.overtaking(server); op != nil {
				return op
			}
		}

		switch {
		case err == nil && (!r.again || time.Since(began) >= heldOther), isRefusal(err):
			return nil
		case !pause(detached, time.Since(began)):
			return nil
		}
	}
}

// post sends the request that erases the system disk, once.
func (r *run) post(ctx context.Context) (*modelarts.ReinstallReply, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()

	return r.api.ReinstallServerOS(ctx, r.req.ServerID, &r.req.Body)
}

// restart starts a server that this run had stopped, as well as it can, and says what became of it. What the server is
// doing now decides, and not what it was doing when it was last seen.
func (r *run) restart(ctx context.Context) (Power, error) {
	if r.stop == stopNone {
		return r.untouched(), nil
	}

	limit := startTimeout
	if ctx.Err() != nil {
		limit = hastyStart
	}

	start, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()

	server := r.lookForPower(start)

	switch status := server.CurrentStatus(); {
	case status == modelarts.StatusStopped:
	case status == modelarts.StatusRunning && r.stop == stopDone:
		return PowerRunning, nil // somebody else was faster
	case status == modelarts.StatusStarting:
		return PowerStarting, nil
	case status == modelarts.StatusStopping, status == modelarts.StatusRunning && r.stop == stopTaken:
		return PowerStopping, nil
	default:
		return PowerUnclear, nil
	}

	if power, err := r.start(start); power != PowerStarting {
		return power, err
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

// untouched says what became of a server that this run has not stopped, as far as anybody can see.
func (r *run) untouched() Power {
	status := r.status()
	if r.denied && (status == modelarts.StatusStopping || status == modelarts.StatusStopped) {
		return PowerUnclear // it ran when a stop was sent to it
	}

	return PowerUntouched
}

// lookForPower looks until it has seen whether the server stands still, and returns nil if ctx ends first. RUNNING in a
// stale reply is from before the stop, and in one without update_at it may be.
func (r *run) lookForPower(ctx context.Context) *modelarts.Server {
	for began := time.Now(); ; {
		server, err := r.look(ctx)

		switch {
		case err == nil && (server.CurrentStatus() != modelarts.StatusRunning || server.UpdatedAt() >= r.latest):
			return server
		case isRefusal(err), !pause(ctx, time.Since(began)):
			return nil
		}
	}
}

// isRefusal reports whether err is the service's answer to a read that it will give again: it does not know the server, or
// the credentials do not suffice.
func isRefusal(err error) bool {
	answer, _ := Classify(err)

	return err != nil && (answer == AnswerRefused || modelarts.IsUnauthorized(err))
}

// start asks for the server to be started until that is accepted, or plainly refused, or ctx ends, and says what became of
// it. A server that starts or runs has accepted it, whatever the answer was; so it is asked again only once a look shows
// that it still stands still.
func (r *run) start(ctx context.Context) (Power, error) {
	for began := time.Now(); ; {
		server, err := r.api.StartServer(ctx, r.req.ServerID)
		if err == nil && server != nil {
			return PowerStarting, nil
		}

		answer, _ := Classify(err)
		refused := answer == AnswerRefused

		status, seen := r.startShows(ctx)
		for !refused && !seen && pause(ctx, time.Since(began)) {
			status, seen = r.startShows(ctx)
		}

		switch {
		case seen && status != modelarts.StatusStopped:
			return PowerStarting, nil
		case refused && !seen && status != "":
			return PowerUnclear, err // it goes its own way
		case refused:
			return PowerStartRefused, err
		case !seen:
			return PowerUnclear, nil
		case pause(ctx, time.Since(began)):
		case err != nil:
			return PowerStartRefused, err
		default:
			return PowerUnclear, nil
		}
	}
}

// startShows takes a look, and reports whether it shows that the server was started, or was not. A reply that seems older
// than others may only be behind one that was ahead; but RUNNING in it may be from before the stop.
func (r *run) startShows(ctx context.Context) (modelarts.Status, bool) {
	server, err := r.look(ctx)
	if err != nil {
		return "", false
	}

	switch status := server.CurrentStatus(); status {
	case modelarts.StatusStopped, modelarts.StatusStarting:
		return status, true
	case modelarts.StatusRunning:
		return status, !r.stale(server)
	default:
		return status, false
	}
}
