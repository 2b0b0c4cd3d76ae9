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
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/validators"
)

// The keys of the endpoints argument.
const (
	endpointModelArts = "modelarts"
	endpointIAM       = "iam"
)

// endpointsValidator accepts a map from service names to URLs.
type endpointsValidator struct{ validators.Describer }

// Endpoints accepts a map from names of services to base URLs.
func Endpoints() validator.Map {
	return endpointsValidator{validators.Describer(fmt.Sprintf("must have URLs under the keys %q and %q only", endpointModelArts, endpointIAM))}
}

// ValidateMap reports unknown keys and values that are no URLs.
func (endpointsValidator) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
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

// endpointValidator accepts a URL.
type endpointValidator struct{ validators.Describer }

// Endpoint accepts the base URL of a service.
func Endpoint() validator.String { return endpointValidator{"must be the base URL of a service"} }

// ValidateString reports a value that is no URL. The empty string counts as not written.
func (endpointValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
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
