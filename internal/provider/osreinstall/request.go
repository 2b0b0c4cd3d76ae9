package osreinstall

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/userdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// writeOnlyValues are the values that are only ever in a configuration. They have a type of their own, apart from the
// model, so that no state is made from them.
type writeOnlyValues struct {
	adminPass, userData modelarts.Secret
}

// readWriteOnly reads the write-only values of a configuration.
func readWriteOnly(ctx context.Context, config tfsdk.Config) (writeOnlyValues, diag.Diagnostics) {
	var (
		adminPass, userData types.String
		diags               diag.Diagnostics
	)

	diags.Append(config.GetAttribute(ctx, path.Root("admin_pass_wo"), &adminPass)...)
	diags.Append(config.GetAttribute(ctx, path.Root("user_data_wo"), &userData)...)

	return writeOnlyValues{
		adminPass: modelarts.NewSecret(adminPass.ValueString()),
		userData:  modelarts.NewSecret(userData.ValueString()),
	}, diags
}

// request maps the plan and the write-only values onto a request. Image ids are sent in lower case, as the service has
// them.
func (m *model) request(secrets writeOnlyValues) reinstall.Request {
	body := modelarts.ReinstallRequest{
		ImageID:     strings.ToLower(m.ImageID.ValueString()),
		KeyPairName: m.KeyPairName.ValueString(),
		AdminPass:   modelarts.NewSecret(m.AdminPass.ValueString()),
		UserData:    modelarts.NewSecret(m.UserData.ValueString()),
	}

	if !secrets.adminPass.IsZero() {
		body.AdminPass = secrets.adminPass
	}

	if !secrets.userData.IsZero() {
		body.UserData = secrets.userData
	}

	if !body.UserData.IsZero() {
		body.UserData = modelarts.NewSecret(userdata.Encode(body.UserData.Reveal()))
	}

	return reinstall.Request{
		ServerID:  m.ID.ValueString(),
		Body:      body,
		StopFirst: m.StopBeforeReinstall.IsNull() || m.StopBeforeReinstall.ValueBool(),
	}
}
