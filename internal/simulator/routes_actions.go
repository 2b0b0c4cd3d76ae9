package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// legalStart are the statuses that an action starts from.
//
// See https://support.huaweicloud.com/resmgmt-modelarts/usermanual-server-0020.html for reinstalls. START_FAILED for a
// start is invented.
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

// checkStatus refuses an action from a status that is not legal. It is innocent if the client saw a legal status last and
// has had no action accepted since: somebody else was quicker.
func (c *Cloud) checkStatus(m *machine, action string) *refusal {
	legal := legalStart(action, c.behavior(m))
	status := or(m.console, m.Status)
	if slices.Contains(legal, status) {
		return nil
	}
	return &refusal{
		status: http.StatusBadRequest, code: CodeIllegalStatus, innocent: slices.Contains(legal, m.shown),
		message: "LiteServer instance '" + m.ID + "' is " + status + "; " + action + " needs " + strings.Join(legal, " or ") + ".",
	}
}

// accepted replies to an action that has just begun.
func (c *Cloud) accepted(r *call, m *machine, replyStatus string) (int, map[string]any, *refusal) {
	r.entry.Accepted = !r.fx.effectless
	s := m.clone()
	s.Status = or(replyStatus, s.Status)
	body := c.show(m, s)
	m.shown = m.Status
	return http.StatusOK, body, nil
}

// power does what start, stop and reboot have in common.
func (c *Cloud) powerAction(r *call, begin func(*machine)) (int, map[string]any, *refusal) {
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
	if err := unmarshalStrict(r.body, &options); err != nil {
		return 0, nil, invalid("the request body is malformed: %s", err)
	}
	return c.powerAction(r, func(m *machine) {
		end := or(c.behavior(m).StartEndStatus, StatusRunning)
		c.transit(m, StatusStarting, c.cfg.Durations.Start, end)
	})
}

func serveStop(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	return c.powerAction(r, func(m *machine) {
		end := or(c.behavior(m).StopEndStatus, StatusStopped)
		c.transit(m, StatusStopping, c.cfg.Durations.Stop, end)
	})
}

func serveReboot(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	return c.powerAction(r, func(m *machine) {
		c.transit(m, StatusRebooting, c.cfg.Durations.Reboot, StatusRunning)
	})
}

// reinstallation returns the reinstall of a machine as its behaviour has it, of the installed image.
func (c *Cloud) reinstallation(m *machine) installation {
	b := c.behavior(m)
	return installation{
		action: actionReinstall, during: or(b.ReinstallStatus, StatusReinstallingOS), duration: c.cfg.Durations.Reinstall,
		end: or(b.EndStatus, StatusRunning), via: b.Via, image: m.ImageID, showRoot: b.ShowRoot, showImage: b.NewImageAtStart,
	}
}

func serveReinstall(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	m, req, bad := c.osRequest(r)
	if bad != nil {
		return 0, nil, bad
	}
	b := c.behavior(m)
	in := c.reinstallation(m)
	req.apply(&in)
	if req.ImageID != nil && *req.ImageID != m.ImageID {
		switch b.ImageChange {
		case ImageHonored:
		case ImageIgnored:
			in.image = m.ImageID
		case ImageRefused:
			bad := invalid("a reinstall does not take another image than the installed one")
			bad.innocent = true
			return 0, nil, bad
		}
	}
	in.request = r.entry.N
	if !r.fx.effectless {
		c.install(m, in)
	}
	return c.accepted(r, m, or(b.ReinstallReplyStatus, in.during))
}

func serveChangeOS(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	m, req, bad := c.osRequest(r)
	if bad != nil {
		return 0, nil, bad
	}
	if req.ImageID == nil {
		return 0, nil, invalid("image_id is missing")
	}
	b := c.behavior(m)
	in := c.reinstallation(m)
	in.action, in.during, in.duration = actionChangeOS, StatusChangingOS, c.cfg.Durations.ChangeOS
	in.end, in.via = or(b.ChangeOSEndStatus, StatusRunning), nil
	req.apply(&in)
	in.request = r.entry.N
	if !r.fx.effectless {
		c.install(m, in)
	}
	return c.accepted(r, m, "")
}

// osRequest reads and checks the request of reinstallos and changeos: the server, then its body, then the status.
func (c *Cloud) osRequest(r *call) (*machine, osRequest, *refusal) {
	m, bad := c.findLive(r)
	if bad != nil {
		return nil, osRequest{}, bad
	}
	req, bad := parseOSRequest(r.body)
	if bad != nil {
		return nil, req, bad
	}
	if bad := req.check(m, c.behavior(m)); bad != nil {
		return nil, req, bad
	}
	if req.ImageID != nil {
		if image, ok := c.images[*req.ImageID]; !ok || image.Status != "ACTIVE" {
			bad := invalid("the image is not known or not active")
			bad.innocent = true
			return nil, req, bad
		}
	}
	return m, req, c.checkStatus(m, r.action())
}
