package e2e_test

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// cmdAutofinish makes each reinstall end with the second GET of its server, or with another one, however long it would last
// otherwise, so that no script depends on the speed of the machine: autofinish [N | off]. The GETs of a refresh and of a plan
// count as well.
func cmdAutofinish(ts *testscript.TestScript, w *world, args []string) {
	if len(args) > 0 && args[0] == "off" {
		w.stopAutofinish()

		return
	}

	last := 2

	if len(args) > 0 {
		var err error

		last, err = strconv.Atoi(args[0])
		ts.Check(err)
	}

	var (
		mu   sync.Mutex
		gets = map[string]int{}
	)

	w.stopAutofinish = w.cloud.AddFault(simulator.Fault{Name: "autofinish", Action: "get", OnMatch: func(cloud *simulator.Cloud, id string) {
		server, ok := cloud.Server(id)
		if !ok || server.Status != simulator.StatusReinstallingOS {
			return
		}

		mu.Lock()
		gets[id]++
		ends := gets[id]%last == 0
		mu.Unlock()

		if ends {
			cloud.Finish(id)
		}
	}})
}

// gathering counts the busy servers: those that have received a request to stop or to reinstall, and whose reinstall has not
// ended yet.
type gathering struct {
	all    int // number of servers
	wanted int // number of servers that are to be busy at the same time
	left   int // number of servers that are still to be reinstalled

	mu   sync.Mutex
	seen map[string]bool // servers that have been read
	gets map[string]int  // by server, while as many as wanted are busy
	busy map[string]bool
	peak int
}

// cmdGather makes reinstalls end only once COUNT servers are busy at the same time, every server of the script has been
// read, and the server has been read twice more: by then, a request that did not wait for its turn would have come. It also
// starts to count the busy servers: gather COUNT.
func cmdGather(ts *testscript.TestScript, w *world, args []string) {
	wanted, err := strconv.Atoi(args[0])
	ts.Check(err)

	g := &gathering{
		all: len(w.ids), wanted: wanted, left: len(w.ids),
		seen: map[string]bool{}, gets: map[string]int{}, busy: map[string]bool{},
	}
	w.gathering = g

	for _, action := range []string{"stop", "reinstallos"} {
		w.cloud.AddFault(simulator.Fault{
			Name: "gather", Action: action, OnMatch: func(_ *simulator.Cloud, id string) { g.begins(id) },
		})
	}

	w.cloud.AddFault(simulator.Fault{Name: "gather", Action: "get", OnMatch: func(cloud *simulator.Cloud, id string) {
		if server, ok := cloud.Server(id); ok && g.ends(id, server.Status) {
			cloud.Finish(id)
		}
	}})
}

// begins records that a server is busy.
func (g *gathering) begins(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()

	g.busy[id] = true
	g.peak = max(g.peak, len(g.busy))
}

// ends records a GET of a server, and reports whether the reinstall of the server is to end with it.
func (g *gathering) ends(id, status string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()

	g.seen[id] = true

	if status != simulator.StatusReinstallingOS || len(g.seen) < g.all || len(g.busy) < min(g.wanted, g.left) {
		return false
	}

	g.gets[id]++
	if g.gets[id] < 2 {
		return false
	}

	delete(g.busy, id)
	g.left--

	return true
}

// cmdPeak compares the largest number of servers that were busy at the same time: peak COUNT.
func cmdPeak(ts *testscript.TestScript, w *world, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)

	w.gathering.mu.Lock()
	defer w.gathering.mu.Unlock()

	if w.gathering.peak != want {
		ts.Fatalf("%d servers were busy at the same time, want %d", w.gathering.peak, want)
	}
}

// cmdAwait waits until the cloud has a server, or each server of a list, in a status: await NAME STATUS.
func cmdAwait(ts *testscript.TestScript, w *world, args []string) {
	name, status := args[0], args[1]

	ids, ok := w.lists[name]
	if !ok {
		ids = []string{w.ids[name]}
	}

	if !eventually(func() bool {
		return !slices.ContainsFunc(ids, func(id string) bool {
			server, ok := w.cloud.Server(id)

			return !ok || server.Status != status
		})
	}) {
		ts.Fatalf("%s is not %s", name, status)
	}
}

// patience is the time that a test waits for what must happen, on the slowest of machines.
const patience = 10 * time.Minute

// eventually waits for a condition, and reports whether it comes true before patience runs out. It checks once more after
// that, since the process may have been suspended in between.
func eventually(condition func() bool) bool {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		late := time.Now().After(deadline)

		if condition() {
			return true
		}

		if late {
			return false
		}
	}
}
