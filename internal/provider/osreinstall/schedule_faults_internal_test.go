package osreinstall

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// The actions that faults are for.
const (
	actionGet       = "get"
	actionList      = "list"
	actionStop      = "stop"
	actionStart     = "start"
	actionReinstall = "reinstallos"
)

// faultKind is one way in which a request goes wrong.
type faultKind struct {
	name string
	is   faultTraits
	make func(length time.Duration) simulator.Fault
	// longest is how long it lasts at most, from the first request on. 0: as often as the fault says.
	longest time.Duration
}

// faultTraits are what a judgement has to know of a kind.
type faultTraits int

const (
	plain      faultTraits = 0
	ambiguous  faultTraits = 1 << iota // the answer leaves open whether a POST was processed
	hides                              // looks at the server may miss something because of it
	lies                               // the answer says that the request was not processed, and it was
	late                               // it takes effect long after its answer
	slow                               // the reply is a long time on its way
	effectless                         // the answer says that the request was accepted, and nothing was done
	ahead                              // the reply's update_at is ahead of the store
)

func answers(status int, process bool) func(time.Duration) simulator.Fault {
	return func(time.Duration) simulator.Fault { return simulator.Fault{Status: status, Process: process} }
}

// page is an answer that shows no server.
func page(body string, process bool) func(time.Duration) simulator.Fault {
	return func(time.Duration) simulator.Fault {
		return simulator.Fault{Status: http.StatusOK, Body: body, ContentType: "text/html", Process: process}
	}
}

func retryAfter(process bool) func(time.Duration) simulator.Fault {
	return func(length time.Duration) simulator.Fault {
		return simulator.Fault{
			Status: http.StatusTooManyRequests, Process: process,
			Header: map[string]string{"Retry-After": strconv.Itoa(int(length.Seconds()))},
		}
	}
}

func updatedAhead(length time.Duration) simulator.Fault {
	return simulator.Fault{Odd: func(body map[string]any) {
		if at, ok := body["update_at"].(int64); ok {
			body["update_at"] = at + 15*length.Milliseconds()
		}
	}}
}

// writeFaults are for what changes a server.
var writeFaults = []faultKind{
	{name: "500", is: ambiguous, make: answers(http.StatusInternalServerError, false)},
	{name: "502 after", is: ambiguous, make: answers(http.StatusBadGateway, true)},
	{name: "503", is: ambiguous, make: answers(http.StatusServiceUnavailable, false)},
	{name: "504 after", is: ambiguous, make: answers(http.StatusGatewayTimeout, true)},
	{name: "408", is: ambiguous, make: answers(http.StatusRequestTimeout, false)},
	{name: "408 after", is: ambiguous, make: answers(http.StatusRequestTimeout, true)},
	{name: "409", is: ambiguous, make: answers(http.StatusConflict, false)},
	{name: "409 after", is: ambiguous, make: answers(http.StatusConflict, true)},
	{name: "drop before", is: ambiguous, make: func(time.Duration) simulator.Fault { return simulator.Fault{DropBefore: true} }},
	{name: "drop after", is: ambiguous, make: func(time.Duration) simulator.Fault { return simulator.Fault{DropAfter: true} }},
	{name: "reset after", is: ambiguous, make: func(time.Duration) simulator.Fault {
		return simulator.Fault{DropAfter: true, Reset: true}
	}},
	{name: "late", is: ambiguous | late, make: func(length time.Duration) simulator.Fault {
		return simulator.Fault{ProcessLate: length}
	}},
	{name: "late, drop", is: ambiguous | late, make: func(length time.Duration) simulator.Fault {
		return simulator.Fault{ProcessLate: length, DropBefore: true}
	}},
	{name: faultVeryLate, is: ambiguous | late, make: func(length time.Duration) simulator.Fault {
		return simulator.Fault{ProcessLate: length}
	}},
	{name: "slow", is: ambiguous | hides | slow, make: func(length time.Duration) simulator.Fault { return simulator.Fault{Delay: length} }},
	{name: "slow reply", is: ambiguous | hides | slow, make: func(length time.Duration) simulator.Fault {
		return simulator.Fault{DelayReply: length}
	}},
	{name: "429", make: answers(http.StatusTooManyRequests, false)},
	{name: "429 with Retry-After", make: retryAfter(false)},
	{name: "refused dial", make: func(time.Duration) simulator.Fault { return simulator.Fault{RefuseDial: true} }},
	{name: "cut body", is: ambiguous, make: func(time.Duration) simulator.Fault { return simulator.Fault{CutBody: true} }},
	{name: "empty reply", is: ambiguous, make: oddReply(func(body map[string]any) { clear(body) })},
	{name: "400", make: answers(http.StatusBadRequest, false)},
	{name: "401", make: answers(http.StatusUnauthorized, false)},
	{name: "403", make: answers(http.StatusForbidden, false)},
	{name: "307", make: func(time.Duration) simulator.Fault {
		return simulator.Fault{
			Status: http.StatusTemporaryRedirect, Header: map[string]string{"Location": "https://elsewhere.example/"},
		}
	}},
	{name: "200 HTML", is: ambiguous, make: page("<html>welcome</html>", false)},
	{name: "200 HTML after", is: ambiguous, make: page("<html>welcome</html>", true)},
	{name: "200 {}", is: ambiguous, make: page("{}", false)},
	{name: "200 blank after", is: ambiguous, make: page("\n", true)},
	{name: faultEffectless, is: effectless, make: func(time.Duration) simulator.Fault { return simulator.Fault{Effectless: true} }},
	{name: "400 after", is: lies, make: answers(http.StatusBadRequest, true)},
	{name: "401 after", is: lies, make: answers(http.StatusUnauthorized, true)},
	{name: "403 after", is: lies, make: answers(http.StatusForbidden, true)},
	{name: "429 after", is: lies, make: answers(http.StatusTooManyRequests, true)},
	{name: "429 with Retry-After, after", is: lies, make: func(length time.Duration) simulator.Fault {
		return retryAfter(true)(30 * length)
	}},
	{name: "ahead", is: ahead, make: updatedAhead},
}

