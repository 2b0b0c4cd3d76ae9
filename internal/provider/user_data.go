package provider

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// maxUserDataBytes is the most user data that the service takes, before encoding.
const maxUserDataBytes = 32 * 1024

// userDataRules is the validator that userDataValidator returns.
type userDataRules struct{}

// userDataValidator accepts user data that the service takes. Its errors carry neither the value nor the path: with a
// path, the CLI would print the line of the configuration, and the value with it.
func userDataValidator() validator.String { return userDataRules{} }

// Description says what the value must be.
func (userDataRules) Description(context.Context) string {
	return "must be text or base64 of 1 to 32768 bytes, counted before encoding"
}

// MarkdownDescription says what the value must be.
func (v userDataRules) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString reports user data that is empty or too large.
func (userDataRules) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}

	summary := fmt.Sprintf("Invalid %s", req.Path)
	decoded, _ := decodeUserData(req.ConfigValue.ValueString())

	switch size := len(decoded); {
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

// encodeUserData returns user data as it goes to the service, in base64: what is base64 already, once white space is
// stripped, without that white space, and anything else encoded. Real user data is never taken for base64, since every
// format of it has characters that base64 lacks.
func encodeUserData(userData string) string {
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
