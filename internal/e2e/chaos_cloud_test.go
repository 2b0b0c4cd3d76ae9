//go:build unix

package e2e_test

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// fleetSize is the number of servers that a cell reinstalls at once.
const fleetSize = 10

// controlledCloud is a cloud that can be held in a phase: its operations end when the test lets them, not after some time.
type controlledCloud struct {
	*simulator.Cloud

	url   string
	ids   map[string]string // by the keys of for_each
	phase phase

	mu       sync.Mutex
	holding  bool           // no operation ends
	gets     map[string]int // GETs of a server since its reinstall began
	finished map[string]bool
	atGate   map[string]bool // servers that have a request or a reply waiting at the gate
	gate     chan struct{}   // closed: open
}

// stopped returns copies of servers, with the status STOPPED; nil stands for new ones.
func stopped(servers []simulator.Server) []simulator.Server {
	if servers == nil {
		servers = make([]simulator.Server, fleetSize)
	}

	servers = slices.Clone(servers)
	for i := range servers {
		servers[i].Status = simulator.StatusStopped
	}

	return servers
}

// newControlledCloud makes a cloud that holds its servers in a phase; nil stands for ten running servers.
func newControlledCloud(t *testing.T, servers []simulator.Server, p phase) *controlledCloud {
	t.Helper()

	durations := simulator.Durations{Stop: simulator.Instant, Reinstall: time.Hour}
	if p == phaseStopping {
		durations.Stop = time.Hour
	}

	s := &controlledCloud{
		Cloud: simulator.New(simulator.Config{Durations: durations}),
		ids:   map[string]string{}, phase: p,
		holding: p != phaseNone && p != phaseComparing,
		gets:    map[string]int{}, finished: map[string]bool{}, atGate: map[string]bool{}, gate: make(chan struct{}),
	}

	if servers == nil {
		servers = make([]simulator.Server, fleetSize)
	}

	for i, server := range servers {
		s.ids[string(rune('a'+i))] = s.AddServer(server).ID
	}

	s.AddFault(simulator.Fault{Name: "control", Action: "get", OnMatch: func(_ *simulator.Cloud, id string) { s.beforeGet(id) }})

	for _, id := range s.ids {
		switch p {
		case phasePost:
			// The delay drops the request of a client that is gone when the gate opens.
			s.AddFault(simulator.Fault{
				Name: "gate", Action: "reinstallos", ServerID: id, Times: 1, Delay: 50 * time.Millisecond,
				OnMatch: func(_ *simulator.Cloud, id string) { s.wait(id) },
			})
		case phaseReply:
			s.AddFault(simulator.Fault{
				Name: "gate", Action: "reinstallos", ServerID: id, Times: 1,
				OnReply: func(_ *simulator.Cloud, id string) { s.wait(id) },
			})
		default:
		}
	}

	s.url = s.Start(t)
	t.Cleanup(s.release) // before the cloud closes, which waits for requests at the gate

	return s
}

// beforeGet is called before each GET of a server is handled. The fourth GET during a reinstall finds it ended, unless
// operations are held: a plan, the same plan in the apply, and the check come before the wait. The GET after that one compares
// the result.
func (s *controlledCloud) beforeGet(id string) {
	server, _ := s.Server(id)

	s.mu.Lock()
	compares := s.phase == phaseComparing && s.finished[id]

	ends := false
	if !s.holding {
		ends = server.Status == simulator.StatusStopping
	}

	if server.Status == simulator.StatusReinstallingOS {
		s.gets[id]++
		ends = !s.holding && s.gets[id] > 3
	}

	if ends {
		s.gets[id] = 0
		s.finished[id] = server.Status == simulator.StatusReinstallingOS
	}
	s.mu.Unlock()

	switch {
	case ends:
		s.Finish(id)
	case compares:
		s.wait(id)
	}
}

// wait holds a request or its reply until the gate opens.
func (s *controlledCloud) wait(id string) {
	s.mu.Lock()
	s.atGate[id] = true
	s.mu.Unlock()

	<-s.gate
}

// openGate lets through the requests and replies at the gate, and all later ones.
func (s *controlledCloud) openGate() {
	s.mu.Lock()
	defer s.mu.Unlock()

	select {
	case <-s.gate:
	default:
		close(s.gate)
	}
}

// release ends the phase: from now on operations end, and nothing waits at the gate.
func (s *controlledCloud) release() {
	s.openGate()

	s.mu.Lock()
	defer s.mu.Unlock()

	s.holding = false
}

// finishAll ends all operations, once every request has been answered.
func (s *controlledCloud) finishAll(t *testing.T) {
	t.Helper()
	requireEventually(t, "every request for a reinstall has been answered", func() bool {
		return !slices.ContainsFunc(s.Requests(), func(r simulator.Request) bool {
			return r.Action == "reinstallos" && r.Status == 0 && r.Note == ""
		})
	})

	for _, id := range s.ids {
		s.Finish(id)
	}
}

// reached reports whether every server is in the phase.
func (s *controlledCloud) reached() bool {
	for _, id := range s.ids {
		server, _ := s.Server(id)

		s.mu.Lock()
		gated, polled := s.atGate[id], s.gets[id] > 0
		s.mu.Unlock()

		ok := false

		switch s.phase {
		case phaseStopping:
			ok = server.Status == simulator.StatusStopping
		case phasePost, phaseReply, phaseComparing:
			ok = gated
		case phaseWaiting:
			ok = polled
		case phaseNone:
			ok = true
		}

		if !ok {
			return false
		}
	}

	return true
}

// last returns the number of the newest request.
func (s *controlledCloud) last() int {
	requests := s.Requests()
	if len(requests) == 0 {
		return 0
	}

	return requests[len(requests)-1].N
}

// metSince reports whether the run that started after request n has met every server: it has sent a reinstall request, or
// read the server a fourth time, after its plan, the same plan in the apply, and a check that showed the server as it was. Only
// answered requests count, since an open one may still show anything.
func (s *controlledCloud) metSince(n int) bool {
	met := map[string]int{}

	for _, r := range s.Requests() {
		switch {
		case r.N <= n, r.Status == 0:
		case r.Action == "reinstallos":
			met[r.ServerID] += 4
		case r.Action == "get":
			met[r.ServerID]++
		}
	}

	for _, id := range s.ids {
		if met[id] < 4 {
			return false
		}
	}

	return true
}

// acceptedTwice returns the servers for which two reinstall requests after request n were accepted.
func (s *controlledCloud) acceptedTwice(n int) []string {
	accepted := map[string]int{}

	for _, r := range s.Requests() {
		if r.N > n && r.Action == "reinstallos" && r.Accepted {
			accepted[r.ServerID]++
		}
	}

	maps.DeleteFunc(accepted, func(_ string, n int) bool { return n < 2 })

	return slices.Sorted(maps.Keys(accepted))
}

// erases returns how often the disk of each server was erased, by the keys of for_each.
func (s *controlledCloud) erases() map[string]int {
	erases := map[string]int{}
	for key, id := range s.ids {
		erases[key] = len(s.WipesOf(id))
	}

	return erases
}

// requireEventually waits for a condition, and fails the test if it does not come true.
func requireEventually(t *testing.T, what string, condition func() bool) {
	t.Helper()

	if !eventually(condition) {
		t.Fatalf("after %s it is still not true that %s", patience, what)
	}
}
