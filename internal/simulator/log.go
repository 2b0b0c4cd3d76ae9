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
	Status   int         `json:"status"`    // HTTP status of the reply; zero: still at work, or dropped
	Header   http.Header `json:"header"`
	Body     []byte      `json:"body"`     // as sent, secrets included
	Note     string      `json:"note"`     // why it was refused, which fault met it
	Accepted bool        `json:"accepted"` // it changed a server
}

// Requests returns the requests since the last ResetLog, in the order of their arrival.
func (c *Cloud) Requests() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
	out := make([]Request, len(c.requests))
	for i, r := range c.requests {
		out[i] = *r
		out[i].Header = r.Header.Clone()
		out[i].Body = bytes.Clone(r.Body)
	}
	return out
}

// Count returns how many requests arrived by a method (empty: any) on a route that ends with route (empty: any), whatever
// became of them. Count("GET", "/dev-servers") counts listings, Count("POST", "/reinstallos") reinstalls.
func (c *Cloud) Count(method, route string) int {
	return c.countIf(func(r *Request) bool {
		return (method == "" || r.Method == method) && strings.HasSuffix(r.Route, route)
	})
}

// CountServer returns how many requests arrived by a method (empty: any) with an action such as "get" or "reinstallos"
// (empty: any) for one server, whatever became of them.
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
	c.settle(time.Now())
	n := 0
	for _, r := range c.requests {
		if match(r) {
			n++
		}
	}
	return n
}

// Wipe is one erasure of a system disk.
type Wipe struct {
	Time         time.Time `json:"time"`
	ServerID     string    `json:"server_id"`
	Action       string    `json:"action"`    // "reinstallos", "changeos" or "outside"
	RequestN     int       `json:"request_n"` // the request that caused it; zero for outside actors
	Outside      bool      `json:"outside"`
	ImageID      string    `json:"image_id"` // the image that was installed
	KeyPairName  string    `json:"key_pair_name"`
	AdminPassSet bool      `json:"admin_pass_set"`
	UserData     string    `json:"user_data"` // as sent
	OldRoot      string    `json:"old_root"`
	NewRoot      string    `json:"new_root"`

	// What was there before.
	OldStatus      string `json:"old_status"`
	OldImageID     string `json:"old_image_id"`
	OldKeyPairName string `json:"old_key_pair_name"`
}

// Wipes returns the erased disks since the last ResetLog, in order.
func (c *Cloud) Wipes() []Wipe {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
	return slices.Clone(c.wipes)
}

// WipesOf returns the erasures of one server's disk since the last ResetLog, in order.
func (c *Cloud) WipesOf(id string) []Wipe {
	return slices.DeleteFunc(c.Wipes(), func(w Wipe) bool { return w.ServerID != id })
}

func (c *Cloud) recordWipe(m *machine, in installation, oldRoot, newRoot string) {
	c.wipes = append(c.wipes, Wipe{
		Time: c.clock, ServerID: m.ID, Action: in.action, RequestN: in.request, Outside: in.action == "outside",
		ImageID: in.image, KeyPairName: in.key, AdminPassSet: in.password, UserData: in.userData,
		OldRoot: oldRoot, NewRoot: newRoot, OldStatus: m.Status, OldImageID: m.ImageID, OldKeyPairName: m.KeyPairName,
	})
	c.logf("WIPE %s: system disk erased (%s), image %s", m.Name, in.action, in.image)
}

// Violations returns what a correct client never does, one line each: bad signatures, unknown routes, actions in a status
// that was seen to be illegal, malformed bodies and the like. Refusals that a correct client can meet are in Innocent.
func (c *Cloud) Violations() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
	return slices.Clone(c.violations)
}

// Innocent returns the refusals that a correct client can meet, one line each: a server that is gone or whose status
// changed since the client read it, wrong or expired credentials, an unknown image, throttling.
func (c *Cloud) Innocent() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
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

// ResetLog forgets requests, wipes, violations and fault hits; numbers go on counting. Faults stay.
func (c *Cloud) ResetLog() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(time.Now())
	c.requests, c.wipes, c.violations, c.innocent = nil, nil, nil, nil
	c.hits = map[string]int{}
}
