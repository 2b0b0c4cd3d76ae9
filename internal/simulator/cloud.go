package simulator

import (
	"sync"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/datacenter"
)

// Cloud is the simulated service. Its methods may be called from many goroutines. Those of the embedded Operator add
// servers and images, and act on them as somebody else would.
type Cloud struct {
	datacenter.Operator

	mu     sync.Mutex
	cfg    Config
	routes []route
	site   *datacenter.Site

	temporary map[string]*temporaryKey // by access key
	tokens    map[string]bool          // issued by POST /v3/auth/tokens

	faults  []*armedFault
	hits    map[string]int
	tickets bucket

	count      int // requests so far
	requests   []*Request
	violations []string
	innocent   []string
}

// New returns a cloud without servers, with the default images.
func New(cfg Config) *Cloud {
	cfg.setDefaults()
	c := &Cloud{
		cfg:    cfg,
		routes: routeTable(),
		site: datacenter.NewSite(datacenter.Config{
			Owner: cfg.Owner, Durations: cfg.Durations, Behavior: cfg.Behavior, Log: cfg.Log,
		}),
		temporary: map[string]*temporaryKey{},
		tokens:    map[string]bool{cfg.Token: true},
		hits:      map[string]int{},
	}
	c.Operator = datacenter.NewOperator(&c.mu, c.site)
	return c
}

// Region returns the region of the configuration, or its default.
func (c *Cloud) Region() string { return c.cfg.Region }

// ProjectID returns the project id of the configuration, or its default.
func (c *Cloud) ProjectID() string { return c.cfg.ProjectID }

// SetRateLimit replaces the rate limit from now on, with a full bucket.
func (c *Cloud) SetRateLimit(limit RateLimit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.site.Settle(time.Now())
	c.cfg.RateLimit, c.tickets = limit, bucket{}
}
