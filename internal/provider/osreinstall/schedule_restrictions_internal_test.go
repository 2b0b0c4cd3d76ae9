package osreinstall

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// restrict takes out of a schedule what no client could decide, and nothing else.
func (s *schedule) restrict() {
	b := &s.behavior
	timeHidden := b.HideUpdateAt || b.KeepUpdateAt

	if s.rootHidden() {
		s.singleState()
		s.keepAnswers()
	}

	for i := range s.runs {
		run := &s.runs[i]

		// A machine that a reinstall leaves in STOPPED, or in the failed status that it began in, shows by nothing but its new
		// system disk that there was a reinstall. Where that one shows from the start, whoever adopts the reinstall never sees
		// the old one.
		if s.rootHidden() || run.endStatus == simulator.StatusStopped && s.behavior.ShowRoot == simulator.RootAtStart {
			run.endStatus = ""
		}

		run.faults = slices.DeleteFunc(run.faults, func(f scheduleFault) bool {
			switch {
			case f.traits()&late != 0 && f.action != actionReinstall:
				// A stop that takes effect minutes after its answer cannot be told from somebody who stops the machine.
				return true
			case f.traits()&late != 0 && refuses(s.faultsTogether(i), f.server):
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
			case f.kind == faultFlicker+simulator.StatusRunning && !s.distinguishesRunning():
				// One look at a machine that runs on its new system disk is enough.
				return true
			default:
				return false
			}
		})
	}

	if s.rootHidden() && (s.mayMissReinstall() || s.maySeeStopped()) {
		s.dropFaults(func(f *scheduleFault) bool { return f.ambiguous() })
	}

	s.limitLies()
	s.limitHeld()
	s.limitLate()
}

// limitLies sees to it that the looks after an answer that lies show what is true. A machine that has left the reinstall and
// does not show its new system disk yet looks as if nothing had been done.
func (s *schedule) limitLies() {
	if len(s.behavior.Via) > 0 && s.behavior.ShowRoot == simulator.RootAtRunning {
		s.dropFaults(func(f *scheduleFault) bool {
			return f.traits()&lies != 0 || f.traits()&effectless != 0 && s.maySeeStopped()
		})
	}

	for i := range s.runs {
		run := &s.runs[i]
		together := s.faultsTogether(i)

		run.faults = slices.DeleteFunc(run.faults, func(f scheduleFault) bool {
			return f.traits()&lies != 0 && f.action == actionReinstall &&
				slices.ContainsFunc(together, func(other scheduleFault) bool {
					return other.server == f.server && other.isRead() && other.traits()&(hides|ahead) != 0
				})
		})
	}
}

// limitHeld sees to it that what looks show otherwise than it is does not last: there is one such fault at a time, and no
// reply is so slow that it seems to.
func (s *schedule) limitHeld() {
	for i := range s.runs {
		run := &s.runs[i]
		together := s.faultsTogether(i)

		run.faults = slices.DeleteFunc(run.faults, func(f scheduleFault) bool {
			if f.info().longest == 0 {
				return false
			}

			n := 0

			for _, other := range together {
				if other.server == f.server && other.isRead() && (other.info().longest > 0 || other.traits()&slow != 0) {
					n++
				}
			}

			return n > 1
		})
	}
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

// singleState leaves one state of two. Two owners tell what the other one does to a machine by its system disk alone.
func (s *schedule) singleState() {
	for i := range s.runs {
		s.runs[i].workspace, s.runs[i].concurrent = 0, false
	}
}

// keepAnswers leaves out crashes between a request and the record of its answer. Such an answer is lost, and where the system
// disk is hidden, it cannot be known whether the request was processed in the meantime.
func (s *schedule) keepAnswers() {
	for i := range s.runs {
		if s.runs[i].cutStep > 0 {
			s.runs[i].noCut()
		}
	}
}

// dropFaults takes faults out of all runs.
func (s *schedule) dropFaults(drop func(*scheduleFault) bool) {
	for i := range s.runs {
		s.runs[i].faults = slices.DeleteFunc(s.runs[i].faults, func(f scheduleFault) bool { return drop(&f) })
	}
}

// faultsTogether are the faults of a run and of those beside it.
func (s *schedule) faultsTogether(i int) []scheduleFault {
	first, last := i, i
	for first > 0 && s.runs[first].concurrent {
		first--
	}

	for last+1 < len(s.runs) && s.runs[last+1].concurrent {
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

// mayJoin reports whether a server can be met in the middle of a running reinstall that no request of its state began.
func (s *schedule) mayJoin(server int) bool {
	return transitionalReinstall(s.servers[server].status) || slices.ContainsFunc(s.runs, func(run scheduleRun) bool {
		return run.workspace > 0 || run.cut.crashes() || slices.ContainsFunc(run.actors, func(a scheduleActor) bool {
			return a.server == server && a.kind == actReinstall
		})
	})
}

// distinguishesRunning reports whether a single RUNNING can be told from the end of a reinstall: the system disk that is shown
// meanwhile is the old one, and none has failed on a new one.
func (s *schedule) distinguishesRunning() bool {
	return !s.rootHidden() && s.behavior.ShowRoot != simulator.RootAtStart &&
		!slices.ContainsFunc(s.runs, func(run scheduleRun) bool { return failedEnd(cmp.Or(run.endStatus, simulator.StatusRunning)) })
}

// maySeeStopped reports whether a machine can be met in STOPPED that somebody else's reinstall, or one of a crashed apply,
// has left there for a moment. A request whose answer is lost then changes nothing about it that it does not change by
// itself: it never shows again what it showed before, and never that the request was processed.
func (s *schedule) maySeeStopped() bool {
	return slices.Contains(s.behavior.Via, simulator.StatusStopped) && (slices.ContainsFunc(s.runs, func(run scheduleRun) bool {
		return run.cut.crashes() || slices.ContainsFunc(run.actors, func(a scheduleActor) bool { return a.kind == actReinstall })
	}) || slices.ContainsFunc(s.servers, func(server scheduleServer) bool { return transitionalReinstall(server.status) }))
}

// mayMissReinstall reports whether a reinstall can pass without any look at it: the apply is interrupted, or the looks are at fault.
// Where the system disk is hidden too, a request whose answer was lost then leaves no trace.
func (s *schedule) mayMissReinstall() bool {
	for i := range s.runs {
		run := &s.runs[i]
		if run.cut != cutNone || slices.ContainsFunc(run.faults, func(f scheduleFault) bool { return f.traits()&hides != 0 }) ||
			slices.ContainsFunc(run.inputs, func(in scheduleInputs) bool { return in.timeout != 0 }) {
			return true
		}
	}

	return false
}

// endless reports whether a reinstall can be over without any sign of its end, so that only -replace leads out of it: the
// disk seems to be the old one, or people act on the machine, or the service says what is not so.
func (s *schedule) endless() bool {
	return s.meddling || s.behavior.FreezeRoot && s.mayMissReinstall() || slices.ContainsFunc(s.runs, func(run scheduleRun) bool {
		return slices.ContainsFunc(run.faults, func(f scheduleFault) bool { return f.traits()&(effectless|ahead) != 0 })
	})
}
