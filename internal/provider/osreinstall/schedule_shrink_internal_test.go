package osreinstall

import (
	"reflect"
	"slices"
	"testing"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// shrink takes away from a schedule what it does not need to break the invariant.
func shrink(t *testing.T, s *schedule, driver providerDriver, invariant string) *schedule {
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
		try(func(c *schedule) { c.runs[i].noCut() })
		try(func(c *schedule) { c.runs[i].losesPower = false })
		try(func(c *schedule) { c.runs[i].concurrent = false })
		try(func(c *schedule) { c.runs[i].stranger = false })
		try(func(c *schedule) { c.runs[i].workspace, c.runs[i].concurrent = 0, false })
		try(func(c *schedule) { c.runs[i].gap = 0 })
		try(func(c *schedule) { c.runs[i].skipRefresh = false })
		try(func(c *schedule) {
			if c.runs[i].kind != runSaved {
				c.runs[i].kind = runApply
			}
		})
		try(func(c *schedule) { c.runs[i].endStatus = "" })

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

	for i := range s.journals {
		try(func(c *schedule) { c.journals[i] = false })
	}

	try(func(c *schedule) { c.limits = reinstall.Limits{} })
	try(func(c *schedule) { c.meddling = false })

	return smaller
}

// noCut lets a run come to its end.
func (r *scheduleRun) noCut() {
	r.cut, r.cutAt, r.again, r.cutStep, r.losesPower = cutNone, 0, 0, 0, false
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
