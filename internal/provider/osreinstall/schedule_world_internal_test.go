package osreinstall

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

const (
	// scheduleConverge is how many applies may be needed until a plan is empty, once nothing goes wrong: one that waits
	// for an open request, one that makes up for what it failed to do, one for what drifted meanwhile, and one to spare.
	scheduleConverge = 4
	// scheduleSettle is the time in which all that was begun ends.
	scheduleSettle = 25 * time.Minute
)

// world is one schedule on its way.
type world struct {
	schedule *schedule
	driver   scheduleDriver
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
	known   []scheduleState
	entered []bool // the resource has been in the state
	busy    []busy
	serial  int // counts the changes of the state
	saved   *savedPlan
}

// savedPlan is what plan -out has written.
type savedPlan struct {
	run    int
	serial int
	states []scheduleState
	plans  []schedulePlan
	inputs []scheduleInputs
}

// busy is what an actor has to know of a run.
type busy struct {
	applying  bool
	ambiguous bool // an answer to a POST may be lost in this run
	posts     int  // POSTs when the apply began
}

// scheduleTrace is what happened.
type scheduleTrace struct {
	schedule *schedule
	began    time.Time
	steps    []scheduleStep
	outsides []scheduleOutside
	ends     []scheduleEnd
	initial  []simulator.Server

	requests   []simulator.Request
	wipes      []simulator.Wipe
	violations []string
	hits       map[string]int
	converged  []bool
	crashes    int
	ctrlCs     int
	stale      int // saved plans that Terraform refused
}

// scheduleStep is one call of the provider.
type scheduleStep struct {
	run, server  int
	planned      int // the run that made the plan
	workspace    int
	verb         string // refresh, plan, apply, import
	action       string // of an apply: what the plan says
	permit       permit
	permitted    bool
	inputs       scheduleInputs
	began, ended time.Time
	prior, next  scheduleState
	verdicts     verdicts
	crashed      bool
	truth        simulator.Server
	exists       bool
	maySkip      bool // looks may have left out the image or the key pair
}

// scheduleOutside is what an actor did.
type scheduleOutside struct {
	scheduleActor

	time time.Time
}

// scheduleEnd is from when on reinstalls end in what status.
type scheduleEnd struct {
	time   time.Time
	status string
}

// process is the provider's way to the cloud. Once it is killed, it sends nothing.
type process struct {
	cloud  http.RoundTripper
	run    int
	killed atomic.Bool
}

// scheduleRunHeader tells the judge which run has sent a request.
const scheduleRunHeader = "X-Model-Run"

var errKilled = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("the process is gone")}

// RoundTrip implements [http.RoundTripper].
func (p *process) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.killed.Load() {
		return nil, errKilled
	}

	req = req.Clone(req.Context())
	req.Header.Set(scheduleRunHeader, strconv.Itoa(p.run))

	return p.cloud.RoundTrip(req)
}

