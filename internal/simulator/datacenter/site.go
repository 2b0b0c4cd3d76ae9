package datacenter

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// Config describes a [Site]. The zero value is usable.
type Config struct {
	Owner     string // of servers that have none of their own
	Durations Durations
	Behavior  Behavior
	Log       io.Writer // gets one line per transition and per erased disk; nil: none
}

// Site is the simulated hardware: the service calls it on behalf of its clients. The caller must hold a lock of its own
// during each call.
type Site struct {
	cfg     Config
	clock   time.Time // the simulated time: that of the current event, or of the last Settle
	seq     int       // breaks ties between events of the same time
	events  []event   // ordered by time
	serial  int       // the last number that Serial returned
	servers map[string]*Machine
	order   []string // server ids in the order in which they were added

	images     map[string]Image
	imageOrder []string

	wipes []Wipe
}

// NewSite returns a site without servers, with the default images.
func NewSite(cfg Config) *Site {
	cfg.Durations.resolve()
	s := &Site{cfg: cfg, clock: time.Now(), servers: map[string]*Machine{}, images: map[string]Image{}}
	for _, image := range defaultImages() {
		s.addImage(image)
	}
	return s
}

// event is something that is due at a time.
type event struct {
	at  time.Time
	seq int
	of  *Machine // nil: of no server
	run func()
}

// compare orders events by their time; those of the same time keep the order in which they were scheduled.
func (e event) compare(other event) int {
	if d := e.at.Compare(other.at); d != 0 {
		return d
	}
	return e.seq - other.seq
}

// Settle runs the events that are due at now, in order, each at its own time.
func (s *Site) Settle(now time.Time) {
	for len(s.events) > 0 && !s.events[0].at.After(now) {
		e := s.events[0]
		s.events = s.events[1:]
		s.clock = e.at
		e.run()
	}
	s.clock = now
}

// Now returns the simulated time: that of the event that is running, otherwise that of the last Settle.
func (s *Site) Now() time.Time { return s.clock }

// Schedule has run called at a time. Finish runs it early if it belongs to the server that is finished; m may be nil.
func (s *Site) Schedule(at time.Time, m *Machine, run func()) {
	s.seq++
	e := event{at: at, seq: s.seq, of: m, run: run}
	i, _ := slices.BinarySearchFunc(s.events, e, event.compare)
	s.events = slices.Insert(s.events, i, e)
}

// after schedules a step of a machine's current operation; a later operation cancels it.
func (s *Site) after(m *Machine, d time.Duration, step func()) {
	epoch := m.epoch
	s.Schedule(s.clock.Add(d), m, func() {
		if m.epoch == epoch && !m.gone {
			step()
		}
	})
}

// finish runs all events of a machine now.
func (s *Site) finish(m *Machine) {
	for i := range s.events {
		if s.events[i].of == m {
			s.events[i].at = s.clock
		}
	}
	slices.SortFunc(s.events, event.compare)
	s.Settle(s.clock)
}

// Serial returns a number that this site has not returned before, for generated ids.
func (s *Site) Serial() int {
	s.serial++
	return s.serial
}

// Find returns a server by its id, also a deleted one; false if there never was one.
func (s *Site) Find(id string) (*Machine, bool) {
	m, ok := s.servers[id]
	return m, ok
}

// Machines returns all servers in the order in which they were added, deleted ones included.
func (s *Site) Machines() []*Machine {
	machines := make([]*Machine, 0, len(s.order))
	for _, id := range s.order {
		machines = append(machines, s.servers[id])
	}
	return machines
}

// DefaultBehavior returns the behaviour of servers that have none of their own.
func (s *Site) DefaultBehavior() Behavior { return s.cfg.Behavior }

// Behavior returns the behaviour that applies to a server.
func (s *Site) Behavior(m *Machine) Behavior {
	if own := m.Server.Behavior; own != nil { //nolint:staticcheck // m.Behavior reads like the method
		return *own
	}
	return s.cfg.Behavior
}

// Sync makes the effects of [Operator.PowerOn] and [Operator.PowerOff] visible that [Behavior.ConsoleNeedsSync] hides.
func (s *Site) Sync() {
	for _, m := range s.Machines() {
		if !m.gone && m.console != "" {
			status := m.console
			m.console = ""
			s.setStatus(m, status)
		}
	}
}

// Wipes returns the erased disks since the last ForgetWipes, in order.
func (s *Site) Wipes() []Wipe { return slices.Clone(s.wipes) }

// ForgetWipes empties the record of erased disks.
func (s *Site) ForgetWipes() { s.wipes = nil }

// Logf writes a line with the simulated time to the log, if there is one.
func (s *Site) Logf(format string, args ...any) {
	if s.cfg.Log == nil {
		return
	}
	line := s.clock.UTC().Format("15:04:05.000") + " " + fmt.Sprintf(format, args...) + "\n"
	_, _ = s.cfg.Log.Write([]byte(line))
}
