// Package sign computes the signatures by which the API gateway authenticates requests.
//
// It follows https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html, and shares no code with the
// client that it is there to check.
package sign

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
)

const algorithm = "SDK-HMAC-SHA256"

// Request is the signed part of a request.
type Request struct {
	Method string
	URL    *url.URL
	Host   string
	Header http.Header
	Body   []byte
}

// Authorization is a parsed Authorization header.
type Authorization struct {
	AccessKey     string
	SignedHeaders []string // names in lower case, sorted
	signature     string   // hex
}

// Parse reads an Authorization header.
func Parse(header string) (Authorization, error) {
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return Authorization{}, fmt.Errorf("the header Authorization is not of the algorithm %s", algorithm)
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ", ") {
		name, value, ok := strings.Cut(part, "=")
		if _, twice := parts[name]; !ok || twice {
			return Authorization{}, errors.New("the header Authorization is malformed")
		}
		parts[name] = value
	}
	a := Authorization{
		AccessKey: parts["Access"], SignedHeaders: strings.Split(parts["SignedHeaders"], ";"), signature: parts["Signature"],
	}
	if len(parts) != 3 || a.AccessKey == "" || a.signature == "" || parts["SignedHeaders"] == "" {
		return Authorization{}, errors.New("the header Authorization lacks Access, SignedHeaders or Signature, or has more")
	}
	for _, name := range a.SignedHeaders {
		if name != strings.ToLower(name) {
			return Authorization{}, errors.New("SignedHeaders are not in lower case")
		}
	}
	if !slices.IsSorted(a.SignedHeaders) || len(slices.Compact(slices.Clone(a.SignedHeaders))) != len(a.SignedHeaders) {
		return Authorization{}, errors.New("SignedHeaders are not sorted and unique")
	}
	return a, nil
}

// Verify reports whether the signature is that of a request under a secret key.
func (a Authorization) Verify(r Request, secretKey string) bool {
	return hmac.Equal([]byte(a.compute(r, secretKey)), []byte(a.signature))
}

// compute returns the signature that a request should have.
func (a Authorization) compute(r Request, secretKey string) string {
	canonical := strings.Join([]string{
		r.Method, canonicalPath(r.URL.Path), canonicalQuery(r.URL.Query()), a.canonicalHeaders(r),
		strings.Join(a.SignedHeaders, ";"), hexSum(r.Body),
	}, "\n")
	toSign := algorithm + "\n" + r.Header.Get("X-Sdk-Date") + "\n" + hexSum([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(secretKey))
	mac.Write([]byte(toSign))
	return hex.EncodeToString(mac.Sum(nil))
}

func (a Authorization) canonicalHeaders(r Request) string {
	var b strings.Builder
	for _, name := range a.SignedHeaders {
		values := slices.Clone(r.Header.Values(http.CanonicalHeaderKey(name)))
		if name == "host" {
			values = []string{r.Host}
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
