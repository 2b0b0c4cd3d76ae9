package simulator

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Request is one request that reached the cloud.
type Request struct {
	N        int         `json:"n"` // counts from 1 over the life of the cloud
	Time     time.Time   `json:"time"`
	Method   string      `json:"method"`
	Path     string      `json:"path"`
	Query    string      `json:"query"`
	Route    string      `json:"route"`     // such as "POST /v1/{project_id}/dev-servers/{id}/reinstallos"; empty: none
	Action   string      `json:"action"`    // such as "reinstallos"; see [Fault]
	ServerID string      `json:"server_id"` // empty where the route has none
	Status   int         `json:"status"`    // HTTP status of the reply; zero: in progress, or dropped
	Header   http.Header `json:"header"`
	Body     []byte      `json:"body"`     // as sent, secrets included
	Note     string      `json:"note"`     // why it was refused, which faults acted on it
	Accepted bool        `json:"accepted"` // it changed a server
}

// Requests returns the requests since the last ResetLog in the order in which they arrived.
func (c *Cloud) Requests() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.site.Settle(time.Now())
	out := make([]Request, len(c.requests))
	for i, r := range c.requests {
		out[i] = *r
		out[i].Header = r.Header.Clone()
		out[i].Body = bytes.Clone(r.Body)
	}
	return out
}

// Count returns how many requests with a method (empty: any) arrived on a route that ends with route (empty: any), whatever
// their outcome. Count("GET", "/dev-servers") counts listings, Count("POST", "/reinstallos") reinstalls.
func (c *Cloud) Count(method, route string) int {
	return c.countIf(func(r *Request) bool {
		return (method == "" || r.Method == method) && strings.HasSuffix(r.Route, route)
	})
}

// CountServer returns how many requests with a method (empty: any) and an action such as "get" or "reinstallos" (empty: any)
// arrived for one server, whatever their outcome.
func (c *Cloud) CountServer(method, action, id string) int {
	return c.countIf(func(r *Request) bool {
		return (method == "" || r.Method == method) && (action == "" || r.Action == action) && r.ServerID == id
	})
}

// ReinstallPosts returns how many reinstall POSTs arrived for a server, refused and dropped ones included.
func (c *Cloud) ReinstallPosts(id string) int {
	return c.CountServer(http.MethodPost, actionReinstall, id)
}

// AcceptedReinstalls returns how many reinstall POSTs were accepted for a server.
func (c *Cloud) AcceptedReinstalls(id string) int {
	return c.countIf(func(r *Request) bool {
		return r.Action == actionReinstall && r.ServerID == id && r.Accepted
	})
}

func (c *Cloud) countIf(match func(*Request) bool) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.site.Settle(time.Now())
	n := 0
	for _, r := range c.requests {
		if match(r) {
			n++
		}
	}
	return n
}

// Violations returns the requests that a correct client never sends, one line each: bad signatures, unknown routes, actions
// in a status that the client had seen to be illegal, malformed bodies and the like. Innocent has the other refusals.
func (c *Cloud) Violations() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.site.Settle(time.Now())
	return slices.Clone(c.violations)
}

// Innocent returns the refusals that a correct client can cause, one line each: a server that is gone or whose status has
// changed since the client read it, wrong or expired credentials, an unknown image, throttling.
func (c *Cloud) Innocent() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.site.Settle(time.Now())
	return slices.Clone(c.innocent)
}

// note records why a request was refused.
func (c *Cloud) note(r *Request, text string, innocent bool) {
	r.addNote(text)
	line := fmt.Sprintf("#%d %s %s: %s", r.N, r.Method, r.Path, text)
	if innocent {
		c.innocent = append(c.innocent, line)
		return
	}
	c.violations = append(c.violations, line)
}

func (r *Request) addNote(text string) {
	if r.Note != "" {
		r.Note += "; "
	}
	r.Note += text
}

// ResetLog forgets requests, wipes, refusals and fault hits. The numbers of requests keep counting, and faults stay.
func (c *Cloud) ResetLog() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.site.Settle(time.Now())
	c.requests, c.violations, c.innocent = nil, nil, nil
	c.site.ForgetWipes()
	c.hits = map[string]int{}
}
