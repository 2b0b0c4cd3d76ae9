package simulator

import (
	"slices"
	"time"
)

// act runs an outside actor on a server that exists; it panics on one that was never added.
func (c *Cloud) act(id string, do func(*machine)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
	m, ok := c.servers[id]
	if !ok {
		panic("simulator: no server " + id)
	}
	if !m.gone {
		do(m)
	}
}

// Has reports whether a server was ever added; the outside actors panic on any other.
func (c *Cloud) Has(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.servers[id]
	return ok
}

// Reimage is somebody who re-images a server, all at once: new ROOT id, the image (empty: the installed one), RUNNING,
// update_at moves. It counts as an outside wipe.
func (c *Cloud) Reimage(id, imageID string) {
	c.act(id, func(m *machine) {
		c.install(m, installation{
			action: "outside", end: StatusRunning, image: or(imageID, m.ImageID), key: m.KeyPairName, atOnce: true,
		})
	})
}

// BeginReinstall is somebody who starts a reinstall that takes the usual time and way, whatever the status. An empty image
// means the installed one; an empty key pair means a password. It counts as an outside wipe.
func (c *Cloud) BeginReinstall(id, imageID, keyPairName string) {
	c.act(id, func(m *machine) {
		in := c.reinstallation(m)
		in.action, in.image, in.key, in.password = "outside", or(imageID, m.ImageID), keyPairName, keyPairName == ""
		c.install(m, in)
	})
}

// SetImage changes the image that a server shows, and nothing else but update_at. No disk is erased.
func (c *Cloud) SetImage(id, imageID string) {
	c.act(id, func(m *machine) {
		c.change(m, func(s *Server) { s.setImage(imageID, c.images) })
	})
}

// SetKeyPair changes the key pair that a server shows, and nothing else but update_at.
func (c *Cloud) SetKeyPair(id, keyPairName string) {
	c.act(id, func(m *machine) {
		c.change(m, func(s *Server) { s.KeyPairName = keyPairName })
	})
}

// SetStatus puts a server into a status, where it stays until somebody acts on it; what it was doing is void.
func (c *Cloud) SetStatus(id, status string) {
	c.act(id, func(m *machine) {
		m.begin()
		c.status(m, status)
	})
}

// Finish ends what a server is doing as if its time were over: the statuses that are still to come come now, all at once.
// A server that is doing nothing stays as it is. A request that a fault has put off is processed now, and what it begins goes
// on.
func (c *Cloud) Finish(id string) {
	c.act(id, func(m *machine) {
		for i := range c.events {
			if c.events[i].of == m {
				c.events[i].at = c.clock
			}
		}
		slices.SortFunc(c.events, event.before)
		c.settle(c.clock)
	})
}

// PowerOn is somebody who starts a server on the console, at once.
func (c *Cloud) PowerOn(id string) { c.power(id, StatusRunning) }

// PowerOff is somebody who stops a server on the console, at once.
func (c *Cloud) PowerOff(id string) { c.power(id, StatusStopped) }

func (c *Cloud) power(id, status string) {
	c.act(id, func(m *machine) {
		m.begin()
		if c.behavior(m).ConsoleNeedsSync {
			m.console = status
			return
		}
		c.status(m, status)
	})
}

// Sync makes what PowerOn and PowerOff did visible under Behavior.ConsoleNeedsSync, as PUT sync does.
func (c *Cloud) Sync() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
	c.sync()
}

func (c *Cloud) sync() {
	for _, id := range c.order {
		if m := c.servers[id]; !m.gone && m.console != "" {
			status := m.console
			m.console = ""
			c.status(m, status)
		}
	}
}

// Delete is somebody who deletes a server; from then on it is not found.
func (c *Cloud) Delete(id string) {
	c.act(id, func(m *machine) {
		m.begin()
		m.gone = true
		c.change(m, func(s *Server) { s.Status = StatusDeleted })
	})
}
