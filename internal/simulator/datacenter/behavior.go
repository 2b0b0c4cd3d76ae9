package datacenter

import (
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/strictjson"
)

// Instant is a duration, one of the [Durations], in which no time passes; zero means the default.
const Instant time.Duration = -1

const defaultDuration = time.Second

// Durations are the times that operations take. Zero means one second, [Instant] no time.
type Durations struct {
	Start     time.Duration `json:"start"` // also of each status in Behavior.Via
	Stop      time.Duration `json:"stop"`
	Reboot    time.Duration `json:"reboot"`
	Reinstall time.Duration `json:"reinstall"`
	ChangeOS  time.Duration `json:"change_os"`
	Create    time.Duration `json:"create"`
}

// resolve replaces zero by the default, and Instant by zero.
func (d *Durations) resolve() {
	for _, p := range []*time.Duration{&d.Start, &d.Stop, &d.Reboot, &d.Reinstall, &d.ChangeOS, &d.Create} {
		switch {
		case *p == 0:
			*p = defaultDuration
		case *p < 0:
			*p = 0
		}
	}
}

// UnmarshalJSON reads durations such as "1m30s"; "0s" means [Instant].
func (d *Durations) UnmarshalJSON(data []byte) error {
	var in struct {
		Start     *strictjson.Duration `json:"start"`
		Stop      *strictjson.Duration `json:"stop"`
		Reboot    *strictjson.Duration `json:"reboot"`
		Reinstall *strictjson.Duration `json:"reinstall"`
		ChangeOS  *strictjson.Duration `json:"change_os"`
		Create    *strictjson.Duration `json:"create"`
	}
	if err := strictjson.Unmarshal(data, &in); err != nil {
		return err
	}
	for p, s := range map[*time.Duration]*strictjson.Duration{
		&d.Start: in.Start, &d.Stop: in.Stop, &d.Reboot: in.Reboot,
		&d.Reinstall: in.Reinstall, &d.ChangeOS: in.ChangeOS, &d.Create: in.Create,
	} {
		switch {
		case s == nil:
		case *s == 0:
			*p = Instant
		default:
			*p = time.Duration(*s)
		}
	}
	return nil
}

// ImagePolicy decides what a reinstall does with an image id other than the installed one.
type ImagePolicy string

// The image policies. The zero value is [ImageHonored].
const (
	ImageHonored ImagePolicy = ""        // the other image is installed
	ImageIgnored ImagePolicy = "ignored" // the old image is installed again
	ImageRefused ImagePolicy = "refused" // 400, nothing is erased
)

// RootVisibility is the moment from which the id of a new ROOT volume is shown.
type RootVisibility string

// The root visibilities. The zero value is [RootAtEnd].
const (
	RootAtEnd     RootVisibility = ""        // when the reinstall leaves its in-progress status
	RootAtStart   RootVisibility = "start"   // when the reinstall is accepted
	RootAtRunning RootVisibility = "running" // with the last status, after those in Behavior.Via
)

// Behavior sets what the service does where its documentation does not say. The zero value is the strict reading.
type Behavior struct {
	ReinstallStatus       string         `json:"reinstall_status"`        // shown during a reinstall; REINSTALLINGOS if empty
	ReinstallReplyStatus  string         `json:"reinstall_reply_status"`  // shown by the reply of the POST; ReinstallStatus if empty
	ImageChange           ImagePolicy    `json:"image_change"`            // what another image_id does on reinstallos
	AcceptRunning         bool           `json:"accept_running"`          // a reinstall is accepted while RUNNING
	AcceptDuringReinstall bool           `json:"accept_during_reinstall"` // a second POST during a reinstall is accepted and erases again
	CredentialOptional    bool           `json:"credential_optional"`     // a reinstall without admin_pass and key_pair_name is accepted
	PasswordWordsAnyCase  bool           `json:"password_words_any_case"` // the words forbidden in a password are matched in any letter case
	Via                   []string       `json:"via"`                     // statuses after the reinstall and before its end status, Durations.Start each
	EndStatus             string         `json:"end_status"`              // the status after a reinstall; RUNNING if empty
	StartEndStatus        string         `json:"start_end_status"`        // the status after a start; RUNNING if empty
	StopEndStatus         string         `json:"stop_end_status"`         // the status after a stop; STOPPED if empty
	ChangeOSEndStatus     string         `json:"change_os_end_status"`    // the status after a change of OS; RUNNING if empty
	ShowRoot              RootVisibility `json:"show_root"`               // when a new ROOT id becomes visible
	FreezeRoot            bool           `json:"freeze_root"`             // the ROOT id never changes
	NewImageAtStart       bool           `json:"new_image_at_start"`      // image and key pair change when the reinstall is accepted, not when it ends
	KeepUpdateAt          bool           `json:"keep_update_at"`          // update_at never changes
	HideVolumes           bool           `json:"hide_volumes"`            // replies lack volumes
	HideUpdateAt          bool           `json:"hide_update_at"`          // replies lack update_at
	HideImage             bool           `json:"hide_image"`              // replies lack image and server_image_response
	HideKeyPair           bool           `json:"hide_key_pair"`           // replies lack key_pair_name
	EmptyKeyPair          bool           `json:"empty_key_pair"`          // replies show key_pair_name as "" where there is none
	OlderReplies          bool           `json:"older_replies"`           // replies have the shape of the 2025 page
	ListForbidden         bool           `json:"list_forbidden"`          // both listings and sync answer 403; ignored on a single server
	ConsoleNeedsSync      bool           `json:"console_needs_sync"`      // the effect of PowerOn and PowerOff shows only after PUT sync
}
