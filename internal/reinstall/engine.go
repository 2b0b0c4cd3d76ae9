// Package reinstall is the engine: it takes one reinstall of a DevServer's OS from the first read of the server to the
// proof that it took place. It is the only caller of the request that erases a system disk.
//
// Policy is in pure functions: Precheck (may the request be sent), Classify (what does its answer mean), Judge (what
// does a reply prove) and Differences (is it what was asked for). The loops around them contain none.
package reinstall

import (
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// API is the part of the service that the engine uses.
type API interface {
	GetServer(ctx context.Context, id string) (*modelarts.Server, error)
	// FindImage returns nil for an image that the service does not list.
	FindImage(ctx context.Context, id string) (*modelarts.Image, error)
	// StartServer and StopServer return nil if the answer was a success that showed no server.
	StartServer(ctx context.Context, id string) (*modelarts.Server, error)
	StopServer(ctx context.Context, id string) (*modelarts.Server, error)
	ReinstallServerOS(
		ctx context.Context, id string, body *modelarts.ReinstallRequest,
	) (*modelarts.ReinstallReply, error)
}

// Engine reinstalls servers. It sends at most one accepted request per server id in its lifetime. It is safe for
// concurrent use.
type Engine struct {
	api     API
	limiter *limiter
	records Records
	claims  claims
}

// New returns an engine that works through api, within limits, and records what it sends.
func New(api API, limits Limits, records Records) *Engine {
	return &Engine{api: api, limiter: newLimiter(limits), records: records}
}

// Request asks for one reinstall, or to wait for the end of an earlier one, or for both.
type Request struct {
	ServerID string
	Body     modelarts.ReinstallRequest
	// Open is an operation that an earlier run left open. The run waits for its end first. Nil: there is none.
	Open *Operation
	// Last is the last operation in the state, open or not. Nil: there is none.
	Last *Operation
	// Site and Permit go into the journal.
	Site   Site
	Permit Permit
	// WaitOnly asks only to wait for the end of Open: no request is sent.
	WaitOnly bool
	// RootVolumeID is the system disk that may be erased. A server that shows another one is refused. Empty: any disk.
	RootVolumeID string
	// JoinsFirst has the request refused unless the server is still getting another system disk when it is first read, or was
	// seen doing so: it was planned in the midst of that, and may have what is asked for by now.
	JoinsFirst bool
	// Pointless reports whether the server, as it is now, no longer needs a reinstall; such a server is refused. It is
	// called before the server is stopped, and before the request is sent. Nil: it always needs one.
	Pointless func(*modelarts.Server) bool
	// StopFirst has a running server stopped first. Without it, a running server is refused.
	StopFirst bool
	// KnownUpdate is the latest known update_at of the server, in epoch milliseconds; a reply that shows an older one is
	// stale. 0: none is known.
	KnownUpdate int64
	// Timeout covers the stop, the request and all waits, except for the time in the queue for a slot.
	Timeout time.Duration
	// Progress is called at every new stage, every change of status, and after every minute without either; never by two
	// goroutines at a time. It may be nil.
	Progress func(Progress)
}

// Progress describes what a run is doing.
type Progress struct {
	ServerID   string
	ServerName string // as last read; empty: not known
	Stage      Stage
	Status     modelarts.Status // as last read; empty: not known
	// Elapsed is the part of Limit that has been used. It does not count the time in the queue for a slot; in StageQueue, it
	// is the time in the queue.
	Elapsed time.Duration
	// Limit is the timeout of the request. 0: none applies, as in StageQueue.
	Limit time.Duration
}

// Stage says how far a run has come.
type Stage int

// The stages, in order.
const (
	StageCheck   Stage = iota // reading the server, before anything is sent
	StageQueue                // waiting for a slot; StageCheck follows
	StageStop                 // stopping it
	StageSubmit               // sending the reinstall request
	StageWait                 // waiting for its end
	StageCompare              // comparing image and key pair
	StageRestart              // starting a server again that was stopped for a request that was not accepted
	StageEnd                  // the outcome is known
)

// String describes the stage in words that fit after "while".
func (s Stage) String() string {
	switch s {
	case StageCheck:
		return "checking the server"
	case StageQueue:
		return "waiting for a slot"
	case StageStop:
		return "stopping the server"
	case StageSubmit:
		return "sending the reinstall request"
	case StageWait:
		return "waiting for the reinstall to end"
	case StageCompare:
		return "comparing the result"
	case StageRestart:
		return "starting the server again"
	case StageEnd:
		return "ending"
	default:
		return "working"
	}
}

// Run reinstalls one server: it waits for the operation that is open, takes up the request of an earlier run that was killed, reads
// the server, stops it if necessary and allowed, sends the request once, waits for its end and compares the result. If a reinstall
// is already in progress, it waits for that one and keeps its result if that is as asked for. It returns when the outcome is
// known, the timeout has expired or ctx is done; neither of these cuts off the request itself.
func (e *Engine) Run(ctx context.Context, req Request) Result {
	if !req.WaitOnly && !e.claims.take(req.ServerID) {
		return Result{Outcome: OutcomeRefused, Err: &DuplicateError{ServerID: req.ServerID}}
	}

	r := newRun(e, &req)
	defer r.releaseSlot()

	result := r.resumeAndReinstall(ctx)
	r.endRecord(ctx, &result)
	e.limiter.record(req.ServerID, &result) // before the slot goes to the next server
	r.begin(StageEnd)

	if !req.WaitOnly && result.Outcome == OutcomeRefused {
		e.claims.release(req.ServerID)
	}

	return result
}
