package simulator

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Cloud is the simulated service. Its methods may be called from many goroutines.
type Cloud struct {
	mu     sync.Mutex
	cfg    Config
	routes []route

	clock   time.Time // the time that is being simulated: of the event at hand, or of the request
	seq     int       // breaks ties between events of the same time
	events  []event   // in order of time
	serial  int       // counts what gets generated ids
	servers map[string]*machine
	order   []string // server ids as they were added

	images     map[string]Image
	imageOrder []string

	temporary map[string]*temporaryKey // access key to credentials
	tokens    map[string]bool          // issued by POST /v3/auth/tokens

	faults  []*armedFault
	hits    map[string]int
	tickets bucket

	count      int // requests so far
	requests   []*Request
	wipes      []Wipe
	violations []string
	innocent   []string
}

// New returns a cloud without servers, with the default images.
func New(cfg Config) *Cloud {
	cfg.setDefaults()
	c := &Cloud{
		cfg:       cfg,
		routes:    routeTable(),
		clock:     time.Now(),
		servers:   map[string]*machine{},
		images:    map[string]Image{},
		temporary: map[string]*temporaryKey{},
		tokens:    map[string]bool{cfg.Token: true},
		hits:      map[string]int{},
	}
	for _, image := range defaultImages() {
		c.addImage(image)
	}
	return c
}

// Region returns the region of the configuration, or its default.
func (c *Cloud) Region() string { return c.cfg.Region }

// ProjectID returns the project id of the configuration, or its default.
func (c *Cloud) ProjectID() string { return c.cfg.ProjectID }

// AddServer adds a server and returns it with all fields filled. A transitional status (CREATING, STARTING, STOPPING,
// REBOOTING, CHANGINGOS, REINSTALLINGOS) ends automatically after its duration; no disk is erased by that.
// It panics on an id that is malformed or taken.
func (c *Cloud) AddServer(s Server) Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
	s = s.clone()
	s.complete(len(c.order)+1, c.clock, c.cfg.Owner, c.images)
	if !idPattern.MatchString(s.ID) {
		panic("simulator: malformed server id " + s.ID)
	}
	if _, taken := c.servers[s.ID]; taken {
		panic("simulator: server id " + s.ID + " is taken")
	}
	m := &machine{Server: s}
	c.servers[s.ID] = m
	c.order = append(c.order, s.ID)
	c.remember(m)
	c.settleStatus(m)
	return s.clone()
}

// Server returns the present truth about a server; false if it was never added or is deleted.
func (c *Cloud) Server(id string) (Server, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
	m, ok := c.servers[id]
	if !ok || m.gone {
		return Server{}, false
	}
	return m.clone(), true
}

// Servers returns all servers that are not deleted, in the order of their addition.
func (c *Cloud) Servers() []Server {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
	servers := make([]Server, 0, len(c.order))
	for _, id := range c.order {
		if m := c.servers[id]; !m.gone {
			servers = append(servers, m.clone())
		}
	}
	return servers
}

// Settle applies the transitions that are due. Every access to the cloud does so too; a caller needs it only to have them
// logged in time.
func (c *Cloud) Settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
}

// SetBehavior replaces the behaviour of the cloud from now on; servers with a behaviour of their own keep it.
func (c *Cloud) SetBehavior(b Behavior) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
	b.Via = slices.Clone(b.Via)
	c.cfg.Behavior = b
}

// SetRateLimit replaces the rate limit from now on, with a full bucket.
func (c *Cloud) SetRateLimit(limit RateLimit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
	c.cfg.RateLimit, c.tickets = limit, bucket{}
}

func (c *Cloud) behavior(m *machine) Behavior {
	if m.Behavior != nil {
		return *m.Behavior
	}
	return c.cfg.Behavior
}

func (c *Cloud) logf(format string, args ...any) {
	if c.cfg.Log == nil {
		return
	}
	line := c.clock.UTC().Format("15:04:05.000") + " " + fmt.Sprintf(format, args...) + "\n"
	_, _ = c.cfg.Log.Write([]byte(line))
}
