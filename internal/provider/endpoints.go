package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The keys of the endpoints argument.
const (
	endpointModelArts = "modelarts"
	endpointIAM       = "iam"
)

// What can be wrong with an address. Each continues a sentence that begins with where the address comes from, and none
// repeats the address: it may carry a password.
var (
	errEndpointEmpty     = errors.New("is empty")
	errEndpointMalformed = errors.New("is not a URL")
	errEndpointScheme    = errors.New("is neither an https nor an http URL")
	errEndpointExtras    = errors.New("has a user name, a query or a fragment, which a base URL cannot have")
)

// endpointsValidator accepts a map from service names to URLs.
type endpointsValidator struct{}

// Description says what the value must be.
func (endpointsValidator) Description(context.Context) string {
	return fmt.Sprintf("must have URLs under the keys %q and %q only", endpointModelArts, endpointIAM)
}

// MarkdownDescription says what the value must be.
func (v endpointsValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateMap reports unknown keys and values that are no URLs.
func (endpointsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	elements := req.ConfigValue.Elements()

	for _, key := range slices.Sorted(maps.Keys(elements)) {
		at := req.Path.AtMapKey(key)

		if key != endpointModelArts && key != endpointIAM {
			resp.Diagnostics.AddAttributeError(at, "Unknown endpoint", fmt.Sprintf(
				"%s has the key %q. The keys are %q and %q.", req.Path, key, endpointModelArts, endpointIAM))

			continue
		}

		value, ok := elements[key].(types.String)
		if !ok || value.IsNull() || value.IsUnknown() {
			continue
		}

		if _, err := normalizeEndpoint(value.ValueString()); err != nil {
			resp.Diagnostics.Append(invalidEndpoint(at, err))
		}
	}
}

// invalidEndpoint says what normalizeEndpoint found wrong with the address at a path. Where that may be a password in it,
// the diagnostic has no path, so that the CLI does not print the line of the configuration.
func invalidEndpoint(at path.Path, err error) diag.Diagnostic {
	summary := "Invalid endpoint"
	detail := fmt.Sprintf("%s %s. It must be the base URL of the service, such as https://modelarts.example.com.", at, err)

	if errors.Is(err, errEndpointExtras) || errors.Is(err, errEndpointMalformed) {
		return diag.NewErrorDiagnostic(summary, detail)
	}

	return diag.NewAttributeErrorDiagnostic(at, summary, detail)
}

// normalizeEndpoint returns the base URL of a service without a slash at its end. An address without a scheme gets
// https. The error continues a sentence that begins with where the address comes from.
func normalizeEndpoint(address string) (string, error) {
	address = strings.TrimSpace(address)
	if address == "" {
		return "", errEndpointEmpty
	}

	if !strings.Contains(address, "://") {
		address = "https://" + address
	}

	base, err := url.Parse(address)

	switch {
	case err != nil:
		return "", errEndpointMalformed
	case base.Scheme != "https" && base.Scheme != "http":
		return "", errEndpointScheme
	case base.Hostname() == "":
		return "", errEndpointMalformed
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return "", errEndpointExtras
	}

	return strings.TrimRight(base.String(), "/"), nil
}
