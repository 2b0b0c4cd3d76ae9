package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/strictjson"
)

// temporaryKey is the credential of an assumed role.
type temporaryKey struct {
	secret  string
	token   string
	expires time.Time
}

// serveProjects answers GET /v3/projects: https://support.huaweicloud.com/api-iam/iam_06_0001.html.
func serveProjects(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	name, named := r.url.Query().Get("name"), r.url.Query().Has("name")
	projects := []any{}
	for _, p := range c.cfg.Projects {
		if named && p.Name != name {
			continue
		}
		projects = append(projects, map[string]any{
			"id": p.ID, "name": p.Name, "domain_id": DefaultDomainID, "parent_id": DefaultDomainID,
			"enabled": true, "is_domain": false, "description": "", "links": map[string]any{},
		})
	}
	return http.StatusOK, map[string]any{"projects": projects, "links": map[string]any{}}, nil
}

// serveTokens answers POST /v3/auth/tokens: https://support.huaweicloud.com/api-iam/iam_30_0001.html.
func serveTokens(c *Cloud, r *call, header http.Header) (int, map[string]any, *refusal) {
	type named struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	var in struct {
		Auth struct {
			Identity struct {
				Methods  []string `json:"methods"`
				Password struct {
					User struct {
						Name     string `json:"name"`
						Password string `json:"password"`
						Domain   named  `json:"domain"`
					} `json:"user"`
				} `json:"password"`
			} `json:"identity"`
			Scope struct {
				Project named `json:"project"`
			} `json:"scope"`
		} `json:"auth"`
	}
	if err := strictjson.Unmarshal(r.body, &in); err != nil || !slices.Equal(in.Auth.Identity.Methods, []string{"password"}) {
		return 0, nil, invalid("the request body is not a password authentication")
	}
	user := in.Auth.Identity.Password.User
	if c.cfg.UserPassword == "" || user.Name != c.cfg.UserName || user.Password != c.cfg.UserPassword || user.Domain.Name != c.cfg.Domain {
		return 0, nil, unauthorized("the user name or password is wrong", true)
	}
	project := in.Auth.Scope.Project
	if !slices.ContainsFunc(c.cfg.Projects, func(p Project) bool { return p.ID == project.ID || p.Name == project.Name }) {
		return 0, nil, unauthorized("the scope is not a project of the user", true)
	}
	token := "token-" + hexID("token", c.site.Serial())
	c.tokens[token] = true
	header.Set("X-Subject-Token", token)
	return http.StatusCreated, map[string]any{"token": map[string]any{
		"methods": []string{"password"}, "expires_at": iamTime(c.site.Now().Add(24 * time.Hour)), "issued_at": iamTime(c.site.Now()),
	}}, nil
}

// serveAssumeRole answers POST /v3.0/OS-CREDENTIAL/securitytokens:
// https://support.huaweicloud.com/intl/en-us/api-iam/iam_04_0101.html.
func serveAssumeRole(c *Cloud, r *call, _ http.Header) (int, map[string]any, *refusal) {
	var in struct {
		Auth struct {
			Identity struct {
				Methods    []string `json:"methods"`
				AssumeRole struct {
					AgencyName string `json:"agency_name"`
					DomainName string `json:"domain_name"`
					DomainID   string `json:"domain_id"`
					Duration   int    `json:"duration_seconds"`
				} `json:"assume_role"`
			} `json:"identity"`
		} `json:"auth"`
	}
	if err := strictjson.Unmarshal(r.body, &in); err != nil || !slices.Equal(in.Auth.Identity.Methods, []string{"assume_role"}) {
		return 0, nil, invalid("the request body does not use the method assume_role")
	}
	role := in.Auth.Identity.AssumeRole
	seconds := cmp.Or(role.Duration, 900)
	if seconds < 900 || seconds > 86400 {
		return 0, nil, invalid("duration_seconds is not between 900 and 86400")
	}
	if role.DomainName == "" && role.DomainID == "" {
		return 0, nil, invalid("neither domain_name nor domain_id is given")
	}
	i := slices.IndexFunc(c.cfg.Agencies, func(a Agency) bool {
		return a.Name == role.AgencyName && (role.DomainID == "" || role.DomainID == a.DomainID) &&
			(role.DomainName == "" || role.DomainName == a.DomainName)
	})
	if i < 0 {
		return 0, nil, &refusal{status: http.StatusForbidden, code: "IAM.0007", message: "the agency cannot be assumed", innocent: true}
	}
	lifetime := time.Duration(seconds) * time.Second
	return http.StatusCreated, c.issue(lifetime, cmp.Or(c.cfg.Agencies[i].Lifetime, lifetime)), nil
}

// issue returns temporary credentials that claim one lifetime and have another.
func (c *Cloud) issue(claimed, actual time.Duration) map[string]any {
	serial := c.site.Serial()
	access := "HST" + hexID("access", serial)[:17]
	key := &temporaryKey{
		secret: hexID("secret", serial), token: "st-" + hexID("security-token", serial), expires: c.site.Now().Add(actual),
	}
	c.temporary[access] = key
	return map[string]any{"credential": map[string]any{
		"access": access, "secret": key.secret, "securitytoken": key.token, "expires_at": iamTime(c.site.Now().Add(claimed)),
	}}
}

func iamTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
