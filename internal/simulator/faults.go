package simulator

import (
	"cmp"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/strictjson"
)

// Fault is a rule that makes requests go wrong. The matchers select the requests; empty ones match all. Several faults that
// match one request combine: delays add up, the greatest Stale wins, and the answer is that of the first fault with one.
type Fault struct {
	Name string `json:"name"` // for logs and FaultsHit

	// The matchers. Action is one of get, list, list-all, start, stop, reboot, changeos, reinstallos, sync, images, image,
	// projects, tokens, assume-role. Route is the end of a route, such as "/dev-servers/{id}".
	Method   string `json:"method"`
	Action   string `json:"action"`
	Route    string `json:"route"`
	ServerID string `json:"server_id"` // on listings it restricts only Stale and Invisible, to that one server
	After    int    `json:"after"`     // number of matches to skip first
	Times    int    `json:"times"`     // number of matches to act on after that; zero: all until removed

	For time.Duration `json:"for"` // time for which it acts, counted from its first match; zero: for ever

	// An answer that replaces the real one. Without Process, nothing is processed. Body takes precedence over Code and
	// Message; of these two, the one that is missing is filled in. A Status of 2xx needs Process or Body to make sense.
	Status      int               `json:"status"`
	Code        string            `json:"code"`
	Message     string            `json:"message"`
	Body        string            `json:"body"`
	ContentType string            `json:"content_type"` // of Body; application/json if empty
	Header      map[string]string `json:"header"`       // added to the reply, also to the real one; an empty value removes the header
	EchoBody    bool              `json:"echo_body"`    // the message quotes the body of the request, secrets included
	Process     bool              `json:"process"`      // the request is handled before its answer is replaced

	// Effectless makes an action pass all checks and be answered as accepted, but do nothing.
	Effectless bool `json:"effectless"`

	// Time. All delays end with the request's context.
	Delay      time.Duration `json:"delay"`       // before the handling; a request whose client gives up meanwhile is not handled
	DelayReply time.Duration `json:"delay_reply"` // after the handling

	// The connection. In memory a drop is io.EOF before and io.ErrUnexpectedEOF after the handling. On a socket the
	// connection is closed without a reply; net/http's transport retries a GET on a reused connection then.
	DropBefore bool `json:"drop_before"` // nothing is processed
	DropAfter  bool `json:"drop_after"`  // it is handled, the reply is lost
	Reset      bool `json:"reset"`       // turns a drop into a connection reset
	CutBody    bool `json:"cut_body"`    // the reply is truncated in the middle of its body

	// RefuseDial fails the request before it reaches the cloud, in memory with a *net.OpError of the operation dial, and the
	// request is not logged. On a socket the connection already exists at this point: there it acts like DropBefore with Reset.
	RefuseDial bool `json:"refuse_dial"`

	// ProcessLate answers now (with Status, a drop, or else 504) and has the request processed after this time.
	ProcessLate time.Duration `json:"process_late"`

	Stale     time.Duration `json:"stale"`     // GETs show servers as they were this long ago
	Invisible bool          `json:"invisible"` // GETs never show a transitional status
	Flicker   string        `json:"flicker"`   // a GET of one server shows this status instead of the real one

	Odd     func(map[string]any)           `json:"-"` // modifies the JSON object of the reply
	OnMatch func(c *Cloud, id string)      `json:"-"` // called just before the handling; it may call the cloud, as an outside actor
	OnReply func(c *Cloud, id string)      `json:"-"` // called after the handling and before the reply; it may call the cloud
	Match   func(method, body string) bool `json:"-"` // an additional matcher
}

type armedFault struct {
	Fault
	seen  int
	since time.Time // when it first acted
}

// AddFault adds a fault and returns a function that removes it.
func (c *Cloud) AddFault(f Fault) (remove func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.Header = maps.Clone(f.Header)
	armed := &armedFault{Fault: f}
	c.faults = append(c.faults, armed)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for i, other := range c.faults {
			if other == armed {
				c.faults = append(c.faults[:i:i], c.faults[i+1:]...)
				return
			}
		}
	}
}

// ClearFaults removes all faults.
func (c *Cloud) ClearFaults() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = nil
}

// FaultsHit returns how often each fault acted since the last ResetLog, by name.
func (c *Cloud) FaultsHit() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.hits)
}

