package provider

import (
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
	// ambiguous tells that the answer leaves open whether a POST was processed.
	ambiguous bool
	// hides tells that looks at the server may miss something because of it.
	hides bool
	make  func(length time.Duration) simulator.Fault
}

func answers(status int, process bool) func(time.Duration) simulator.Fault {
	return func(time.Duration) simulator.Fault { return simulator.Fault{Status: status, Process: process} }
}

// writeFaults are for what changes a server. A refusal (a 4xx but 408 and 409) and a 429 are never given for a request that
// was processed: such an answer is the service's word that it was not, and a service that lies cannot be dealt with.
var writeFaults = []faultKind{
	{"500", true, false, answers(http.StatusInternalServerError, false)},
	{"502 after", true, false, answers(http.StatusBadGateway, true)},
	{"503", true, false, answers(http.StatusServiceUnavailable, false)},
	{"504 after", true, false, answers(http.StatusGatewayTimeout, true)},
	{"408", true, false, answers(http.StatusRequestTimeout, false)},
	{"408 after", true, false, answers(http.StatusRequestTimeout, true)},
	{"409", true, false, answers(http.StatusConflict, false)},
	{"409 after", true, false, answers(http.StatusConflict, true)},
	{"drop before", true, false, func(time.Duration) simulator.Fault { return simulator.Fault{DropBefore: true} }},
	{"drop after", true, false, func(time.Duration) simulator.Fault { return simulator.Fault{DropAfter: true} }},
	{"reset after", true, false, func(time.Duration) simulator.Fault { return simulator.Fault{DropAfter: true, Reset: true} }},
	{"late", true, false, func(length time.Duration) simulator.Fault { return simulator.Fault{ProcessLate: length} }},
	{"late, drop", true, false, func(length time.Duration) simulator.Fault {
		return simulator.Fault{ProcessLate: length, DropBefore: true}
	}},
	{"slow", true, true, func(length time.Duration) simulator.Fault { return simulator.Fault{Delay: length} }},
	{"slow reply", true, true, func(length time.Duration) simulator.Fault { return simulator.Fault{DelayReply: length} }},
	{"429", false, false, answers(http.StatusTooManyRequests, false)},
	{"429 with Retry-After", false, false, func(length time.Duration) simulator.Fault {
		return simulator.Fault{
			Status: http.StatusTooManyRequests,
			Header: map[string]string{"Retry-After": strconv.Itoa(int(length.Seconds()))},
		}
	}},
	{"refused dial", false, false, func(time.Duration) simulator.Fault { return simulator.Fault{RefuseDial: true} }},
	{"cut body", true, false, func(time.Duration) simulator.Fault { return simulator.Fault{CutBody: true} }},
	{"empty reply", true, false, oddReply(func(body map[string]any) { clear(body) })},
	{"400", false, false, answers(http.StatusBadRequest, false)},
	{"401", false, false, answers(http.StatusUnauthorized, false)},
	{"403", false, false, answers(http.StatusForbidden, false)},
	{"307", false, false, func(time.Duration) simulator.Fault {
		return simulator.Fault{
			Status: http.StatusTemporaryRedirect, Header: map[string]string{"Location": "https://elsewhere.example/"},
		}
	}},
}

// readFaults are for looks. None of them says "not found" in the service's own words of a server that is there: that is a
// lie, too.
var readFaults = []faultKind{
	{"500", false, true, answers(http.StatusInternalServerError, false)},
	{"503", false, true, answers(http.StatusServiceUnavailable, false)},
	{"429", false, true, answers(http.StatusTooManyRequests, false)},
	{"401", false, true, answers(http.StatusUnauthorized, false)},
	{"drop", false, true, func(time.Duration) simulator.Fault { return simulator.Fault{DropBefore: true} }},
	{"refused dial", false, true, func(time.Duration) simulator.Fault { return simulator.Fault{RefuseDial: true} }},
	{"cut body", false, true, func(time.Duration) simulator.Fault { return simulator.Fault{CutBody: true} }},
	{"slow", false, true, func(length time.Duration) simulator.Fault { return simulator.Fault{Delay: length} }},
	{"slow reply", false, true, func(length time.Duration) simulator.Fault { return simulator.Fault{DelayReply: length} }},
	{faultStale, false, true, func(length time.Duration) simulator.Fault { return simulator.Fault{Stale: length} }},
	{faultInvisible, false, true, func(time.Duration) simulator.Fault { return simulator.Fault{Invisible: true} }},
	{"no such route", false, true, answers(http.StatusNotFound, false)},
	{"HTML", false, true, func(time.Duration) simulator.Fault {
		return simulator.Fault{Status: http.StatusNotFound, Body: "<html>gone</html>", ContentType: "text/html"}
	}},
	{"odd status", false, true, oddReply(func(body map[string]any) { body["status"] = "HIBERNATING" })},
	{"no status", false, true, oddReply(func(body map[string]any) { delete(body, "status") })},
	{faultNoImage, false, true, oddReply(func(body map[string]any) {
		delete(body, "image")
		delete(body, "server_image_response")
		delete(body, "key_pair_name")
	})},
	{faultNoVolumes, false, true, oddReply(func(body map[string]any) { delete(body, "volumes") })},
	{"empty object", false, true, func(time.Duration) simulator.Fault {
		return simulator.Fault{Status: http.StatusOK, Body: "{}"}
	}},
}

// The kinds that a judgement has to know.
const (
	faultStale     = "stale"
	faultInvisible = "invisible"
	faultNoImage   = "no image"
	faultNoVolumes = "no volumes"
)

