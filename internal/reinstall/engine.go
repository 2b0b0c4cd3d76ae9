// Package reinstall is the engine: it takes one reinstall of a DevServer's OS from the first look at the server to the
// proof that it took place. It is the only caller of the request that erases a system disk.
//
// Policy is in pure functions: Precheck (may it be sent), Classify (what does the answer mean), Judge (what does a look
// at the server prove) and Differences (is it what was asked for). The loops around them hold none.
package reinstall

import (
	"cmp"
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// API is what the engine needs of the service.
type API interface {
	GetServer(ctx context.Context, id string) (*modelarts.Server, error)
	// StartServer and StopServer return nil where the answer was a success and showed no server.
	StartServer(ctx context.Context, id string) (*modelarts.Server, error)
	StopServer(ctx context.Context, id string) (*modelarts.Server, error)
	ReinstallServerOS(
		ctx context.Context, id string, body *modelarts.ReinstallRequest,
	) (*modelarts.ReinstallReply, error)
}

// Engine reinstalls servers. It sends at most one accepted request per server id in its lifetime. It is safe for
// concurrent use.
type Engine struct {
	api    API
	fleet  *fleet
	claims claims
}

// New returns an engine that works through api, within limits.
func New(api API, limits Limits) *Engine { return &Engine{api: api, fleet: newFleet(limits)} }

// Request asks for one reinstall, or for the end of an earlier one, or for both.
type Request struct {
	ServerID string
	Body     modelarts.ReinstallRequest
	// Open is an operation that an earlier run left open: its end is waited for first. Nil: there is none.
	Open *Operation
	// WaitOnly asks for the end of Open and for nothing else: no request is sent.
	WaitOnly bool
	// RootVolumeID is the system disk that may be erased. A server that shows another one is refused. Empty: any.
	RootVolumeID string
	// Pointless reports whether the server as it is now no longer needs a reinstall; such a server is refused. It is asked
	// before the server is stopped, and before the request is sent. Nil: it always needs one.
	Pointless func(*modelarts.Server) bool
	// StopFirst has a running server stopped first; otherwise it is refused.
	StopFirst bool
	// KnownUpdate is the latest update_at that is known of the server, epoch milliseconds; a reply that shows an older
	// one is stale. 0: none is known.
	KnownUpdate int64
	// Timeout covers stop, call and all waits. It stands still while the fleet's limit keeps the server waiting.
	Timeout time.Duration
	// Progress is called with every step and every change of status. It may be nil.
	Progress func(Progress)
}

// Progress is what a run is doing.
type Progress struct {
	ServerID string
	Stage    Stage
	Status   modelarts.Status // as last seen
	Elapsed  time.Duration    // since the run began
}

// Stage is how far a run has come.
type Stage int

// The stages, in their order.
const (
	StageCheck   Stage = iota // looking at the server, before anything was sent
	StageStop                 // stopping it
	StageSubmit               // sending the request
	StageWait                 // waiting for its end
	StageCompare              // comparing image and key pair
	StageEnd                  // the outcome is known
)

// String returns the stage in words that fit after "while".
func (s Stage) String() string {
	switch s {
	case StageCheck:
		return "checking the server"
	case StageStop:
		return "stopping the server"
	case StageSubmit:
		return "sending the reinstall request"
	case StageWait:
		return "waiting for the reinstall to end"
	case StageCompare:
		return "comparing the result"
	case StageEnd:
		return "ending"
	default:
		return "working"
	}
}

// Run reinstalls one server: it waits for the operation that is open, looks at the server, stops it if it has to and may,
// sends the request once, waits for its end and compares the result. Where a reinstall is in progress already, it waits
// for that one and keeps its result if it is what was asked for. It returns when the outcome is known, the timeout has
// expired, or ctx ends; the request itself is not cut off by either.
func (e *Engine) Run(ctx context.Context, req Request) Result {
	if !req.WaitOnly && !e.claims.take(req.ServerID) {
		return Result{Outcome: OutcomeRefused, Err: &DuplicateError{ServerID: req.ServerID}}
	}

	r := newRun(e, &req)
	defer r.leave()

	result := r.open(ctx)
	e.fleet.count(&result) // before the slot goes to the next server
	r.enter(StageEnd)

	if !req.WaitOnly && result.Outcome == OutcomeRefused {
		e.claims.release(req.ServerID)
	}

	return result
}

// run is one server on its way.
type run struct {
	api   API
	fleet *fleet
	req   *Request
	began time.Time
	left  time.Duration // of the timeout; it stands still while the run queues

	stage     Stage
	server    *modelarts.Server // the newest that was seen
	latest    int64             // latest update_at that was seen, epoch milliseconds; what is older is a stale reply
	root      string            // the system disk that may be erased; empty: any
	before    string            // the system disk that was shown first, before any wait
	lastRoot  string            // the system disk that was shown last
	lastError error             // of the last look, nil if it showed the server
	postError error             // of a request that may have been accepted
	stop      stopState         // what is known of the stop that this run has sent
	denied    bool              // a stop was answered as if it had not been processed
	tried     *Operation        // as the first request went out; nil: none did
	again     bool              // the request has gone out more than once
	behind    persistence       // of looks that are older than others
	bare      persistence       // of looks that leave out the system disk

	renewedStop, renewedPost bool // they were sent again with new credentials

	joining bool // it waits for a reinstall that it has not asked for
	met     bool // it has seen a reinstall in progress
	entered bool // it has one of the fleet's slots
}

// newRun begins a run now.
func newRun(e *Engine, req *Request) *run {
	return &run{api: e.api, fleet: e.fleet, req: req, began: time.Now(), left: req.Timeout, root: req.RootVolumeID}
}

// within does work in the time that is left.
func (r *run) within(ctx context.Context, work func(context.Context)) {
	began := time.Now()

	ctx, cancel := context.WithTimeoutCause(ctx, r.left, ErrTimedOut)
	defer cancel()

	work(ctx)

	r.left -= time.Since(began)
}

// open waits for the operation that is open, if there is one, and then goes on to the request, if that is wanted.
func (r *run) open(ctx context.Context) Result {
	if r.req.Open == nil {
		return r.request(ctx)
	}

	waited := r.awaitWithin(ctx, *r.req.Open)
	waited.Resumed = true

	if r.req.WaitOnly || waited.Operation.State.Open() {
		return waited
	}

	// Of what had ended before, nobody knows which disk it has left, but for the one from before it.
	if shown := waited.Server.RootVolumeID(); !r.met && (shown == "" || shown != waited.Operation.Baseline.RootVolumeID) {
		result := r.result(OutcomeRefused, Operation{}, &EndedError{})
		result.Waited = &waited

		return result
	}

	r.root = cmp.Or(waited.Server.RootVolumeID(), r.lastRoot, waited.Operation.Baseline.RootVolumeID)
	result := r.request(ctx)
	result.Waited = &waited

	return result
}

// request takes the server through a reinstall. One that is in progress already is waited for outside of the queue. Once
// a request has gone out, whatever is joined after it may be that very request, and no other one follows. Nor does one where
// the disk was named that may be erased: it is another one by then, perhaps by the same plan.
func (r *run) request(ctx context.Context) Result {
	joined := r.lookBeforeQueue(ctx)

	for {
		if joined != nil {
			r.leave()
			r.stop = stopNone // what it runs like after that reinstall is not our doing

			r.joining = r.tried == nil
			result := r.awaitWithin(ctx, *joined)
			r.joining = false

			if result.Outcome != OutcomeNotStarted || r.tried != nil || result.Err != nil || r.root != "" {
				return result
			}

			r.root = cmp.Or(result.Server.RootVolumeID(), r.lastRoot)
			r.before = r.root
		}

		if err := r.queue(ctx); err != nil {
			return r.result(OutcomeRefused, Operation{}, err)
		}

		var result Result
		if result, joined = r.attempt(ctx); joined == nil {
			return result
		}
	}
}

// awaitWithin waits for the end of op in the time that is left.
func (r *run) awaitWithin(ctx context.Context, op Operation) (result Result) {
	r.within(ctx, func(ctx context.Context) { result = r.await(ctx, op) })

	return result
}

// attempt tries to reinstall the server in the time that is left. Where nothing came of it, a server that was stopped for
// it is started again.
func (r *run) attempt(ctx context.Context) (result Result, joined *Operation) {
	r.within(ctx, func(ctx context.Context) {
		result, joined = r.reinstall(ctx)

		if joined == nil && !result.Outcome.Sent() && !result.Operation.Adopted {
			result.Power, result.PowerErr = r.restart(ctx)
			result.Server = r.server
		}
	})

	return result, joined
}

// reinstall is the way of one request. Where a reinstall turns out to be in progress already, it returns that one instead.
func (r *run) reinstall(ctx context.Context) (Result, *Operation) {
	for {
		joined, err := r.prepare(ctx)
		if err != nil {
			joined = r.lookForQuicker(ctx)
		}

		switch {
		case joined != nil && !joined.Adopted:
			return r.await(ctx, *joined), nil
		case joined != nil:
			return Result{}, joined
		case err != nil:
			return r.result(OutcomeRefused, Operation{}, err), nil
		}

		if err := r.fleet.heldBack(); err != nil {
			return r.result(OutcomeRefused, Operation{}, err), nil
		}

		r.enter(StageSubmit)

		switch op, next, err := r.submit(ctx); next {
		case nextRefuse:
			return r.result(OutcomeRefused, Operation{}, err), nil
		case nextJoin:
			return Result{}, &op
		case nextAwait:
			return r.await(ctx, op), nil
		case nextTryAgain:
		}
	}
}

// look gets the server, and remembers the newest.
func (r *run) look(ctx context.Context) (*modelarts.Server, error) {
	before := r.status()

	server, err := r.api.GetServer(ctx, r.req.ServerID)

	r.lastError = err
	if err != nil {
		return nil, err
	}

	if !r.stale(server) {
		r.server, r.latest = server, max(r.latest, server.UpdatedAt())
		r.lastRoot = cmp.Or(server.RootVolumeID(), r.lastRoot)
	}

	if r.stage < StageWait && !inProgress(server.CurrentStatus()) {
		r.before = cmp.Or(r.before, server.RootVolumeID())
	}

	if r.status() != before {
		r.report()
	}

	return server, nil
}

// patientLook looks until the service, which may be busy with the rest of the fleet, answers, or until ctx ends.
func (r *run) patientLook(ctx context.Context) (*modelarts.Server, error) {
	var server *modelarts.Server

	err := patiently(ctx, func() (err error) {
		server, err = r.look(ctx)

		return err
	})

	return server, err
}

// patiently sends a harmless request until the service finds the time for it, or ctx ends.
func patiently(ctx context.Context, send func() error) error {
	for began := time.Now(); ; {
		err := send()
		if !modelarts.IsThrottled(err) || !pause(ctx, time.Since(began)) {
			return err
		}
	}
}

// stale reports whether server is older than what was seen before.
func (r *run) stale(server *modelarts.Server) bool {
	return server.UpdatedAt() != 0 && server.UpdatedAt() < r.latest
}

// status is the status as last seen.
func (r *run) status() modelarts.Status { return r.server.CurrentStatus() }

// enter begins a stage.
func (r *run) enter(stage Stage) {
	r.stage = stage
	r.report()
}

// report calls Progress with how far the run is.
func (r *run) report() {
	if r.req.Progress != nil {
		r.req.Progress(Progress{
			ServerID: r.req.ServerID, Stage: r.stage, Status: r.status(), Elapsed: time.Since(r.began),
		})
	}
}
