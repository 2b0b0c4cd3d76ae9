package modelarts

import "strings"

// Status is the lifecycle status of a DevServer. The service may return values that are not listed here.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html
type Status string

// The statuses that the service documents, and ReinstallOS, which its own example shows.
const (
	StatusCreating             Status = "CREATING"
	StatusCreateFailed         Status = "CREATE_FAILED"
	StatusDeleting             Status = "DELETING"
	StatusDeleted              Status = "DELETED"
	StatusDeleteFailed         Status = "DELETE_FAILED"
	StatusError                Status = "ERROR"
	StatusRunning              Status = "RUNNING"
	StatusStarting             Status = "STARTING"
	StatusStartFailed          Status = "START_FAILED"
	StatusStopped              Status = "STOPPED"
	StatusStopping             Status = "STOPPING"
	StatusStopFailed           Status = "STOP_FAILED"
	StatusRebooting            Status = "REBOOTING"
	StatusRebootFailed         Status = "REBOOT_FAILED"
	StatusChangingOS           Status = "CHANGINGOS"
	StatusChangingOSFailed     Status = "CHANGINGOS_FAILED"
	StatusReinstallingOS       Status = "REINSTALLINGOS"
	StatusReinstallOS          Status = "REINSTALLOS"
	StatusReinstallingOSFailed Status = "REINSTALLINGOS_FAILED"
)

// documented reports whether s is one of the statuses above.
func (s Status) documented() bool {
	switch s {
	case StatusCreating, StatusCreateFailed, StatusDeleting, StatusDeleted, StatusDeleteFailed, StatusError, StatusRunning,
		StatusStarting, StatusStartFailed, StatusStopped, StatusStopping, StatusStopFailed, StatusRebooting,
		StatusRebootFailed, StatusChangingOS, StatusChangingOSFailed, StatusReinstallingOS, StatusReinstallOS,
		StatusReinstallingOSFailed:
		return true
	default:
		return false
	}
}

// Server is a DevServer as a reply shows it. A nil field was absent or null in the reply, or of a JSON type that makes
// no sense for it. A field that the reply shows as empty is not nil: a key pair name of "" says that there is none.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html
type Server struct {
	ID                  *string
	Name                *string
	Status              *Status
	Category            *string
	ChargingMode        *string
	Flavor              *string
	KeyPairName         *string
	OrderID             *string
	SubnetID            *string
	VPCID               *string
	CreateAt            *int64 // epoch milliseconds
	UpdateAt            *int64 // epoch milliseconds
	CloudServer         *CloudServer
	Endpoints           []Endpoint         // nil: absent; empty: shown as empty
	EndpointsResponse   []EndpointResponse // nil: absent; empty: shown as empty
	Image               *Image
	ServerImageResponse *Image
	ServerHPS           *ServerHPS
	Volumes             []Volume // nil: absent; empty: shown as empty
}

// CloudServer is the ECS, bare-metal server or supernode child node under a DevServer.
type CloudServer struct {
	ID       *string
	Type     *string
	HPSID    *string
	HPSECSID *string
}

// Endpoint is a private address of a DevServer. AllowedAccessIPs and SSHKeys are in the older form of the reply,
// KeyPairNames is in the newer one.
type Endpoint struct {
	AllowedAccessIPs []string
	DevService       *string
	KeyPairNames     []string
	Service          *string
	SSHKeys          []string
	URI              *string
}

// EndpointResponse is a way to reach a DevServer, with the settings of its application.
type EndpointResponse struct {
	AllowedAccessIPs []string
	DevService       *string
	Extensions       map[string]string
	SSHKeys          []string
}

// Image is a server image.
type Image struct {
	Arch       *string
	ImageID    *string
	Name       *string
	ServerType *string
	Status     *string
}

// ServerHPS is the supernode that a child node belongs to.
type ServerHPS struct {
	ID   *string
	Name *string
}

// Volume is a disk of a DevServer.
type Volume struct {
	EVSID   *string
	EVSType *string
	Size    *int64 // GiB
	Type    *string
}

// CurrentStatus returns the status, empty if the reply has none. Like the methods below, it treats a nil server as one
// of which the reply shows nothing.
func (s *Server) CurrentStatus() Status {
	if s == nil || s.Status == nil {
		return ""
	}

	return *s.Status
}

// CurrentName returns the name, empty if the reply has none.
func (s *Server) CurrentName() string {
	if s == nil || s.Name == nil {
		return ""
	}

	return *s.Name
}

// ShownImageID returns the id of the image on the system disk: nil if the reply does not show it, and "" if it shows an
// empty one. Older replies have it only under server_image_response.
func (s *Server) ShownImageID() *string {
	if s == nil {
		return nil
	}

	var shown *string

	for _, image := range []*Image{s.Image, s.ServerImageResponse} {
		if image != nil && image.ImageID != nil && (shown == nil || *shown == "") {
			shown = image.ImageID
		}
	}

	return shown
}

// InstalledImage returns what the server shows of its image; nothing for nil.
func (s *Server) InstalledImage() Image {
	switch {
	case s == nil:
		return Image{}
	case s.Image != nil:
		return *s.Image
	case s.ServerImageResponse != nil:
		return *s.ServerImageResponse
	default:
		return Image{}
	}
}

// InstalledImageID returns the same as ShownImageID, and also "" if the reply does not show it.
func (s *Server) InstalledImageID() string {
	if shown := s.ShownImageID(); shown != nil {
		return *shown
	}

	return ""
}

// InstalledKeyPairName returns the key pair that the server shows, and also "" if the reply does not show it. The field
// KeyPairName distinguishes the two.
func (s *Server) InstalledKeyPairName() string {
	if s == nil || s.KeyPairName == nil {
		return ""
	}

	return *s.KeyPairName
}

// RootVolumeID returns the EVS id of the system disk, empty if the reply does not show it. It changes with every reinstall.
//
// See https://support.huaweicloud.com/intl/en-us/usermanual-server-modelarts/usermanual-server-0003.html
func (s *Server) RootVolumeID() string {
	if s == nil {
		return ""
	}

	for _, volume := range s.Volumes {
		if volume.Type != nil && strings.EqualFold(*volume.Type, "ROOT") && volume.EVSID != nil {
			return *volume.EVSID
		}
	}

	return ""
}

// UpdatedAt returns the time of the last update in epoch milliseconds, 0 if the reply does not show it.
func (s *Server) UpdatedAt() int64 {
	if s == nil || s.UpdateAt == nil {
		return 0
	}

	return *s.UpdateAt
}
