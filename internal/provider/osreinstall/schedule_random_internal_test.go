package osreinstall

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// dice makes the choices of a schedule.
type dice struct{ *rand.Rand }

func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

// between is a time of any nanosecond, so that two things never happen at the same time by chance.
func (d dice) between(least, most time.Duration) time.Duration {
	return least + time.Duration(d.Int64N(int64(most-least)))
}

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// thirdImageID is an image that the schedules add: the third one that every cloud has is for other servers.
const thirdImageID = "9c0d1e2f-4f50-4a61-8b72-9c83ad94be05"

var (
	scheduleImages   = []string{simulator.DefaultImageID, simulator.UbuntuImageID, thirdImageID}
	scheduleKeyPairs = []string{"KeyPair-1", "KeyPair-2", "KeyPair-3"}
)

// newSchedule makes the schedule of a seed.
func newSchedule(seed uint64) *schedule {
	d := dice{rand.New(rand.NewPCG(seed, 0x5eed))} //nolint:gosec // a seed has to give the same schedule again
	s := &schedule{
		seed:     seed,
		behavior: randomBehavior(d),
		durations: simulator.Durations{
			Start: d.between(time.Second, 40*time.Second), Stop: d.between(time.Second, 40*time.Second),
			Reboot: d.between(time.Second, 40*time.Second), ChangeOS: d.between(20*time.Second, 2*time.Minute),
			Create: d.between(10*time.Second, time.Minute), Reinstall: d.between(20*time.Second, 150*time.Second),
		},
	}

	s.limits = reinstall.Limits{Concurrent: d.IntN(3), FailureTolerance: d.IntN(2)}

	for range 1 + d.IntN(5)/4 {
		s.servers = append(s.servers, randomServer(d))
	}

	workspaces := 1
	if d.chance(20) {
		workspaces = 2
	}

	s.randomRuns(d, workspaces)
	s.randomJournals(dice{rand.New(rand.NewPCG(seed, 0x10a))}) //nolint:gosec // a seed has to give the same schedule again

	s.meddling = d.chance(25)
	s.restrict()

	return s
}

// randomRuns makes the runs. The configurations of two states are alike at first, and go their own ways then.
func (s *schedule) randomRuns(d dice, workspaces int) {
	inputs := make([][]scheduleInputs, workspaces)
	earlier := make([][]scheduleInputs, workspaces)
	saved := make([]bool, workspaces)

	for range s.servers {
		inputs[0] = append(inputs[0], randomInputs(d))
	}

	for i := range inputs {
		inputs[i] = slices.Clone(inputs[0])
		earlier[i] = slices.Clone(inputs[0])
	}

	for range 2 + d.IntN(4) {
		space := d.IntN(workspaces)

		for i, in := range inputs[space] {
			next := changedInputs(d, in)
			if d.chance(15) { // somebody turns back
				next.turnBack(&earlier[space][i])
			}

			earlier[space][i], inputs[space][i] = in, next
		}

		run := randomRun(d, slices.Clone(inputs[space]), saved[space])
		run.workspace = space
		saved[space] = saved[space] || run.kind == runPlan

		if n := len(s.runs); n > 0 && s.runs[n-1].workspace != space && !s.runs[n-1].concurrent && d.chance(50) {
			run.concurrent, run.wait = true, d.between(time.Microsecond, 3*time.Minute)
		}

		s.runs = append(s.runs, run)
	}
}

// randomBehavior chooses how the service does what is not published.
func randomBehavior(d dice) simulator.Behavior {
	b := simulator.Behavior{
		ReinstallStatus:      pick(d, "", "", simulator.StatusReinstallOS),
		ReinstallReplyStatus: pick(d, "", "", "", simulator.StatusStopped, simulator.StatusRunning),
		ImageChange: pick(d, simulator.ImageHonored, simulator.ImageHonored, simulator.ImageHonored, simulator.ImageHonored,
			simulator.ImageIgnored, simulator.ImageIgnored, simulator.ImageRefused),
		AcceptRunning:         d.chance(20),
		AcceptDuringReinstall: d.chance(20),
		ShowRoot:              pick(d, simulator.RootAtEnd, simulator.RootAtStart, simulator.RootAtRunning),
		FreezeRoot:            d.chance(10),
		NewImageAtStart:       d.chance(30),
		KeepUpdateAt:          d.chance(15),
		HideVolumes:           d.chance(15),
		HideUpdateAt:          d.chance(15),
		HideImage:             d.chance(10),
		HideKeyPair:           d.chance(15),
		EmptyKeyPair:          d.chance(25),
		OlderReplies:          d.chance(15),
		ConsoleNeedsSync:      d.chance(10),
	}

	if d.chance(30) {
		b.Via = pick(d, []string{simulator.StatusStarting}, []string{simulator.StatusStopped, simulator.StatusStarting},
			[]string{simulator.StatusRebooting}, []string{simulator.StatusStopped})
	}

	return b
}

