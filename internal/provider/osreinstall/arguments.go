package osreinstall

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// argumentsValidator checks rules that involve several arguments. No credential at all is fine here: an import needs none,
// and the plan requires one where it reinstalls.
//
// Its errors carry no path: Terraform prints the line of the configuration that a path leads to, and a password may be
// written there.
type argumentsValidator struct{}

// exclusiveArguments are groups of arguments of which at most one may be configured, with the reason.
var exclusiveArguments = []struct {
	summary string
	names   []string
	why     string
}{
	{"Conflicting credentials", credentialArguments, "the service accepts one way to log in to the reinstalled server"},
	{"Conflicting user data", []string{"user_data", "user_data_wo"}, "the service accepts user data once"},
}

// credentialArguments are the arguments that say how to log in to the reinstalled server.
var credentialArguments = []string{"key_pair_name", "admin_pass_wo", "admin_pass"}

// writeOnlyArguments require a version, and the other way round.
var writeOnlyArguments = []string{"admin_pass_wo", "user_data_wo"}

func (argumentsValidator) Description(context.Context) string {
	return "at most one credential, user data at most once, and a version for each write-only argument"
}

func (v argumentsValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateResource reports arguments that exclude or require each other. Unknown values may turn out to be null.
func (argumentsValidator) ValidateResource(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	argument := func(name string) attr.Value {
		var value attr.Value

		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(name), &value)...)

		return value
	}

	for _, group := range exclusiveArguments {
		var configured []string

		for _, name := range group.names {
			if value := argument(name); value != nil && !value.IsNull() && !value.IsUnknown() {
				configured = append(configured, name)
			}
		}

		if len(configured) > 1 {
			resp.Diagnostics.AddError(group.summary, fmt.Sprintf("%s are configured, and at most one of %s can be: %s.",
				strings.Join(configured, " and "), strings.Join(group.names, ", "), group.why))
		}
	}

	for _, name := range writeOnlyArguments {
		value, version := argument(name), argument(name+"_version")
		if value == nil || version == nil || value.IsNull() == version.IsNull() || value.IsUnknown() || version.IsUnknown() {
			continue
		}

		resp.Diagnostics.AddError("Missing write-only version", fmt.Sprintf(
			"%[1]s and %[1]s_version go together: Terraform does not store %[1]s, so a changed %[1]s_version requests "+
				"the reinstall with another value. Configure both, or neither.", name))
	}
}
