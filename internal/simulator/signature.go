package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	signAlgorithm = "SDK-HMAC-SHA256"
	signDate      = "20060102T150405Z"
	signSkew      = 15 * time.Minute
)

// authenticate returns nil if a request is signed or carries a token as the gateway wants it.
func (c *Cloud) authenticate(r *call) *refusal {
	if token := r.header.Get("X-Auth-Token"); token != "" {
		if !c.tokens[token] && !c.stranger(r) {
			return unauthorized("unknown token", true)
		}
		return nil
	}
	authorization := r.header.Get("Authorization")
	if authorization == "" {
		return unauthorized("neither Authorization nor X-Auth-Token", false)
	}
	sig, err := parseAuthorization(authorization)
	if err != nil {
		return unauthorized(err.Error(), false)
	}
	secret, securityToken, bad := c.credentials(sig.access)
	if bad != nil {
		return bad
	}
	if bad := checkSigned(r, sig, securityToken); bad != nil {
		return bad
	}
	if want := sig.compute(r, secret); !hmac.Equal([]byte(want), []byte(sig.signature)) {
		return unauthorized("verify aksk signature fail: the signature does not match", false)
	}
	return nil
}

// stranger reports whether a request comes from the user who knows no server.
func (c *Cloud) stranger(r *call) bool {
	return c.cfg.OtherToken != "" && r.header.Get("X-Auth-Token") == c.cfg.OtherToken
}

// caller returns the owner whose servers a request may list.
func (c *Cloud) caller(r *call) string {
	if c.stranger(r) {
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
	if !c.clock.Before(key.expires) {
		return "", "", unauthorized("the temporary credentials are expired", true)
	}
	return key.secret, key.token, nil
}

// checkSigned checks the date and that the headers that matter are there and signed.
func checkSigned(r *call, sig signature, securityToken string) *refusal {
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
		if !slices.Contains(sig.names, name) {
			return unauthorized("the header "+name+" is not signed", false)
		}
	}
	return nil
}

// signature is what the Authorization header says.
type signature struct {
	access    string
	names     []string // of the signed headers, lower case, sorted
	signature string   // hex
}

func parseAuthorization(header string) (signature, error) {
	rest, ok := strings.CutPrefix(header, signAlgorithm+" ")
	if !ok {
		return signature{}, fmt.Errorf("the header Authorization is not of the algorithm %s", signAlgorithm)
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ", ") {
		name, value, ok := strings.Cut(part, "=")
		if _, twice := parts[name]; !ok || twice {
			return signature{}, errors.New("the header Authorization is malformed")
		}
		parts[name] = value
	}
	s := signature{
		access: parts["Access"], names: strings.Split(parts["SignedHeaders"], ";"), signature: parts["Signature"],
	}
	if len(parts) != 3 || s.access == "" || s.signature == "" || parts["SignedHeaders"] == "" {
		return signature{}, errors.New("the header Authorization lacks Access, SignedHeaders or Signature, or has more")
	}
	for _, name := range s.names {
		if name != strings.ToLower(name) {
			return signature{}, errors.New("SignedHeaders are not in lower case")
		}
	}
	if !slices.IsSorted(s.names) || len(slices.Compact(slices.Clone(s.names))) != len(s.names) {
		return signature{}, errors.New("SignedHeaders are not sorted and unique")
	}
	return s, nil
}

// compute returns the signature that a request should have.
//
// See https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html
func (s signature) compute(r *call, secret string) string {
	canonical := strings.Join([]string{
		r.method, canonicalPath(r.url.Path), canonicalQuery(r.url.Query()), s.canonicalHeaders(r),
		strings.Join(s.names, ";"), hexSum(r.body),
	}, "\n")
	toSign := signAlgorithm + "\n" + r.header.Get("X-Sdk-Date") + "\n" + hexSum([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(toSign))
	return hex.EncodeToString(mac.Sum(nil))
}

func (s signature) canonicalHeaders(r *call) string {
	var b strings.Builder
	for _, name := range s.names {
		values := slices.Clone(r.header.Values(http.CanonicalHeaderKey(name)))
		if name == "host" {
			values = []string{r.host}
		}
		slices.Sort(values)
		for _, value := range values {
			b.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
		}
	}
	return b.String()
}

// canonicalPath escapes every segment and ends in a slash.
func canonicalPath(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		segments[i] = escape(segment)
	}
	canonical := strings.Join(segments, "/")
	if !strings.HasSuffix(canonical, "/") {
		canonical += "/"
	}
	return canonical
}

// canonicalQuery sorts the parameters by name, then by value.
func canonicalQuery(query url.Values) string {
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	var pairs []string
	for _, name := range names {
		values := slices.Clone(query[name])
		slices.Sort(values)
		for _, value := range values {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	return strings.Join(pairs, "&")
}

// escape writes every byte that RFC 3986 does not call unreserved as %XX.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch ch := s[i]; {
		case 'a' <= ch && ch <= 'z', 'A' <= ch && ch <= 'Z', '0' <= ch && ch <= '9', strings.IndexByte("-_.~", ch) >= 0:
			b.WriteByte(ch)
		default:
			fmt.Fprintf(&b, "%%%02X", ch)
		}
	}
	return b.String()
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