// playSchedule plays a schedule in a bubble.
func playSchedule(ctx context.Context, s *schedule, driver scheduleDriver) *scheduleTrace {
	w := &world{
		schedule: s, driver: driver, began: time.Now(),
		cloud: simulator.New(simulator.Config{Behavior: s.behavior, Durations: s.durations, OtherToken: scheduleOtherToken}),
	}
	w.trace = &scheduleTrace{schedule: s, began: w.began, converged: make([]bool, len(s.servers))}

	for range 1 + s.lastWorkspace() {
		w.workspaces = append(w.workspaces, &workspace{
			known: make([]scheduleState, len(s.servers)), entered: make([]bool, len(s.servers)), busy: make([]busy, len(s.servers)),
		})
	}

	for _, server := range s.servers {
		added := w.cloud.AddServer(simulator.Server{Status: server.status, ImageID: server.image, KeyPairName: server.key})
		w.ids = append(w.ids, added.ID)
		w.trace.initial = append(w.trace.initial, added)
	}

	for i := 0; i < len(s.runs); i++ {
		var beside sync.WaitGroup

		first := i

		for i+1 < len(s.runs) && s.runs[i+1].beside {
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
	w.behave(run.end)

	for _, f := range run.faults {
		defer w.cloud.AddFault(f.rule(w.ids))()
	}

	for _, actor := range run.actors {
		if actor.on != "" {
			defer w.cloud.AddFault(w.interrupt(actor))()

			continue
		}

		w.outside.Go(func() {
			time.Sleep(actor.at)
			w.act(actor)
		})
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	dying := &process{cloud: w.cloud.RoundTripper(), run: number}
	crashed := make(chan struct{})

	switch {
	case !run.cut.crashes() && run.cut != cutNone:
		defer time.AfterFunc(run.cutAt, cancel).Stop()
	case run.cut.crashes() && !w.crashLeavesNoTrace(run.workspace):
		if run.cut == cutTwice {
			defer time.AfterFunc(run.cutAt, cancel).Stop()
		}

		defer time.AfterFunc(run.cutAt+run.again, func() {
			close(crashed) // before anything can end because of it
			dying.killed.Store(true)
			cancel()
		}).Stop()
	}

	w.command(ctx, number, run, dying, crashed)
}

// interrupt is an actor as a rule of the cloud: it acts at the moment of a request.
func (w *world) interrupt(actor scheduleActor) simulator.Fault {
	act := func(*simulator.Cloud, string) { w.act(actor) }
	rule := simulator.Fault{Action: actor.on, ServerID: w.ids[actor.server], After: actor.after, Times: 1}

	if actor.reply {
		rule.Name, rule.OnReply = "somebody after "+actor.on, act
	} else {
		rule.Name, rule.OnMatch = "somebody before "+actor.on, act
	}

	return rule
}

// crashLeavesNoTrace reports whether a crash may throw away, for good, how an open request has ended: the refresh has seen
// it and the apply has stopped the server for the next one, but neither is in the state, and nothing that is in the state
// tells the new system disk from the old one.
func (w *world) crashLeavesNoTrace(number int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()

	return slices.ContainsFunc(w.workspaces[number].known, func(k scheduleState) bool {
		op, _ := k.operation()

		return k.open() && (w.schedule.rootHidden() || op.Adopted)
	})
}

// behave sets in what status reinstalls end from now on.
func (w *world) behave(end string) {
	b := w.schedule.behavior
	b.EndStatus = end
	w.cloud.SetBehavior(b)

	w.traceMu.Lock()
	defer w.traceMu.Unlock()

	w.trace.ends = append(w.trace.ends, scheduleEnd{time.Now(), end})
}

// command is a command of Terraform: refresh, plan, and apply what was planned.
func (w *world) command(ctx context.Context, number int, run *scheduleRun, dying *process, crashed <-chan struct{}) {
	defer w.count(ctx, run)

	space := w.workspaces[run.workspace]
	plan := w.plans(ctx, number, run, dying, space)

	if plan == nil || ctx.Err() != nil {
		return
	}

	if run.kind == runPlan {
		space.saved = plan

		return
	}

	select {
	case <-ctx.Done():
		return
	case <-time.After(run.gap):
	}

	// The command that applies a saved plan does not look again.
	if provider, err := w.start(ctx, dying, run); err == nil {
		w.applyAll(ctx, provider, number, run, plan, crashed)
	}
}

// start starts a process of the provider.
func (w *world) start(ctx context.Context, dying *process, run *scheduleRun) (scheduleProcess, error) {
	token := simulator.DefaultToken
	if run.stranger {
		token = scheduleOtherToken
	}

	return w.driver.start(ctx, dying, w.schedule.limits, token)
}

// scheduleOtherToken is the token of somebody who knows none of the servers.
const scheduleOtherToken = "another-token"

// plans makes the plans of a run, or brings those that were saved; nil where Terraform would stop.
func (w *world) plans(ctx context.Context, number int, run *scheduleRun, dying *process, space *workspace) *savedPlan {
	w.mu.Lock()
	plan := &savedPlan{
		run: number, serial: space.serial, states: slices.Clone(space.known), plans: make([]schedulePlan, len(w.ids)), inputs: run.inputs,
	}
	w.mu.Unlock()

	if run.kind == runSaved {
		if space.saved == nil || space.saved.serial != space.serial {
			w.traceMu.Lock()
			defer w.traceMu.Unlock()

			w.trace.stale++

			return nil
		}

		return space.saved
	}

	provider, err := w.start(ctx, dying, run)
	if err != nil {
		return nil
	}

	failed := false

	for i := range w.ids {
		ok := w.refresh(ctx, provider, number, run, i, &plan.states[i]) &&
			w.plan(ctx, provider, number, run, i, &plan.states[i], &plan.plans[i])
		failed = failed || !ok
	}

	if failed {
		return nil
	}

	return plan
}

// count counts the interruptions.
func (w *world) count(ctx context.Context, run *scheduleRun) {
	w.traceMu.Lock()
	defer w.traceMu.Unlock()

	switch {
	case ctx.Err() == nil:
	case run.cut.crashes():
		w.trace.crashes++
	case run.cut != cutNone:
		w.trace.ctrlCs++
	}
}

// refresh brings the state of one resource up to date. It returns false where Terraform would stop.
func (w *world) refresh(
	ctx context.Context, provider scheduleProcess, number int, run *scheduleRun, i int, state *scheduleState,
) bool {
	_, exists := w.cloud.Server(w.ids[i])
	imports := state.model == nil && w.schedule.servers[i].imported && !w.workspaces[run.workspace].entered[i] && exists

	if imports {
		*state = w.step(number, run, i, "import", *state, func(*scheduleStep) (scheduleState, verdicts) {
			return provider.imported(ctx, w.ids[i])
		})
	}

	if state.model == nil || run.blind && !imports {
		return true
	}

	var v verdicts

	*state = w.step(number, run, i, "refresh", *state, func(*scheduleStep) (next scheduleState, _ verdicts) {
		next, v = provider.read(ctx, *state)

		return next, v
	})

	return !v.failed()
}

// plan makes the plan of one resource. It returns false where Terraform would stop.
func (w *world) plan(
	ctx context.Context, provider scheduleProcess, number int, run *scheduleRun, i int, state *scheduleState, plan *schedulePlan,
) bool {
	if run.kind == runDestroy {
		plan.action = planDelete

		return true
	}

	if run.kind == runReplace && state.model != nil {
		state.tainted = true
	}

	var v verdicts

	w.step(number, run, i, "plan", *state, func(step *scheduleStep) (scheduleState, verdicts) {
		*plan, v = provider.plan(ctx, w.ids[i], *state, run.inputs[i], true)
		step.action = plan.action
		step.permit, step.permitted = plan.permit()

		return *state, v
	})

	return !v.failed()
}

// applyAll applies the plans at the same time, as Terraform does, and keeps the state unless the run crashes.
func (w *world) applyAll(
	ctx context.Context, provider scheduleProcess, number int, run *scheduleRun, saved *savedPlan, crashed <-chan struct{},
) {
	plans := slices.Clone(saved.plans)
	steps := make([]scheduleStep, len(w.ids))
	ends := make([]applyEnd, len(w.ids))
	finished := make(chan struct{})

	var applies sync.WaitGroup

	for i := range w.ids {
		steps[i] = scheduleStep{
			run: number, planned: saved.run, server: i, workspace: run.workspace, verb: "apply", inputs: saved.inputs[i],
			began: time.Now(), prior: saved.states[i], next: saved.states[i],
		}

		if w.finalPlan(ctx, provider, &steps[i], &plans[i]) {
			w.occupy(run, i)
			applies.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond) // for the same order every time
				ends[i].next, ends[i].verdicts = provider.apply(ctx, w.ids[i], steps[i].prior, plans[i])
				ends[i].done = true
			})
		}
	}

	w.sent.Go(func() { applies.Wait(); close(finished) })

	select {
	case <-finished:
	case <-crashed:
	}

	w.mu.Lock()
	defer w.mu.Unlock()

	// Whoever dies at the moment of the end has written no state.
	space, died := w.workspaces[run.workspace], run.cut.crashes() && isClosed(crashed)

	for i := range w.ids {
		space.busy[i] = busy{}

		if died {
			steps[i].crashed, steps[i].next = true, space.known[i]
			w.finish(run, &steps[i])

			continue
		}

		if ends[i].done {
			steps[i].next, steps[i].verdicts = ends[i].next, ends[i].verdicts
			steps[i].next.tainted = steps[i].action == planCreate && ends[i].verdicts.failed() && ends[i].next.model != nil
		}

		w.finish(run, &steps[i])
		space.write(i, steps[i].next)
	}
}

