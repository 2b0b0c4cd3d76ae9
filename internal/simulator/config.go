package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// What an empty [Config] stands for.
const (
	DefaultRegion    = "cn-north-4"
	DefaultProjectID = "0123456789abcdef0123456789abcdef"
	DefaultAccessKey = "SIMULATORACCESSKEY01"
	DefaultSecretKey = "simulator-secret-key-0123456789abcdefghi"
	DefaultToken     = "simulator-token"
	DefaultDomain    = "simulator-domain"
	DefaultDomainID  = "fedcba9876543210fedcba9876543210"
	DefaultOwner     = "simulator-user"
)

// Instant as one of the [Durations] means no time at all, where zero means the default.
const Instant time.Duration = -1

const defaultDuration = time.Second

// Config describes a [Cloud]. The zero value is usable.
type Config struct {
	Region        string `json:"region"`         // DefaultRegion if empty
	ProjectID     string `json:"project_id"`     // DefaultProjectID if empty
	AccessKey     string `json:"access_key"`     // DefaultAccessKey if empty
	SecretKey     string `json:"secret_key"`     // DefaultSecretKey if empty
	SecurityToken string `json:"security_token"` // empty: none is asked for; otherwise requests carry and sign it
	Token         string `json:"token"`          // the valid X-Auth-Token; DefaultToken if empty
	Owner         string `json:"owner"`          // the caller; GET /dev-servers shows this owner's servers; DefaultOwner if empty
	Admin         bool   `json:"admin"`          // the caller may list other owners' servers
	OtherToken    string `json:"other_token"`    // the X-Auth-Token of another user, to whom no server is known; none if empty

	// UserName, UserPassword and Domain are what POST /v3/auth/tokens accepts; no password is valid while UserPassword is empty.
	UserName     string `json:"user_name"`
	UserPassword string `json:"user_password"`
	Domain       string `json:"domain"` // DefaultDomain if empty

	Agencies []Agency  `json:"agencies"` // what can be assumed
	Projects []Project `json:"projects"` // what GET /v3/projects knows; nil: ProjectID under the name of the region

	Durations Durations `json:"durations"`
	Behavior  Behavior  `json:"behavior"`
	RateLimit RateLimit `json:"rate_limit"`

	// Log, if set, gets one line per request and per transition, without secrets. Transitions are written when they are noticed.
	Log io.Writer `json:"-"`
}

// Agency can be assumed for temporary credentials.
type Agency struct {
	Name       string `json:"name"`
	DomainName string `json:"domain_name"` // DefaultDomain if empty
	DomainID   string `json:"domain_id"`   // DefaultDomainID if empty

	// Lifetime, if positive, ends the credentials after that time, whatever duration was asked for and whatever expires_at
	// says; from then on they get 401.
	Lifetime time.Duration `json:"lifetime"`
}

// Project is a row of GET /v3/projects.
type Project struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Durations are the times that operations take. Zero means one second, [Instant] no time.
type Durations struct {
	Start     time.Duration `json:"start"` // also of each status in Behavior.Via
	Stop      time.Duration `json:"stop"`
	Reboot    time.Duration `json:"reboot"`
	Reinstall time.Duration `json:"reinstall"`
	ChangeOS  time.Duration `json:"change_os"`
	Create    time.Duration `json:"create"`
}

// RateLimit is a token bucket over all requests. A request without a token gets 429 APIGW.0308.
type RateLimit struct {
	PerSecond  float64       `json:"per_second"`  // zero: no limit
	Burst      int           `json:"burst"`       // zero: 1
	RetryAfter time.Duration `json:"retry_after"` // sent as Retry-After, rounded up to seconds; zero: no such header
}

// ImagePolicy says what a reinstall does with an image id other than the installed one.
type ImagePolicy string

// The image policies. The zero value is [ImageHonored].
const (
	ImageHonored ImagePolicy = ""        // the other image is installed
	ImageIgnored ImagePolicy = "ignored" // the old image is installed again
	ImageRefused ImagePolicy = "refused" // 400, nothing is erased
)

// RootVisibility says from when on the id of a new ROOT volume is shown.
type RootVisibility string

// The root visibilities. The zero value is [RootAtEnd].
const (
	RootAtEnd     RootVisibility = ""        // when the reinstall leaves its in-progress status
	RootAtStart   RootVisibility = "start"   // from the acceptance on
	RootAtRunning RootVisibility = "running" // with the last status, after those in Behavior.Via
)

