package simulator

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/datacenter"
)

// find returns the server that the path names, deleted or not.
func (c *Cloud) find(r *call) (*datacenter.Machine, *refusal) {
	if !datacenter.ValidID(r.id) {
		return nil, invalid("the id %q is malformed", r.id)
	}
	m, ok := c.site.Find(r.id)
	if !ok || c.isStranger(r) {
		return nil, notFound(r.id)
	}
	return m, nil
}

// findLive is find for a server that is not deleted.
func (c *Cloud) findLive(r *call) (*datacenter.Machine, *refusal) {
	m, bad := c.find(r)
	if bad == nil && m.Gone() {
		return nil, notFound(r.id)
	}
	return m, bad
}

// show writes a server as a reader sees it, and records which status the client has seen.
func (c *Cloud) show(m *datacenter.Machine, s Server) map[string]any {
	m.LastSeen = s.Status
	image, _ := c.site.Image(s.ImageID)
	return serverBody(s, c.site.Behavior(m), image)
}

func serveGet(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	m, bad := c.find(r)
	if bad != nil {
		return 0, nil, bad
	}
	stale, invisible := r.fx.view(m.ID)
	s, ok := c.site.View(m, stale, invisible)
	if !ok {
		return 0, nil, notFound(r.id)
	}
	s.Status = cmp.Or(r.fx.flicker, s.Status)
	return http.StatusOK, c.show(m, s), nil
}

func serveList(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	if c.site.DefaultBehavior().ListForbidden {
		return 0, nil, forbidden("no permission to list DevServers")
	}
	page, bad := parsePage(r.url.Query())
	if bad != nil {
		return 0, nil, bad
	}
	owner := c.caller(r)
	if page.owner != "" && page.owner != owner {
		if !c.cfg.Admin {
			return 0, nil, forbidden("only administrators may list the DevServers of others")
		}
		owner = page.owner
	}
	rows := slices.DeleteFunc(c.rows(r), func(s row) bool { return s.seen.Owner != owner })
	return http.StatusOK, c.page(rows, page), nil
}

func serveListAll(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	if c.site.DefaultBehavior().ListForbidden {
		return 0, nil, forbidden("no permission to list all DevServers")
	}
	rows := c.rows(r)
	if c.isStranger(r) {
		rows = nil
	}
	return http.StatusOK, c.page(rows, pageRequest{limit: max(len(rows), 1)}), nil
}

func serveSync(c *Cloud, r *call, header http.Header) (int, map[string]any, *refusal) {
	c.site.Sync()
	status, body, bad := serveList(c, r, header)
	if bad == nil {
		r.entry.Accepted = true
	}
	return status, body, bad
}

// row is a server in a listing.
type row struct {
	m    *datacenter.Machine
	seen Server
}

func (c *Cloud) rows(r *call) []row {
	var rows []row
	for _, m := range c.site.Machines() {
		stale, invisible := r.fx.view(m.ID)
		if seen, ok := c.site.View(m, stale, invisible); ok {
			rows = append(rows, row{m, seen})
		}
	}
	return rows
}

// pageRequest is the parsed query of a listing.
type pageRequest struct {
	owner    string
	byUpdate bool
	desc     bool
	limit    int
	offset   int
}

func parsePage(query url.Values) (pageRequest, *refusal) {
	p := pageRequest{owner: query.Get("owner"), limit: 10}
	switch dir := query.Get("sort_dir"); dir {
	case "", "ASC":
	case "DESC":
		p.desc = true
	default:
		return p, invalid("sort_dir %q is neither ASC nor DESC", dir)
	}
	switch key := query.Get("sort_key"); key {
	case "", "createTime":
	case "updateTime":
		p.byUpdate = true
	default:
		return p, invalid("sort_key %q is neither createTime nor updateTime", key)
	}
	if len(p.owner) > 64 || query.Has("owner") && p.owner == "" {
		return p, invalid("owner does not have 1 to 64 characters")
	}
	var bad *refusal
	if p.limit, bad = number(query, "limit", 10, 1024); bad != nil {
		return p, bad
	}
	p.offset, bad = number(query, "offset", 0, 1<<31-1)
	return p, bad
}

func number(query url.Values, name string, fallback, most int) (int, *refusal) {
	if !query.Has(name) {
		return fallback, nil
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < 0 || n > most {
		return 0, invalid("%s %q is not a number between 0 and %d", name, query.Get(name), most)
	}
	return n, nil
}

// page sorts the rows and returns one page of them. Pages are numbered from 0, as in the documented example.
func (c *Cloud) page(rows []row, p pageRequest) map[string]any {
	slices.SortStableFunc(rows, func(a, b row) int {
		d := cmp.Compare(a.seen.CreateAt, b.seen.CreateAt)
		if p.byUpdate {
			d = cmp.Compare(a.seen.UpdateAt, b.seen.UpdateAt)
		}
		if p.desc {
			return -d
		}
		return d
	})
	total := len(rows)
	from := min(p.offset, total)
	data := []any{}
	for _, row := range rows[from:min(from+p.limit, total)] {
		data = append(data, c.show(row.m, row.seen))
	}
	current, pages := 0, 0
	if p.limit > 0 {
		current, pages = p.offset/p.limit, (total+p.limit-1)/p.limit
	}
	return map[string]any{"current": current, "pages": pages, "size": len(data), "total": total, "data": data}
}