// isClosed reports whether a channel is closed.
func isClosed(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}

// write writes one resource into the state.
func (s *workspace) write(i int, next scheduleState) {
	if next.tainted != s.known[i].tainted || next.known != s.known[i].known || !sameModel(next.model, s.known[i].model) {
		s.serial++
	}

	s.known[i] = next
	s.entered[i] = s.entered[i] || next.model != nil
}

// applyEnd is what an apply returns, if it ever does.
type applyEnd struct {
	next     scheduleState
	verdicts verdicts
	done     bool
}

// occupy makes it known to the actors that an apply is about to begin.
func (w *world) occupy(run *scheduleRun, i int) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.workspaces[run.workspace].busy[i] = busy{
		applying: true, posts: w.cloud.ReinstallPosts(w.ids[i]),
		ambiguous: slices.ContainsFunc(run.faults, func(f scheduleFault) bool {
			return f.server == i && (f.ambiguous() || f.action == actionReinstall && f.traits()&lies != 0)
		}),
	}
}

// finalPlan plans once more with what is known by now, as Terraform does before it applies, and reports whether there is
// something to apply. A replacement is a destroy and a create.
func (w *world) finalPlan(ctx context.Context, provider scheduleProcess, step *scheduleStep, plan *schedulePlan) bool {
	step.action = plan.action

	if plan.action == planDelete || plan.action == planCreate {
		step.prior, step.next = scheduleState{}, scheduleState{}
	}

	if plan.action == planDelete || plan.action == planNothing {
		return false
	}

	again, v := provider.plan(ctx, w.ids[step.server], step.prior, plan.inputs, false)
	step.verdicts = v

	if v.failed() {
		return false
	}

	if problem := plan.contradicts(&again); problem != "" {
		step.verdicts.errors = append(step.verdicts.errors, impossible+problem)

		return false
	}

	step.permit, step.permitted = again.permit()
	step.action = again.action
	*plan = again

	return again.action != planNothing
}

