//go:build unix

package e2e_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

const fleet = `
variable "rebuild" { default = "one" }
variable "timeout" { default = "1h" }

resource "modelarts_devserver_os_reinstall" "this" {
  for_each = local.servers

  id            = each.value
  key_pair_name = "KeyPair-1"
  triggers      = { rebuild = var.rebuild }
  timeouts      = { create = var.timeout, update = var.timeout }

  lifecycle {
    postcondition {
      condition     = self.ready
      error_message = "not ready"
    }
  }
}
`

// finding is the result of a cell.
type finding struct {
	exit     int // of the interrupted apply
	kept     int // servers in the state after it, with the configuration that it applied
	outlived int // providers that were alive after the CLI had exited
	erases   map[string]int
	applies  int // number of applies until everything was as configured, including the interrupted one
	problems []string
}

// measured returns how often the disks were erased, such as "1 x10".
func (f *finding) measured() string {
	counts := map[int]int{}
	for _, n := range f.erases {
		counts[n]++
	}

	texts := make([]string, 0, len(counts))
	for _, n := range slices.Sorted(maps.Keys(counts)) {
		texts = append(texts, fmt.Sprintf("%d x%d", n, counts[n]))
	}

	return strings.Join(texts, ", ")
}

// past is the result of one apply of the fleet: the servers, and the state.
type past struct {
	servers []simulator.Server
	state   []byte
}

// reinstalled applies the fleet once.
func reinstalled(t *testing.T, cli string) past {
	t.Helper()

	s := newControlledCloud(t, stopped(nil), phaseNone)
	r := newWorkspace(t, cli, s, fleet)

	a := r.apply()
	if code := a.wait(); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, a.said())
	}

	state, err := os.ReadFile(filepath.Join(r.dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}

	return past{s.Servers(), state}
}

// play runs one cell.
func (c cell) play(t *testing.T, cli string, before past) *finding {
	t.Helper()

	f := &finding{}
	a, limit := c.begin(t, cli, before)
	r, s := a.workspace, a.workspace.cloud

	c.interrupted(f, a, limit, before)
	expected := c.expected(f, r)
	c.converge(f, r)

	f.erases = s.erases()
	for key, want := range expected {
		if f.erases[key] != want {
			f.problem("server %s: erased %d times, want %d", key, f.erases[key], want)
		}

		if f.erases[key] > r.permits[key] {
			f.problem("server %s: erased %d times, and the plans said so %d times", key, f.erases[key], r.permits[key])
		}
	}

	if n := len(r.servers()); n != fleetSize {
		f.problem("%d servers in the state at the end", n)
	}

	if violations := s.Violations(); len(violations) > 0 && !c.races() {
		f.problem("illegal requests: %v", violations)
	}

	if !eventually(func() bool { return r.lifelines.providers() == 0 }) {
		f.problem("%d providers are still alive without a CLI", r.lifelines.providers())
	}

	return f
}

func (f *finding) problem(format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf(format, args...))
}

// limits are timeouts that are to expire in a phase. On a machine that is so slow that one expires earlier, the next one is
// tried. No request waits at the gate for more than a minute.
var limits = []time.Duration{4 * time.Second, 15 * time.Second, 40 * time.Second}

// begin starts the apply, and waits until all servers are in the phase. If the timeout expires earlier, it starts over with a
// longer one. It returns the timeout.
func (c cell) begin(t *testing.T, cli string, before past) (*cliProcess, time.Duration) {
	t.Helper()

	phase := "all servers are in the phase: " + string(c.phase)

	if c.how != timeout {
		a := c.apply(t, cli, before, time.Hour)
		a.await(phase, a.workspace.cloud.reached)

		return a, time.Hour
	}

	for _, limit := range limits {
		if a := c.apply(t, cli, before, limit); a.reaches(phase, a.workspace.cloud.reached) {
			return a, limit
		}
	}

	t.Fatalf("with none of the timeouts %s is it true that %s", limits, phase)

	return nil, 0
}

// apply starts the apply in a workspace of its own. Where a timeout is to expire after the stop, the servers are stopped from
// the start, so that the stop takes nothing of the timeout.
func (c cell) apply(t *testing.T, cli string, before past, limit time.Duration) *cliProcess {
	t.Helper()

	var servers []simulator.Server
	if c.kind == kindUpdate {
		servers = before.servers
	}

	if c.how == timeout && c.phase != phaseStopping {
		servers = stopped(servers)
	}

	r := newWorkspace(t, cli, newControlledCloud(t, servers, c.phase), fleet)
	if c.unrecorded {
		r.journal = "off"
	}

	if c.kind == kindUpdate {
		r.write("terraform.tfstate", string(before.state))
	}

	return r.apply(c.vars("timeout=" + limit.String())...)
}

// interrupted interrupts the apply in the phase.
func (c cell) interrupted(f *finding, a *cliProcess, limit time.Duration, before past) {
	c.interrupt(a, limit)

	f.exit = a.wait()

	// A CLI that is interrupted twice exits at once, even while it writes the state. It cannot read a truncated state: people
	// go on from the backup.
	if c.how == twice && a.workspace.isStateTruncated() {
		a.workspace.restoreState(c.kind, before)
	}

	f.outlived = a.workspace.lifelines.providers()

	if f.exit == 0 {
		f.problem("the interrupted apply exits 0")
	}

	f.check(a, c.how)
}

