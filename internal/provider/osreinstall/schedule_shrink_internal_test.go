package osreinstall

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// shrink takes away from a schedule what it does not need to break the invariant.
func shrink(t *testing.T, s *schedule, driver scheduleDriver, invariant string) *schedule {
	t.Helper()

	breaks := func(smaller *schedule) bool {
		return slices.ContainsFunc(judgeTrace(play(t, smaller, driver)), func(v violation) bool {
			return v.invariant == invariant
		})
	}

	for budget := 600; budget > 0; {
		shrunk := false

		for _, smaller := range reductions(s) {
			if budget--; budget > 0 && breaks(smaller) {
				s, shrunk = smaller, true

				break
			}
		}

		if !shrunk {
			break
		}
	}

	return s
}

// reductions are the schedules that have one thing less. A thing less never makes a schedule undecidable.
func reductions(s *schedule) []*schedule {
	var smaller []*schedule

	without := func(change func(*schedule)) {
		c := s.clone()
		change(c)
		smaller = append(smaller, c)
	}

	if len(s.servers) > 1 {
		for i := range s.servers {
			without(func(c *schedule) { c.dropServer(i) })
		}
	}

	if len(s.runs) > 1 {
		for i := range s.runs {
			without(func(c *schedule) { c.runs = slices.Delete(c.runs, i, i+1) })
		}
	}

	for i := range s.runs {
		for j := range s.runs[i].faults {
			without(func(c *schedule) { c.runs[i].faults = slices.Delete(c.runs[i].faults, j, j+1) })
		}

		for j := range s.runs[i].actors {
			without(func(c *schedule) { c.runs[i].actors = slices.Delete(c.runs[i].actors, j, j+1) })
		}
	}

	return append(smaller, simpler(s)...)
}

// simpler are the schedules in which one thing is as it usually is.
func simpler(s *schedule) []*schedule {
	var smaller []*schedule

	try := func(change func(*schedule)) {
		c := s.clone()
		change(c)

		if !reflect.DeepEqual(c, s) {
			smaller = append(smaller, c)
		}
	}

	for i := range s.runs {
		try(func(c *schedule) { c.runs[i].cut, c.runs[i].cutAt, c.runs[i].again = cutNone, 0, 0 })
		try(func(c *schedule) { c.runs[i].beside = false })
		try(func(c *schedule) { c.runs[i].stranger = false })
		try(func(c *schedule) { c.runs[i].workspace, c.runs[i].beside = 0, false })
		try(func(c *schedule) { c.runs[i].gap = 0 })
		try(func(c *schedule) { c.runs[i].blind = false })
		try(func(c *schedule) {
			if c.runs[i].kind != runSaved {
				c.runs[i].kind = runApply
			}
		})
		try(func(c *schedule) { c.runs[i].end = "" })

		for j := range s.runs[i].inputs {
			if i > 0 {
				try(func(c *schedule) { c.runs[i].inputs[j] = c.runs[i-1].inputs[j] })
			}

			try(func(c *schedule) { c.runs[i].inputs[j].timeout = 0 })
			try(func(c *schedule) { c.runs[i].inputs[j].undecided = false })
			try(func(c *schedule) { c.runs[i].inputs[j].undecidedID = false })
			try(func(c *schedule) { c.runs[i].inputs[j].upper = false })
		}

		for j, actor := range s.runs[i].actors {
			if actor.on != "" {
				try(func(c *schedule) { c.runs[i].actors[j].after = 0 })
				try(func(c *schedule) { c.runs[i].actors[j].reply = false })
			}
		}

		for j, f := range s.runs[i].faults {
			if f.after > 0 {
				try(func(c *schedule) { c.runs[i].faults[j].after = 0 })
			}

			try(func(c *schedule) { c.runs[i].faults[j].times = 1 })
		}
	}

	for i := range s.servers {
		try(func(c *schedule) { c.servers[i].imported = false })
		try(func(c *schedule) { c.servers[i].status = "STOPPED" })
		try(func(c *schedule) { c.servers[i].key = "" })
	}

	for i := range reflect.TypeFor[simulator.Behavior]().NumField() {
		try(func(c *schedule) { reflect.ValueOf(&c.behavior).Elem().Field(i).SetZero() })
	}

	try(func(c *schedule) { c.limits = reinstall.Limits{} })
	try(func(c *schedule) { c.touchy = false })

	return smaller
}

