package reinstall

import (
	"sync"
)

// claims are the servers that are being reinstalled, or were. The zero value is ready for use.
type claims struct {
	mu  sync.Mutex
	ids map[string]struct{}
}

// take claims id, and reports whether it was free.
func (c *claims) take(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()

	if _, taken := c.ids[id]; taken {
		return false
	}

	if c.ids == nil {
		c.ids = map[string]struct{}{}
	}

	c.ids[id] = struct{}{}

	return true
}

// release frees id, for which nothing was sent.
func (c *claims) release(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()

	delete(c.ids, id)
}
