package modelarts

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	headerProjectID     = "X-Project-Id"
	headerDate          = "X-Sdk-Date"
	headerSecurityToken = "X-Security-Token" //nolint:gosec // the name of a header
	headerToken         = "X-Auth-Token"     //nolint:gosec // the name of a header

	signatureAlgorithm = "SDK-HMAC-SHA256"
	signatureDate      = "20060102T150405Z"
)

// signingTransport authenticates requests, by a token or a signature, and passes them on.
type signingTransport struct {
	credentials Credentials
	next        http.RoundTripper
}

// RoundTrip authenticates a copy of req and passes it on. The copy has no GetBody.
func (t *signingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	signed := req.Clone(req.Context())
	signed.GetBody = nil

	if !t.credentials.Token.IsZero() {
		signed.Header.Set(headerToken, t.credentials.Token.Reveal())

		return t.next.RoundTrip(signed) //nolint:wrapcheck // a transport passes errors on
	}

	var body []byte

	if req.Body != nil {
		read, err := io.ReadAll(req.Body)
		if closeErr := req.Body.Close(); err == nil {
			err = closeErr
		}

		if err != nil {
			return nil, fmt.Errorf("read the body to sign it: %w", err)
		}

		body = read
		signed.Body = io.NopCloser(bytes.NewReader(body))
	}

	Sign(signed, body, t.credentials, time.Now())

	return t.next.RoundTrip(signed) //nolint:wrapcheck // a transport passes errors on
}

// Sign adds to req the headers that authenticate it by the access key of credentials: X-Sdk-Date, X-Security-Token
// where there is a security token, and Authorization. It signs these, the host and, where req has it, X-Project-Id. What
// a proxy may rewrite is not signed. body is what req.Body will read, nil for none.
//
// See https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html
func Sign(req *http.Request, body []byte, credentials Credentials, now time.Time) {
	date := now.UTC().Format(signatureDate)
	req.Header.Set(headerDate, date)

	if !credentials.SecurityToken.IsZero() {
		req.Header.Set(headerSecurityToken, credentials.SecurityToken.Reveal())
	}

	names, lines := canonicalHeaders(req)
	canonical := strings.Join([]string{
		req.Method, canonicalURI(req.URL.Path), canonicalQuery(req.URL.Query()), lines, names, hexSHA256(body),
	}, "\n")

	mac := hmac.New(sha256.New, []byte(credentials.SecretKey.Reveal()))
	mac.Write([]byte(signatureAlgorithm + "\n" + date + "\n" + hexSHA256([]byte(canonical))))

	req.Header.Set("Authorization", fmt.Sprintf("%s Access=%s, SignedHeaders=%s, Signature=%s",
		signatureAlgorithm, credentials.AccessKey, names, hex.EncodeToString(mac.Sum(nil))))
}

// canonicalHeaders returns the names of the headers to sign, and their lines, each ended by a line break.
func canonicalHeaders(req *http.Request) (names, lines string) {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}

	signed := []string{"host"}
	lines = "host:" + strings.TrimSpace(host) + "\n"

	for _, name := range []string{headerProjectID, headerDate, headerSecurityToken} { // sorted
		if value := req.Header.Get(name); value != "" {
			name = strings.ToLower(name)
			signed = append(signed, name)
			lines += name + ":" + strings.TrimSpace(value) + "\n"
		}
	}

	return strings.Join(signed, ";"), lines
}

// canonicalURI escapes every element of path, and ends it with a slash.
func canonicalURI(path string) string {
	elements := strings.Split(path, "/")
	for i, element := range elements {
		elements[i] = escape(element)
	}

	uri := strings.Join(elements, "/")
	if !strings.HasSuffix(uri, "/") {
		uri += "/"
	}

	return uri
}

// canonicalQuery returns query with its keys and values escaped and sorted.
func canonicalQuery(query url.Values) string {
	keys := make([]string, 0, len(query))
	for key := range query {
		keys = append(keys, key)
	}

	slices.Sort(keys)

	var pairs []string

	for _, key := range keys {
		for _, value := range slices.Sorted(slices.Values(query[key])) {
			pairs = append(pairs, escape(key)+"="+escape(value))
		}
	}

	return strings.Join(pairs, "&")
}

// escape is the percent encoding of RFC 3986: all but its unreserved characters.
func escape(text string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

	escaped := make([]byte, 0, len(text))

	for i := range len(text) {
		if c := text[i]; strings.IndexByte(unreserved, c) >= 0 {
			escaped = append(escaped, c)
		} else {
			escaped = appendEscaped(escaped, c)
		}
	}

	return string(escaped)
}

// appendEscaped appends the percent encoding of c.
func appendEscaped(escaped []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"

	return append(escaped, '%', digits[c>>4], digits[c&15])
}

func hexSHA256(content []byte) string {
	sum := sha256.Sum256(content)

	return hex.EncodeToString(sum[:])
}
