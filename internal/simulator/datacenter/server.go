package datacenter

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// The statuses that the service documents, and REINSTALLOS, which only its example shows.
const (
	StatusCreateFailed         = "CREATE_FAILED"
	StatusCreating             = "CREATING"
	StatusDeleted              = "DELETED"
	StatusDeleteFailed         = "DELETE_FAILED"
	StatusDeleting             = "DELETING"
	StatusError                = "ERROR"
	StatusRunning              = "RUNNING"
	StatusStarting             = "STARTING"
	StatusStartFailed          = "START_FAILED"
	StatusStopped              = "STOPPED"
	StatusStopping             = "STOPPING"
	StatusStopFailed           = "STOP_FAILED"
	StatusRebooting            = "REBOOTING"
	StatusRebootFailed         = "REBOOT_FAILED"
	StatusChangingOS           = "CHANGINGOS"
	StatusChangingOSFailed     = "CHANGINGOS_FAILED"
	StatusReinstallingOS       = "REINSTALLINGOS"
	StatusReinstallOS          = "REINSTALLOS"
	StatusReinstallingOSFailed = "REINSTALLINGOS_FAILED"
)

// The server types.
const (
	TypeECS = "ECS"
	TypeBMS = "BMS"
	TypeHPS = "HPS" // a child node of a supernode
)

// Server is a DevServer. [Operator.AddServer] fills fields that are zero.
type Server struct {
	ID            string `json:"id"` // the DevServer id, a UUID
	Name          string `json:"name"`
	Status        string `json:"status"`   // RUNNING if empty
	ImageID       string `json:"image_id"` // DefaultImageID if empty
	ImageName     string `json:"image_name"`
	Arch          string `json:"arch"` // X86 or ARM
	Flavor        string `json:"flavor"`
	KeyPairName   string `json:"key_pair_name"` // empty: installed with a password
	Category      string `json:"category"`      // SERVER, HPS for the type HPS
	ServerType    string `json:"server_type"`   // TypeECS if empty
	VPCID         string `json:"vpc_id"`
	SubnetID      string `json:"subnet_id"`
	ChargingMode  string `json:"charging_mode"` // PRE_PAID if empty
	OrderID       string `json:"order_id"`
	CloudServerID string `json:"cloud_server_id"` // the id of the underlying ECS or BMS, never accepted in place of ID
	PrivateIP     string `json:"private_ip"`
	HPSID         string `json:"hps_id"`     // only for the type HPS
	HPSECSID      string `json:"hps_ecs_id"` // only for the type HPS
	HPSName       string `json:"hps_name"`   // only for the type HPS
	Owner         string `json:"owner"`      // that of the configuration if empty

	Volumes  []Volume `json:"volumes"`   // one ROOT and one DATA volume if nil
	CreateAt int64    `json:"create_at"` // epoch milliseconds; a day ago if zero
	UpdateAt int64    `json:"update_at"` // epoch milliseconds; an hour ago if zero

	Behavior *Behavior `json:"behavior"` // replaces the behaviour of the cloud, as a whole, for this server
}

// Volume is a disk of a server.
type Volume struct {
	ID   string `json:"evs_id"`
	Type string `json:"type"`     // ROOT or DATA
	EVS  string `json:"evs_type"` // ESSD, GPSSD, SAS, SATA, SSD
	Size int    `json:"size"`     // GiB
}

// Root returns the id of the ROOT volume, empty if there is none.
func (s Server) Root() string {
	for _, v := range s.Volumes {
		if v.Type == "ROOT" {
			return v.ID
		}
	}
	return ""
}

// Clone returns a copy that shares nothing with s.
func (s Server) Clone() Server {
	s.Volumes = slices.Clone(s.Volumes)
	if s.Behavior != nil {
		b := *s.Behavior
		b.Via = slices.Clone(b.Via)
		s.Behavior = &b
	}
	return s
}

func (s *Server) setRoot(id string) {
	for i := range s.Volumes {
		if s.Volumes[i].Type == "ROOT" {
			s.Volumes[i].ID = id
		}
	}
}

// setImage puts an image on the server; of an unknown image, only the id changes.
func (s *Server) setImage(id string, images map[string]Image) {
	s.ImageID = id
	if image, ok := images[id]; ok {
		s.ImageName, s.Arch = image.Name, image.Arch
	}
}

// complete fills the fields that are zero. The server is the n-th of its cloud.
func (s *Server) complete(n int, now time.Time, owner string, images map[string]Image) {
	s.ID = cmp.Or(s.ID, uuid("server", n))
	s.Name = cmp.Or(s.Name, fmt.Sprintf("devserver-%02d", n))
	s.Status = cmp.Or(s.Status, StatusRunning)
	s.ServerType = cmp.Or(s.ServerType, TypeECS)
	s.ImageID = cmp.Or(s.ImageID, DefaultImageID)
	image := images[s.ImageID]
	s.ImageName = cmp.Or(s.ImageName, image.Name, "image-"+s.ImageID)
	s.Arch = cmp.Or(s.Arch, image.Arch, "X86")
	s.Flavor = cmp.Or(s.Flavor, "Si2.large.4")
	s.VPCID = cmp.Or(s.VPCID, uuid("vpc", 1))
	s.SubnetID = cmp.Or(s.SubnetID, uuid("subnet", 1))
	s.ChargingMode = cmp.Or(s.ChargingMode, "PRE_PAID")
	s.OrderID = cmp.Or(s.OrderID, fmt.Sprintf("CS%014d", n))
	s.CloudServerID = cmp.Or(s.CloudServerID, uuid("cloud-server", n))
	s.PrivateIP = cmp.Or(s.PrivateIP, fmt.Sprintf("192.168.%d.%d", n/250, n%250+1))
	s.Owner = cmp.Or(s.Owner, owner)
	s.CreateAt = cmp.Or(s.CreateAt, now.Add(-24*time.Hour).UnixMilli())
	s.UpdateAt = cmp.Or(s.UpdateAt, now.Add(-time.Hour).UnixMilli())
	category := "SERVER"
	if s.ServerType == TypeHPS {
		category = "HPS"
		s.HPSID = cmp.Or(s.HPSID, uuid("hps", 1))
		s.HPSECSID = cmp.Or(s.HPSECSID, uuid("hps-ecs", n))
		s.HPSName = cmp.Or(s.HPSName, "supernode-01")
	}
	s.Category = cmp.Or(s.Category, category)
	if s.Volumes == nil {
		s.Volumes = []Volume{
			{ID: uuid("root", n), Type: "ROOT", EVS: "SSD", Size: 100},
			{ID: uuid("data", n), Type: "DATA", EVS: "SSD", Size: 500},
		}
	}
}

var idPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// ValidID reports whether an id has the form that the API page requires of a server id.
func ValidID(id string) bool { return idPattern.MatchString(id) }

// uuid returns a valid UUID, always the same one for the same arguments.
func uuid(kind string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", kind, n))
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
