package simulator

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const maxBody = 12 << 20 // bytes that the gateway accepts

// call is a request that is being answered.
type call struct {
	method string
	url    *url.URL
	host   string
	header http.Header
	body   []byte
	tooBig bool

	route *route // nil: there is none
	id    string // the server's or image's id in the path
	now   time.Time
	entry *Request
	fx    effects
}

func (r *call) action() string {
	if r.route == nil {
		return ""
	}
	return r.route.action
}

func (r *call) routeName() string {
	if r.route == nil {
		return ""
	}
	return r.route.method + " " + r.route.pattern
}

func (r *call) lists() bool {
	switch r.action() {
	case actionList, actionListAll, actionSync:
		return true
	}
	return false
}

// reply is the answer to a request.
type reply struct {
	status int
	header http.Header
	body   []byte

	dropped bool // there is no reply: the connection ends
	handled bool // it was handled before the drop
	reset   bool // the connection is reset, not closed
	cut     bool // the body is truncated
	dial    bool // the connection was never established
}

// exchange passes a request through faults, gateway and service. Its error is the cause of the context.
func (c *Cloud) exchange(ctx context.Context, r *call) (reply, error) {
	c.route(r)
	faults := c.arrive(r)
	for _, do := range r.fx.onMatch {
		do(c, r.id)
	}
	switch {
	case r.fx.refuseDial:
		return reply{dropped: true, dial: true, reset: true}, nil
	case r.fx.dropBefore && r.fx.late == 0:
		c.finish(r, reply{}, "dropped before handling by "+faults)
		return reply{dropped: true, reset: r.fx.reset}, nil
	}
	if err := pause(ctx, r.fx.delay); err != nil {
		c.finish(r, reply{}, "the client gave up before the handling")
		return reply{}, err
	}
	out := c.handle(r)
	for _, do := range r.fx.onReply {
		do(c, r.id)
	}
	if err := pause(ctx, r.fx.delayReply); err != nil {
		c.finish(r, reply{}, "the client gave up before the reply")
		return reply{}, err
	}
	if r.fx.dropBefore || r.fx.dropAfter {
		c.finish(r, reply{}, "reply dropped by "+faults)
		return reply{dropped: true, handled: true, reset: r.fx.reset}, nil
	}
	out.cut = r.fx.cut
	note := ""
	if faults != "" {
		note = "met " + faults
	}
	c.finish(r, out, note)
	return out, nil
}

// arrive settles the cloud, logs the request, and finds its faults, whose names it returns.
func (c *Cloud) arrive(r *call) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.now = time.Now()
	c.site.Settle(r.now)
	faults := c.faultsFor(r)
	r.fx = combine(r, faults)
	r.entry = &Request{
		Time: r.now, Method: r.method, Path: r.url.Path, Query: r.url.RawQuery, Route: r.routeName(), Action: r.action(),
		ServerID: r.serverID(), Header: r.header.Clone(), Body: bytes.Clone(r.body),
	}
	if !r.fx.refuseDial {
		c.count++
		r.entry.N = c.count
		c.requests = append(c.requests, r.entry)
	}
	return faultNames(faults)
}

// serverID returns the id in the path if it is that of a server.
func (r *call) serverID() string {
	if r.action() == actionImage {
		return ""
	}
	return r.id
}

// finish logs how a request ended; a status of zero is a drop.
func (c *Cloud) finish(r *call, out reply, note string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.site.Settle(time.Now())
	r.entry.Status = out.status
	if note != "" {
		r.entry.addNote(note)
	}
	line := "dropped"
	if out.status != 0 {
		line = strconv.Itoa(out.status)
	}
	if r.entry.Note != "" {
		line += " (" + r.entry.Note + ")"
	}
	c.site.Logf("%-4s %s %s", r.method, r.url.Path, line)
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// handle has a request answered by its faults or by the service.
func (c *Cloud) handle(r *call) reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.now = time.Now()
	c.site.Settle(r.now)
	answer := r.fx.answer
	switch {
	case r.fx.late > 0:
		m, _ := c.site.Find(r.id)
		c.site.Schedule(r.now.Add(r.fx.late), m, func() { c.process(r) })
		if answer == nil {
			return reply{} // dropped
		}
	case answer == nil:
		return c.process(r)
	case r.fx.process:
		return c.replace(r, answer, c.process(r))
	}
	return c.replace(r, answer, c.newReply(r))
}

// process has the service handle a request at the simulated time. The caller holds the lock.
func (c *Cloud) process(r *call) reply {
	r.now = c.site.Now()
	out := c.newReply(r)
	if !c.tickets.take(r.now, c.cfg.RateLimit) {
		if wait := c.cfg.RateLimit.RetryAfter; wait > 0 {
			out.header.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		}
		return c.refuse(r, out, throttled())
	}
	if bad := c.gateway(r); bad != nil {
		return c.refuse(r, out, bad)
	}
	status, body, bad := r.route.serve(c, r, out.header)
	if bad != nil {
		return c.refuse(r, out, bad)
	}
	for _, odd := range r.fx.odd {
		odd(body)
	}
	out.status, out.body = status, marshal(body)
	return out
}

