// Package signature signs requests by an access key, in the way of Huawei Cloud's API gateway.
//
// See https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The headers that Sign signs along with the host. The date is Sign's own; the others are signed where the request has them.
const (
	HeaderProjectID     = "X-Project-Id"
	HeaderDate          = "X-Sdk-Date"
	HeaderSecurityToken = "X-Security-Token" //nolint:gosec // the name of a header
)

const (
	algorithm  = "SDK-HMAC-SHA256"
	dateFormat = "20060102T150405Z"
)

// Sign adds to req the headers that authenticate it by an access key: X-Sdk-Date and Authorization. It signs the host,
// X-Sdk-Date, and X-Project-Id and X-Security-Token where req has them; a temporary key needs the latter. It signs no
// header that a proxy may rewrite. body is the content of req.Body, nil for none.
//
// See https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html
func Sign(req *http.Request, body []byte, accessKey, secretKey string, now time.Time) {
	date := now.UTC().Format(dateFormat)
	req.Header.Set(HeaderDate, date)

	names, lines := canonicalHeaders(req)
	canonical := strings.Join([]string{
		req.Method, canonicalURI(req.URL.Path), CanonicalQuery(req.URL.Query()), lines, names, hexSHA256(body),
	}, "\n")

	mac := hmac.New(sha256.New, []byte(secretKey))
	mac.Write([]byte(algorithm + "\n" + date + "\n" + hexSHA256([]byte(canonical))))

	req.Header.Set("Authorization", fmt.Sprintf("%s Access=%s, SignedHeaders=%s, Signature=%s",
		algorithm, accessKey, names, hex.EncodeToString(mac.Sum(nil))))
}

// canonicalHeaders returns the names of the headers to sign, and a line for each of them.
func canonicalHeaders(req *http.Request) (names, lines string) {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}

	signed := []string{"host"}
	lines = "host:" + strings.TrimSpace(host) + "\n"

	for _, name := range []string{HeaderProjectID, HeaderDate, HeaderSecurityToken} { // sorted
		if value := req.Header.Get(name); value != "" {
			name = strings.ToLower(name)
			signed = append(signed, name)
			lines += name + ":" + strings.TrimSpace(value) + "\n"
		}
	}

	return strings.Join(signed, ";"), lines
}

// canonicalURI returns path with every element escaped and a slash at the end.
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

// CanonicalQuery returns query with its keys and values escaped and sorted.
func CanonicalQuery(query url.Values) string {
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

// escape returns text in the percent encoding of RFC 3986, which leaves only unreserved characters as they are.
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