// impossible marks what Terraform would report as a bug of the provider.
const impossible = "impossible: "

// contradicts tells in what the final plan is not the one that was shown.
func (p *schedulePlan) contradicts(final *schedulePlan) string {
	if !p.inputs.undecided && !p.inputs.undecidedID && p.action != final.action {
		return fmt.Sprintf("the plan says %s, the final plan %s", p.action, final.action)
	}

	shown, ok := p.permit()
	meant, stillOK := final.permit()

	if ok && (!stillOK || shown.notice() != meant.notice()) {
		return fmt.Sprintf("the plan says %q, the final plan %q", shown.notice(), meant.notice())
	}

	return ""
}

// step makes one call that is not an apply.
func (w *world) step(
	number int, run *scheduleRun, server int, verb string, prior scheduleState, call func(*scheduleStep) (scheduleState, verdicts),
) scheduleState {
	step := scheduleStep{
		run: number, planned: number, server: server, workspace: run.workspace, verb: verb, inputs: run.inputs[server],
		began: time.Now(), prior: prior,
	}
	step.next, step.verdicts = call(&step)
	w.finish(run, &step)

	return step.next
}

// finish writes a step down, with what is true at its end.
func (w *world) finish(run *scheduleRun, step *scheduleStep) {
	step.ended = time.Now()
	step.truth, step.exists = w.cloud.Server(w.ids[step.server])
	step.maySkip = slices.ContainsFunc(run.faults, func(f scheduleFault) bool { return f.kind == faultNoImage })

	w.traceMu.Lock()
	defer w.traceMu.Unlock()

	w.trace.steps = append(w.trace.steps, *step)
}

