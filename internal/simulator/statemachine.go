package simulator

import (
	"slices"
	"time"
)

// machine is a server with its past and with what the console did to it.
type machine struct {
	Server

	gone    bool       // deleted
	epoch   int        // events of an older epoch are void
	console string     // the status that PowerOn or PowerOff gave it and that ModelArts has not noticed; empty: none
	shown   string     // the status that the client saw last; empty: none since its last accepted action
	past    []snapshot // oldest first
}

// snapshot is what a machine showed from a time on.
type snapshot struct {
	at     time.Time
	gone   bool
	server Server
}

// event is something that is due at a time.
type event struct {
	at  time.Time
	seq int
	of  *machine // nil: it belongs to none
	run func()
}

// before orders events by their time; those of the same time keep the order of their planning.
func (e event) before(other event) int {
	if d := e.at.Compare(other.at); d != 0 {
		return d
	}
	return e.seq - other.seq
}

// settle runs the events that are due at now, in order, each at its own time.
func (c *Cloud) settle(now time.Time) {
	for len(c.events) > 0 && !c.events[0].at.After(now) {
		e := c.events[0]
		c.events = c.events[1:]
		c.clock = e.at
		e.run()
	}
	c.clock = now
}

// plan adds an event; those of the same time run in the order of their planning.
func (c *Cloud) plan(e event) {
	c.seq++
	e.seq = c.seq
	i, _ := slices.BinarySearchFunc(c.events, e, event.before)
	c.events = slices.Insert(c.events, i, e)
}

// after plans a step of a machine's present operation; a later operation voids it.
func (c *Cloud) after(m *machine, d time.Duration, step func()) {
	epoch := m.epoch
	c.plan(event{at: c.clock.Add(d), of: m, run: func() {
		if m.epoch == epoch && !m.gone {
			step()
		}
	}})
}

// change lets set alter the machine, moves update_at, and records a snapshot.
func (c *Cloud) change(m *machine, set func(*Server)) {
	was := m.Status
	set(&m.Server)
	if !c.behavior(m).KeepUpdateAt {
		m.UpdateAt = max(c.clock.UnixMilli(), m.UpdateAt+1)
	}
	if m.Status != was {
		c.logf("     %s: %s -> %s", m.Name, was, m.Status)
	}
	c.remember(m)
}

func (c *Cloud) remember(m *machine) {
	m.past = append(m.past, snapshot{at: c.clock, gone: m.gone, server: m.clone()})
}

func (c *Cloud) status(m *machine, status string) {
	c.change(m, func(s *Server) { s.Status = status })
}

// begin voids what the machine was doing.
func (m *machine) begin() {
	m.epoch++
	m.console = ""
}

// transit takes the machine through a status that ends automatically.
func (c *Cloud) transit(m *machine, during string, d time.Duration, end string) {
	m.begin()
	c.status(m, during)
	c.after(m, d, func() { c.status(m, end) })
}

// settleStatus plans the end of a transitional status that a machine is in from the start.
func (c *Cloud) settleStatus(m *machine) {
	d, b := c.cfg.Durations, c.behavior(m)
	end := func(after time.Duration, status string) {
		c.after(m, after, func() { c.status(m, status) })
	}
	switch m.Status {
	case StatusCreating:
		end(d.Create, StatusRunning)
	case StatusStarting:
		end(d.Start, or(b.StartEndStatus, StatusRunning))
	case StatusStopping:
		end(d.Stop, or(b.StopEndStatus, StatusStopped))
	case StatusRebooting:
		end(d.Reboot, StatusRunning)
	case StatusChangingOS:
		end(d.ChangeOS, or(b.ChangeOSEndStatus, StatusRunning))
	case StatusReinstallingOS, StatusReinstallOS:
		end(d.Reinstall, or(b.EndStatus, StatusRunning))
	}
}

func inProgress(status string) bool {
	switch status {
	case StatusCreating, StatusStarting, StatusStopping, StatusRebooting, StatusChangingOS,
		StatusReinstallingOS, StatusReinstallOS, StatusDeleting:
		return true
	}
	return false
}

func failed(status string) bool {
	switch status {
	case StatusReinstallingOSFailed, StatusChangingOSFailed, StatusError:
		return true
	}
	return false
}

// installation is one erasure of a system disk.
type installation struct {
	action    string // "reinstallos", "changeos" or "outside"
	request   int    // the number of the request, zero for outside actors
	during    string // the status meanwhile
	duration  time.Duration
	end       string
	via       []string
	image     string
	key       string
	password  bool
	userData  string
	atOnce    bool // no time passes at all
	showRoot  RootVisibility
	showImage bool // image and key pair change at the start
}

// install erases the system disk of a machine now and takes it through the statuses that follow.
func (c *Cloud) install(m *machine, in installation) {
	m.begin()
	c.serial++
	oldRoot := m.Root()
	newRoot := uuid("root after "+oldRoot, c.serial) // never that of another cloud that the server comes from
	if oldRoot == "" || c.behavior(m).FreezeRoot {
		newRoot = oldRoot
	}
	c.recordWipe(m, in, oldRoot, newRoot)
	putRoot := func(s *Server) { s.setRoot(newRoot) }
	putSystem := func(s *Server) {
		s.setImage(in.image, c.images)
		s.KeyPairName = in.key
	}
	if in.atOnce {
		c.change(m, func(s *Server) { putRoot(s); putSystem(s); s.Status = in.end })
		return
	}
	c.change(m, func(s *Server) {
		s.Status = in.during
		if in.showRoot == RootAtStart {
			putRoot(s)
		}
		if in.showImage {
			putSystem(s)
		}
	})
	c.planEnd(m, in, putRoot, putSystem)
}

// planEnd plans the statuses after the installation and what becomes visible with each.
func (c *Cloud) planEnd(m *machine, in installation, putRoot, putSystem func(*Server)) {
	statuses := append(slices.Clone(in.via), in.end)
	when := in.duration
	for i, status := range statuses {
		first, last := i == 0, i == len(statuses)-1
		c.after(m, when, func() {
			c.change(m, func(s *Server) {
				s.Status = status
				if first && in.showRoot == RootAtEnd || last && in.showRoot == RootAtRunning {
					putRoot(s)
				}
				if first && !in.showImage && !failed(in.end) {
					putSystem(s)
				}
			})
		})
		when += c.cfg.Durations.Start
	}
}

// view returns what a machine shows to a reader: stale by a time, or without the statuses in between.
// It is false for a machine that does not exist in that view.
func (c *Cloud) view(m *machine, stale time.Duration, invisible bool) (Server, bool) {
	seen := m.past[0]
	for _, s := range m.past {
		if s.at.After(c.clock.Add(-stale)) {
			break
		}
		if !invisible || !inProgress(s.server.Status) || s.gone {
			seen = s
		}
	}
	return seen.server.clone(), !seen.gone
}