func randomServer(d dice) scheduleServer {
	server := scheduleServer{
		status:   pick(d, simulator.StatusRunning, simulator.StatusRunning, simulator.StatusStopped),
		image:    pick(d, scheduleImages...),
		key:      pick(d, append([]string{""}, scheduleKeyPairs...)...),
		imported: d.chance(15),
	}

	if d.chance(40) {
		server.status = pick(d, simulator.StatusReinstallingOSFailed, simulator.StatusChangingOSFailed,
			simulator.StatusStarting, simulator.StatusStopping, simulator.StatusRebooting, simulator.StatusCreating,
			simulator.StatusChangingOS, simulator.StatusReinstallingOS, simulator.StatusReinstallOS,
			simulator.StatusReinstallingOS, simulator.StatusError, simulator.StatusStopFailed)
	}

	return server
}

func randomInputs(d dice) scheduleInputs {
	in := scheduleInputs{
		image:   pick(d, append([]string{"", ""}, scheduleImages...)...),
		trigger: pick(d, "", "one"),
		onDrift: pick(d, "", onDriftReinstall, onDriftReinstall, onDriftReinstall, onDriftWarn, onDriftIgnore),
		timeout: pick(d, 0, 0, 0, 20*time.Minute, d.between(10*time.Second, 6*time.Minute)),
	}
	in.userData = pick(d, "", "", "#!/bin/sh")
	in.credential(d)

	return in
}

// credential chooses how to log in.
func (in *scheduleInputs) credential(d dice) {
	in.key, in.pass, in.version = "", "", 0

	switch d.IntN(4) {
	case 0:
		in.pass = pick(d, "Simulator-1", "Simulator-2")
	case 1:
		in.version = 1 + d.Int64N(3)
	default:
		in.key = pick(d, scheduleKeyPairs...)
	}
}

// changedInputs changes some of the inputs, or none.
func changedInputs(d dice, in scheduleInputs) scheduleInputs {
	in.undecided, in.undecidedID = d.chance(4), d.chance(4)

	if d.chance(45) {
		return in
	}

	for range 1 + d.IntN(2) {
		switch d.IntN(10) {
		case 0, 1:
			in.image = pick(d, append([]string{""}, scheduleImages...)...)
		case 2:
			in.credential(d)
		case 3:
			in.trigger = pick(d, "", "one", "two", "three")
		case 4:
			in.userData = pick(d, "", "#!/bin/sh", "#!/bin/bash")
		case 5:
			in.onDrift = pick(d, "", onDriftReinstall, onDriftWarn, onDriftIgnore)
		case 6:
			in.refuseRunning = d.chance(30)
		case 7:
			in.timeout = pick(d, 0, 20*time.Minute, d.between(10*time.Second, 6*time.Minute))
		case 8:
			in.upper = !in.upper
		case 9: // what installs nothing alone is removed
			in.userData, in.trigger, in.image = "", "", pick(d, in.image, "")

			if d.chance(50) { // enough for a server that is only watched
				in.key, in.pass, in.version = "", "", 0
			}
		}
	}

	return in
}

// turnBack takes over what was configured before.
func (in *scheduleInputs) turnBack(earlier *scheduleInputs) {
	in.image, in.key = earlier.image, earlier.key
	in.pass, in.version = earlier.pass, earlier.version
	in.userData, in.trigger = earlier.userData, earlier.trigger
}