// readFaults are for looks. What shows the server otherwise than it is lasts for less than the time that such a status has
// to be held, or nobody could tell it from the truth.
var readFaults = []faultKind{
	{name: "500", is: hides, make: answers(http.StatusInternalServerError, false)},
	{name: "503", is: hides, make: answers(http.StatusServiceUnavailable, false)},
	{name: "429", is: hides, make: answers(http.StatusTooManyRequests, false)},
	{name: "401", is: hides, make: answers(http.StatusUnauthorized, false)},
	{name: "drop", is: hides, make: func(time.Duration) simulator.Fault { return simulator.Fault{DropBefore: true} }},
	{name: "refused dial", is: hides, make: func(time.Duration) simulator.Fault { return simulator.Fault{RefuseDial: true} }},
	{name: "cut body", is: hides, make: func(time.Duration) simulator.Fault { return simulator.Fault{CutBody: true} }},
	{name: "slow", is: hides | slow, make: func(length time.Duration) simulator.Fault { return simulator.Fault{Delay: length} }},
	{name: "slow reply", is: hides | slow, make: func(length time.Duration) simulator.Fault {
		return simulator.Fault{DelayReply: length}
	}},
	{name: faultStale, is: hides, make: func(length time.Duration) simulator.Fault { return simulator.Fault{Stale: length} }},
	{name: faultInvisible, is: hides, make: func(time.Duration) simulator.Fault { return simulator.Fault{Invisible: true} }},
	{name: "no such route", is: hides, make: answers(http.StatusNotFound, false)},
	{name: "HTML", is: hides, make: func(time.Duration) simulator.Fault {
		return simulator.Fault{Status: http.StatusNotFound, Body: "<html>gone</html>", ContentType: "text/html"}
	}},
	{name: "200 HTML", is: hides, make: page("<html>welcome</html>", false)},
	{name: "odd status", is: hides, make: oddReply(func(body map[string]any) { body["status"] = "HIBERNATING" })},
	{name: "no status", is: hides, make: oddReply(func(body map[string]any) { delete(body, "status") })},
	{name: faultNoImage, is: hides, make: oddReply(func(body map[string]any) {
		delete(body, "image")
		delete(body, "server_image_response")
		delete(body, "key_pair_name")
	})},
	{name: faultNoVolumes, is: hides, make: oddReply(func(body map[string]any) { delete(body, "volumes") })},
	{name: "empty object", is: hides, make: func(time.Duration) simulator.Fault {
		return simulator.Fault{Status: http.StatusOK, Body: "{}"}
	}},
	{name: "ahead", is: ahead, make: updatedAhead},
	{name: "not found", is: hides, longest: 110 * time.Second, make: func(time.Duration) simulator.Fault {
		return simulator.Fault{Status: http.StatusBadRequest, Code: simulator.CodeNotFound, Message: "no such server"}
	}},
	{name: "not found, 404", is: hides, longest: 110 * time.Second, make: func(time.Duration) simulator.Fault {
		return simulator.Fault{Status: http.StatusNotFound, Code: simulator.CodeNotFound, Message: "no such server"}
	}},
	flicker(simulator.StatusError, 110*time.Second),
	flicker(simulator.StatusStartFailed, 110*time.Second),
	flicker(simulator.StatusDeleting, 110*time.Second),
	flicker(simulator.StatusDeleted, 110*time.Second),
	flicker(simulator.StatusStopped, 110*time.Second),
	flicker(simulator.StatusRunning, 15*time.Second),
	flicker(simulator.StatusReinstallingOSFailed, 15*time.Second),
	flicker(simulator.StatusChangingOSFailed, 15*time.Second),
}

