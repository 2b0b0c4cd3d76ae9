package osreinstall

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

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
	fmt.Fprintf(&b, "behavior: %s\ndurations: %+v\nlimits: %+v\ntouchy: %v\njournals: %v\nservers: %+v\n",
		nonZero(s.behavior), s.durations, s.limits, s.meddling, s.journals, s.servers)

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

	for _, o := range trace.acts {
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
func (s *traceStep) describe() string {
	text := fmt.Sprintf("--- run %d: %s of server %d ends", s.run, s.verb, s.server)
	if s.crashed {
		return text + " in a crash"
	}

	if op, ok := s.next.operation(); ok {
		text += fmt.Sprintf(": %s adopted=%v submitted_at=%s", op.State, op.Adopted, op.SubmittedAt.Format("15:04:05.000"))
	} else if s.next.model == nil {
		text += ": no state"
	}

	for _, e := range s.messages.errors {
		text += "\n                  error: " + strings.ReplaceAll(e, "\n\n", " ")
	}

	for _, e := range s.messages.warnings {
		text += "\n                  warning: " + firstSentence(e)
	}

	return text + fmt.Sprintf("\n                  truth: %s image %.4s key %q", s.truth.Status, s.truth.ImageID, s.truth.KeyPairName)
}

func firstSentence(text string) string {
	text, _, _ = strings.Cut(text, ":")

	return text
}

// String is the inputs as a history shows them.
func (in *scheduleInputs) String() string {
	shown := map[string]any{
		"image": in.image, "key": in.key, "pass": in.pass, "user_data": in.userData, "trigger": in.trigger,
		"on_drift": in.onDrift, "version": in.version, "refuse_running": in.refuseRunning, "timeout": in.timeout,
		"undecided": in.undecided, "undecided_id": in.undecidedID, "upper": in.upper,
	}
	maps.DeleteFunc(shown, func(_ string, value any) bool { return reflect.ValueOf(value).IsZero() })

	return fmt.Sprint(shown)
}

// elapsed is a time of a history, counted from its beginning.
func elapsed(began, t time.Time) string { return t.Sub(began).Round(time.Millisecond).String() }