func randomRun(d dice, inputs []scheduleInputs, saved bool) scheduleRun {
	run := scheduleRun{
		wait: pick(d, d.between(time.Second, time.Minute), d.between(time.Minute, 20*time.Minute)),
		kind: pick(d, runApply, runApply, runApply, runApply, runApply, runApply, runApply, runApply, runPlan, runPlan,
			runReplace),
		skipRefresh: d.chance(8),
		inputs:      inputs,
	}

	if d.chance(3) {
		run.kind = runDestroy
	}

	if saved && d.chance(60) {
		run.kind = runSaved
	}

	run.stranger = d.chance(4)

	if d.chance(25) {
		run.gap = d.between(time.Second, 10*time.Minute)
	}

	if d.chance(40) {
		run.cut = pick(d, cutCtrlC, cutCtrlC, cutCtrlC, cutTerm, cutCrash, cutCrash, cutCrash, cutTwice)
		run.cutAt = pick(d, d.between(time.Microsecond, 10*time.Second), d.between(time.Second, 5*time.Minute)) + run.gap
		if run.cut == cutTwice {
			run.again = d.between(time.Millisecond, 5*time.Second)
		}
	}

	if d.chance(15) {
		run.endStatus = pick(d, simulator.StatusReinstallingOSFailed, simulator.StatusChangingOSFailed, simulator.StatusError,
			simulator.StatusStartFailed, simulator.StatusStopped)
	}

	for range d.IntN(4) {
		run.faults = append(run.faults, randomFault(d, len(inputs)))
	}

	for range max(0, d.IntN(5)-2) {
		actor := randomActor(d, len(inputs))
		if actor.kind == actPutRight {
			actor.image, actor.key = inputs[actor.server].image, inputs[actor.server].key
		}

		run.actors = append(run.actors, actor)
	}

	if d.chance(1) {
		run.actors = append(run.actors, scheduleActor{
			server: d.IntN(len(inputs)), kind: actDelete, at: d.between(time.Microsecond, 5*time.Minute),
		})
	}

	return run
}

func randomFault(d dice, servers int) scheduleFault {
	f := scheduleFault{server: d.IntN(servers), times: 1 + d.IntN(3)}

	switch d.IntN(10) {
	case 0:
		f.action = actionStop
	case 1:
		f.action = actionStart
	case 2, 3, 4:
		f.action = actionGet
		f.after, f.times = d.IntN(15), 1+d.IntN(pick(d, 2, 25))
		f.kind = pick(d, readFaults...).name
	default:
		f.action = actionReinstall
	}

	if f.action == actionGet && servers > 1 && d.chance(30) {
		f.action, f.after = actionList, 0
	}

	if f.kind == "" {
		f.kind = pick(d, writeFaults...).name
		f.after = max(0, d.IntN(4)-2)
	}

	f.length = d.between(time.Second, 40*time.Second)

	switch kind := f.info(); {
	case f.kind == faultVeryLate:
		f.length = d.between(6*time.Minute, 15*time.Minute)
	case kind.is&(slow|late) != 0:
		f.length = d.between(time.Second, 200*time.Second)
	case kind.longest > 0:
		f.length = d.between(time.Second, kind.longest)
	}

	return f
}

// randomActor makes somebody who acts at any time, or at the very moment of a request.
func randomActor(d dice, servers int) scheduleActor {
	actor := scheduleActor{
		server: d.IntN(servers),
		kind:   pick(d, actorKinds...),
		at:     pick(d, d.between(time.Microsecond, 15*time.Second), d.between(time.Second, 12*time.Minute)),
		image:  pick(d, append([]string{""}, scheduleImages...)...),
		key:    pick(d, scheduleKeyPairs...),
	}

	if d.chance(50) {
		actor.at = 0
		actor.on = pick(d, actionGet, actionGet, actionStop, actionReinstall, actionReinstall, actionStart)
		actor.reply = d.chance(50)

		if actor.on == actionGet {
			actor.after = d.IntN(pick(d, 6, 40))
		}
	}

	return actor
}

var actorKinds = []string{
	actReimage, actReinstall, actImage, actImage, actKeyPair, actKeyPair, actPutRight, actPutRight, actPowerOn, actPowerOff,
}
