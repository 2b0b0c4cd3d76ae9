package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/datacenter"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/strictjson"
)

// legalStart returns the statuses in which an action is accepted.
//
// See https://support.huaweicloud.com/resmgmt-modelarts/usermanual-server-0020.html for reinstalls. That a start is accepted
// in START_FAILED is invented.
func legalStart(action string, b Behavior) []string {
	switch action {
	case actionStart:
		return []string{StatusStopped, StatusStartFailed}
	case actionStop, actionReboot:
		return []string{StatusRunning}
	}
	legal := []string{StatusStopped, StatusReinstallingOSFailed, StatusChangingOSFailed}
	if action == actionReinstall && b.AcceptRunning {
		legal = append(legal, StatusRunning)
	}
	if action == actionReinstall && b.AcceptDuringReinstall {
		legal = append(legal, StatusReinstallingOS, StatusReinstallOS)
	}
	return legal
}

// checkStatus refuses an action in a status that is not legal. The refusal is innocent if the client last saw a legal status
// and has had no action accepted since: somebody else was quicker.
func (c *Cloud) checkStatus(m *datacenter.Machine, action string) *refusal {
	legal := legalStart(action, c.site.Behavior(m))
	status := m.ActualStatus()
	if slices.Contains(legal, status) {
		return nil
	}
	return &refusal{
		status: http.StatusBadRequest, code: CodeIllegalStatus, innocent: slices.Contains(legal, m.LastSeen),
		message: "LiteServer instance '" + m.ID + "' is " + status + "; " + action + " needs " + strings.Join(legal, " or ") + ".",
	}
}

// accepted returns the reply to an action that has just begun.
func (c *Cloud) accepted(r *call, m *datacenter.Machine, replyStatus string) (int, map[string]any, *refusal) {
	r.entry.Accepted = !r.fx.effectless
	s := m.Clone()
	s.Status = cmp.Or(replyStatus, s.Status)
	body := c.show(m, s)
	m.LastSeen = m.Status
	return http.StatusOK, body, nil
}

// powerAction is the common part of start, stop and reboot.
func (c *Cloud) powerAction(r *call, begin func(*datacenter.Machine)) (int, map[string]any, *refusal) {
	m, bad := c.findLive(r)
	if bad == nil {
		bad = c.checkStatus(m, r.action())
	}
	if bad != nil {
		return 0, nil, bad
	}
	if !r.fx.effectless {
		begin(m)
	}
	return c.accepted(r, m, "")
}

func serveStart(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	var options struct {
		Arch         string `json:"arch"`
		ChargingMode string `json:"charging_mode"`
		ServerType   string `json:"server_type"`
	}
	if err := strictjson.Unmarshal(r.body, &options); err != nil {
		return 0, nil, invalid("the request body is malformed: %s", err)
	}
	return c.powerAction(r, c.site.Start)
}

func serveStop(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	return c.powerAction(r, c.site.Stop)
}

func serveReboot(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	return c.powerAction(r, c.site.Reboot)
}

func serveReinstall(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	m, req, bad := c.osRequest(r)
	if bad != nil {
		return 0, nil, bad
	}
	b := c.site.Behavior(m)
	in := c.site.Reinstallation(m)
	req.apply(&in)
	if req.ImageID != nil && *req.ImageID != m.ImageID {
		switch b.ImageChange {
		case ImageHonored:
		case ImageIgnored:
			in.Image = m.ImageID
		case ImageRefused:
			bad := invalid("a reinstall accepts no image other than the installed one")
			bad.innocent = true
			return 0, nil, bad
		}
	}
	in.Request = r.entry.N
	if !r.fx.effectless {
		c.site.Install(m, in)
	}
	return c.accepted(r, m, cmp.Or(b.ReinstallReplyStatus, in.During))
}

func serveChangeOS(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	m, req, bad := c.osRequest(r)
	if bad != nil {
		return 0, nil, bad
	}
	if req.ImageID == nil {
		return 0, nil, invalid("image_id is missing")
	}
	in := c.site.OSChange(m)
	req.apply(&in)
	in.Request = r.entry.N
	if !r.fx.effectless {
		c.site.Install(m, in)
	}
	return c.accepted(r, m, "")
}

// osRequest reads and checks a request for reinstallos or changeos: first the server, then the body, then the status.
func (c *Cloud) osRequest(r *call) (*datacenter.Machine, osRequest, *refusal) {
	m, bad := c.findLive(r)
	if bad != nil {
		return nil, osRequest{}, bad
	}
	req, bad := parseOSRequest(r.body)
	if bad != nil {
		return nil, req, bad
	}
	if bad := req.check(m, c.site.Behavior(m)); bad != nil {
		return nil, req, bad
	}
	if req.ImageID != nil {
		image, ok := c.site.Image(*req.ImageID)
		problem := ""
		switch {
		case !ok, image.Status != datacenter.ImageActive:
			problem = "the image is not known or not active"
		case image.Arch != m.Arch:
			problem = "the image is for another architecture"
		case image.ServerType != m.ServerType:
			problem = "the image is for another type of server"
		}
		if problem != "" {
			bad := invalid("%s", problem)
			bad.innocent = true
			return nil, req, bad
		}
	}
	return m, req, c.checkStatus(m, r.action())
}
