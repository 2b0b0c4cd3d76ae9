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
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// The environment variables of the matrix.
const (
	envMatrix     = "MODELARTS_TEST_MATRIX"      // paths of CLIs, separated like those of PATH
	envMatrixFull = "MODELARTS_TEST_MATRIX_FULL" // not empty: every cell
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

// finding is what a cell has measured.
type finding struct {
	exit     int // of the interrupted apply
	kept     int // servers in the state after it, with what it asked for
	outlived int // providers that were there after the CLI had ended
	erases   map[string]int
	applies  int // until everything was as configured, the interrupted one included
	problems []string
}

// measured is how often the disks were erased, such as "1 x10".
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

// past is what a fleet looks like that was reinstalled by one CLI: its servers, and the state.
type past struct {
	servers []simulator.Server
	state   []byte
}

// reinstalled applies the fleet once.
func reinstalled(t *testing.T, cli string) past {
	t.Helper()

	s := newStage(t, stopped(nil), phaseNone)
	r := newRoom(t, cli, s, fleet)

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
	r, s := a.room, a.room.stage

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
		f.problem("%d servers in the state at last", n)
	}

	if violations := s.Violations(); len(violations) > 0 && !c.races() {
		f.problem("illegal calls: %v", violations)
	}

	if !sooner(func() bool { return r.leashes.providers() == 0 }) {
		f.problem("%d providers live on without a CLI", r.leashes.providers())
	}

	return f
}

// races tells whether two applies have a request under way at once: the provider of a CLI that was killed still waits
// for the answer to its own, and the next apply sees a server that nobody has touched yet. The service takes one of the
// two, and refuses the other for the status that it leads to.
func (c cell) races() bool {
	return c.phase == phasePost && c.how == killCLI && c.retry == atOnce
}

func (f *finding) problem(format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf(format, args...))
}

// vars are what the cell asks for.
func (c cell) vars(more ...string) []string {
	if c.kind == kindUpdate {
		more = append(more, "rebuild=two")
	}

	return more
}

// limits are timeouts that are over in a phase: the next one is for a machine on which the one before it was over too
// early. A request does not wait at the gate for more than a minute.
var limits = []time.Duration{4 * time.Second, 15 * time.Second, 40 * time.Second}

// begin starts the apply, and waits until all servers are in the phase. If a timeout is over before, nothing has been
// tried yet, and it all begins anew with a longer one. It returns the timeout.
func (c cell) begin(t *testing.T, cli string, before past) (*applying, time.Duration) {
	t.Helper()

	phase := "all servers are in the phase: " + string(c.phase)

	if c.how != timeout {
		a := c.apply(t, cli, before, time.Hour)
		a.await(phase, a.room.stage.reached)

		return a, time.Hour
	}

	for _, limit := range limits {
		if a := c.apply(t, cli, before, limit); a.reaches(phase, a.room.stage.reached) {
			return a, limit
		}
	}

	t.Fatalf("within %s it is not so that %s", limits, phase)

	return nil, 0
}

// apply starts the apply in a room of its own. What takes a stop first would have less time for the phase: where a timeout
// is to be over in a later one, the servers are stopped already.
func (c cell) apply(t *testing.T, cli string, before past, limit time.Duration) *applying {
	t.Helper()

	var servers []simulator.Server
	if c.kind == kindUpdate {
		servers = before.servers
	}

	if c.how == timeout && c.phase != phaseStopping {
		servers = stopped(servers)
	}

	r := newRoom(t, cli, newStage(t, servers, c.phase), fleet)
	if c.kind == kindUpdate {
		r.write("terraform.tfstate", string(before.state))
	}

	return r.apply(c.vars("timeout=" + limit.String())...)
}

// interrupted interrupts the apply in the phase.
func (c cell) interrupted(f *finding, a *applying, limit time.Duration, before past) {
	c.interrupt(a, limit)

	f.exit = a.wait()

	// A CLI that is interrupted twice ends at once, even while it writes the state, and cannot read what it leaves then:
	// people go on from the backup.
	if c.how == twice && a.room.isStateTorn() {
		a.room.restoreState(c.kind, before)
	}

	f.outlived = a.room.leashes.providers()

	if f.exit == 0 {
		f.problem("the interrupted apply exits 0")
	}

	f.check(a, c.how)
}

