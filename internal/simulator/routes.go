package simulator

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// The actions are the names of the routes in [Fault] and [Request].
const (
	actionList       = "list"
	actionListAll    = "list-all"
	actionGet        = "get"
	actionStart      = "start"
	actionStop       = "stop"
	actionReboot     = "reboot"
	actionChangeOS   = "changeos"
	actionReinstall  = "reinstallos"
	actionSync       = "sync"
	actionImages     = "images"
	actionImage      = "image"
	actionProjects   = "projects"
	actionTokens     = "tokens"
	actionAssumeRole = "assume-role"
)

// bodyRule is whether a request must have a body.
type bodyRule int

const (
	bodyNone   bodyRule = iota // none, or {}
	bodyNeeded                 // a JSON object
)

// route is one call of the API.
type route struct {
	method  string
	pattern string
	action  string
	query   []string // the parameters that it accepts
	body    bodyRule
	iam     bool // belongs to IAM, with no project in the path
	open    bool // requires no authentication
	// serve returns a status and a JSON object, or a refusal.
	serve func(c *Cloud, r *call, header http.Header) (int, map[string]any, *refusal)
}

func (rt *route) accepts(parameter string) bool { return slices.Contains(rt.query, parameter) }

const base = "/v1/{project_id}/dev-servers"

var (
	pageQuery  = []string{"owner", "sort_dir", "sort_key", "limit", "offset"}
	syncQuery  = append([]string{"id"}, pageQuery...)
	imageQuery = []string{"server_type", "flavor_name", "resource_flavor_name"}
)

// routeTable returns the routes. Those that end in a fixed segment come before those that end in an id.
func routeTable() []route {
	return []route{
		{method: http.MethodGet, pattern: base, action: actionList, query: pageQuery, serve: serveList},
		{method: http.MethodGet, pattern: base + "/all", action: actionListAll, serve: serveListAll},
		{method: http.MethodPut, pattern: base + "/sync", action: actionSync, query: syncQuery, serve: serveSync},
		{method: http.MethodGet, pattern: base + "/images", action: actionImages, query: imageQuery, serve: serveImages},
		{method: http.MethodGet, pattern: base + "/images/{id}", action: actionImage, serve: serveImage},
		{method: http.MethodGet, pattern: base + "/{id}", action: actionGet, serve: serveGet},
		{method: http.MethodPut, pattern: base + "/{id}/start", action: actionStart, body: bodyNeeded, serve: serveStart},
		{method: http.MethodPut, pattern: base + "/{id}/stop", action: actionStop, serve: serveStop},
		{method: http.MethodPut, pattern: base + "/{id}/reboot", action: actionReboot, serve: serveReboot},
		{method: http.MethodPost, pattern: base + "/{id}/changeos", action: actionChangeOS, body: bodyNeeded, serve: serveChangeOS},
		{method: http.MethodPost, pattern: base + "/{id}/reinstallos", action: actionReinstall, body: bodyNeeded, serve: serveReinstall},
		{method: http.MethodGet, pattern: "/v3/projects", action: actionProjects, query: []string{"name"}, iam: true, serve: serveProjects},
		{
			method: http.MethodPost, pattern: "/v3/auth/tokens", action: actionTokens, query: []string{"nocatalog"},
			body: bodyNeeded, iam: true, open: true, serve: serveTokens,
		},
		{
			method: http.MethodPost, pattern: "/v3.0/OS-CREDENTIAL/securitytokens", action: actionAssumeRole,
			body: bodyNeeded, iam: true, serve: serveAssumeRole,
		},
	}
}

var projectPattern = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// route finds the route of a request and the id in its path.
func (c *Cloud) route(r *call) {
	parts := strings.Split(r.url.EscapedPath(), "/")
	for i := range c.routes {
		if id, ok := c.routes[i].match(r.method, parts); ok {
			r.route, r.id = &c.routes[i], id
			return
		}
	}
}

func (rt *route) match(method string, parts []string) (id string, ok bool) {
	if rt.method != method || strings.Count(rt.pattern, "/")+1 != len(parts) {
		return "", false
	}
	want := strings.Split(rt.pattern, "/")
	for i, part := range parts {
		switch want[i] {
		case "{project_id}":
			if !projectPattern.MatchString(part) {
				return "", false
			}
		case "{id}":
			id = part
		default:
			if part != want[i] {
				return "", false
			}
		}
	}
	return id, true
}