func (s *schedule) dropServer(server int) {
	s.servers = slices.Delete(s.servers, server, server+1)

	for i := range s.runs {
		run := &s.runs[i]
		run.inputs = slices.Delete(run.inputs, server, server+1)
		run.faults = slices.DeleteFunc(run.faults, func(f scheduleFault) bool { return f.server == server })
		run.actors = slices.DeleteFunc(run.actors, func(a scheduleActor) bool { return a.server == server })

		for j := range run.faults {
			run.faults[j].server = 0
		}

		for j := range run.actors {
			run.actors[j].server = 0
		}
	}
}

// history is a trace for people: the schedule, what was called and what it said, and all requests in between.
func history(trace *scheduleTrace, found []violation) string {
	var b strings.Builder

	if len(found) == 0 {
		b.WriteString("nothing is broken\n")
	}

	for _, v := range found {
		fmt.Fprintf(&b, "BROKEN: %s\n        %s\n", v.invariant, v.detail)
	}

	s := trace.schedule
	fmt.Fprintf(&b, "behavior: %s\ndurations: %+v\nlimits: %+v\ntouchy: %v\nservers: %+v\n",
		nonZero(s.behavior), s.durations, s.limits, s.touchy, s.servers)

	for i, run := range s.runs {
		fmt.Fprintf(&b, "run %d: after %s %s %s\n", i, run.wait.Round(time.Millisecond), run.kind, nonZero(run))

		for j := range run.inputs {
			fmt.Fprintf(&b, "    inputs %d: %s\n", j, &run.inputs[j])
		}
	}

	looks := 0

	for _, line := range timeline(trace) {
		if line.look {
			looks++

			continue
		}

		if looks > 0 {
			fmt.Fprintf(&b, "%14s%d looks\n", "", looks)
		}

		looks = 0

		b.WriteString(line.text + "\n")
	}

	return b.String()
}

// nonZero lists the fields of a struct that are set.
func nonZero(value any) string {
	var fields []string

	v := reflect.ValueOf(value)

	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; !v.Field(i).IsZero() && name != "inputs" {
			fields = append(fields, fmt.Sprintf("%s=%+v", name, v.Field(i)))
		}
	}

	return strings.Join(fields, " ")
}

// event is a line of a history.
type event struct {
	time time.Time
	text string
	look bool // a GET that met with nothing
}

// timeline is what happened, in order. Looks that show the same are one line.
func timeline(trace *scheduleTrace) []event {
	var events []event

	add := func(t time.Time, format string, args ...any) {
		events = append(events, event{time: t, text: fmt.Sprintf("%12s  ", elapsed(trace.began, t)) + fmt.Sprintf(format, args...)})
	}

	for _, r := range trace.requests {
		add(r.Time, "#%d %s %s%s %d %s", r.N, r.Method, r.Action, serverSuffix(trace, r.ServerID), r.Status, r.Note)

		events[len(events)-1].look = r.Action == actionGet && r.Note == ""
	}

	for _, w := range trace.wipes {
		add(w.Time, "WIPE%s by request %d, image %.4s, key %q", serverSuffix(trace, w.ServerID), w.RequestN, w.ImageID, w.KeyPairName)
	}

	for _, o := range trace.outsides {
		add(o.time, "somebody: %s of server %d %.4s", o.kind, o.server, o.image)
	}

	for i := range trace.steps {
		step := &trace.steps[i]
		add(step.began, "--- run %d: %s of server %d begins: %s %v", step.run, step.verb, step.server, step.action, step.permit.reasons)
		add(step.ended, "%s", step.describe())
	}

	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.time.UnixNano(), b.time.UnixNano()) })

	return events
}

func serverSuffix(trace *scheduleTrace, id string) string {
	for i, server := range trace.initial {
		if server.ID == id && len(trace.initial) > 1 {
			return fmt.Sprintf(" of server %d", i)
		}
	}

	return ""
}

// describe is the end of a step.
func (s *scheduleStep) describe() string {
	text := fmt.Sprintf("--- run %d: %s of server %d ends", s.run, s.verb, s.server)
	if s.crashed {
		return text + " in a crash"
	}

	if op, ok := s.next.operation(); ok {
		text += fmt.Sprintf(": %s adopted=%v submitted_at=%s", op.State, op.Adopted, op.SubmittedAt.Format("15:04:05.000"))
	} else if s.next.model == nil {
		text += ": no state"
	}

	for _, e := range s.verdicts.errors {
		text += "\n                  error: " + strings.ReplaceAll(e, "\n\n", " ")
	}

	for _, e := range s.verdicts.warnings {
		text += "\n                  warning: " + firstSentence(e)
	}

	return text + fmt.Sprintf("\n                  truth: %s image %.4s key %q", s.truth.Status, s.truth.ImageID, s.truth.KeyPairName)
}

func firstSentence(text string) string {
	text, _, _ = strings.Cut(text, ":")

	return text
}
