package config

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// The keys of the endpoints argument.
const (
	endpointModelArts = "modelarts"
	endpointIAM       = "iam"
)

// EndpointsValidator accepts a map from service names to URLs.
type EndpointsValidator struct{}

// Description says what the value must be.
func (EndpointsValidator) Description(context.Context) string {
	return fmt.Sprintf("must have URLs under the keys %q and %q only", endpointModelArts, endpointIAM)
}

// MarkdownDescription says what the value must be.
func (v EndpointsValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateMap reports unknown keys and values that are no URLs.
func (EndpointsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	elements := req.ConfigValue.Elements()

	for _, key := range slices.Sorted(maps.Keys(elements)) {
		if key != endpointModelArts && key != endpointIAM {
			resp.Diagnostics.AddError("Unknown endpoint", fmt.Sprintf(
				"%s has the key %q. The keys are %q and %q.", req.Path, key, endpointModelArts, endpointIAM))

			continue
		}

		value, ok := elements[key].(types.String)
		if ok && !value.IsNull() && !value.IsUnknown() {
			resp.Diagnostics.Append(checkEndpoint(req.Path.AtMapKey(key), value.ValueString())...)
		}
	}
}

// EndpointValidator accepts a URL.
type EndpointValidator struct{}

// Description says what the value must be.
func (EndpointValidator) Description(context.Context) string {
	return "must be the base URL of a service"
}

// MarkdownDescription says what the value must be.
func (v EndpointValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString reports a value that is no URL. The empty string counts as not written.
func (EndpointValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if value := req.ConfigValue.ValueString(); value != "" {
		resp.Diagnostics.Append(checkEndpoint(req.Path, value)...)
	}
}

// checkEndpoint reports an address that is not the base URL of a service; what names the place that it is from. The
// diagnostic has no path: for one, the CLI would print the line of the configuration, which may have a password in it.
func checkEndpoint(what fmt.Stringer, address string) diag.Diagnostics {
	if _, err := modelarts.ParseEndpoint(address); err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Invalid endpoint", fmt.Sprintf(
			"%s %s. It must be the base URL of the service, such as https://modelarts.example.com.", what, err))}
	}

	return nil
}