func oddReply(odd func(map[string]any)) func(time.Duration) simulator.Fault {
	return func(time.Duration) simulator.Fault { return simulator.Fault{Odd: odd} }
}

func randomFault(d dice, servers int) modelFault {
	f := modelFault{server: d.IntN(servers), times: 1 + d.IntN(3)}

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

	if f.kind == "slow" || f.kind == "slow reply" || f.isLate() {
		f.length = d.between(time.Second, 200*time.Second)
	}

	return f
}

func (f *modelFault) isLate() bool { return f.kind == "late" || f.kind == "late, drop" }

// info is what is known of the fault's kind.
func (f *modelFault) info() faultKind {
	kinds := writeFaults
	if f.action == actionGet || f.action == actionList {
		kinds = readFaults
	}

	return kinds[slices.IndexFunc(kinds, func(k faultKind) bool { return k.name == f.kind })]
}

// ambiguous tells whether the fault leaves open what became of a POST.
func (f *modelFault) ambiguous() bool { return f.action == actionReinstall && f.info().ambiguous }

// rule is the fault as the simulator has it.
func (f *modelFault) rule(ids []string) simulator.Fault {
	rule := f.info().make(f.length)
	rule.Name, rule.Action = f.action+": "+f.kind, f.action
	rule.After, rule.Times = f.after, f.times

	if f.action != actionList {
		rule.ServerID = ids[f.server]
	}

	return rule
}

// restrict takes out of a schedule what no client could decide, and nothing else.
func (s *modelSchedule) restrict() {
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

		run.faults = slices.DeleteFunc(run.faults, func(f modelFault) bool {
			switch {
			case f.isLate() && f.action != actionReinstall:
				// A stop that takes effect minutes after its answer cannot be told from somebody who stops the machine.
				return true
			case f.isLate() && run.refuses(f.server):
				// Two faults would meet one request, and give a refusal to what is processed later.
				return true
			case f.kind == faultStale && timeHidden:
				// Without update_at, a look that is older than the one before cannot be told from a newer one.
				return true
			case f.kind == faultInvisible && timeHidden && s.rootHidden() &&
				strings.HasSuffix(s.servers[f.server].status, "OS_FAILED"):
				// A machine that begins in a failed status and shows nothing else looks as if it had failed again.
				return true
			default:
				return false
			}
		})
	}

	if s.rootHidden() && s.hides() || s.passesStopped() {
		s.drop(func(f *modelFault) bool { return f.ambiguous() })
	}

	s.limitLate()
}

// refuses tells whether some answer to a POST of the run says that it was not processed.
func (r *modelRun) refuses(server int) bool {
	return slices.ContainsFunc(r.faults, func(f modelFault) bool {
		return f.server == server && f.action == actionReinstall && !f.ambiguous()
	})
}

// rootHidden tells whether a client may be unable to see that a system disk is a new one.
func (s *modelSchedule) rootHidden() bool {
	return s.behavior.HideVolumes || s.behavior.OlderReplies || s.behavior.FreezeRoot ||
		slices.ContainsFunc(s.runs, func(run modelRun) bool {
			return slices.ContainsFunc(run.faults, func(f modelFault) bool { return f.kind == faultNoVolumes })
		})
}

// passesStopped tells whether a machine can be met in STOPPED that somebody else's reinstall, or one of a crashed apply,
// has left there for a moment. A request whose answer is lost then changes nothing about it that it does not change by
// itself: it never shows again what it showed before, and never that the request was processed.
func (s *modelSchedule) passesStopped() bool {
	return slices.Contains(s.behavior.Via, simulator.StatusStopped) && (slices.ContainsFunc(s.runs, func(run modelRun) bool {
		return run.cut.crashes() || slices.ContainsFunc(run.actors, func(a modelActor) bool { return a.kind == actReinstall })
	}) || slices.ContainsFunc(s.servers, func(server modelServer) bool { return transitionalReinstall(server.status) }))
}

// hides tells whether a reinstall can pass without any look at it: the apply is interrupted, or the looks are at fault.
// Where the system disk is hidden too, a request whose answer was lost then leaves no trace.
func (s *modelSchedule) hides() bool {
	for i := range s.runs {
		run := &s.runs[i]
		if run.cut != cutNone || slices.ContainsFunc(run.faults, func(f modelFault) bool { return f.info().hides }) ||
			slices.ContainsFunc(run.inputs, func(in modelInputs) bool { return in.timeout != 0 }) {
			return true
		}
	}

	return false
}

// limitLate sees to it that a request takes effect, visibly, within the five minutes after which it counts as not
// processed.
func (s *modelSchedule) limitLate() {
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
			if f := &s.runs[i].faults[j]; f.isLate() {
				f.length = max(time.Second, min(f.length, most))
			}
		}
	}
}

// oneState leaves one state of two. Two owners tell what the other one does to a machine by its system disk alone.
func (s *modelSchedule) oneState() {
	for i := range s.runs {
		s.runs[i].workspace, s.runs[i].beside = 0, false
	}
}

// endless tells whether a reinstall can be over without any sign of its end, so that only -replace leads out of it: the
// disk seems to be the old one, or people act on the machine.
func (s *modelSchedule) endless() bool { return s.touchy || s.behavior.FreezeRoot && s.hides() }

// drop takes faults out of all runs.
func (s *modelSchedule) drop(drop func(*modelFault) bool) {
	for i := range s.runs {
		s.runs[i].faults = slices.DeleteFunc(s.runs[i].faults, func(f modelFault) bool { return drop(&f) })
	}
}