// gateway makes the checks that all routes share.
func (c *Cloud) gateway(r *call) *refusal {
	if r.tooBig {
		return &refusal{status: http.StatusRequestEntityTooLarge, code: CodeBadRequest, message: "request entity too large"}
	}
	if r.route == nil {
		return noRoute()
	}
	if !r.route.open {
		if bad := c.authenticate(r); bad != nil {
			return bad
		}
	}
	if !r.route.iam {
		if bad := c.checkProject(r); bad != nil {
			return bad
		}
	}
	for name, values := range r.url.Query() {
		if !r.route.accepts(name) || len(values) != 1 {
			return invalid("unknown or repeated query parameter %q", name)
		}
	}
	return r.checkBody()
}

// checkProject checks the project in the path and in the header, which a signed request must carry.
func (c *Cloud) checkProject(r *call) *refusal {
	header := r.header.Get("X-Project-Id")
	if header == "" && r.header.Get("X-Auth-Token") == "" {
		return unauthorized("X-Project-Id is missing", false)
	}
	path := strings.Split(r.url.Path, "/")[2]
	if path == c.cfg.ProjectID && (header == "" || header == path) {
		return nil
	}
	return &refusal{
		status: http.StatusForbidden, code: CodeNotAllowed, innocent: header == "" || header == path,
		message: "The IAM user is not allowed to access the API", note: "wrong project id",
	}
}

// checkBody checks that a body is there if and only if the route takes one.
func (r *call) checkBody() *refusal {
	switch {
	case len(r.body) == 0 && r.route.body == bodyNeeded:
		return invalid("the request body is missing")
	case len(r.body) == 0:
		return nil
	case r.route.body == bodyNone && strings.TrimSpace(string(r.body)) != "{}", r.method == http.MethodGet:
		return invalid("the request must not have a body")
	}
	media, _, _ := strings.Cut(r.header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(media), "application/json") {
		return invalid("the Content-Type of the body is not application/json")
	}
	return nil
}

// newReply returns an empty reply with the headers that every reply has.
func (c *Cloud) newReply(r *call) reply {
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("Date", c.site.Now().UTC().Format(http.TimeFormat))
	header.Set(r.traceHeader(), hexID("request", r.entry.N))
	return withHeaders(reply{header: header}, r.fx.header)
}

func (r *call) traceHeader() string {
	if r.isIAM() {
		return "X-IAM-Trace-Id"
	}
	return "X-Request-Id"
}

func (r *call) isIAM() bool {
	return strings.HasPrefix(r.url.Path, "/v3/") || strings.HasPrefix(r.url.Path, "/v3.0/")
}

func withHeaders(out reply, headers []map[string]string) reply {
	for _, header := range headers {
		for name, value := range header {
			if value == "" {
				out.header.Del(name)
				continue
			}
			out.header.Set(name, value)
		}
	}
	return out
}

func (c *Cloud) refuse(r *call, out reply, bad *refusal) reply {
	c.note(r.entry, cmp.Or(bad.note, bad.message), bad.innocent)
	out.status, out.body = bad.status, r.errorBody(bad.code, bad.message)
	return out
}

// errorBody writes an error in the format of IAM, of the gateway or of the service, whichever gives the code.
func (r *call) errorBody(code, message string) []byte {
	body := map[string]any{"error_code": code, "error_msg": message}
	switch {
	case r.isIAM():
		body = map[string]any{"error": map[string]any{"code": code, "message": message}}
	case strings.HasPrefix(code, "APIG"):
		body["request_id"] = hexID("request", r.entry.N)
	}
	return marshal(body)
}

// replace replaces a reply by the answer of a fault.
func (c *Cloud) replace(r *call, f *Fault, out reply) reply {
	out.status = cmp.Or(f.Status, cmp.Or(out.status, http.StatusInternalServerError))
	if f.ContentType != "" {
		out.header.Set("Content-Type", f.ContentType)
	}
	switch {
	case f.Body != "":
		out.body = []byte(f.Body)
	case f.Process && f.Code == "" && f.Message == "" && !f.EchoBody && out.status < 300:
	default:
		message := cmp.Or(f.Message, cmp.Or(http.StatusText(out.status), "fault"))
		if f.EchoBody {
			message += ": " + string(r.body)
		}
		out.body = r.errorBody(cmp.Or(f.Code, codeOf(out.status)), message)
	}
	return out
}

// codeOf returns the code that the gateway or the service gives with a status.
func codeOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return CodeUnauthorized
	case http.StatusForbidden:
		return CodeNotAllowed
	case http.StatusNotFound:
		return CodeNoRoute
	case http.StatusTooManyRequests:
		return CodeThrottled
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return CodeBadRequest
	}
	return CodeInvalid
}

func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("simulator: " + err.Error()) // only an Odd fault can add a value that JSON cannot hold
	}
	return data
}

// hexID returns 32 hex characters, always the same ones for the same arguments.
func hexID(kind string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", kind, n))
	return hex.EncodeToString(sum[:16])
}
