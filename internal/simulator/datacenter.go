package simulator

import "github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/datacenter"

// The servers behind the API, as package datacenter defines them.
type (
	Server         = datacenter.Server
	Volume         = datacenter.Volume
	Image          = datacenter.Image
	Wipe           = datacenter.Wipe
	Durations      = datacenter.Durations
	Behavior       = datacenter.Behavior
	ImagePolicy    = datacenter.ImagePolicy
	RootVisibility = datacenter.RootVisibility
)

// Instant, as one of the [Durations], means that no time passes.
const Instant = datacenter.Instant

// The values of [ImagePolicy] and [RootVisibility].
const (
	ImageHonored  = datacenter.ImageHonored
	ImageIgnored  = datacenter.ImageIgnored
	ImageRefused  = datacenter.ImageRefused
	RootAtEnd     = datacenter.RootAtEnd
	RootAtStart   = datacenter.RootAtStart
	RootAtRunning = datacenter.RootAtRunning
)

// The ids of the images that every [Cloud] has.
const (
	DefaultImageID = datacenter.DefaultImageID
	UbuntuImageID  = datacenter.UbuntuImageID
	EulerImageID   = datacenter.EulerImageID
)

// The server types.
const (
	TypeECS = datacenter.TypeECS
	TypeBMS = datacenter.TypeBMS
	TypeHPS = datacenter.TypeHPS
)

// The statuses of a server.
const (
	StatusCreateFailed         = datacenter.StatusCreateFailed
	StatusCreating             = datacenter.StatusCreating
	StatusDeleted              = datacenter.StatusDeleted
	StatusDeleteFailed         = datacenter.StatusDeleteFailed
	StatusDeleting             = datacenter.StatusDeleting
	StatusError                = datacenter.StatusError
	StatusRunning              = datacenter.StatusRunning
	StatusStarting             = datacenter.StatusStarting
	StatusStartFailed          = datacenter.StatusStartFailed
	StatusStopped              = datacenter.StatusStopped
	StatusStopping             = datacenter.StatusStopping
	StatusStopFailed           = datacenter.StatusStopFailed
	StatusRebooting            = datacenter.StatusRebooting
	StatusRebootFailed         = datacenter.StatusRebootFailed
	StatusChangingOS           = datacenter.StatusChangingOS
	StatusChangingOSFailed     = datacenter.StatusChangingOSFailed
	StatusReinstallingOS       = datacenter.StatusReinstallingOS
	StatusReinstallOS          = datacenter.StatusReinstallOS
	StatusReinstallingOSFailed = datacenter.StatusReinstallingOSFailed
)
