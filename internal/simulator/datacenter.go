package simulator

import "github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/datacenter"

type (
	// Server is a server behind the API.
	Server = datacenter.Server
	// Volume is a disk of a server.
	Volume = datacenter.Volume
	// Image is an image that servers can have.
	Image = datacenter.Image
	// Wipe is an erased system disk.
	Wipe = datacenter.Wipe
	// Durations are the times that operations take.
	Durations = datacenter.Durations
	// Behavior describes the service where its documentation is silent.
	Behavior = datacenter.Behavior
	// ImagePolicy decides what happens to the image that a reinstall asks for.
	ImagePolicy = datacenter.ImagePolicy
	// RootVisibility decides when a new system disk is shown.
	RootVisibility = datacenter.RootVisibility
)

// Instant is a duration, one of the [Durations], in which no time passes.
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
