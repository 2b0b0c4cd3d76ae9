package osreinstall

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/journal/journaltest"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// world is one schedule on its way.
type world struct {
	schedule *schedule
	driver   providerDriver
	cloud    *simulator.Cloud
	ids      []string
	began    time.Time

	outside sync.WaitGroup // the actors
	sent    sync.WaitGroup // applies, crashed ones included

	mu         sync.Mutex // guards what actors and commands look at
	workspaces []*workspace

	traceMu sync.Mutex
	trace   *scheduleTrace
}

// workspace is one of the states that the servers are in.
type workspace struct {
	known   []resourceState
	entered []bool // the resource has been in the state
	busy    []busy
	serial  int // counts the changes of the state
	saved   *savedPlan
	disk    *journaltest.Disk // of the journal; nil: there is none
}

// write writes one resource into the state.
func (s *workspace) write(i int, next resourceState) {
	if next.tainted != s.known[i].tainted || next.known != s.known[i].known || !sameModel(next.model, s.known[i].model) {
		s.serial++
	}

	s.known[i] = next
	s.entered[i] = s.entered[i] || next.model != nil
}

// savedPlan is what plan -out has written.
type savedPlan struct {
	run    int
	serial int
	states []resourceState
	plans  []resourcePlan
	inputs []scheduleInputs
}

// busy is what an actor has to know of a run.
type busy struct {
	applying  bool
	ambiguous bool // an answer to a POST may be lost in this run
	posts     int  // POSTs when the apply began
}

// playSchedule plays a schedule in a bubble.
func playSchedule(ctx context.Context, s *schedule, driver providerDriver) *scheduleTrace {
	w := &world{
		schedule: s, driver: driver, began: time.Now(),
		cloud: simulator.New(simulator.Config{Behavior: s.behavior, Durations: s.durations, OtherToken: strangerToken}),
	}
	w.trace = &scheduleTrace{schedule: s, began: w.began, converged: make([]bool, len(s.servers)), crashKinds: map[string]int{}}

	for i := range 1 + s.lastWorkspace() {
		space := &workspace{
			known: make([]resourceState, len(s.servers)), entered: make([]bool, len(s.servers)), busy: make([]busy, len(s.servers)),
		}
		if s.journals[i] {
			space.disk = &journaltest.Disk{}
		}

		w.workspaces = append(w.workspaces, space)
	}

	w.cloud.AddImage(simulator.Image{ID: thirdImageID})

	for _, server := range s.servers {
		added := w.cloud.AddServer(simulator.Server{Status: server.status, ImageID: server.image, KeyPairName: server.key})
		w.ids = append(w.ids, added.ID)
		w.trace.initial = append(w.trace.initial, added)
	}

	for i := 0; i < len(s.runs); i++ {
		var beside sync.WaitGroup

		first := i

		for i+1 < len(s.runs) && s.runs[i+1].concurrent {
			i++
			number := i
			beside.Go(func() { w.run(ctx, number, &s.runs[number]) })
		}

		w.run(ctx, first, &s.runs[first])
		beside.Wait()
	}

	w.calm()
	w.converge(ctx)
	w.sent.Wait()

	w.trace.requests, w.trace.wipes = w.cloud.Requests(), w.cloud.Wipes()
	w.trace.violations, w.trace.hits = w.cloud.Violations(), w.cloud.FaultsHit()

	return w.trace
}