// act lets an actor do something, unless that would leave a request without any outcome that a client could know.
func (w *world) act(actor scheduleActor) {
	w.mu.Lock()
	defer w.mu.Unlock()

	id := w.ids[actor.server]
	if !w.free(actor) {
		return
	}

	w.trace.outsides = append(w.trace.outsides, scheduleOutside{actor, time.Now()})

	switch actor.kind {
	case actReimage:
		w.cloud.Reimage(id, actor.image)
	case actReinstall:
		w.cloud.BeginReinstall(id, actor.image, actor.key)
	case actImage:
		w.cloud.SetImage(id, actor.image)
	case actKeyPair:
		w.cloud.SetKeyPair(id, actor.key)
	case actPutRight:
		if actor.image != "" {
			w.cloud.SetImage(id, actor.image)
		}

		if actor.key != "" {
			w.cloud.SetKeyPair(id, actor.key)
		}
	case actPowerOn:
		w.cloud.PowerOn(id)
	case actPowerOff:
		w.cloud.PowerOff(id)
	case actDelete:
		w.cloud.Delete(id)
	}
}

// free reports whether an actor may act now.
//
// Nobody acts on a machine in a transitional status: the service refuses that, but for a reinstall during a reinstall, where
// it allows it. Nor does anybody start or stop a machine whose reinstall has failed: it cannot be started; or one that stops
// for a moment in its reinstall.
//
// Where the system disk is shown, people do what they like at any other time: it tells what they have done. Where it is
// hidden, nobody else erases a disk while a request of ours has been sent and its end is not in the state: the machine would
// then show just what the request leads one to expect. Nor does anybody start, stop or change the machine then, but in touchy
// schedules: it may never show again what it showed before, nor its end, and only -replace leads out of that.
func (w *world) free(actor scheduleActor) bool {
	if actor.kind == actDelete {
		return true // a machine that is gone is gone, whatever it was doing
	}

	truth, ok := w.cloud.Server(w.ids[actor.server])
	power := actor.kind == actPowerOn || actor.kind == actPowerOff
	again := actor.kind == actReinstall && transitionalReinstall(truth.Status) && w.schedule.behavior.AcceptDuringReinstall

	switch {
	case !ok, transitional(truth.Status) && !again, actor.kind == actImage && actor.image == "":
		return false
	case power && failedEnd(truth.Status) && truth.Status != simulator.StatusStartFailed, power && w.midway(actor.server):
		return false
	case !w.schedule.rootHidden(), !w.waiting(actor.server):
		return true
	default:
		return w.schedule.touchy && actor.kind != actReimage && actor.kind != actReinstall && !failedEnd(truth.Status)
	}
}

// midway reports whether a reinstall of a server has not come to its last status yet.
func (w *world) midway(server int) bool {
	d := w.schedule.durations
	all := d.Reinstall + time.Duration(len(w.schedule.behavior.Via))*d.Start

	return slices.ContainsFunc(w.cloud.WipesOf(w.ids[server]), func(wipe simulator.Wipe) bool { return time.Since(wipe.Time) < all })
}

// waiting reports whether a request for a server has been sent, or may have been, and its end is in no state.
func (w *world) waiting(server int) bool {
	return slices.ContainsFunc(w.workspaces, func(space *workspace) bool {
		b := space.busy[server]

		return b.applying && (b.ambiguous || w.cloud.ReinstallPosts(w.ids[server]) > b.posts) || space.known[server].open()
	})
}

