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

// fleetSize is how many servers a cell reinstalls at once.
const fleetSize = 10

// cloud is a cloud whose operations take no time of their own: the director ends each of them where the play has it.
type controlledCloud struct {
	*simulator.Cloud

	url   string
	ids   map[string]string // by the keys of for_each
	phase phase

	mu       sync.Mutex
	holding  bool           // no operation ends
	looks    map[string]int // looks at a server since its reinstall began
	finished map[string]bool
	atGate   map[string]bool // servers with a request or a reply that waits at the gate
	gate     chan struct{}   // closed: open
}

// stopped are the servers as they are, and stopped; nil stands for new ones.
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

// newControlledCloud makes a cloud for servers; nil stands for ten that are running.
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
		looks:   map[string]int{}, finished: map[string]bool{}, atGate: map[string]bool{}, gate: make(chan struct{}),
	}

	if servers == nil {
		servers = make([]simulator.Server, fleetSize)
	}

	for i, server := range servers {
		s.ids[string(rune('a'+i))] = s.AddServer(server).ID
	}

	s.AddFault(simulator.Fault{Name: "pace", Action: "get", OnMatch: func(_ *simulator.Cloud, id string) { s.looked(id) }})

	for _, id := range s.ids {
		switch p {
		case phasePost:
			// A client that is gone by the time the gate opens has its request dropped.
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
	t.Cleanup(s.release) // before the cloud closes: it waits for what is at the gate

	return s
}

// looked is called before each look at a server is answered. The second look at an operation finds it at its end,
// unless operations are held; the look after that one compares the result.
func (s *controlledCloud) looked(id string) {
	server, _ := s.Server(id)

	s.mu.Lock()
	compares := s.phase == phaseComparing && s.finished[id]

	ends := false
	if !s.holding {
		ends = server.Status == simulator.StatusStopping
	}

	if server.Status == simulator.StatusReinstallingOS {
		s.looks[id]++
		ends = !s.holding && s.looks[id] > 1
	}

	if ends {
		s.looks[id] = 0
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

// wait holds a request, or its reply, back until the gate opens.
func (s *controlledCloud) wait(id string) {
	s.mu.Lock()
	s.atGate[id] = true
	s.mu.Unlock()

	<-s.gate
}

// openGate lets through what waits at the gate, and what comes later.
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

// finishAll ends all that the servers are doing, once every request has been answered.
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

// reached tells whether every server is in the phase.
func (s *controlledCloud) reached() bool {
	for _, id := range s.ids {
		server, _ := s.Server(id)

		s.mu.Lock()
		gated, looked := s.atGate[id], s.looks[id] > 0
		s.mu.Unlock()

		ok := false

		switch s.phase {
		case phaseStopping:
			ok = server.Status == simulator.StatusStopping
		case phasePost, phaseReply, phaseComparing:
			ok = gated
		case phaseWaiting:
			ok = looked
		case phaseNone:
			ok = true
		}

		if !ok {
			return false
		}
	}

	return true
}

// last is the number of the newest request.
func (s *controlledCloud) last() int {
	requests := s.Requests()
	if len(requests) == 0 {
		return 0
	}

	return requests[len(requests)-1].N
}

// metSince tells whether what was started after request n has met every server: it has sent a request for a reinstall,
// or taken a second look, after a first one that showed the server as it was. Only what has been answered counts: until
// then, it is open what the answer will show.
func (s *controlledCloud) metSince(n int) bool {
	met := map[string]int{}

	for _, r := range s.Requests() {
		switch {
		case r.N <= n, r.Status == 0:
		case r.Action == "reinstallos":
			met[r.ServerID] += 2
		case r.Action == "get":
			met[r.ServerID]++
		}
	}

	for _, id := range s.ids {
		if met[id] < 2 {
			return false
		}
	}

	return true
}

// acceptedTwice names the servers for which two requests were accepted among those after request n.
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

// erases counts how often the disk of each server was erased, by the keys of for_each.
func (s *controlledCloud) erases() map[string]int {
	erases := map[string]int{}
	for key, id := range s.ids {
		erases[key] = len(s.WipesOf(id))
	}

	return erases
}

// eventually waits for a condition.
func requireEventually(t *testing.T, what string, condition func() bool) {
	t.Helper()

	if !eventually(condition) {
		t.Fatalf("after %s it is not so that %s", patience, what)
	}
}
