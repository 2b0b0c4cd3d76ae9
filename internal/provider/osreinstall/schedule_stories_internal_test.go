package osreinstall

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// scheduleStory is a schedule that was written by hand, with what has to come of it.
type scheduleStory struct {
	schedule schedule
	wipes    int    // erasures by requests of its runs
	applies  string // what each apply with something to do leaves in last_reinstall.state; "none" without one, "crash" without a state
}

// storyRun is a run a minute after the one before it.
func storyRun(kind scheduleCommand, in scheduleInputs, change ...func(*scheduleRun)) scheduleRun {
	run := scheduleRun{wait: time.Minute, kind: kind, inputs: []scheduleInputs{in}}
	for _, c := range change {
		c(&run)
	}

	return run
}

// storyFault makes a request of a run go wrong, after some that do not.
func storyFault(action, kind string, after int) func(*scheduleRun) {
	return func(run *scheduleRun) {
		run.faults = append(run.faults, scheduleFault{action: action, kind: kind, after: after, times: 1, length: 15 * time.Second})
	}
}

// storyActor has somebody do something at a time of a run.
func storyActor(kind string, at time.Duration, image, key string) func(*scheduleRun) {
	return func(run *scheduleRun) {
		run.actors = append(run.actors, scheduleActor{kind: kind, at: at, image: image, key: key})
	}
}

// storyCut ends a run early.
func storyCut(cut scheduleCut, at time.Duration) func(*scheduleRun) {
	return func(run *scheduleRun) { run.cut, run.cutAt = cut, at }
}

func storyWait(run *scheduleRun) { run.wait = 10 * time.Minute }

func storyGap(run *scheduleRun) { run.gap = 5 * time.Minute }

func storyStranger(run *scheduleRun) { run.stranger = true }

func storySecond(run *scheduleRun) { run.workspace = 1 }

// scheduleStories are the histories that have once broken the provider.
func scheduleStories() map[string]scheduleStory {
	const other = simulator.UbuntuImageID

	var (
		plain    = scheduleInputs{image: simulator.DefaultImageID, key: "KeyPair-1", trigger: "one"}
		again    = scheduleInputs{image: simulator.DefaultImageID, key: "KeyPair-1", trigger: "two"}
		drifting = scheduleInputs{image: simulator.DefaultImageID, key: "KeyPair-1", trigger: "one", onDrift: onDriftReinstall}
		password = scheduleInputs{pass: "Simulator-2", trigger: "one"}
		wanting  = scheduleInputs{pass: "Simulator-2", trigger: "one", image: simulator.DefaultImageID}
		unsure   = scheduleInputs{image: simulator.DefaultImageID, key: "KeyPair-1", trigger: "one", undecidedID: true}
	)

	story := func(wipes int, applies string, runs ...scheduleRun) scheduleStory {
		return scheduleStory{wipes: wipes, applies: applies, schedule: schedule{
			servers: []scheduleServer{{status: simulator.StatusStopped, image: simulator.DefaultImageID}},
			durations: simulator.Durations{
				Start: 20 * time.Second, Stop: 10 * time.Second, Reboot: 10 * time.Second, Reinstall: 2 * time.Minute,
				ChangeOS: time.Minute, Create: time.Minute,
			},
			runs: runs,
		}}
	}

	return map[string]scheduleStory{
		// Somebody reinstalls the server, which no look shows, and the answer to the refused request is lost: not ours.
		"somebody else's reinstall is no mismatch of ours": story(0, "none",
			storyRun(runApply, password, storyGap, storyActor(actReinstall, 4*time.Minute, other, "KeyPair-1"),
				storyFault(actionGet, faultInvisible, 0), storyFault(actionReinstall, "502 after", 0),
				func(run *scheduleRun) { run.inputs[0].image = simulator.DefaultImageID })),
		// A joined reinstall is still open when an image is configured that the server shows only until it ends.
		"an image that goes away is not the one asked for": story(1, "submitted completed",
			storyRun(runPlan, password, storyActor(actReinstall, 10*time.Second, thirdImageID, "KeyPair-3")),
			storyRun(runApply, password, storyCut(cutCtrlC, 12*time.Second)),
			storyRun(runApply, wanting, storyGap)),
		"a saved plan after a crash": story(2, "completed crash completed",
			storyRun(runApply, plain),
			storyRun(runPlan, again),
			storyRun(runSaved, again, storyCut(cutCrash, 5*time.Minute), storyFault(actionGet, "500", 40), func(run *scheduleRun) {
				run.faults[0].times = 100
			}),
			storyRun(runSaved, again)),
		"a saved plan whose drift was put right": story(1, "completed completed",
			storyRun(runApply, drifting, storyActor(actImage, 5*time.Minute, other, "")),
			storyRun(runPlan, drifting, storyWait, storyActor(actPutRight, time.Minute, simulator.DefaultImageID, "KeyPair-1")),
			storyRun(runSaved, drifting, storyWait)),
		"one drift in two states": story(3, "completed completed completed completed",
			storyRun(runApply, drifting),
			storyRun(runApply, drifting, storySecond, storyActor(actImage, 5*time.Minute, other, "")),
			storyRun(runPlan, drifting, storyWait),
			storyRun(runPlan, drifting, storySecond),
			storyRun(runSaved, drifting),
			storyRun(runSaved, drifting, storySecond)),
		"a server that is not found once": story(1, "completed",
			storyRun(runApply, plain),
			storyRun(runApply, plain, storyFault(actionGet, "not found", 0)),
			storyRun(runApply, plain)),
		"a server that is not found while it is waited for": story(1, "completed",
			storyRun(runApply, plain, storyFault(actionGet, "not found", 20)),
			storyRun(runApply, plain)),
		"the credentials of somebody else": story(1, "completed",
			storyRun(runApply, plain),
			storyRun(runApply, plain, storyStranger),
			storyRun(runApply, plain)),
		"one look at ERROR in a refresh": story(1, "submitted completed",
			storyRun(runApply, plain, storyCut(cutCtrlC, 30*time.Second)),
			storyRun(runApply, plain, storyWait, storyFault(actionGet, faultFlicker+simulator.StatusError, 0))),
		"one look at ERROR in the wait": story(1, "completed",
			storyRun(runApply, plain, storyFault(actionGet, faultFlicker+simulator.StatusError, 20))),
		"accepted, not done, and started by hand": story(0, "submitted",
			storyRun(runApply, plain, storyFault(actionReinstall, faultEffectless, 0),
				storyActor(actPowerOn, 10*time.Minute, "", ""))),
		"an id that is known at apply": story(1, "completed",
			storyRun(runApply, plain),
			storyRun(runApply, unsure)),
		"throttled, and done all the same": story(1, "completed",
			storyRun(runApply, plain, storyFault(actionReinstall, "429 with Retry-After, after", 0))),
		"a lost request that takes effect after ten minutes": story(2, "none completed",
			storyRun(runApply, plain, storyFault(actionReinstall, faultVeryLate, 0), func(run *scheduleRun) {
				run.faults[0].length = 10 * time.Minute
			}),
			storyRun(runApply, plain, func(run *scheduleRun) { run.wait = 20 * time.Minute })),
		"a key pair that went with its disk": story(1, "completed completed",
			storyRun(runApply, plain, storyActor(actKeyPair, 5*time.Minute, "", "KeyPair-3")),
			storyRun(runApply, plain, storyWait, storyActor(actReinstall, 5*time.Minute, "", "")),
			storyRun(runApply, drifting, storyWait)),
		"a trigger that comes back": story(1, "completed completed completed",
			storyRun(runApply, plain),
			storyRun(runApply, scheduleInputs{image: simulator.DefaultImageID, key: "KeyPair-1"}),
			storyRun(runApply, plain)),
	}
}