// faultsFor returns the faults that act on a request, and counts them.
func (c *Cloud) faultsFor(r *call) []*Fault {
	var acting []*Fault
	for _, f := range c.faults {
		if !f.matches(r) {
			continue
		}
		f.seen++
		if f.seen <= f.After || f.Times > 0 && f.seen > f.After+f.Times {
			continue
		}
		if f.since.IsZero() {
			f.since = r.now
		}
		if f.For > 0 && r.now.After(f.since.Add(f.For)) {
			continue
		}
		c.hits[f.Name]++
		acting = append(acting, &f.Fault)
	}
	return acting
}

func (f *armedFault) matches(r *call) bool {
	return (f.Method == "" || f.Method == r.method) &&
		(f.Action == "" || f.Action == r.action()) &&
		(f.Route == "" || strings.HasSuffix(r.routeName(), f.Route)) &&
		(f.ServerID == "" || f.ServerID == r.id || r.lists() && f.isView()) &&
		(f.Match == nil || f.Match(r.method, string(r.body)))
}

func (f *armedFault) isView() bool { return f.Stale > 0 || f.Invisible }

// effects are the combined effects of the faults that act on one request.
type effects struct {
	answer     *Fault // the fault that gives the answer
	process    bool   // the request is processed although a fault gives the answer
	delay      time.Duration
	delayReply time.Duration
	dropBefore bool
	dropAfter  bool
	reset      bool
	cut        bool
	refuseDial bool
	late       time.Duration
	effectless bool
	flicker    string
	views      []*Fault // Stale and Invisible
	header     []map[string]string
	odd        []func(map[string]any)
	onMatch    []func(*Cloud, string)
	onReply    []func(*Cloud, string)
}

func combine(r *call, faults []*Fault) effects {
	var e effects
	for _, f := range faults {
		if f.Stale > 0 || f.Invisible {
			e.views = append(e.views, f)
		}
		if f.ServerID != "" && f.ServerID != r.id {
			continue // a listing, and the fault is for one of its servers
		}
		e.add(f)
	}
	if e.late > 0 && e.answer == nil && !e.dropBefore && !e.dropAfter {
		e.answer = &Fault{Status: http.StatusGatewayTimeout}
	}
	return e
}

func (e *effects) add(f *Fault) {
	if e.answer == nil && (f.Status != 0 || f.Body != "" || f.Code != "" || f.Message != "" || f.EchoBody) {
		e.answer, e.process = f, f.Process
	}
	e.delay += f.Delay
	e.delayReply += f.DelayReply
	e.dropBefore = e.dropBefore || f.DropBefore
	e.dropAfter = e.dropAfter || f.DropAfter
	e.reset = e.reset || f.Reset
	e.cut = e.cut || f.CutBody
	e.refuseDial = e.refuseDial || f.RefuseDial
	e.late = max(e.late, f.ProcessLate)
	e.effectless = e.effectless || f.Effectless
	e.flicker = cmp.Or(e.flicker, f.Flicker)
	if len(f.Header) > 0 {
		e.header = append(e.header, f.Header)
	}
	if f.Odd != nil {
		e.odd = append(e.odd, f.Odd)
	}
	if f.OnMatch != nil {
		e.onMatch = append(e.onMatch, f.OnMatch)
	}
	if f.OnReply != nil {
		e.onReply = append(e.onReply, f.OnReply)
	}
}

// view returns how stale the faults make a server, and whether they hide its transitional statuses.
func (e *effects) view(id string) (stale time.Duration, invisible bool) {
	for _, f := range e.views {
		if f.ServerID == "" || f.ServerID == id {
			stale = max(stale, f.Stale)
			invisible = invisible || f.Invisible
		}
	}
	return stale, invisible
}

func faultNames(faults []*Fault) string {
	names := make([]string, len(faults))
	for i, f := range faults {
		names[i] = cmp.Or(f.Name, "unnamed")
	}
	return strings.Join(names, ", ")
}

// UnmarshalJSON reads the durations as "1m30s".
func (f *Fault) UnmarshalJSON(data []byte) error {
	type plain Fault
	in := struct {
		*plain
		Delay       strictjson.Duration `json:"delay"`
		DelayReply  strictjson.Duration `json:"delay_reply"`
		For         strictjson.Duration `json:"for"`
		ProcessLate strictjson.Duration `json:"process_late"`
		Stale       strictjson.Duration `json:"stale"`
	}{plain: (*plain)(f)}
	if err := strictjson.Unmarshal(data, &in); err != nil {
		return err
	}
	f.For, f.Delay, f.DelayReply = time.Duration(in.For), time.Duration(in.Delay), time.Duration(in.DelayReply)
	f.ProcessLate, f.Stale = time.Duration(in.ProcessLate), time.Duration(in.Stale)
	return nil
}
