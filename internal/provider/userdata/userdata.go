// Package userdata encodes, checks and compares user data.
package userdata

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/validators"
)

// maxUserDataBytes is the most user data that the service takes, before encoding.
const maxUserDataBytes = 32 * 1024

// maxUnpackedBytes bounds what compressed user data is unpacked to where it is compared. The most that the service accepts
// can unpack to 33 MiB, which nobody writes on purpose.
const maxUnpackedBytes = 16 << 20

// userDataDomain keeps digests of user data apart from any other ones. A digest is in the state, so its form is for good.
const userDataDomain = "modelarts user_data 1"

// userDataRules accepts user data.
type userDataRules struct{ validators.Describer }

// Validator accepts user data that the service takes. Its errors carry neither the value nor the path: with a
// path, the CLI would print the line of the configuration, and the value with it.
func Validator() validator.String {
	return userDataRules{"must be text or base64 of 1 to 32768 bytes, counted before encoding"}
}

// ValidateString reports user data that is empty or too large.
func (userDataRules) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}

	summary := fmt.Sprintf("Invalid %s", req.Path)
	decoded, _ := decodeUserData(req.ConfigValue.ValueString())
	word := strings.TrimSpace(req.ConfigValue.ValueString())

	switch size := len(decoded); {
	case slices.Contains(validators.EmptyWords, strings.ToLower(word)):
		resp.Diagnostics.AddError(summary, fmt.Sprintf("%s must be user data. %s", req.Path, validators.EmptyWord(word)))
	case size == 0:
		resp.Diagnostics.AddError(summary, fmt.Sprintf(
			"%s is empty. Leave the argument out, or set it to null, to give no user data.", req.Path))
	case size > maxUserDataBytes:
		resp.Diagnostics.AddError(summary, fmt.Sprintf(
			"%s has %d bytes, and the service takes %d (32 KiB) at most, counted before base64 encoding. Compress "+
				"it (the server must know the format; cloud-init reads gzip, which base64gzip() writes), or let a "+
				"small script fetch the rest.", req.Path, size, maxUserDataBytes))
	}
}

// Encode returns user data as it goes to the service, in base64: what is base64 already, once white space is
// stripped, without that white space, and anything else encoded. Real user data is never treated as base64, since every
// format of it has characters that base64 lacks.
func Encode(userData string) string {
	decoded, stripped := decodeUserData(userData)
	if stripped != "" || len(decoded) == 0 {
		return stripped
	}

	return base64.StdEncoding.EncodeToString(decoded)
}

// decodeUserData returns the bytes that user data stands for, and the base64 in it without white space where it is
// base64.
func decodeUserData(userData string) (decoded []byte, stripped string) {
	stripped = strings.Join(strings.Fields(userData), "")

	decoded, err := base64.StdEncoding.DecodeString(stripped)
	if err != nil {
		return []byte(userData), ""
	}

	return decoded, stripped
}

// Same reports whether two values of user_data mean the same to a server, so that the one in place of the other is
// no reason to erase its disk: see canonicalUserData.
func Same(a, b string) bool {
	return a == b || bytes.Equal(canonicalUserData(a), canonicalUserData(b))
}

// Digest returns a digest of user data, in hexadecimal digits. Two values have the same one if they are the same to
// sameUserData.
func Digest(userData string) string {
	digest := sha256.Sum256(append([]byte(userDataDomain+"\x00"), canonicalUserData(userData)...))

	return hex.EncodeToString(digest[:])
}

// canonicalUserData returns what user data means to a server, in one form for all values that mean the same: whether it
// is compressed, a zero byte, and the content behind base64 and gzip, with the line ends of a text made equal.
//
// How gzip has packed it makes no difference: that changes with the version of the CLI. Whether it is packed at all does,
// as not every program that reads user data unpacks it. Gzip inside of gzip is content, and so is what cannot be unpacked
// from the first byte to the last, within bounds.
func canonicalUserData(userData string) []byte {
	content, _ := decodeUserData(userData)
	form := "plain"

	if unpacked, ok := unpack(bytes.NewReader(content), maxUnpackedBytes); ok {
		content, form = unpacked, "gzip"
	}

	return append([]byte(form+"\x00"), foldLineEnds(content)...)
}

// unpack returns what is behind gzip. It returns false for what is not gzip to its end, and for what is longer than limit.
func unpack(packed io.Reader, limit int64) ([]byte, bool) {
	reader, err := gzip.NewReader(packed)
	if err != nil {
		return nil, false
	}

	content, err := io.ReadAll(io.LimitReader(reader, limit+1))
	if err != nil || int64(len(content)) > limit {
		return nil, false
	}

	return content, true
}

// foldLineEnds ends every line of a text with a line feed: git and editors change CRLF, CR and LF into each other, and add
// the line end that the last line lacks. A line more or less is another text. What is no text in UTF-8 stays as it is.
func foldLineEnds(content []byte) []byte {
	if len(content) == 0 || !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return content
	}

	folded := bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	folded = bytes.ReplaceAll(folded, []byte("\r"), []byte("\n"))

	if !bytes.HasSuffix(folded, []byte("\n")) {
		folded = append(folded, '\n')
	}

	return folded
}
