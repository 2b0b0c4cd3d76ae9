package osreinstall

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// command is a command of Terraform: refresh, plan, and apply what was planned.
func (w *world) command(ctx context.Context, number int, run *scheduleRun, transport *processTransport, crashed <-chan struct{}) {
	defer w.countInterruption(ctx, run)

	space := w.workspaces[run.workspace]
	plan := w.savedOrNewPlan(ctx, number, run, transport, space)

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
	if provider, err := w.start(ctx, transport, run); err == nil {
		w.applyAll(ctx, provider, number, run, plan, crashed)
	}
}

// start starts a process of the provider.
func (w *world) start(ctx context.Context, transport *processTransport, run *scheduleRun) (providerProcess, error) {
	token := simulator.DefaultToken
	if run.stranger {
		token = strangerToken
	}

	return w.driver.start(ctx, transport, transport.records(), w.schedule.limits, token)
}

// savedOrNewPlan makes the plans of a run, or brings those that were saved; nil where Terraform would stop.
func (w *world) savedOrNewPlan(ctx context.Context, number int, run *scheduleRun, transport *processTransport, space *workspace) *savedPlan {
	w.mu.Lock()
	plan := &savedPlan{
		run: number, serial: space.serial, states: slices.Clone(space.known), plans: make([]resourcePlan, len(w.ids)), inputs: run.inputs,
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

	provider, err := w.start(ctx, transport, run)
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

// countInterruption counts the interruptions.
func (w *world) countInterruption(ctx context.Context, run *scheduleRun) {
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
	ctx context.Context, provider providerProcess, number int, run *scheduleRun, i int, state *resourceState,
) bool {
	_, exists := w.cloud.Server(w.ids[i])
	imports := state.model == nil && w.schedule.servers[i].imported && !w.workspaces[run.workspace].entered[i] && exists

	if imports {
		*state = w.step(number, run, i, "import", *state, func(*traceStep) (resourceState, messages) {
			return provider.imported(ctx, w.ids[i])
		})
	}

	if state.model == nil || run.skipRefresh && !imports {
		return true
	}

	var said messages

	*state = w.step(number, run, i, "refresh", *state, func(*traceStep) (next resourceState, _ messages) {
		next, said = provider.read(ctx, *state)

		return next, said
	})

	return !said.failed()
}

// plan makes the plan of one resource. It returns false where Terraform would stop.
func (w *world) plan(
	ctx context.Context, provider providerProcess, number int, run *scheduleRun, i int, state *resourceState, plan *resourcePlan,
) bool {
	if run.inputs[i].removed && state.model == nil {
		plan.action = planNothing

		return true
	}

	if run.kind == runDestroy || run.inputs[i].removed {
		plan.action = planDelete
		provider.planDestroy(ctx, *state)

		return true
	}

	if run.kind == runReplace && state.model != nil {
		state.tainted = true
	}

	var said messages

	w.step(number, run, i, "plan", *state, func(step *traceStep) (resourceState, messages) {
		*plan, said = provider.plan(ctx, w.ids[i], *state, run.inputs[i], true)
		step.action = plan.action
		step.permit, step.permitted = plan.permit()

		return *state, said
	})

	return !said.failed()
}

// applyAll applies the plans at the same time, as Terraform does, and keeps the state unless the run crashes.
func (w *world) applyAll(
	ctx context.Context, provider providerProcess, number int, run *scheduleRun, saved *savedPlan, crashed <-chan struct{},
) {
	plans := slices.Clone(saved.plans)
	steps := make([]traceStep, len(w.ids))
	ends := make([]applyResult, len(w.ids))
	ready := make([]bool, len(w.ids))
	finished := make(chan struct{})

	var applies sync.WaitGroup

	for i := range w.ids {
		steps[i], ready[i] = w.beginApply(ctx, provider, number, run, saved, i, &plans[i])
	}

	for i := range w.ids {
		if ready[i] {
			w.markApplying(run, i)
			applies.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond) // for the same order every time
				ends[i].next, ends[i].messages = provider.apply(ctx, w.ids[i], steps[i].prior, plans[i])
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
			w.record(run, &steps[i])

			continue
		}

		if ends[i].done {
			steps[i].next, steps[i].messages = ends[i].next, ends[i].messages
			steps[i].next.tainted = steps[i].action == planCreate && ends[i].messages.failed() && ends[i].next.model != nil
		}

		w.record(run, &steps[i])
		space.write(i, steps[i].next)
	}
}

// beginApply begins to apply the plan of one server, and reports whether there is something to apply.
func (w *world) beginApply(
	ctx context.Context, provider providerProcess, number int, run *scheduleRun, saved *savedPlan, i int, plan *resourcePlan,
) (traceStep, bool) {
	step := traceStep{
		run: number, planned: saved.run, server: i, workspace: run.workspace, verb: "apply", inputs: saved.inputs[i],
		began: time.Now(), prior: saved.states[i], next: saved.states[i],
	}

	if step.prior.model != nil && (plan.action == planDelete || plan.action == planCreate) {
		provider.destroy(ctx, step.prior)
	}

	ready := w.finalPlan(ctx, provider, &step, plan)
	step.record = recordOf(w.workspaces[run.workspace].disk, w.ids[i])

	return step, ready
}

// applyResult is what an apply returns, if it ever does.
type applyResult struct {
	next     resourceState
	messages messages
	done     bool
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

// markApplying makes it known to the actors that an apply is about to begin.
func (w *world) markApplying(run *scheduleRun, i int) {
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
func (w *world) finalPlan(ctx context.Context, provider providerProcess, step *traceStep, plan *resourcePlan) bool {
	step.action = plan.action

	if plan.action == planDelete || plan.action == planCreate {
		step.prior, step.next = resourceState{}, resourceState{}
	}

	if plan.action == planDelete || plan.action == planNothing {
		return false
	}

	again, said := provider.plan(ctx, w.ids[step.server], step.prior, plan.inputs, false)
	step.messages = said

	if said.failed() {
		return false
	}

	if plan.action == planCreate && plan.outdated(&again) {
		step.messages.errors = append(step.messages.errors, inconsistentPlan)

		return false
	}

	if problem := plan.contradicts(&again); problem != "" {
		step.messages.errors = append(step.messages.errors, impossible+problem)

		return false
	}

	step.permit, step.permitted = again.permit()
	step.action = again.action
	*plan = again

	return again.action != planNothing
}

// impossible marks what Terraform would report as a bug of the provider.
const impossible = "impossible: "

// inconsistentPlan is what Terraform reports if a value that the plan knew is another one in the final plan.
const inconsistentPlan = "Provider produced inconsistent final plan"

// outdated reports whether the server of a Create is not as the plan knew it: it has another system disk, or shows one only
// now, or no longer.
func (p *resourcePlan) outdated(final *resourcePlan) bool {
	disk, notice := readLastReinstall(p.model.LastReinstall).plannedDisk, p.model.ReinstallNotice

	return !disk.IsUnknown() && !disk.Equal(readLastReinstall(final.model.LastReinstall).plannedDisk) ||
		!notice.IsUnknown() && !notice.Equal(final.model.ReinstallNotice)
}

// contradicts tells in what the final plan is not the one that was shown.
func (p *resourcePlan) contradicts(final *resourcePlan) string {
	if !p.inputs.undecided && !p.inputs.undecidedID && p.action != final.action {
		return fmt.Sprintf("the plan says %s, the final plan %s", p.action, final.action)
	}

	shown, ok := p.permit()
	meant, stillOK := final.permit()

	if ok && (!stillOK || shown.number != meant.number || !slices.Equal(shown.reasons, meant.reasons)) {
		return fmt.Sprintf("the plan says %v, the final plan %v", shown, meant)
	}

	for _, pair := range [][2]attr.Value{
		{p.model.ReinstallNotice, final.model.ReinstallNotice}, {p.model.ErasesSystemDisk, final.model.ErasesSystemDisk},
	} {
		if !pair[0].IsUnknown() && !pair[0].Equal(pair[1]) {
			return fmt.Sprintf("the plan says %s, the final plan %s", pair[0], pair[1])
		}
	}

	return ""
}

// step makes one call that is not an apply.
func (w *world) step(
	number int, run *scheduleRun, server int, verb string, prior resourceState, call func(*traceStep) (resourceState, messages),
) resourceState {
	step := traceStep{
		run: number, planned: number, server: server, workspace: run.workspace, verb: verb, inputs: run.inputs[server],
		began: time.Now(), prior: prior,
	}
	step.next, step.messages = call(&step)
	w.record(run, &step)

	return step.next
}

// record writes a step down, with what is true at its end.
func (w *world) record(run *scheduleRun, step *traceStep) {
	step.ended = time.Now()
	step.truth, step.exists = w.cloud.Server(w.ids[step.server])
	step.maySkip = slices.ContainsFunc(run.faults, func(f scheduleFault) bool { return f.kind == faultNoImage })

	w.traceMu.Lock()
	defer w.traceMu.Unlock()

	w.trace.steps = append(w.trace.steps, *step)
}
