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

// How long the credentials for a role can live, and do where nothing is said.
const (
	MinRoleDuration     = 15 * time.Minute
	MaxRoleDuration     = 24 * time.Hour
	DefaultRoleDuration = 12 * time.Hour
)

const (
	// renewBefore is how long before their end credentials are replaced, and renewShare the part of their life that it
	// is at most.
	renewBefore = 10 * time.Minute
	renewShare  = 5
)

// Role is an agency of another account, or of the own one, whose permissions are taken on.
type Role struct {
	AgencyName string
	// DomainName and DomainID name the account that the agency is in. One of them is enough; the id wins.
	DomainName string
	DomainID   string
	// Duration is the life of the credentials, from MinRoleDuration to MaxRoleDuration. 0: DefaultRoleDuration.
	Duration time.Duration
}

// AssumeRole returns a source of temporary credentials for role, which cfg.Credentials ask IAM for. They are kept, and
// replaced before they end; concurrent callers share one call. Of cfg, it uses what is about IAM and the connection. It
// sends nothing itself. It returns an error for what NewClient would, and for an incomplete role.
//
// See https://support.huaweicloud.com/intl/en-us/api-iam/iam_04_0101.html
func AssumeRole(cfg Config, role Role) (CredentialsSource, error) {
	if role.Duration == 0 {
		role.Duration = DefaultRoleDuration
	}

	switch {
	case role.AgencyName == "":
		return nil, errors.New("assume role: there is no agency name")
	case role.DomainName == "" && role.DomainID == "":
		return nil, errors.New("assume role: there is neither a domain name nor a domain id")
	case role.Duration < MinRoleDuration || role.Duration > MaxRoleDuration:
		return nil, fmt.Errorf("assume role: a duration of %s is not between %s and %s", role.Duration, MinRoleDuration, MaxRoleDuration)
	}

	iam, err := newService(cfg, iamEndpoint, redactorOf(cfg.Credentials))
	if err != nil {
		return nil, fmt.Errorf("assume role: %w", err)
	}

	return &assumedRole{iam: iam, role: role}, nil
}

// assumedRole has the temporary credentials for a role.
type assumedRole struct {
	iam    *service
	role   Role
	shared sharedCall[Credentials]

	mu      sync.Mutex
	current Credentials
	renew   time.Time
	end     time.Time
}

// redactor returns that of the requests to IAM, for the requests that are signed with what IAM returns.
func (a *assumedRole) redactor() *redact.Redactor { return a.iam.redactor }

// Credentials returns the credentials at hand, or new ones where they are about to end.
func (a *assumedRole) Credentials(ctx context.Context) (Credentials, error) {
	current, renew, end := a.cached()
	if time.Now().Before(renew) {
		return current, nil
	}

	credentials, err := a.replace(ctx, current)
	if err != nil && time.Now().Before(end) {
		return current, nil
	}

	return credentials, err
}

// Refresh replaces the credentials, unless that has been done since stale were in use.
func (a *assumedRole) Refresh(ctx context.Context, stale Credentials) (bool, error) {
	fresh, err := a.replace(ctx, stale)

	return err == nil && fresh != stale, err
}

// replace returns other credentials than old, asking IAM for them where there are none yet.
func (a *assumedRole) replace(ctx context.Context, old Credentials) (Credentials, error) {
	return a.shared.do(ctx, func(ctx context.Context) (Credentials, error) {
		if current, _, end := a.cached(); current != old && time.Now().Before(end) {
			return current, nil
		}

		return a.assume(ctx)
	})
}

func (a *assumedRole) cached() (current Credentials, renew, end time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()

	return a.current, a.renew, a.end
}

// assume asks IAM for credentials. Asking again does no harm, so this POST is repeated like a GET.
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

	credentials, end, ok := decodeAssumed(answer)
	if !ok {
		// The reply is not quoted: parts of it may be secret.
		return Credentials{}, fmt.Errorf("assume role %s: the reply has no credentials (request id %s)", a.role.AgencyName, answer.quotedRequestID())
	}

	withhold(a.iam.redactor, credentials.secrets()...)
	a.keep(credentials, asked, end)

	return credentials, nil
}

// roleError is a role that could not be assumed.
type roleError struct {
	agency string
	err    error
}

func (e *roleError) Error() string { return fmt.Sprintf("assume role %s: %v", e.agency, e.err) }

func (e *roleError) Unwrap() error { return e.err }

// IsRoleRefused reports whether err is IAM's answer that a role, as it is configured, cannot be assumed.
func IsRoleRefused(err error) bool {
	_, role := errors.AsType[*roleError](err)
	answer, answered := errors.AsType[*Error](err)

	return role && answered && answer.StatusCode/100 == 4 && !IsUnauthorized(err) && !IsThrottled(err)
}

// keep stores credentials. Their life is what was asked for, or what IAM says where that is shorter: IAM's word counts
// only where it is in the future, since the local clock may be wrong.
func (a *assumedRole) keep(credentials Credentials, asked, end time.Time) {
	life := a.role.Duration
	if left := end.Sub(asked); left > 0 && left < life {
		life = left
	}

	a.mu.Lock()
	defer a.mu.Unlock()

	a.current, a.end = credentials, asked.Add(life)
	a.renew = a.end.Add(-min(renewBefore, life/renewShare))
}

// decodeAssumed returns the credentials in the reply and when they end, the zero time where the reply does not show it.
func decodeAssumed(answer *reply) (Credentials, time.Time, bool) {
	shown := lenient.Parse(answer.body).Object("credential")
	access, secret, token := shown.String("access"), shown.String("secret"), shown.String("securitytoken")

	if access == nil || secret == nil || token == nil {
		return Credentials{}, time.Time{}, false
	}

	credentials := Credentials{AccessKey: *access, SecretKey: NewSecret(*secret), SecurityToken: NewSecret(*token)}

	var end time.Time
	if expires := shown.String("expires_at"); expires != nil {
		end, _ = time.Parse(time.RFC3339, *expires)
	}

	return credentials, end, credentials.check() == nil && *token != ""
}

// assumeRoleWire is the request as IAM reads it.
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
