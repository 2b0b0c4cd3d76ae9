package modelarts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/lenient"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/redact"
)

// The shortest, the longest and the default lifetime of the credentials for a role.
const (
	MinRoleDuration     = 15 * time.Minute
	MaxRoleDuration     = 24 * time.Hour
	DefaultRoleDuration = 12 * time.Hour
)

const (
	// Credentials are replaced renewBefore before they expire, or 1/renewShare of their lifetime before, whichever is later.
	renewBefore = 10 * time.Minute
	renewShare  = 5
)

// Role is an agency of this account or another one, whose permissions are assumed.
type Role struct {
	AgencyName string
	// DomainName and DomainID name the account of the agency. One of them is enough; the id takes precedence.
	DomainName string
	DomainID   string
	// Duration is the lifetime of the credentials, from MinRoleDuration to MaxRoleDuration. 0: DefaultRoleDuration.
	Duration time.Duration
}

// AssumeRole returns a source of temporary credentials for role, which it requests from IAM with cfg.Credentials. It keeps
// them, and replaces them before they expire; concurrent callers share one request. Of cfg, it uses what is about IAM and
// the connection. AssumeRole itself sends nothing. It returns the errors of NewClient, and one for an incomplete role.
//
// See https://support.huaweicloud.com/intl/en-us/api-iam/iam_04_0101.html
func AssumeRole(cfg Config, role Role) (CredentialsSource, error) {
	if role.Duration == 0 {
		role.Duration = DefaultRoleDuration
	}

	switch {
	case role.AgencyName == "":
		return nil, errors.New("assume role: the agency name is missing")
	case role.DomainName == "" && role.DomainID == "":
		return nil, errors.New("assume role: the domain name or id is missing")
	case role.Duration < MinRoleDuration || role.Duration > MaxRoleDuration:
		return nil, fmt.Errorf("assume role: a duration of %s is not between %s and %s", role.Duration, MinRoleDuration, MaxRoleDuration)
	}

	iam, err := newService(cfg, iamEndpoint, redactorOf(cfg.Credentials))
	if err != nil {
		return nil, fmt.Errorf("assume role: %w", err)
	}

	return &assumedRole{iam: iam, role: role}, nil
}

// assumedRole is a source of temporary credentials for a role.
type assumedRole struct {
	iam    *service
	role   Role
	shared sharedCall[Credentials]

	mu      sync.Mutex
	current Credentials
	renew   time.Time
	expiry  time.Time
}

// redactor returns the redactor of the requests to IAM, for the requests that are signed with what IAM returns.
func (a *assumedRole) redactor() *redact.Redactor { return a.iam.redactor }

// Credentials returns the current credentials, or new ones if those are about to expire.
func (a *assumedRole) Credentials(ctx context.Context) (Credentials, error) {
	current, renew, expiry := a.cached()
	if time.Now().Before(renew) {
		return current, nil
	}

	credentials, err := a.replace(ctx, current)
	if err != nil && time.Now().Before(expiry) {
		return current, nil
	}

	return credentials, err
}

// Refresh replaces the credentials, unless that happened after stale were used.
func (a *assumedRole) Refresh(ctx context.Context, stale Credentials) (bool, error) {
	fresh, err := a.replace(ctx, stale)

	return err == nil && fresh != stale, err
}

// replace returns other credentials than old: the current ones if they differ, or else new ones from IAM.
func (a *assumedRole) replace(ctx context.Context, old Credentials) (Credentials, error) {
	return a.shared.do(ctx, func(ctx context.Context) (Credentials, error) {
		if current, _, expiry := a.cached(); current != old && time.Now().Before(expiry) {
			return current, nil
		}

		return a.assume(ctx)
	})
}

func (a *assumedRole) cached() (current Credentials, renew, expiry time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()

	return a.current, a.renew, a.expiry
}