// interrupt does the interruption. An apply that is interrupted once, or times out, waits for the requests at the gate: they
// are let through after that.
func (c cell) interrupt(a *cliProcess, limit time.Duration) {
	r := a.workspace
	gated := c.phase == phasePost || c.phase == phaseReply
	heard := func() bool { return a.ended() || strings.Contains(a.said(), "Interrupt received") }

	switch c.how {
	case once, termCLI, termGroup:
		a.signal(c.how.signal())
		requireEventually(r.t, "the CLI has heard the interrupt", heard)

		if gated {
			r.cloud.openGate()
		}
	case twice:
		a.signal(c.how.signal())
		requireEventually(r.t, "the CLI has heard the interrupt", heard)
		a.signal(c.how.signal())
	case killProvider:
		if r.lifelines.kill() == 0 {
			r.t.Error("there was no provider to kill")
		}
	case killCLI:
		if err := a.cmd.Process.Kill(); err != nil {
			r.t.Error(err)
		}
	case timeout:
		if gated {
			over := r.cloud.lastBegun(a.began).Add(limit + 500*time.Millisecond)
			requireEventually(r.t, "the timeout has expired", func() bool { return time.Now().After(over) })
			r.cloud.openGate()
		}
	}
}

// lastBegun returns when the last of the reinstalls after request n began: for each server, at the newest GET before the first
// request that acts on it.
func (s *controlledCloud) lastBegun(n int) time.Time {
	acted := map[string]bool{}
	begun := map[string]time.Time{}

	for _, r := range s.Requests() {
		switch {
		case r.N <= n || acted[r.ServerID]:
		case r.Action == "get":
			begun[r.ServerID] = r.Time
		default:
			acted[r.ServerID] = true
		}
	}

	return slices.MaxFunc(slices.Collect(maps.Values(begun)), time.Time.Compare)
}

// crashed matches the output of a CLI or a provider that has crashed.
var crashed = regexp.MustCompile(`CRASH|panic:|Failed to serialize`)

// check looks for what no apply may do, whatever has interrupted it.
func (f *finding) check(a *cliProcess, how interruption) {
	if twice := a.workspace.cloud.acceptedTwice(a.began); len(twice) > 0 {
		f.problem("%s: two requests were accepted for %v", a.name, twice)
	}

	if said := a.said(); how != killProvider && crashed.MatchString(said) {
		f.problem("%s crashed:\n%s", a.name, said)
	}

	if n := a.workspace.tainted(); n > 0 {
		f.problem("%s: %d servers are tainted", a.name, n)
	}
}

// expected returns how often the disk of each server should be erased in all. A reinstall that the interrupted apply has sent
// remains the only one if the journal has it. Without the journal, it does if it is in the state, if the next apply finds it in
// progress, or if the next refresh finds a system disk other than that in the state. If it has ended by then and the server is in
// no state, the server is indistinguishable from one that was never touched. That is the case after a create, and after an
// update whose state the CLI has lost.
func (c cell) expected(f *finding, r *workspace) map[string]int {
	known, kept := map[string]bool{}, map[string]bool{}

	for _, server := range r.servers() {
		kept[server.IndexKey] = true

		if c.kind == kindCreate || server.Attributes.Triggers["rebuild"] == "two" {
			known[server.IndexKey] = true
		}
	}

	f.kept = len(known)

	if want := fleetSize; c.how.gentle() || c.how == timeout {
		if c.phase == phaseStopping {
			want = 0 // nothing was sent, so there is nothing to keep
		}

		if f.kept != want {
			f.problem("%d servers in the state after the interruption, want %d", f.kept, want)
		}
	}

	if c.retry == afterEnd {
		r.cloud.release()
		r.cloud.finishAll(r.t)
	}

	expected := map[string]int{}

	for key, erased := range r.cloud.erases() {
		expected[key] = 1
		if c.unrecorded && c.retry == afterEnd && erased == 1 && !kept[key] {
			expected[key] = 2
		}
	}

	return expected
}

// mostApplies limits how often the apply is repeated.
const mostApplies = 5

// converge applies until everything is as configured, and then checks that a plan has nothing left to do.
func (c cell) converge(f *finding, r *workspace) {
	for f.applies = 2; f.applies <= mostApplies; f.applies++ {
		a := r.apply(c.vars()...)
		if f.applies == 2 {
			a.await("the next apply has met all servers", func() bool {
				return c.retry == afterEnd || r.cloud.metSince(a.began)
			})
			r.cloud.release()
		}

		code := a.wait()
		f.check(a, "")

		if code == 0 {
			break
		}

		if c.how.gentle() || f.applies == mostApplies {
			f.problem("apply %d exits %d:\n%s", f.applies, code, a.said())
		}
	}

	args := []string{"plan", "-input=false", "-detailed-exitcode"}
	for _, v := range c.vars() {
		args = append(args, "-var="+v)
	}

	erases := r.cloud.erases()

	last := r.start(args...)
	if requireEventually(r.t, last.name+" has ended", last.ended); last.cmd.ProcessState.ExitCode() != 0 {
		f.problem("something is left to do:\n%s", last.said())
	}

	if !maps.Equal(erases, r.cloud.erases()) {
		f.problem("a plan erases")
	}
}
