package datacenter

import (
	"cmp"
	"time"
)

// Machine is a server together with its past and with what clients do not see.
type Machine struct {
	Server

	// LastSeen is the status that the client saw last; empty if it has seen none since its last accepted action.
	LastSeen string

	gone    bool       // deleted
	epoch   int        // events of an older epoch are void
	console string     // the status after PowerOn or PowerOff that ModelArts has not noticed; empty: none
	past    []snapshot // oldest first
}

// snapshot is the appearance of a machine from a time on.
type snapshot struct {
	at     time.Time
	gone   bool
	server Server
}

// Gone reports whether the server is deleted.
func (m *Machine) Gone() bool { return m.gone }

// ActualStatus returns the status of the hardware, which differs from the visible one under [Behavior.ConsoleNeedsSync].
func (m *Machine) ActualStatus() string { return cmp.Or(m.console, m.Status) }

// begin cancels what the machine was doing.
func (m *Machine) begin() {
	m.epoch++
	m.console = ""
}

// change lets set alter the machine, advances update_at, and records the new appearance.
func (s *Site) change(m *Machine, set func(*Server)) {
	was := m.Status
	set(&m.Server)
	if !s.Behavior(m).KeepUpdateAt {
		m.UpdateAt = max(s.clock.UnixMilli(), m.UpdateAt+1)
	}
	if m.Status != was {
		s.Logf("     %s: %s -> %s", m.Name, was, m.Status)
	}
	s.remember(m)
}

func (s *Site) remember(m *Machine) {
	m.past = append(m.past, snapshot{at: s.clock, gone: m.gone, server: m.Clone()})
}

func (s *Site) setStatus(m *Machine, status string) {
	s.change(m, func(server *Server) { server.Status = status })
}

// View returns a server as a reader sees it: as it was a while ago, or without transitional statuses. It returns false if
// the server does not exist in that view.
func (s *Site) View(m *Machine, stale time.Duration, invisible bool) (Server, bool) {
	seen := m.past[0]
	for _, snapshot := range m.past {
		if snapshot.at.After(s.clock.Add(-stale)) {
			break
		}
		if !invisible || !inProgress(snapshot.server.Status) || snapshot.gone {
			seen = snapshot
		}
	}
	return seen.server.Clone(), !seen.gone
}

// Start starts a server.
func (s *Site) Start(m *Machine) {
	s.transit(m, StatusStarting, s.cfg.Durations.Start, cmp.Or(s.Behavior(m).StartEndStatus, StatusRunning))
}

// Stop stops a server.
func (s *Site) Stop(m *Machine) {
	s.transit(m, StatusStopping, s.cfg.Durations.Stop, cmp.Or(s.Behavior(m).StopEndStatus, StatusStopped))
}

// Reboot reboots a server.
func (s *Site) Reboot(m *Machine) {
	s.transit(m, StatusRebooting, s.cfg.Durations.Reboot, StatusRunning)
}

// transit takes the machine through a transitional status.
func (s *Site) transit(m *Machine, during string, d time.Duration, end string) {
	m.begin()
	s.setStatus(m, during)
	s.after(m, d, func() { s.setStatus(m, end) })
}

// leaveInitialStatus schedules the end of a transitional status in which a machine was added.
func (s *Site) leaveInitialStatus(m *Machine) {
	d, b := s.cfg.Durations, s.Behavior(m)
	end := func(after time.Duration, status string) {
		s.after(m, after, func() { s.setStatus(m, status) })
	}
	switch m.Status {
	case StatusCreating:
		end(d.Create, StatusRunning)
	case StatusStarting:
		end(d.Start, cmp.Or(b.StartEndStatus, StatusRunning))
	case StatusStopping:
		end(d.Stop, cmp.Or(b.StopEndStatus, StatusStopped))
	case StatusRebooting:
		end(d.Reboot, StatusRunning)
	case StatusChangingOS:
		end(d.ChangeOS, cmp.Or(b.ChangeOSEndStatus, StatusRunning))
	case StatusReinstallingOS, StatusReinstallOS:
		end(d.Reinstall, cmp.Or(b.EndStatus, StatusRunning))
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
