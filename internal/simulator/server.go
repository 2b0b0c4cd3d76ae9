package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// The statuses that the service documents, and the one of its own example.
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

// Server is a DevServer. AddServer fills fields that are zero.
type Server struct {
	ID            string `json:"id"` // the DevServer id, a UUID
	Name          string `json:"name"`
	Status        string `json:"status"`   // RUNNING if empty
	ImageID       string `json:"image_id"` // DefaultImageID if empty
	ImageName     string `json:"image_name"`
	Arch          string `json:"arch"` // X86 or ARM
	Flavor        string `json:"flavor"`
	KeyPairName   string `json:"key_pair_name"` // stays empty: installed with a password
	Category      string `json:"category"`      // SERVER, HPS for the type HPS
	ServerType    string `json:"server_type"`   // TypeECS if empty
	VPCID         string `json:"vpc_id"`
	SubnetID      string `json:"subnet_id"`
	ChargingMode  string `json:"charging_mode"` // PRE_PAID if empty
	OrderID       string `json:"order_id"`
	CloudServerID string `json:"cloud_server_id"` // the id of the ECS or BMS below, never accepted in place of ID
	PrivateIP     string `json:"private_ip"`
	HPSID         string `json:"hps_id"`     // only for the type HPS
	HPSECSID      string `json:"hps_ecs_id"` // only for the type HPS
	HPSName       string `json:"hps_name"`   // only for the type HPS
	Owner         string `json:"owner"`      // Config.Owner if empty

	Volumes  []Volume `json:"volumes"`   // one ROOT and one DATA volume if nil
	CreateAt int64    `json:"create_at"` // epoch milliseconds; a day ago if zero
	UpdateAt int64    `json:"update_at"` // epoch milliseconds; an hour ago if zero

	Behavior *Behavior `json:"behavior"` // overrides Config.Behavior for this server as a whole
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

func (s Server) clone() Server {
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

// setImage puts an image on the server; one that is not known keeps its id alone.
func (s *Server) setImage(id string, images map[string]Image) {
	s.ImageID = id
	if image, ok := images[id]; ok {
		s.ImageName, s.Arch = image.Name, image.Arch
	}
}

func (s *Server) complete(n int, now time.Time, owner string, images map[string]Image) {
	setDefault(&s.ID, uuid("server", n))
	setDefault(&s.Name, fmt.Sprintf("devserver-%02d", n))
	setDefault(&s.Status, StatusRunning)
	setDefault(&s.ServerType, TypeECS)
	setDefault(&s.ImageID, DefaultImageID)
	image := images[s.ImageID]
	setDefault(&s.ImageName, or(image.Name, "image-"+s.ImageID))
	setDefault(&s.Arch, or(image.Arch, "X86"))
	setDefault(&s.Flavor, "Si2.large.4")
	setDefault(&s.VPCID, uuid("vpc", 1))
	setDefault(&s.SubnetID, uuid("subnet", 1))
	setDefault(&s.ChargingMode, "PRE_PAID")
	setDefault(&s.OrderID, fmt.Sprintf("CS%014d", n))
	setDefault(&s.CloudServerID, uuid("cloud-server", n))
	setDefault(&s.PrivateIP, fmt.Sprintf("192.168.%d.%d", n/250, n%250+1))
	setDefault(&s.Owner, owner)
	setDefault(&s.CreateAt, now.Add(-24*time.Hour).UnixMilli())
	setDefault(&s.UpdateAt, now.Add(-time.Hour).UnixMilli())
	category := "SERVER"
	if s.ServerType == TypeHPS {
		category = "HPS"
		setDefault(&s.HPSID, uuid("hps", 1))
		setDefault(&s.HPSECSID, uuid("hps-ecs", n))
		setDefault(&s.HPSName, "supernode-01")
	}
	setDefault(&s.Category, category)
	if s.Volumes == nil {
		s.Volumes = []Volume{
			{ID: uuid("root", n), Type: "ROOT", EVS: "SSD", Size: 100},
			{ID: uuid("data", n), Type: "DATA", EVS: "SSD", Size: 500},
		}
	}
}

// idPattern is the constraint that the API page puts on a server id.
var idPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// uuid derives a valid UUID from what it is for.
func uuid(kind string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", kind, n))
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// hexID derives 32 hex characters from what they are for.
func hexID(kind string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", kind, n))
	return hex.EncodeToString(sum[:16])
}