// run plays one command.
func (w *world) run(ctx context.Context, number int, run *scheduleRun) {
	time.Sleep(run.wait)
	w.setEndStatus(run.endStatus)

	for _, f := range run.faults {
		defer w.cloud.AddFault(f.rule(w.ids))()
	}

	for _, actor := range run.actors {
		if actor.on != "" {
			defer w.cloud.AddFault(w.actorRule(actor))()

			continue
		}

		w.outside.Go(func() {
			time.Sleep(actor.at)
			w.act(actor)
		})
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	transport := w.newTransport(number, run.workspace)
	crashed := make(chan struct{})
	crash := sync.OnceFunc(func() {
		close(crashed) // before anything can end because of it
		transport.kill(run.losesPower)
		cancel()
	})

	switch {
	case !run.cut.crashes() && run.cut != cutNone:
		defer time.AfterFunc(run.cutAt, cancel).Stop()
	case run.cut.crashes() && !w.crashLosesEnd(run.workspace):
		defer w.scheduleCrash(run, transport, cancel, crash)()
	}

	w.command(ctx, number, run, transport, crashed)

	if disk := w.workspaces[run.workspace].disk; disk != nil && run.losesPower && isClosed(crashed) {
		w.countCrash("crashes that lost power")
	}
}

// scheduleCrash has a run crash at its time, or at its step of the journal. The function that it returns calls that off.
func (w *world) scheduleCrash(run *scheduleRun, transport *processTransport, interrupt, crash func()) func() {
	if run.cutStep > 0 {
		if journal := transport.journal; journal != nil {
			journal.before = func() {
				if journal.steps == run.cutStep {
					w.countCrash("crashes at a step of the journal")
					crash()
				}
			}
		}

		return func() {}
	}

	timers := []*time.Timer{time.AfterFunc(run.cutAt+run.again, crash)}
	if run.cut == cutTwice {
		timers = append(timers, time.AfterFunc(run.cutAt, interrupt))
	}

	return func() {
		for _, timer := range timers {
			timer.Stop()
		}
	}
}

// countCrash counts a crash of some kind.
func (w *world) countCrash(kind string) {
	w.traceMu.Lock()
	defer w.traceMu.Unlock()

	w.trace.crashKinds[kind]++
}

// setEndStatus sets in what status reinstalls end from now on.
func (w *world) setEndStatus(end string) {
	b := w.schedule.behavior
	b.EndStatus = end
	w.cloud.SetBehavior(b)

	w.traceMu.Lock()
	defer w.traceMu.Unlock()

	w.trace.endStatuses = append(w.trace.endStatuses, traceEndStatus{time.Now(), end})
}

// crashLosesEnd reports whether a crash may throw away, for good, how an open request has ended: the refresh has seen
// it and the apply has stopped the server for the next one, but neither is in the state, and nothing that is in the state
// tells the new system disk from the old one.
func (w *world) crashLosesEnd(number int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()

	return slices.ContainsFunc(w.workspaces[number].known, func(state resourceState) bool {
		op, _ := state.operation()

		return state.open() && (w.schedule.rootHidden() || op.Adopted)
	})
}

// processTransport is the provider's way to the cloud. Once it is killed, it sends nothing.
type processTransport struct {
	cloud  http.RoundTripper
	run    int
	killed atomic.Bool

	journal *processJournal // of the same process; nil: it has none
}

// newTransport returns the ways of a new process to the cloud and to its journal.
func (w *world) newTransport(run, space int) *processTransport {
	transport := &processTransport{cloud: w.cloud.RoundTripper(), run: run}

	if disk := w.workspaces[space].disk; disk != nil {
		transport.journal = newProcessJournal(disk)
	}

	return transport
}

// records returns where the process records its requests.
func (p *processTransport) records() reinstall.Records {
	if p.journal == nil {
		return reinstall.Records{}
	}

	return reinstall.Records{Journal: p.journal}
}

// kill ends the process, perhaps with its machine. It sends and writes nothing from now on.
func (p *processTransport) kill(losesPower bool) {
	p.killed.Store(true)

	if p.journal != nil {
		p.journal.kill(losesPower)
	}
}

// scheduleRunHeader tells the judge which run has sent a request.
const scheduleRunHeader = "X-Schedule-Run"

var errKilled = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("the process is gone")}

// RoundTrip implements [http.RoundTripper].
func (p *processTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.killed.Load() {
		return nil, errKilled
	}

	req = req.Clone(req.Context())
	req.Header.Set(scheduleRunHeader, strconv.Itoa(p.run))

	return p.cloud.RoundTrip(req)
}

// strangerToken is the token of somebody who knows none of the servers.
const strangerToken = "another-token"
