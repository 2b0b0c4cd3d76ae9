package simulator

import (
	"cmp"
	"io"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/strictjson"
)

// The values of an empty [Config].
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

// Config describes a [Cloud]. The zero value is usable.
type Config struct {
	Region        string `json:"region"`         // DefaultRegion if empty
	ProjectID     string `json:"project_id"`     // DefaultProjectID if empty
	AccessKey     string `json:"access_key"`     // DefaultAccessKey if empty
	SecretKey     string `json:"secret_key"`     // DefaultSecretKey if empty
	SecurityToken string `json:"security_token"` // empty: none is required; otherwise requests must carry and sign it
	Token         string `json:"token"`          // the valid X-Auth-Token; DefaultToken if empty
	Owner         string `json:"owner"`          // the caller, whose servers GET /dev-servers shows; DefaultOwner if empty
	Admin         bool   `json:"admin"`          // the caller may list other owners' servers
	OtherToken    string `json:"other_token"`    // the X-Auth-Token of another user, who sees no server; none if empty

	// UserName, UserPassword and Domain are accepted by POST /v3/auth/tokens; while UserPassword is empty, no password is valid.
	UserName     string `json:"user_name"`
	UserPassword string `json:"user_password"`
	Domain       string `json:"domain"` // DefaultDomain if empty

	Agencies []Agency  `json:"agencies"` // the agencies that can be assumed
	Projects []Project `json:"projects"` // listed by GET /v3/projects; nil: ProjectID under the name of the region

	Durations Durations `json:"durations"`
	Behavior  Behavior  `json:"behavior"`
	RateLimit RateLimit `json:"rate_limit"`

	// Log, if set, gets one line per request and per transition, without secrets. A transition is written when it is applied,
	// which is at the first call after it is due.
	Log io.Writer `json:"-"`
}

// Agency can be assumed for temporary credentials.
type Agency struct {
	Name       string `json:"name"`
	DomainName string `json:"domain_name"` // DefaultDomain if empty
	DomainID   string `json:"domain_id"`   // DefaultDomainID if empty

	// Lifetime, if positive, is the time after which the credentials expire, whatever duration was requested and whatever
	// expires_at says; from then on they get 401.
	Lifetime time.Duration `json:"lifetime"`
}

// Project is a row of GET /v3/projects.
type Project struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// RateLimit is a token bucket over all requests. A request without a token gets 429 APIGW.0308.
type RateLimit struct {
	PerSecond  float64       `json:"per_second"`  // zero: no limit
	Burst      int           `json:"burst"`       // zero: 1
	RetryAfter time.Duration `json:"retry_after"` // sent as Retry-After, rounded up to seconds; zero: no such header
}

func (cfg *Config) setDefaults() {
	cfg.Region = cmp.Or(cfg.Region, DefaultRegion)
	cfg.ProjectID = cmp.Or(cfg.ProjectID, DefaultProjectID)
	cfg.AccessKey = cmp.Or(cfg.AccessKey, DefaultAccessKey)
	cfg.SecretKey = cmp.Or(cfg.SecretKey, DefaultSecretKey)
	cfg.Token = cmp.Or(cfg.Token, DefaultToken)
	cfg.Owner = cmp.Or(cfg.Owner, DefaultOwner)
	cfg.Domain = cmp.Or(cfg.Domain, DefaultDomain)
	if cfg.Projects == nil {
		cfg.Projects = []Project{{ID: cfg.ProjectID, Name: cfg.Region}}
	}
	agencies := make([]Agency, len(cfg.Agencies))
	copy(agencies, cfg.Agencies)
	for i := range agencies {
		agencies[i].DomainName = cmp.Or(agencies[i].DomainName, DefaultDomain)
		agencies[i].DomainID = cmp.Or(agencies[i].DomainID, DefaultDomainID)
	}
	cfg.Agencies = agencies
}

// UnmarshalJSON reads the lifetime as a duration such as "15m".
func (a *Agency) UnmarshalJSON(data []byte) error {
	type plain Agency
	in := struct {
		*plain
		Lifetime strictjson.Duration `json:"lifetime"`
	}{plain: (*plain)(a)}
	if err := strictjson.Unmarshal(data, &in); err != nil {
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
		RetryAfter strictjson.Duration `json:"retry_after"`
	}{plain: (*plain)(l)}
	if err := strictjson.Unmarshal(data, &in); err != nil {
		return err
	}
	l.RetryAfter = time.Duration(in.RetryAfter)
	return nil
}
