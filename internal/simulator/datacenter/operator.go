package datacenter

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Operator sees the truth about a site and changes it, past the API: it sets the scene, and plays everybody else who acts on
// servers. Its methods may be called from many goroutines.
type Operator struct {
	mu   sync.Locker
	site *Site
}

// NewOperator returns the operator of a site that mu guards.
func NewOperator(mu sync.Locker, site *Site) Operator { return Operator{mu, site} }

// lock takes the lock and applies the transitions that are due. It returns the function that unlocks.
func (o Operator) lock() (unlock func()) {
	o.mu.Lock()
	o.site.Settle(time.Now())
	return o.mu.Unlock
}

// act runs an actor on a server; it panics on one that was never added, and does nothing to a deleted one.
func (o Operator) act(id string, do func(*Machine)) {
	defer o.lock()()
	m, ok := o.site.servers[id]
	if !ok {
		panic("simulator: no server " + id)
	}
	if !m.gone {
		do(m)
	}
}

// Settle applies the transitions that are due. Whatever reads or changes a server does so too; Settle is only needed to have
// them logged on time.
func (o Operator) Settle() { o.lock()() }

// AddServer adds a server and returns it with all fields filled. A transitional status (CREATING, STARTING, STOPPING,
// REBOOTING, CHANGINGOS, REINSTALLINGOS) ends after its duration, and erases no disk.
// It panics on an id that is malformed or taken.
func (o Operator) AddServer(server Server) Server {
	defer o.lock()()
	s := o.site
	server = server.Clone()
	server.complete(len(s.order)+1, s.clock, s.cfg.Owner, s.images)
	if !ValidID(server.ID) {
		panic("simulator: malformed server id " + server.ID)
	}
	if _, taken := s.servers[server.ID]; taken {
		panic("simulator: server id " + server.ID + " is taken")
	}
	m := &Machine{Server: server}
	s.servers[server.ID] = m
	s.order = append(s.order, server.ID)
	s.remember(m)
	s.leaveInitialStatus(m)
	return server.Clone()
}

// AddImage adds an image, or replaces the one with its id.
func (o Operator) AddImage(image Image) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.site.addImage(image)
}

// SetBehavior replaces the behaviour of the cloud from now on; servers with a behaviour of their own keep it.
func (o Operator) SetBehavior(b Behavior) {
	defer o.lock()()
	b.Via = slices.Clone(b.Via)
	o.site.cfg.Behavior = b
}

// Has reports whether a server was ever added; methods that act on a server panic if it was not.
func (o Operator) Has(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.site.servers[id]
	return ok
}

// Server returns a server as it really is now; false if it was never added or is deleted.
func (o Operator) Server(id string) (Server, bool) {
	defer o.lock()()
	m, ok := o.site.servers[id]
	if !ok || m.gone {
		return Server{}, false
	}
	return m.Clone(), true
}

// Servers returns all servers that are not deleted, in the order in which they were added.
func (o Operator) Servers() []Server {
	defer o.lock()()
	servers := make([]Server, 0, len(o.site.order))
	for _, m := range o.site.Machines() {
		if !m.gone {
			servers = append(servers, m.Clone())
		}
	}
	return servers
}

// Wipes returns the erased disks since the log was last reset, in order.
func (o Operator) Wipes() []Wipe {
	defer o.lock()()
	return o.site.Wipes()
}

// WipesOf returns the erasures of one server's disk since the log was last reset, in order.
func (o Operator) WipesOf(id string) []Wipe {
	return slices.DeleteFunc(o.Wipes(), func(w Wipe) bool { return w.ServerID != id })
}

// Reimage re-images a server at once: it gets a new ROOT id, the image (empty: the installed one), the status RUNNING and a
// later update_at. It counts as an outside wipe.
func (o Operator) Reimage(id, imageID string) {
	o.act(id, func(m *Machine) {
		o.site.Install(m, Installation{
			action: WipeOutside, end: StatusRunning, Image: cmp.Or(imageID, m.ImageID), KeyPair: m.KeyPairName, atOnce: true,
		})
	})
}

// BeginReinstall begins a reinstall that takes the usual time and goes through the usual statuses, whatever the status. An
// empty image means the installed one; an empty key pair means a password. It counts as an outside wipe.
func (o Operator) BeginReinstall(id, imageID, keyPairName string) {
	o.act(id, func(m *Machine) {
		in := o.site.Reinstallation(m)
		in.action, in.Image, in.KeyPair, in.Password = WipeOutside, cmp.Or(imageID, m.ImageID), keyPairName, keyPairName == ""
		o.site.Install(m, in)
	})
}

// SetImage changes the image that a server shows, and nothing else but update_at. No disk is erased.
func (o Operator) SetImage(id, imageID string) {
	o.act(id, func(m *Machine) {
		o.site.change(m, func(server *Server) { server.setImage(imageID, o.site.images) })
	})
}

// SetKeyPair changes the key pair that a server shows, and nothing else but update_at.
func (o Operator) SetKeyPair(id, keyPairName string) {
	o.act(id, func(m *Machine) {
		o.site.change(m, func(server *Server) { server.KeyPairName = keyPairName })
	})
}

// SetStatus cancels what a server is doing and puts it into a status, in which it stays until somebody acts on it.
func (o Operator) SetStatus(id, status string) {
	o.act(id, func(m *Machine) {
		m.begin()
		o.site.setStatus(m, status)
	})
}

// Finish ends what a server is doing as if its time were over: the remaining statuses all follow now. An idle server stays
// as it is. A request that a fault has postponed is processed now, and what that begins goes on.
func (o Operator) Finish(id string) {
	o.act(id, o.site.finish)
}

// PowerOn starts a server on the console, at once.
func (o Operator) PowerOn(id string) { o.power(id, StatusRunning) }

// PowerOff stops a server on the console, at once.
func (o Operator) PowerOff(id string) { o.power(id, StatusStopped) }

func (o Operator) power(id, status string) {
	o.act(id, func(m *Machine) {
		m.begin()
		if o.site.Behavior(m).ConsoleNeedsSync {
			m.console = status
			return
		}
		o.site.setStatus(m, status)
	})
}

// Sync makes the effects of PowerOn and PowerOff visible under [Behavior.ConsoleNeedsSync], as PUT sync does.
func (o Operator) Sync() {
	defer o.lock()()
	o.site.Sync()
}

// Delete deletes a server; from then on it is not found.
func (o Operator) Delete(id string) {
	o.act(id, func(m *Machine) {
		m.begin()
		m.gone = true
		o.site.change(m, func(server *Server) { server.Status = StatusDeleted })
	})
}