// flicker shows a status in place of the real one.
func flicker(status string, longest time.Duration) faultKind {
	return faultKind{
		name: faultFlicker + status, is: hides, longest: longest,
		make: func(time.Duration) simulator.Fault { return simulator.Fault{Flicker: status} },
	}
}

// The kinds that a judgement has to know by name.
const (
	faultStale      = "stale"
	faultInvisible  = "invisible"
	faultNoImage    = "no image"
	faultNoVolumes  = "no volumes"
	faultVeryLate   = "very late"
	faultEffectless = "effectless"
	faultFlicker    = "flicker "
)

func oddReply(odd func(map[string]any)) func(time.Duration) simulator.Fault {
	return func(time.Duration) simulator.Fault { return simulator.Fault{Odd: odd} }
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

// traits are the traits of the fault's kind.
func (f *scheduleFault) traits() faultTraits { return f.info().is }

// info is what is known of the fault's kind.
func (f *scheduleFault) info() faultKind {
	kinds := writeFaults
	if f.looks() {
		kinds = readFaults
	}

	return kinds[slices.IndexFunc(kinds, func(k faultKind) bool { return k.name == f.kind })]
}

// looks reports whether the fault is for looks at the server.
func (f *scheduleFault) looks() bool { return f.action == actionGet || f.action == actionList }

// ambiguous reports whether the fault leaves open what became of a POST.
func (f *scheduleFault) ambiguous() bool {
	return f.action == actionReinstall && f.traits()&ambiguous != 0
}

// rule is the fault as the simulator has it.
func (f *scheduleFault) rule(ids []string) simulator.Fault {
	rule := f.info().make(f.length)
	rule.Name, rule.Action = f.action+": "+f.kind, f.action
	rule.After, rule.Times = f.after, f.times

	if f.info().longest > 0 {
		rule.For = f.length
	}

	if f.action != actionList {
		rule.ServerID = ids[f.server]
	}

	return rule
}

// restrict takes out of a schedule what no client could decide, and nothing else.
func (s *schedule) restrict() {
	b := &s.behavior
	timeHidden := b.HideUpdateAt || b.KeepUpdateAt

	if s.rootHidden() {
		s.oneState()
	}

	for i := range s.runs {
		run := &s.runs[i]

		// A machine that a reinstall leaves in STOPPED, or in the failed status that it began in, shows by nothing but its new
		// system disk that there was a reinstall. Where that one shows from the start, whoever adopts the reinstall never sees
		// the old one.
		if s.rootHidden() || run.end == simulator.StatusStopped && s.behavior.ShowRoot == simulator.RootAtStart {
			run.end = ""
		}

		run.faults = slices.DeleteFunc(run.faults, func(f scheduleFault) bool {
			switch {
			case f.traits()&late != 0 && f.action != actionReinstall:
				// A stop that takes effect minutes after its answer cannot be told from somebody who stops the machine.
				return true
			case f.traits()&late != 0 && refuses(s.together(i), f.server):
				// Two faults would meet one request, and give a refusal to what is processed later.
				return true
			case f.kind == faultStale && timeHidden:
				// Without update_at, a look that is older than the one before cannot be told from a newer one.
				return true
			case f.kind == faultInvisible && timeHidden && s.rootHidden() &&
				strings.HasSuffix(s.servers[f.server].status, "OS_FAILED"):
				// A machine that begins in a failed status and shows nothing else looks as if it had failed again.
				return true
			case f.kind == faultInvisible && timeHidden && s.mayJoin(f.server):
				// A look at the machine before somebody's reinstall then looks like one after it, on the disk that it had.
				return true
			case f.traits()&(lies|effectless|ahead) != 0 && s.rootHidden(), f.kind == faultVeryLate && s.rootHidden():
				// What the service says is wrong, and only the system disk could tell.
				return true
			case f.kind == faultFlicker+simulator.StatusRunning && !s.tellsRunning():
				// One look at a machine that runs on its new system disk is enough.
				return true
			default:
				return false
			}
		})
	}

	if s.rootHidden() && (s.hides() || s.passesStopped()) {
		s.drop(func(f *scheduleFault) bool { return f.ambiguous() })
	}

	s.limitLies()
	s.limitHeld()
	s.limitLate()
}

// mayJoin reports whether a server can be met in the middle of a running reinstall that no request of its state began.
func (s *schedule) mayJoin(server int) bool {
	return transitionalReinstall(s.servers[server].status) || slices.ContainsFunc(s.runs, func(run scheduleRun) bool {
		return run.workspace > 0 || run.cut.crashes() || slices.ContainsFunc(run.actors, func(a scheduleActor) bool {
			return a.server == server && a.kind == actReinstall
		})
	})
}

// tellsRunning reports whether a single RUNNING can be told from the end of a reinstall: the system disk that is shown
// meanwhile is the old one, and none has failed on a new one.
func (s *schedule) tellsRunning() bool {
	return !s.rootHidden() && s.behavior.ShowRoot != simulator.RootAtStart &&
		!slices.ContainsFunc(s.runs, func(run scheduleRun) bool { return failedEnd(cmp.Or(run.end, simulator.StatusRunning)) })
}

// limitLies sees to it that the looks after an answer that lies show what is true. A machine that has left the reinstall and
// does not show its new system disk yet looks as if nothing had been done.
func (s *schedule) limitLies() {
	if len(s.behavior.Via) > 0 && s.behavior.ShowRoot == simulator.RootAtRunning {
		s.drop(func(f *scheduleFault) bool {
			return f.traits()&lies != 0 || f.traits()&effectless != 0 && s.passesStopped()
		})
	}

	for i := range s.runs {
		run := &s.runs[i]
		together := s.together(i)

		run.faults = slices.DeleteFunc(run.faults, func(f scheduleFault) bool {
			return f.traits()&lies != 0 && f.action == actionReinstall &&
				slices.ContainsFunc(together, func(other scheduleFault) bool {
					return other.server == f.server && other.looks() && other.traits()&(hides|ahead) != 0
				})
		})
	}
}

// limitHeld sees to it that what looks show otherwise than it is does not last: there is one such fault at a time, and no
// reply is so slow that it seems to.
func (s *schedule) limitHeld() {
	for i := range s.runs {
		run := &s.runs[i]
		together := s.together(i)

		run.faults = slices.DeleteFunc(run.faults, func(f scheduleFault) bool {
			if f.info().longest == 0 {
				return false
			}

			n := 0

			for _, other := range together {
				if other.server == f.server && other.looks() && (other.info().longest > 0 || other.traits()&slow != 0) {
					n++
				}
			}

			return n > 1
		})
	}
}

// together are the faults of a run and of those beside it.
func (s *schedule) together(i int) []scheduleFault {
	first, last := i, i
	for first > 0 && s.runs[first].beside {
		first--
	}

	for last+1 < len(s.runs) && s.runs[last+1].beside {
		last++
	}

	var faults []scheduleFault
	for ; first <= last; first++ {
		faults = append(faults, s.runs[first].faults...)
	}

	return faults
}

// refuses reports whether one of the faults has an answer to a POST which says that it was not processed.
func refuses(faults []scheduleFault, server int) bool {
	return slices.ContainsFunc(faults, func(f scheduleFault) bool {
		return f.server == server && f.action == actionReinstall && !f.ambiguous()
	})
}

// rootHidden reports whether a client may be unable to see that a system disk is a new one.
func (s *schedule) rootHidden() bool {
	return s.behavior.HideVolumes || s.behavior.OlderReplies || s.behavior.FreezeRoot ||
		slices.ContainsFunc(s.runs, func(run scheduleRun) bool {
			return slices.ContainsFunc(run.faults, func(f scheduleFault) bool { return f.kind == faultNoVolumes })
		})
}

// passesStopped reports whether a machine can be met in STOPPED that somebody else's reinstall, or one of a crashed apply,
// has left there for a moment. A request whose answer is lost then changes nothing about it that it does not change by
// itself: it never shows again what it showed before, and never that the request was processed.
func (s *schedule) passesStopped() bool {
	return slices.Contains(s.behavior.Via, simulator.StatusStopped) && (slices.ContainsFunc(s.runs, func(run scheduleRun) bool {
		return run.cut.crashes() || slices.ContainsFunc(run.actors, func(a scheduleActor) bool { return a.kind == actReinstall })
	}) || slices.ContainsFunc(s.servers, func(server scheduleServer) bool { return transitionalReinstall(server.status) }))
}

// hides reports whether a reinstall can pass without any look at it: the apply is interrupted, or the looks are at fault.
// Where the system disk is hidden too, a request whose answer was lost then leaves no trace.
func (s *schedule) hides() bool {
	for i := range s.runs {
		run := &s.runs[i]
		if run.cut != cutNone || slices.ContainsFunc(run.faults, func(f scheduleFault) bool { return f.traits()&hides != 0 }) ||
			slices.ContainsFunc(run.inputs, func(in scheduleInputs) bool { return in.timeout != 0 }) {
			return true
		}
	}

	return false
}

// limitLate sees to it that a request takes effect, visibly, within the five minutes after which it counts as not
// processed.
func (s *schedule) limitLate() {
	most := 280 * time.Second

	for i := range s.runs {
		for _, f := range s.runs[i].faults {
			switch f.kind {
			case faultStale:
				most = min(most, 235*time.Second)
			case faultInvisible:
				most = min(most, 280*time.Second-s.durations.Reinstall-2*s.durations.Start)
			}
		}
	}

	for i := range s.runs {
		for j := range s.runs[i].faults {
			if f := &s.runs[i].faults[j]; f.traits()&late != 0 && f.kind != faultVeryLate {
				f.length = max(time.Second, min(f.length, most))
			}
		}
	}
}

// oneState leaves one state of two. Two owners tell what the other one does to a machine by its system disk alone.
func (s *schedule) oneState() {
	for i := range s.runs {
		s.runs[i].workspace, s.runs[i].beside = 0, false
	}
}

// endless reports whether a reinstall can be over without any sign of its end, so that only -replace leads out of it: the
// disk seems to be the old one, or people act on the machine, or the service says what is not so.
func (s *schedule) endless() bool {
	return s.touchy || s.behavior.FreezeRoot && s.hides() || slices.ContainsFunc(s.runs, func(run scheduleRun) bool {
		return slices.ContainsFunc(run.faults, func(f scheduleFault) bool { return f.traits()&(effectless|ahead) != 0 })
	})
}

// drop takes faults out of all runs.
func (s *schedule) drop(drop func(*scheduleFault) bool) {
	for i := range s.runs {
		s.runs[i].faults = slices.DeleteFunc(s.runs[i].faults, func(f scheduleFault) bool { return drop(&f) })
	}
}