// assume requests credentials from IAM. Repeating that does no harm, so this POST is repeated like a GET.
func (a *assumedRole) assume(ctx context.Context) (Credentials, error) {
	body, err := json.Marshal(newAssumeRoleWire(a.role))
	if err != nil {
		return Credentials{}, fmt.Errorf("assume role: %w", err)
	}

	asked := time.Now()

	answer, err := a.iam.do(ctx, &request{
		method: http.MethodPost, path: []string{"v3.0", "OS-CREDENTIAL", "securitytokens"}, body: body, harmless: true,
	})
	if err != nil {
		return Credentials{}, &roleError{agency: a.role.AgencyName, err: err}
	}

	credentials, expiry, ok := decodeAssumed(answer)
	if !ok {
		// The reply is not quoted: parts of it may be secret.
		return Credentials{}, fmt.Errorf("assume role %s: the reply has no credentials (request id %s)", a.role.AgencyName, answer.quotedRequestID())
	}

	credentials.Source = a.source(ctx)

	withhold(a.iam.redactor, credentials.secrets()...)
	a.keep(credentials, asked, expiry)

	return credentials, nil
}

// roleError reports a role that could not be assumed.
type roleError struct {
	agency string
	err    error
}

func (e *roleError) Error() string { return fmt.Sprintf("assume role %s: %v", e.agency, e.err) }

func (e *roleError) Unwrap() error { return e.err }

// IsRoleRefused reports whether IAM answered that a role, as it is configured, cannot be assumed.
func IsRoleRefused(err error) bool {
	_, role := errors.AsType[*roleError](err)
	answer, answered := errors.AsType[*Error](err)

	return role && answered && answer.StatusCode/100 == 4 && !IsUnauthorized(err) && !IsThrottled(err)
}

// source describes the credentials of the role, for an error.
func (a *assumedRole) source(ctx context.Context) string {
	text := fmt.Sprintf("the temporary access key of the agency %q", a.role.AgencyName)

	base, err := a.iam.credentials.Credentials(ctx)
	if err != nil || base.Source == "" {
		return text
	}

	return text + ", assumed with " + base.Source + ","
}

// keep stores credentials that were requested at asked. Their lifetime is the requested one, or what IAM says if that is
// shorter. An expiry in the past is ignored, since the local clock may be wrong.
func (a *assumedRole) keep(credentials Credentials, asked, expiry time.Time) {
	lifetime := a.role.Duration
	if left := expiry.Sub(asked); left > 0 && left < lifetime {
		lifetime = left
	}

	a.mu.Lock()
	defer a.mu.Unlock()

	a.current, a.expiry = credentials, asked.Add(lifetime)
	a.renew = a.expiry.Add(-min(renewBefore, lifetime/renewShare))
}

// decodeAssumed returns the credentials in the reply and when they expire, the zero time if the reply does not show it.
func decodeAssumed(answer *reply) (Credentials, time.Time, bool) {
	shown := lenient.Parse(answer.body).Object("credential")
	access, secret, token := shown.String("access"), shown.String("secret"), shown.String("securitytoken")

	if access == nil || secret == nil || token == nil {
		return Credentials{}, time.Time{}, false
	}

	credentials := Credentials{AccessKey: *access, SecretKey: NewSecret(*secret), SecurityToken: NewSecret(*token)}

	var expiry time.Time
	if expires := shown.String("expires_at"); expires != nil {
		expiry, _ = time.Parse(time.RFC3339, *expires)
	}

	return credentials, expiry, credentials.check() == nil && *token != ""
}

// assumeRoleWire is the body of the request to IAM.
type assumeRoleWire struct {
	Auth struct {
		Identity struct {
			Methods    []string `json:"methods"`
			AssumeRole struct {
				AgencyName      string `json:"agency_name"`
				DomainName      string `json:"domain_name,omitempty"`
				DomainID        string `json:"domain_id,omitempty"`
				DurationSeconds int64  `json:"duration_seconds"`
			} `json:"assume_role"`
		} `json:"identity"`
	} `json:"auth"`
}

func newAssumeRoleWire(role Role) *assumeRoleWire {
	wire := &assumeRoleWire{}
	wire.Auth.Identity.Methods = []string{"assume_role"}

	body := &wire.Auth.Identity.AssumeRole
	body.AgencyName, body.DomainID = role.AgencyName, role.DomainID
	body.DurationSeconds = int64(role.Duration / time.Second)

	if role.DomainID == "" {
		body.DomainName = role.DomainName
	}

	return wire
}
