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

// writeOnlyValues are the write-only arguments. They have a type apart from the model, so that they cannot get into a state.
type writeOnlyValues struct {
	adminPass, userData modelarts.Secret
}

// readWriteOnly reads the write-only arguments of a configuration.
func readWriteOnly(ctx context.Context, config tfsdk.Config) (writeOnlyValues, diag.Diagnostics) {
	var (
		adminPass, userData types.String
		diags               diag.Diagnostics
	)

	diags.Append(config.GetAttribute(ctx, path.Root("admin_pass_wo"), &adminPass)...)
	diags.Append(config.GetAttribute(ctx, path.Root("user_data_wo"), &userData)...)

	return writeOnlyValues{
		adminPass: modelarts.NewSecret(adminPass.ValueString()),
		userData:  encodedSecret(userData),
	}, diags
}

// writeOnly returns the write-only arguments of a configuration.
func (m *model) writeOnly() writeOnlyValues {
	return writeOnlyValues{adminPass: modelarts.NewSecret(m.AdminPassWO.ValueString()), userData: encodedSecret(m.UserDataWO)}
}

// request maps the plan and the write-only arguments onto a request. Image ids are sent in lower case, as the service
// shows them.
func (m *model) request(secrets writeOnlyValues) reinstall.Request {
	body := modelarts.ReinstallRequest{
		ImageID:     strings.ToLower(m.ImageID.ValueString()),
		KeyPairName: m.KeyPairName.ValueString(),
		AdminPass:   modelarts.NewSecret(m.AdminPass.ValueString()),
		UserData:    encodedSecret(m.UserData),
	}

	if !secrets.adminPass.IsZero() {
		body.AdminPass = secrets.adminPass
	}

	if !secrets.userData.IsZero() {
		body.UserData = secrets.userData
	}

	return reinstall.Request{
		ServerID:  m.ID.ValueString(),
		Body:      body,
		StopFirst: m.StopBeforeReinstall.IsNull() || m.StopBeforeReinstall.ValueBool(),
	}
}

// encodedSecret returns user data as a request has it.
func encodedSecret(userData types.String) modelarts.Secret {
	if userData.ValueString() == "" {
		return modelarts.Secret{}
	}

	return modelarts.NewSecret(userdata.Encode(userData.ValueString()))
}
