// Package reinstall is the engine: it takes one reinstall of a DevServer's OS from the first look at the server to the
// proof that it took place. It is the only caller of the request that erases a system disk.
//
// Policy is in pure functions: Precheck (may it be sent), Classify (what does the answer mean), Judge (what does a look
// at the server prove) and Differences (is it what was asked for). The loops around them hold none.
package reinstall

import (
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// API is what the engine needs of the service.
type API interface {
	GetServer(ctx context.Context, id string) (*modelarts.Server, error)
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

// Request asks for one reinstall.
type Request struct {
	ServerID string
	Body     modelarts.ReinstallRequest
	// StopFirst has a running server stopped first; otherwise it is refused.
	StopFirst bool
	// KnownUpdate is the latest update_at that is known of the server, epoch milliseconds; a reply that shows an older
	// one is stale. 0: none is known.
	KnownUpdate int64
	// Timeout covers stop, call and wait. It starts once the fleet's limit lets the server through.
	Timeout time.Duration
	// Progress is told of every step and every change of status. It may be nil.
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
	default:
		return "working"
	}
}

// Run reinstalls one server: it looks at it, stops it if it has to and may, sends the request once, waits for its end
// and compares the result. Where a reinstall is under way already, it waits for that one and keeps its result if it is
// what was asked for. It returns when the outcome is known, the timeout is over, or ctx ends; the request itself is not
// cut off by either.
func (e *Engine) Run(ctx context.Context, req Request) Result {
	if !e.claims.take(req.ServerID) {
		return Result{Outcome: OutcomeRefused, Err: &DuplicateError{ServerID: req.ServerID}}
	}

	result := e.run(ctx, &req)
	e.fleet.count(&result)

	if result.Outcome == OutcomeRefused {
		e.claims.release(req.ServerID)
	}

	return result
}

// run is a Run of a server that nobody else is at. A reinstall that is under way is waited for outside of the queue.
func (e *Engine) run(ctx context.Context, req *Request) Result {
	r := newRun(e, req.ServerID, req.Timeout, req.Progress)
	defer r.leave()

	joined := r.lookBeforeQueue(ctx, req)

	for {
		if joined != nil {
			r.leave()
			r.stop = stopNone // what it runs like after that reinstall is not our doing

			if result := r.awaitWithin(ctx, *joined); keep(result) {
				return result
			}
		}

		if err := r.queue(ctx); err != nil {
			return r.result(OutcomeRefused, Operation{}, err)
		}

		var result Result
		if result, joined = r.attempt(ctx, req); joined == nil {
			return result
		}
	}
}

// Wait asks for the end of an operation that an earlier run left open.
type Wait struct {
	ServerID  string
	Operation Operation
	Timeout   time.Duration
	Progress  func(Progress) // as in a Request
	// Followed tells that a request follows once the operation has ended: how that one ends is what counts for the fleet.
	Followed bool
}

// Resume waits for the end of an operation that an earlier run left open. It never sends a request.
func (e *Engine) Resume(ctx context.Context, wait Wait) Result {
	result := newRun(e, wait.ServerID, wait.Timeout, wait.Progress).awaitWithin(ctx, wait.Operation)

	if !wait.Followed || result.Operation.State.Open() {
		e.fleet.count(&result)
	}

	return result
}

// run is one server on its way.
type run struct {
	api      API
	fleet    *fleet
	id       string
	began    time.Time
	left     time.Duration // of the timeout; it stands still while the run queues
	progress func(Progress)

	stage     Stage
	server    *modelarts.Server // the newest that was seen
	lastError error             // of the last look, nil if it showed the server
	postError error             // of a request that may have been accepted
	stop      stopState         // what is known of the stop that this run has sent
	tried     time.Time         // when a request went out first; zero: none did
	entered   bool              // it has one of the fleet's slots
}

// newRun begins a run now.
func newRun(e *Engine, id string, timeout time.Duration, progress func(Progress)) *run {
	return &run{api: e.api, fleet: e.fleet, id: id, began: time.Now(), left: timeout, progress: progress}
}

// within does work in the time that is left.
func (r *run) within(ctx context.Context, work func(context.Context)) {
	began := time.Now()

	ctx, cancel := context.WithTimeoutCause(ctx, r.left, ErrTimedOut)
	defer cancel()

	work(ctx)

	r.left -= time.Since(began)
}

// awaitWithin waits for the end of op in the time that is left.
func (r *run) awaitWithin(ctx context.Context, op Operation) (result Result) {
	r.within(ctx, func(ctx context.Context) { result = r.await(ctx, op) })

	return result
}

// attempt tries to reinstall the server in the time that is left. Where nothing came of it, a server that was stopped for
// it is started again.
func (r *run) attempt(ctx context.Context, req *Request) (result Result, joined *Operation) {
	r.within(ctx, func(ctx context.Context) {
		result, joined = r.reinstall(ctx, req)

		if joined == nil && !result.Outcome.Sent() && r.stop != stopNone {
			result.Power, result.PowerErr = r.restart(ctx)
			result.Server = r.server
		}
	})

	return result, joined
}

// reinstall is the way of one request. Where a reinstall turns out to be under way already, it returns that one instead.
func (r *run) reinstall(ctx context.Context, req *Request) (Result, *Operation) {
	for {
		joined, err := r.prepare(ctx, req)
		if err != nil {
			return r.result(OutcomeRefused, Operation{}, err), nil
		}

		if joined != nil {
			return Result{}, joined
		}

		if err := r.fleet.heldBack(); err != nil {
			return r.result(OutcomeRefused, Operation{}, err), nil
		}

		r.enter(StageSubmit)

		op, processed, err := r.submit(ctx, &req.Body)

		switch {
		case err != nil:
			return r.result(OutcomeRefused, Operation{}, err), nil
		case processed:
			return r.await(ctx, op), nil
		}
	}
}

// keep tells whether the end of a reinstall that was joined answers the request. One that failed or installed something
// else does not: the request is still to be sent.
func keep(joined Result) bool {
	return joined.Outcome != OutcomeFailed && joined.Outcome != OutcomeMismatched
}

// look gets the server, and remembers the newest.
func (r *run) look(ctx context.Context) (*modelarts.Server, error) {
	before := r.status()

	server, err := r.api.GetServer(ctx, r.id)

	r.lastError = err
	if err != nil {
		return nil, err
	}

	if !r.stale(server) {
		r.server = server
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

// stale tells whether server is older than what was seen before.
func (r *run) stale(server *modelarts.Server) bool {
	return r.server != nil && server.UpdatedAt() != 0 && server.UpdatedAt() < r.server.UpdatedAt()
}

// status is the status as last seen.
func (r *run) status() modelarts.Status {
	if r.server == nil {
		return ""
	}

	return r.server.CurrentStatus()
}

// enter begins a stage.
func (r *run) enter(stage Stage) {
	r.stage = stage
	r.report()
}

// report tells how far the run is.
func (r *run) report() {
	if r.progress != nil {
		r.progress(Progress{ServerID: r.id, Stage: r.stage, Status: r.status(), Elapsed: time.Since(r.began)})
	}
}
