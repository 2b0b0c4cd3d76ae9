package simulator

import (
	"slices"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/sign"
)

const (
	signDate = "20060102T150405Z"
	signSkew = 15 * time.Minute
)

// authenticate returns nil if a request carries a valid signature or token.
func (c *Cloud) authenticate(r *call) *refusal {
	if token := r.header.Get("X-Auth-Token"); token != "" {
		if !c.tokens[token] && !c.isStranger(r) {
			return unauthorized("unknown token", true)
		}
		return nil
	}
	header := r.header.Get("Authorization")
	if header == "" {
		return unauthorized("neither Authorization nor X-Auth-Token", false)
	}
	auth, err := sign.Parse(header)
	if err != nil {
		return unauthorized(err.Error(), false)
	}
	secret, securityToken, bad := c.credentials(auth.AccessKey)
	if bad != nil {
		return bad
	}
	if bad := checkSigned(r, auth, securityToken); bad != nil {
		return bad
	}
	signed := sign.Request{Method: r.method, URL: r.url, Host: r.host, Header: r.header, Body: r.body}
	if !auth.Verify(signed, secret) {
		return unauthorized("verify aksk signature fail: the signature does not match", false)
	}
	return nil
}

// isStranger reports whether a request comes from the user who sees no server.
func (c *Cloud) isStranger(r *call) bool {
	return c.cfg.OtherToken != "" && r.header.Get("X-Auth-Token") == c.cfg.OtherToken
}

// caller returns the owner whose servers a request may list.
func (c *Cloud) caller(r *call) string {
	if c.isStranger(r) {
		return "" // owns none
	}
	return c.cfg.Owner
}

// credentials returns the secret key and the security token that belong to an access key.
func (c *Cloud) credentials(access string) (secret, securityToken string, bad *refusal) {
	if access == c.cfg.AccessKey {
		return c.cfg.SecretKey, c.cfg.SecurityToken, nil
	}
	key, ok := c.temporary[access]
	if !ok {
		return "", "", unauthorized("unknown access key", true)
	}
	if !c.site.Now().Before(key.expires) {
		return "", "", unauthorized("the temporary credentials are expired", true)
	}
	return key.secret, key.token, nil
}

// checkSigned checks the date, and that the required headers are present and signed.
func checkSigned(r *call, auth sign.Authorization, securityToken string) *refusal {
	date := r.header.Get("X-Sdk-Date")
	t, err := time.Parse(signDate, date)
	if err != nil {
		return unauthorized("X-Sdk-Date is missing or malformed", false)
	}
	if d := r.now.Sub(t); d > signSkew || d < -signSkew {
		return unauthorized("X-Sdk-Date is more than 15 minutes off", false)
	}
	signed := []string{"x-sdk-date"}
	if r.header.Get("X-Project-Id") != "" {
		signed = append(signed, "x-project-id")
	}
	switch token := r.header.Get("X-Security-Token"); {
	case token != securityToken:
		return unauthorized("X-Security-Token does not belong to the access key", true)
	case token != "":
		signed = append(signed, "x-security-token")
	}
	for _, name := range signed {
		if !slices.Contains(auth.SignedHeaders, name) {
			return unauthorized("the header "+name+" is not signed", false)
		}
	}
	return nil
}
