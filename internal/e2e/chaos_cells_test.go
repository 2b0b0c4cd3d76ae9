//go:build unix

package e2e_test

import (
	"fmt"
	"strings"
	"syscall"
)

// phase is the progress of ten reinstalls when they are interrupted.
type phase string

const (
	phaseNone      phase = ""
	phaseStopping  phase = "stopping"          // nothing was erased yet
	phasePost      phase = "request in flight" // not handled yet
	phaseReply     phase = "reply in flight"   // erased, and the provider does not know yet
	phaseWaiting   phase = "waiting"
	phaseComparing phase = "comparing" // the reinstall has ended, and the provider reads the result
)

var phases = []phase{phaseStopping, phasePost, phaseReply, phaseWaiting, phaseComparing}

// interruption is the way in which an apply is interrupted.
type interruption string

const (
	once         interruption = "ctrl-C"
	twice        interruption = "ctrl-C twice"
	termCLI      interruption = "SIGTERM CLI"
	termGroup    interruption = "SIGTERM group"
	killProvider interruption = "SIGKILL provider"
	killCLI      interruption = "SIGKILL CLI"
	timeout      interruption = "timeout"
)

var interruptions = []interruption{once, twice, termCLI, termGroup, killProvider, killCLI, timeout}

// signal returns the signal that asks the CLI to exit, and reports whether its children get it too.
func (i interruption) signal() (_ syscall.Signal, group bool) {
	switch i {
	case termCLI:
		return syscall.SIGTERM, false
	case termGroup:
		return syscall.SIGTERM, true
	default:
		return syscall.SIGINT, true
	}
}

// loses reports whether the state may lack the reinstalls in progress afterwards.
func (i interruption) loses() bool { return i == twice || i == killProvider || i == killCLI }

// gentle reports whether the CLI is asked once to exit, and can exit in order.
func (i interruption) gentle() bool { return i == once || i == termCLI || i == termGroup }

// cell is one combination of the matrix.
type cell struct {
	phase phase
	how   interruption
	kind  string // "create" or "update"
	retry string // "at once", while the reinstall goes on, or "after its end"
	// unrecorded turns the journal off.
	unrecorded bool
}

const (
	kindCreate = "create"
	kindUpdate = "update"
	atOnce     = "at once"
	afterEnd   = "after its end"
)

// cells returns all combinations. In the phase comparing the reinstall has already ended, so that no retry is earlier. The journal
// is turned off only where the state is lost: it makes no difference to the others.
func cells() []cell {
	var all []cell

	for _, p := range phases {
		for _, how := range interruptions {
			for _, kind := range []string{kindCreate, kindUpdate} {
				for _, retry := range []string{atOnce, afterEnd} {
					if p != phaseComparing || retry == afterEnd {
						all = append(all, cell{p, how, kind, retry, false})
					}

					if p != phaseStopping && how.loses() && retry == afterEnd {
						all = append(all, cell{p, how, kind, retry, true})
					}
				}
			}
		}
	}

	return all
}

// sample selects the cells that one of several CLIs runs: each phase meets each interruption once on each CLI, and the CLIs
// share the kinds and the retries among them.
func sample(all []cell, cli int) []cell {
	type key struct {
		phase      phase
		how        interruption
		unrecorded bool
	}

	groups := map[key][]cell{}
	for _, c := range all {
		key := key{c.phase, c.how, c.unrecorded}
		groups[key] = append(groups[key], c)
	}

	var chosen []cell

	for i, p := range phases {
		for j, how := range interruptions {
			for _, unrecorded := range []bool{false, true} {
				if group := groups[key{p, how, unrecorded}]; len(group) > 0 {
					chosen = append(chosen, group[(i+j+cli)%len(group)])
				}
			}
		}
	}

	return chosen
}

func (c cell) String() string {
	name := strings.ReplaceAll(fmt.Sprintf("%s/%s/%s/%s", c.phase, c.how, c.kind, c.retry), " ", "-")
	if c.unrecorded {
		name += "/off"
	}

	return name
}

// races reports whether two applies have a request in flight at once: the provider of a killed CLI still waits for the
// answer to its own, and the next apply sees a server that nobody has touched yet. The service accepts one of the two, and
// refuses the other because of the status that follows.
func (c cell) races() bool {
	return c.phase == phasePost && c.how == killCLI && c.retry == atOnce
}

// vars returns the variables of the cell.
func (c cell) vars(more ...string) []string {
	if c.kind == kindUpdate {
		more = append(more, "rebuild=two")
	}

	return more
}