// Behavior sets what the service does where that is not published. The zero value is the strict reading.
type Behavior struct {
	ReinstallStatus       string         `json:"reinstall_status"`        // shown during a reinstall; REINSTALLINGOS if empty
	ReinstallReplyStatus  string         `json:"reinstall_reply_status"`  // shown by the reply of the POST; ReinstallStatus if empty
	ImageChange           ImagePolicy    `json:"image_change"`            // what another image_id does on reinstallos
	AcceptRunning         bool           `json:"accept_running"`          // a reinstall is accepted although RUNNING
	AcceptDuringReinstall bool           `json:"accept_during_reinstall"` // a second POST during a reinstall is accepted and erases again
	CredentialOptional    bool           `json:"credential_optional"`     // neither admin_pass nor key_pair_name is accepted
	PasswordWordsAnyCase  bool           `json:"password_words_any_case"` // the words forbidden in a password are forbidden in any case
	Via                   []string       `json:"via"`                     // statuses between the reinstall and its end, Durations.Start each
	EndStatus             string         `json:"end_status"`              // where a reinstall ends; RUNNING if empty
	StartEndStatus        string         `json:"start_end_status"`        // where a start ends; RUNNING if empty
	StopEndStatus         string         `json:"stop_end_status"`         // where a stop ends; STOPPED if empty
	ChangeOSEndStatus     string         `json:"change_os_end_status"`    // where a change of OS ends; RUNNING if empty
	ShowRoot              RootVisibility `json:"show_root"`               // from when on a new ROOT id is shown
	FreezeRoot            bool           `json:"freeze_root"`             // the ROOT id never changes
	NewImageAtStart       bool           `json:"new_image_at_start"`      // image and key pair change with the acceptance, not with the end
	KeepUpdateAt          bool           `json:"keep_update_at"`          // update_at never moves
	HideVolumes           bool           `json:"hide_volumes"`            // replies lack volumes
	HideUpdateAt          bool           `json:"hide_update_at"`          // replies lack update_at
	HideImage             bool           `json:"hide_image"`              // replies lack image and server_image_response
	HideKeyPair           bool           `json:"hide_key_pair"`           // replies lack key_pair_name
	EmptyKeyPair          bool           `json:"empty_key_pair"`          // replies show key_pair_name as "" where there is none
	OlderReplies          bool           `json:"older_replies"`           // replies have the shape of the 2025 page
	ListForbidden         bool           `json:"list_forbidden"`          // both listings and sync answer 403; heeded of the cloud alone
	ConsoleNeedsSync      bool           `json:"console_needs_sync"`      // PowerOn and PowerOff show only after PUT sync
}

func (cfg *Config) setDefaults() {
	setDefault(&cfg.Region, DefaultRegion)
	setDefault(&cfg.ProjectID, DefaultProjectID)
	setDefault(&cfg.AccessKey, DefaultAccessKey)
	setDefault(&cfg.SecretKey, DefaultSecretKey)
	setDefault(&cfg.Token, DefaultToken)
	setDefault(&cfg.Owner, DefaultOwner)
	setDefault(&cfg.Domain, DefaultDomain)
	if cfg.Projects == nil {
		cfg.Projects = []Project{{ID: cfg.ProjectID, Name: cfg.Region}}
	}
	agencies := make([]Agency, len(cfg.Agencies))
	copy(agencies, cfg.Agencies)
	for i := range agencies {
		setDefault(&agencies[i].DomainName, DefaultDomain)
		setDefault(&agencies[i].DomainID, DefaultDomainID)
	}
	cfg.Agencies = agencies
	d := &cfg.Durations
	for _, p := range []*time.Duration{&d.Start, &d.Stop, &d.Reboot, &d.Reinstall, &d.ChangeOS, &d.Create} {
		*p = takes(*p)
	}
}

func takes(d time.Duration) time.Duration {
	switch {
	case d == 0:
		return defaultDuration
	case d < 0:
		return 0
	default:
		return d
	}
}

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

func or[T comparable](value, fallback T) T {
	setDefault(&value, fallback)
	return value
}

// span is a time.Duration that JSON writes as "1m30s".
type span time.Duration

// UnmarshalJSON reads a duration as [time.ParseDuration] does.
func (s *span) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("a duration is not a string such as \"1m30s\": %w", err)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("a duration is malformed: %w", err)
	}
	*s = span(d)
	return nil
}

// UnmarshalJSON reads durations such as "1m30s"; "0s" means [Instant].
func (d *Durations) UnmarshalJSON(data []byte) error {
	var in struct {
		Start     *span `json:"start"`
		Stop      *span `json:"stop"`
		Reboot    *span `json:"reboot"`
		Reinstall *span `json:"reinstall"`
		ChangeOS  *span `json:"change_os"`
		Create    *span `json:"create"`
	}
	if err := unmarshalStrict(data, &in); err != nil {
		return err
	}
	for p, s := range map[*time.Duration]*span{
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

// UnmarshalJSON reads the lifetime as a duration such as "15m".
func (a *Agency) UnmarshalJSON(data []byte) error {
	type plain Agency
	in := struct {
		*plain
		Lifetime span `json:"lifetime"`
	}{plain: (*plain)(a)}
	if err := unmarshalStrict(data, &in); err != nil {
		return err
	}
	a.Lifetime = time.Duration(in.Lifetime)
	return nil
}

// UnmarshalJSON reads retry_after as a duration such as "2s".
func (l *RateLimit) UnmarshalJSON(data []byte) error {
	type plain RateLimit
	in := struct {
		*plain
		RetryAfter span `json:"retry_after"`
	}{plain: (*plain)(l)}
	if err := unmarshalStrict(data, &in); err != nil {
		return err
	}
	l.RetryAfter = time.Duration(in.RetryAfter)
	return nil
}
