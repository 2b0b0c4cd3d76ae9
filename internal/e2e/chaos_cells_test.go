//go:build unix

package e2e_test

import (
	"fmt"
	"strings"
	"syscall"
)

// phase is how far ten reinstalls are when something happens to them.
type phase string

const (
	phaseNone      phase = ""
	phaseStopping  phase = "stopping"          // nothing was erased yet
	phasePost      phase = "request under way" // not handled yet
	phaseReply     phase = "reply under way"   // erased, and the provider does not know
	phaseWaiting   phase = "waiting"
	phaseComparing phase = "comparing" // the reinstall has ended, and the provider looks at the result
)

var phases = []phase{phaseStopping, phasePost, phaseReply, phaseWaiting, phaseComparing}

// interruption is what happens to an apply.
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

// signal is how the CLI is asked to end, and whether its children are asked as well.
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

// gentle reports whether the CLI is asked to end once, and ends in order.
func (i interruption) gentle() bool { return i == once || i == termCLI || i == termGroup }

// cell is one combination.
type cell struct {
	phase phase
	how   interruption
	kind  string // "create" or "update"
	retry string // "at once", while the reinstall goes on, or "after its end"
}

const (
	kindCreate = "create"
	kindUpdate = "update"
	atOnce     = "at once"
	afterEnd   = "after its end"
)

// cells are all combinations. While the result is compared, the reinstall has ended already.
func cells() []cell {
	var all []cell

	for _, p := range phases {
		for _, how := range interruptions {
			for _, kind := range []string{kindCreate, kindUpdate} {
				for _, retry := range []string{atOnce, afterEnd} {
					if p != phaseComparing || retry == afterEnd {
						all = append(all, cell{p, how, kind, retry})
					}
				}
			}
		}
	}

	return all
}

// sample chooses from all cells those that one of several CLIs runs: every phase meets every interruption on every CLI,
// once, and the CLIs share the kinds and the retries among them.
func sample(all []cell, cli int) []cell {
	groups := map[[2]string][]cell{}
	for _, c := range all {
		key := [2]string{string(c.phase), string(c.how)}
		groups[key] = append(groups[key], c)
	}

	var chosen []cell

	for i, p := range phases {
		for j, how := range interruptions {
			group := groups[[2]string{string(p), string(how)}]
			chosen = append(chosen, group[(i+j+cli)%len(group)])
		}
	}

	return chosen
}

func (c cell) String() string {
	return strings.ReplaceAll(fmt.Sprintf("%s/%s/%s/%s", c.phase, c.how, c.kind, c.retry), " ", "-")
}

// races tells whether two applies have a request under way at once: the provider of a CLI that was killed still waits
// for the answer to its own, and the next apply sees a server that nobody has touched yet. The service takes one of the
// two, and refuses the other for the status that it leads to.
func (c cell) races() bool {
	return c.phase == phasePost && c.how == killCLI && c.retry == atOnce
}

// vars are what the cell asks for.
func (c cell) vars(more ...string) []string {
	if c.kind == kindUpdate {
		more = append(more, "rebuild=two")
	}

	return more
}
