package reinstall

import (
	"cmp"
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// run is the reinstall of one server. Its methods call each other in this order:
//
//   - resumeAndReinstall waits for the operation that was open, and then reinstalls;
//   - reinstall gets one request through, and waits for those of others on the way;
//   - attempt does so within the timeout, and starts the server again if nothing came of it;
//   - prepareAndSubmit brings the server into a legal status, sends the request, and awaits its end.
type run struct {
	api      API
	limiter  *limiter
	records  Records
	req      *Request
	timeLeft time.Duration // of the timeout, which does not run while the run queues for a slot
	resumed  time.Time     // when the timeout last began to run; zero while it does not
	queuedAt time.Time     // when the run last began to queue

	stage           Stage
	reported        Progress          // what Progress was last called with
	reportedAt      time.Time         // and when
	server          *modelarts.Server // the newest that was read
	latestUpdate    int64             // latest update_at that was read, epoch milliseconds; an older reply is stale
	image           *modelarts.Image  // the image that is asked for; nil if it was not found
	imageSought     bool              // it was searched for
	permittedRoot   string            // the system disk that may be erased; empty: any
	firstRoot       string            // the system disk that was shown first, before any wait
	lastRoot        string            // the system disk that was shown last
	lastError       error             // of the last read, nil if it showed the server
	postError       error             // of a request that may have been accepted
	stop            stopState         // what is known of the stop that this run sent
	stopDenied      bool              // a stop was answered as if it had not been processed
	firstSent       *Operation        // the record of the first request that was sent; nil: none was
	sentAgain       bool              // the request was sent more than once
	olderReplies    persistence       // of replies that are older than what is known
	rootlessReplies persistence       // of replies that leave out the system disk

	record     *Record    // what the journal has about the server; nil: nothing
	began      bool       // this run has begun it
	displaced  *Record    // the pending record that it replaced; nil: there was none
	earlier    *Operation // the request of an earlier run that was taken up; nil: none was
	journalErr error      // the first error of the journal

	renewedStop, renewedPost bool // they were sent again with new credentials

	adopting      bool // it waits for a reinstall that it did not ask for
	sawTransition bool // it has seen a reinstall in progress
	joined        bool // it has seen the server get another system disk
	holdsSlot     bool // it has one of the limiter's slots
}

// newRun returns a run that has not begun.
func newRun(e *Engine, req *Request) *run {
	return &run{api: e.api, limiter: e.limiter, records: e.records, req: req, timeLeft: req.Timeout, permittedRoot: req.RootVolumeID}
}

// resumeAndReinstall waits for the operation that is open, if there is one, and then reinstalls the server unless the
// request only waits. A request in the journal that followed that operation has waited for it already.
func (r *run) resumeAndReinstall(ctx context.Context) Result {
	if err := r.readJournal(); err != nil {
		return r.result(OutcomeRefused, Operation{}, err)
	}

	if r.req.Open == nil || r.record.pending(r.req.Open) && r.record.follows(r.req.Open) {
		return r.takeUpOrReinstall(ctx)
	}

	waited := r.awaitInTime(ctx, *r.req.Open)
	waited.Resumed = true

	if r.req.WaitOnly || waited.Operation.State.Open() {
		return waited
	}

	// If it had already ended, nobody knows which disk it left, unless that is the one from before it.
	if shown := waited.Server.RootVolumeID(); !r.sawTransition && (shown == "" || shown != waited.Operation.Baseline.RootVolumeID) {
		result := r.result(OutcomeRefused, Operation{}, &EndedError{})
		result.Waited = &waited

		return result
	}

	r.permittedRoot = cmp.Or(waited.Server.RootVolumeID(), r.lastRoot, waited.Operation.Baseline.RootVolumeID)
	result := r.takeUpOrReinstall(ctx)
	result.Waited = &waited

	return result
}

// reinstall takes the server through a reinstall. It gives up its slot to wait for one that is already in progress. Once a
// request was sent, a reinstall that is adopted may be that very request, and no other request follows. Nor does one if the
// disk that may be erased was named: it is another one by then, perhaps by the same plan.
func (r *run) reinstall(ctx context.Context) Result {
	adopted := r.adoptBeforeQueue(ctx)

	for {
		if adopted != nil {
			r.joined = true
			r.releaseSlot()
			r.stop = stopNone // the power state after that reinstall is not this run's doing

			r.adopting = r.firstSent == nil
			result := r.awaitInTime(ctx, *adopted)
			r.adopting = false

			if result.Outcome != OutcomeNotStarted || r.firstSent != nil || result.Err != nil || r.permittedRoot != "" {
				return result
			}

			r.permittedRoot = cmp.Or(result.Server.RootVolumeID(), r.lastRoot)
			r.firstRoot = r.permittedRoot
		}

		if err := r.acquireSlot(ctx); err != nil {
			return r.result(OutcomeRefused, Operation{}, err)
		}

		var result Result
		if result, adopted = r.attempt(ctx); adopted == nil {
			return result
		}
	}
}

// attempt tries to reinstall the server in the time that is left. If nothing came of it, it starts a server again that was
// stopped for it. If it finds a reinstall to adopt, it returns that one instead.
func (r *run) attempt(ctx context.Context) (result Result, adopted *Operation) {
	r.inTime(ctx, func(ctx context.Context) {
		result, adopted = r.prepareAndSubmit(ctx)

		if adopted == nil && !result.Outcome.Sent() && !result.Operation.Adopted {
			result.Power, result.PowerErr = r.restart(ctx)
			result.Server = r.server
		}
	})

	return result, adopted
}

// prepareAndSubmit prepares the server, sends the request, and awaits its end, until the request is accepted, refused
// or lost. If it finds a reinstall to adopt, it returns that one instead.
func (r *run) prepareAndSubmit(ctx context.Context) (Result, *Operation) {
	for {
		other, err := r.prepare(ctx)
		if err != nil {
			other = r.findOvertaking(ctx)
		}

		switch {
		case other != nil && !other.Adopted:
			return r.await(ctx, *other), nil
		case other != nil:
			return Result{}, other
		case err != nil:
			return r.result(OutcomeRefused, Operation{}, err), nil
		}

		if err := r.limiter.tooManyFailures(); err != nil {
			return r.result(OutcomeRefused, Operation{}, err), nil
		}

		r.begin(StageSubmit)

		switch op, next, err := r.submit(ctx); next {
		case nextRefuse:
			return r.result(OutcomeRefused, Operation{}, err), nil
		case nextAdopt:
			return Result{}, &op
		case nextAwait:
			return r.await(ctx, op), nil
		case nextTryAgain:
		}
	}
}

// inTime does work in the time that is left.
func (r *run) inTime(ctx context.Context, work func(context.Context)) {
	r.resumed = time.Now()

	ctx, cancel := context.WithTimeoutCause(ctx, r.timeLeft, ErrTimedOut)
	defer cancel()

	work(ctx)

	r.timeLeft -= time.Since(r.resumed)
	r.resumed = time.Time{}
}

// awaitInTime waits for the end of op in the time that is left.
func (r *run) awaitInTime(ctx context.Context, op Operation) (result Result) {
	r.inTime(ctx, func(ctx context.Context) { result = r.await(ctx, op) })

	return result
}

// status returns the status as last read.
func (r *run) status() modelarts.Status { return r.server.CurrentStatus() }

// result returns the result of the run if it ended now.
func (r *run) result(outcome Outcome, op Operation, err error) Result {
	return Result{Outcome: outcome, Operation: op, Server: r.server, Stage: r.stage, Err: err}
}
