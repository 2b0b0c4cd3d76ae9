package datacenter

import (
	"cmp"
	"slices"
	"time"
)

// The causes of an erasure.
const (
	WipeReinstall = "reinstallos"
	WipeChangeOS  = "changeos"
	WipeOutside   = "outside"
)

// Wipe is one erasure of a system disk.
type Wipe struct {
	Time         time.Time `json:"time"`
	ServerID     string    `json:"server_id"`
	Action       string    `json:"action"`    // WipeReinstall, WipeChangeOS or WipeOutside
	RequestN     int       `json:"request_n"` // the request that caused it; zero for outside actors
	Outside      bool      `json:"outside"`
	ImageID      string    `json:"image_id"` // the image that was installed
	KeyPairName  string    `json:"key_pair_name"`
	AdminPassSet bool      `json:"admin_pass_set"`
	UserData     string    `json:"user_data"` // as sent
	OldRoot      string    `json:"old_root"`
	NewRoot      string    `json:"new_root"`

	// The server before the erasure.
	OldStatus      string `json:"old_status"`
	OldImageID     string `json:"old_image_id"`
	OldKeyPairName string `json:"old_key_pair_name"`
}

// Installation is one erasure of a system disk and what follows it.
type Installation struct {
	Request  int // the number of the request that caused it, zero for outside actors
	Image    string
	KeyPair  string
	Password bool
	UserData string
	During   string // the status meanwhile

	action    string // of the Wipe
	duration  time.Duration
	end       string
	via       []string // statuses after duration and before end
	atOnce    bool     // no time passes at all
	showRoot  RootVisibility
	showImage bool // image and key pair change at the start
}

// Reinstallation returns a reinstall of the installed image as a server's behaviour has it.
func (s *Site) Reinstallation(m *Machine) Installation {
	b := s.Behavior(m)
	return Installation{
		action: WipeReinstall, During: cmp.Or(b.ReinstallStatus, StatusReinstallingOS), duration: s.cfg.Durations.Reinstall,
		end: cmp.Or(b.EndStatus, StatusRunning), via: b.Via, Image: m.ImageID, showRoot: b.ShowRoot, showImage: b.NewImageAtStart,
	}
}

// OSChange returns a change of OS as a server's behaviour has it.
func (s *Site) OSChange(m *Machine) Installation {
	in := s.Reinstallation(m)
	in.action, in.During, in.duration = WipeChangeOS, StatusChangingOS, s.cfg.Durations.ChangeOS
	in.end, in.via = cmp.Or(s.Behavior(m).ChangeOSEndStatus, StatusRunning), nil
	return in
}

// Install erases the system disk of a machine now and takes the machine through the statuses that follow.
func (s *Site) Install(m *Machine, in Installation) {
	m.begin()
	serial := s.Serial()
	oldRoot := m.Root()
	newRoot := uuid("root after "+oldRoot, serial) // never one that the server had in another cloud
	if oldRoot == "" || s.Behavior(m).FreezeRoot {
		newRoot = oldRoot
	}
	s.recordWipe(m, in, oldRoot, newRoot)
	putRoot := func(server *Server) { server.setRoot(newRoot) }
	putSystem := func(server *Server) {
		server.setImage(in.Image, s.images)
		server.KeyPairName = in.KeyPair
	}
	if in.atOnce {
		s.change(m, func(server *Server) { putRoot(server); putSystem(server); server.Status = in.end })
		return
	}
	s.change(m, func(server *Server) {
		server.Status = in.During
		if in.showRoot == RootAtStart {
			putRoot(server)
		}
		if in.showImage {
			putSystem(server)
		}
	})
	s.scheduleEnd(m, in, putRoot, putSystem)
}

// scheduleEnd schedules the statuses after the installation and what becomes visible with each.
func (s *Site) scheduleEnd(m *Machine, in Installation, putRoot, putSystem func(*Server)) {
	statuses := append(slices.Clone(in.via), in.end)
	when := in.duration
	for i, status := range statuses {
		first, last := i == 0, i == len(statuses)-1
		s.after(m, when, func() {
			s.change(m, func(server *Server) {
				server.Status = status
				if first && in.showRoot == RootAtEnd || last && in.showRoot == RootAtRunning {
					putRoot(server)
				}
				if first && !in.showImage && !failed(in.end) {
					putSystem(server)
				}
			})
		})
		when += s.cfg.Durations.Start
	}
}

func (s *Site) recordWipe(m *Machine, in Installation, oldRoot, newRoot string) {
	s.wipes = append(s.wipes, Wipe{
		Time: s.clock, ServerID: m.ID, Action: in.action, RequestN: in.Request, Outside: in.action == WipeOutside,
		ImageID: in.Image, KeyPairName: in.KeyPair, AdminPassSet: in.Password, UserData: in.UserData,
		OldRoot: oldRoot, NewRoot: newRoot, OldStatus: m.Status, OldImageID: m.ImageID, OldKeyPairName: m.KeyPairName,
	})
	s.Logf("WIPE %s: system disk erased (%s), image %s", m.Name, in.action, in.Image)
}