// interrupt is what happens to the apply. What is under way at the gate is waited for by an apply that is interrupted
// once, or by a timeout: it gets through after that.
func (c cell) interrupt(a *applying, limit time.Duration) {
	r := a.room
	gated := c.phase == phasePost || c.phase == phaseReply
	heard := func() bool { return a.ended() || strings.Contains(a.said(), "Interrupt received") }

	switch c.how {
	case once, termCLI, termGroup:
		a.signal(c.how.signal())
		eventually(r.t, "the CLI has heard the interrupt", heard)

		if gated {
			r.stage.openGate()
		}
	case twice:
		a.signal(c.how.signal())
		eventually(r.t, "the CLI has heard the interrupt", heard)
		a.signal(c.how.signal())
	case killProvider:
		if r.leashes.kill() == 0 {
			r.t.Error("no provider was there to be killed")
		}
	case killCLI:
		if err := a.cmd.Process.Kill(); err != nil {
			r.t.Error(err)
		}
	case timeout:
		if gated {
			over := r.stage.lastBegun(a.began).Add(limit + 500*time.Millisecond)
			eventually(r.t, "the timeout is over", func() bool { return time.Now().After(over) })
			r.stage.openGate()
		}
	}
}

// lastBegun is when the last of the runs that began after request n took its first look: the newest look at a server
// that comes before the first request which acts on it.
func (s *stage) lastBegun(n int) time.Time {
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

var crashed = regexp.MustCompile(`CRASH|panic:|Failed to serialize`)

// check looks for what no apply may do, whatever happened to it.
func (f *finding) check(a *applying, how interruption) {
	if twice := a.room.stage.acceptedTwice(a.began); len(twice) > 0 {
		f.problem("%s: two requests were accepted for %v", a.name, twice)
	}

	if said := a.said(); how != killProvider && crashed.MatchString(said) {
		f.problem("%s crashed:\n%s", a.name, said)
	}

	if n := a.room.tainted(); n > 0 {
		f.problem("%s: %d servers are tainted", a.name, n)
	}
}

// expected is how often the disk of each server is to be erased in all. A reinstall that the interrupted apply has sent
// is the only one, if it is in the state, if the next apply finds it in progress, or if the next refresh finds another
// system disk than the state has. Where it has ended by then, and the server is in no state, it cannot be told from a server
// that was never touched: that of a create, and that of an update whose state the CLI has lost.
func (c cell) expected(f *finding, r *room) map[string]int {
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
			want = 0 // nothing was sent, and there is nothing to be kept
		}

		if f.kept != want {
			f.problem("%d servers in the state after the interruption, want %d", f.kept, want)
		}
	}

	if c.retry == afterEnd {
		r.stage.release()
		r.stage.finishAll(r.t)
	}

	expected := map[string]int{}

	for key, erased := range r.stage.erases() {
		expected[key] = 1
		if c.retry == afterEnd && erased == 1 && !kept[key] {
			expected[key] = 2
		}
	}

	return expected
}

// mostApplies bounds how often the apply is repeated.
const mostApplies = 5

