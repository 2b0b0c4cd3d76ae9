package osreinstall

import (
	"net/http"
	"slices"
	"strconv"
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
	ambiguous  faultTraits = 1 << iota // the answer leaves open whether a POST was processed
	hides                              // looks at the server may miss something because of it
	lies                               // the answer says that the request was not processed, and it was
	late                               // it takes effect long after its answer
	slow                               // the reply is a long time on its way
	effectless                         // the answer says that the request was accepted, and nothing was done
	ahead                              // the reply's update_at is ahead of the store
)

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

func oddReply(odd func(map[string]any)) func(time.Duration) simulator.Fault {
	return func(time.Duration) simulator.Fault { return simulator.Fault{Odd: odd} }
}

// flicker shows a status in place of the real one.
func flicker(status string, longest time.Duration) faultKind {
	return faultKind{
		name: faultFlicker + status, is: hides, longest: longest,
		make: func(time.Duration) simulator.Fault { return simulator.Fault{Flicker: status} },
	}
}

// traits are the traits of the fault's kind.
func (f *scheduleFault) traits() faultTraits { return f.info().is }

// info is what is known of the fault's kind.
func (f *scheduleFault) info() faultKind {
	kinds := writeFaults
	if f.isRead() {
		kinds = readFaults
	}

	return kinds[slices.IndexFunc(kinds, func(k faultKind) bool { return k.name == f.kind })]
}

// isRead reports whether the fault is for looks at the server.
func (f *scheduleFault) isRead() bool { return f.action == actionGet || f.action == actionList }

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