// transitional reports whether a status is transitional.
func transitional(status string) bool {
	switch status {
	case simulator.StatusCreating, simulator.StatusStarting, simulator.StatusStopping, simulator.StatusRebooting,
		simulator.StatusChangingOS, simulator.StatusReinstallingOS, simulator.StatusReinstallOS:
		return true
	default:
		return false
	}
}

// calm ends all that goes wrong, and lets all that was begun come to its end.
func (w *world) calm() {
	w.cloud.ClearFaults()
	time.Sleep(time.Millisecond) // a reinstall that began at the end of the last run is of that run
	w.behave("")
	w.outside.Wait()
	time.Sleep(scheduleSettle)
}

// repair brings into order, on the console, what no reinstall is taken from, as the error of the provider says. It
// touches nothing while a request is open: see free.
func (w *world) repair(space int) {
	if slices.ContainsFunc(w.workspaces[space].known, scheduleState.open) {
		return
	}

	w.cloud.Sync()

	for i, id := range w.ids {
		if truth, _ := w.cloud.Server(id); brokenStatus(truth.Status) {
			w.trace.outsides = append(w.trace.outsides, scheduleOutside{scheduleActor{server: i, kind: actPowerOff}, time.Now()})
			w.cloud.PowerOff(id)
			w.cloud.Sync()
		}
	}
}

// broken reports whether some server is in a status in which it stays, and from which none is reinstalled.
func (w *world) broken() bool {
	return slices.ContainsFunc(w.ids, func(id string) bool {
		truth, _ := w.cloud.Server(id)

		return brokenStatus(truth.Status)
	})
}

func brokenStatus(status string) bool {
	return slices.Contains([]string{simulator.StatusError, simulator.StatusStartFailed, simulator.StatusStopFailed}, status)
}

// converge applies until the plan is empty, as somebody does who follows the advice of the errors. Of two states, one
// comes after the other, and then the first one again: by then they have the same configuration.
func (w *world) converge(ctx context.Context) {
	order := []int{0}

	switch {
	case len(w.workspaces) == 1:
	case slices.ContainsFunc(w.workspaces[1].known, scheduleState.open):
		order = []int{1, 0, 1, 0}
	default:
		order = []int{0, 1, 0}
	}

	number := len(w.schedule.runs)
	done := make([]bool, len(w.ids))

	for i := range done {
		done[i] = true
	}

	for _, space := range order {
		for n := range scheduleConverge + 1 {
			w.repair(space)

			empty := w.approach(ctx, number, n, space)
			number++

			if !slices.Contains(empty, false) {
				break
			}

			time.Sleep(time.Minute)

			if n == scheduleConverge {
				for i := range done {
					done[i] = done[i] && empty[i]
				}
			}
		}
	}

	w.trace.converged = done
}

// approach applies once more, and tells of which servers the plan was empty.
func (w *world) approach(ctx context.Context, number, n, space int) []bool {
	run := &scheduleRun{
		kind: runApply, workspace: space, inputs: slices.Clone(w.schedule.runs[len(w.schedule.runs)-1].inputs),
	}

	// An hour's wait has not shown the end: it never will.
	if n > 0 && (w.schedule.endless() || w.broken()) && slices.ContainsFunc(w.workspaces[space].known, scheduleState.open) {
		run.kind = runReplace
	}

	for i := range run.inputs {
		run.inputs[i].calm()

		if w.schedule.behavior.ImageChange == simulator.ImageRefused {
			run.inputs[i].image = ""
		}
	}

	before := len(w.trace.steps)
	empty := make([]bool, len(w.ids))
	w.command(ctx, number, run, &process{cloud: w.cloud.RoundTripper(), run: number}, nil)

	for _, step := range w.trace.steps[before:] {
		if step.verb == "plan" {
			empty[step.server] = !step.verdicts.failed() && step.action == planNothing
		}
	}

	return empty
}