// converge applies until everything is as configured, and then makes sure that nothing is left to do.
func (c cell) converge(f *finding, r *room) {
	for f.applies = 2; f.applies <= mostApplies; f.applies++ {
		a := r.apply(c.vars()...)
		if f.applies == 2 {
			a.await("the next apply has met all servers", func() bool {
				return c.retry == afterEnd || r.stage.metSince(a.began)
			})
			r.stage.release()
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

	erases := r.stage.erases()

	last := r.start(args...)
	if eventually(r.t, last.name+" has ended", last.ended); last.cmd.ProcessState.ExitCode() != 0 {
		f.problem("something is left to do:\n%s", last.said())
	}

	if !maps.Equal(erases, r.stage.erases()) {
		f.problem("a plan erases")
	}
}

// A few cells on the CLI of the usual run. One of them is ten creates under ctrl-C, for which Terraform 1.16.0 to 1.16.4
// would lose its state and crash if a create ended in an error with something to keep.
func TestChaos(t *testing.T) {
	t.Parallel()

	cli := requireCLI(t)
	before := reinstalled(t, cli)

	for _, c := range []cell{
		{phasePost, once, kindCreate, afterEnd},
		{phaseReply, killCLI, kindUpdate, atOnce},
		{phaseWaiting, once, kindCreate, atOnce},
		{phaseReply, termGroup, kindUpdate, afterEnd},
		{phaseWaiting, killProvider, kindCreate, afterEnd},
	} {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()

			f := c.play(t, cli, before)
			for _, problem := range f.problems {
				t.Error(problem)
			}
		})
	}
}

// TestMatrix runs the cells on every CLI, and prints what they have measured.
func TestMatrix(t *testing.T) {
	t.Parallel()

	clis := filepath.SplitList(os.Getenv(envMatrix))
	if len(clis) == 0 {
		t.Skip("the matrix of interruptions and CLIs runs with `make test-matrix`")
	}

	all := cells()
	board := newBoard(clis)

	t.Cleanup(func() { board.print(t) }) // after the last cell

	for i, cli := range clis {
		run := all
		if os.Getenv(envMatrixFull) == "" {
			run = sample(all, i)
		}

		before := reinstalled(t, cli)

		for _, c := range run {
			t.Run(filepath.Base(cli)+"/"+c.String(), func(t *testing.T) {
				t.Parallel()

				f := c.play(t, cli, before)
				board.put(cli, c, f)

				for _, problem := range f.problems {
					t.Error(problem)
				}
			})
		}
	}
}

// board collects the findings.
type board struct {
	clis []string

	mu       sync.Mutex
	began    time.Time
	findings map[cell]map[string]*finding
}

func newBoard(clis []string) *board {
	return &board{clis: clis, began: time.Now(), findings: map[cell]map[string]*finding{}}
}

func (b *board) put(cli string, c cell, f *finding) {
	b.mu.Lock()
	defer b.mu.Unlock()

	if b.findings[c] == nil {
		b.findings[c] = map[string]*finding{}
	}

	b.findings[c][cli] = f
}

// print prints a line for each cell: what each CLI has measured, and the verdict.
func (b *board) print(t *testing.T) {
	t.Helper()

	var text strings.Builder

	fmt.Fprintf(&text, "Erases of each of %d servers by all applies together (in brackets: servers in the state after the "+
		"interruption, exit code of the interrupted apply, applies in all).\n\n", fleetSize)

	line := func(columns ...string) {
		format := "| %-17s | %-16s | %-6s | %-13s |" + strings.Repeat(" %-24s |", len(b.clis)) + " %-7s |\n"

		values := make([]any, len(columns))
		for i, column := range columns {
			values[i] = column
		}

		fmt.Fprintf(&text, format, values...)
	}

	header := []string{"phase", "interruption", "kind", "next apply"}
	for _, cli := range b.clis {
		header = append(header, filepath.Base(cli))
	}

	line(append(header, "verdict")...)

	outlived, count := 0, 0

	for _, c := range cells() {
		findings := b.findings[c]
		if len(findings) == 0 {
			continue
		}

		columns, verdict := []string{string(c.phase), string(c.how), c.kind, c.retry}, "ok"

		for _, cli := range b.clis {
			f := findings[cli]
			if f == nil {
				columns = append(columns, "")

				continue
			}

			count++

			if f.outlived > 0 {
				outlived++
			}

			if len(f.problems) > 0 {
				verdict = "WRONG"
			}

			columns = append(columns, fmt.Sprintf("%s [%d, %d, %d]", f.measured(), f.kept, f.exit, f.applies))
		}

		line(append(columns, verdict)...)
	}

	fmt.Fprintf(&text, "\n%d cells in %s; in %d of them the provider outlived the CLI for a while.\n",
		count, time.Since(b.began).Round(time.Second), outlived)
	fmt.Print(text.String())
}