// TestScheduleStories plays histories that were written by hand, by both drivers.
func TestScheduleStories(t *testing.T) {
	t.Parallel()

	protocol, err := newProtocolDriver(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	for name, driver := range map[string]providerDriver{"direct": directDriver{}, "protocol": protocol} {
		for about, story := range scheduleStories() {
			t.Run(name+"/"+about, func(t *testing.T) {
				t.Parallel()

				trace := play(t, &story.schedule, driver)
				if found := judgeTrace(trace); len(found) > 0 {
					t.Errorf("broken: %v", found)
				}

				if wipes, applies := storyWipes(trace), storyApplies(trace); wipes != story.wipes || applies != story.applies {
					t.Errorf("%d erasures, applies %q; want %d, %q", wipes, applies, story.wipes, story.applies)
				}

				if t.Failed() {
					t.Log(history(trace, nil))
				}
			})
		}
	}
}

// storyWipes counts the erasures by requests of the schedule's own runs.
func storyWipes(trace *scheduleTrace) int {
	n := 0

	for _, wipe := range trace.wipes {
		i := slices.IndexFunc(trace.requests, func(r simulator.Request) bool { return r.N == wipe.RequestN })
		if i < 0 {
			continue
		}

		if run, err := strconv.Atoi(trace.requests[i].Header.Get(scheduleRunHeader)); err == nil && run < len(trace.schedule.runs) {
			n++
		}
	}

	return n
}

// storyApplies says how the applies of the schedule's own runs ended that had something to do.
func storyApplies(trace *scheduleTrace) string {
	var ends []string

	for i := range trace.steps {
		step := &trace.steps[i]
		if step.verb != "apply" || step.action == planNothing || step.run >= len(trace.schedule.runs) {
			continue
		}

		op, asked := step.next.operation()

		switch {
		case step.crashed:
			ends = append(ends, "crash")
		case !asked:
			ends = append(ends, "none")
		default:
			ends = append(ends, fmt.Sprint(op.State))
		}
	}

	return strings.Join(ends, " ")
}
