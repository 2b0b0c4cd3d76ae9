package osreinstall

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/devserver"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/userdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/validators"
)

// Schema describes the arguments of a reinstall and what the service shows of the server.
func (r *reinstallResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := requestArguments()
	maps.Copy(attributes, passwordArguments())
	maps.Copy(attributes, userDataArguments())
	maps.Copy(attributes, settingArguments(ctx))
	maps.Copy(attributes, resultAttributes())
	maps.Copy(attributes, devserver.Attributes())

	resp.Schema = schema.Schema{
		Version: schemaVersion,
		MarkdownDescription: "Reinstalls the operating system of a ModelArts DevServer (Lite Server), waits until the " +
			"machine is back, and then watches it for drift. **Every reinstall erases the system disk.** See the " +
			"[ModelArts API documentation](https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html).",
		Attributes: attributes,
	}
}

// requestArguments returns the arguments that go into a request. None has a default: null means the default, so
// that an import plans no change.
func requestArguments() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "ID of the DevServer. This is not `cloud_server.id`, the ID of the ECS or bare-metal " +
				"server under it. Changing it replaces this resource, which reinstalls the other server. " +
				"An ID that is known only after apply replaces nothing: the apply goes on if it is the same, " +
				"and fails without touching a server if it differs.",
			Validators:    []validator.String{validators.ServerID()},
			PlanModifiers: []planmodifier.String{replacedByOtherID()},
		},
		"image_id": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "ID of the image to install, a UUID; case does not matter. Without it, the service " +
				"installs the image that the server has. Changing it reinstalls the server, unless the server already has that " +
				"image. `image.image_id` is the image that is installed.",
			Validators: []validator.String{validators.ImageID()},
		},
		"key_pair_name": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Name of the key pair for logging in to the server: 1 to 64 letters, digits, `-`, `_` " +
				"or `.`. Changing it reinstalls the server, unless the server already has that key pair, which " +
				"`installed_key_pair_name` shows. Conflicts with `admin_pass_wo` and `admin_pass`; a reinstall requires " +
				"exactly one of the three.",
			Validators: []validator.String{validators.KeyPairName()},
		},
	}
}

// replacedByOtherID replaces the resource if its id is known to be another one. An id that is known only at apply is most
// often the same: its data source was deferred.
func replacedByOtherID() planmodifier.String {
	const description = "Another ID is another server, so this resource is replaced."

	return stringplanmodifier.RequiresReplaceIf(
		func(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
			resp.RequiresReplace = !req.PlanValue.IsUnknown()
		}, description, description)
}

// passwordArguments returns the two forms of the password.
func passwordArguments() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"admin_pass_wo": schema.StringAttribute{
			Optional:  true,
			Sensitive: true,
			WriteOnly: true,
			MarkdownDescription: "Password for logging in to the server. Write-only: it is stored neither in the state nor in plan " +
				"files, and may be ephemeral. The rules of `admin_pass` apply. It is sent with every reinstall; to reinstall " +
				"with another password, change `admin_pass_wo_version`. Conflicts with `admin_pass` and " +
				"`key_pair_name`.",
			Validators: []validator.String{validators.AdminPass()},
		},
		"admin_pass_wo_version": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: "Version of `admin_pass_wo`, required together with it. Changing it reinstalls the server with the " +
				"current value of `admin_pass_wo`.",
		},
		"admin_pass": schema.StringAttribute{
			Optional:  true,
			Sensitive: true,
			MarkdownDescription: "Password for logging in to the server: 8 to 26 characters, of at least three of the " +
				"types uppercase letters, lowercase letters, digits and special characters; not the user name or " +
				"its reverse; not containing `root`, `administrator` or their reverse (only lower case is checked, since the API page leaves " +
				"open whether the service refuses `Root`); without line breaks or other control characters, and without " +
				"spaces at either end. Supernodes do not accept a password. **It is stored in the " +
				"state and in plan files as plain text**; prefer `admin_pass_wo` or `key_pair_name`. Changing it reinstalls " +
				"the server. Conflicts with `admin_pass_wo` and `key_pair_name`.",
			Validators: []validator.String{validators.AdminPass()},
		},
	}
}

// userDataArguments returns the two forms of the user data.
func userDataArguments() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"user_data": schema.StringAttribute{
			Optional:  true,
			Sensitive: true,
			MarkdownDescription: "User data to inject, as text or base64: valid base64 is sent as it is, anything " +
				"else is encoded. At most 32 KiB when decoded. **It is stored in the state and in plan files as plain " +
				"text**; prefer `user_data_wo` if it contains secrets. Changing it reinstalls the server; other line endings, " +
				"base64 instead of text, or other gzip bytes of the same content do not. The service warns that injection " +
				"may not take effect, notably in config drive mode.",
			Validators: []validator.String{userdata.Validator()},
		},
		"user_data_wo": schema.StringAttribute{
			Optional:  true,
			Sensitive: true,
			WriteOnly: true,
			MarkdownDescription: "User data to inject. Write-only: it is stored neither in the state nor in plan files, and may be " +
				"ephemeral. The rules of `user_data` apply. It is sent with every reinstall; to reinstall with other user " +
				"data, change `user_data_wo_version`. Conflicts with `user_data`.",
			Validators: []validator.String{userdata.Validator()},
		},
		"user_data_wo_version": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: "Version of `user_data_wo`, required together with it. Changing it reinstalls the server with the " +
				"current value of `user_data_wo`.",
		},
	}
}

// settingArguments returns the arguments that control when and how a request is sent. None has a default.
func settingArguments(ctx context.Context) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"triggers": schema.MapAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Arbitrary values. Any change to them reinstalls the server in place, even if the image " +
				"stays the same.",
		},
		"stop_before_reinstall": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether to stop a running server first, since the service reinstalls only a stopped " +
				"one. Default: `true`. With `false`, a running server is an error. A change of this " +
				"argument alone sends nothing.",
		},
		"on_drift": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "What to do if the server shows another image or key pair than configured, although " +
				"neither argument has changed: `warn` (default) warns; `reinstall` plans a reinstall, which erases the " +
				"system disk; `ignore` does nothing. A change of this argument alone sends nothing.",
			Validators: []validator.String{onDriftValidator()},
		},
		"reinstall_protection": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether to protect the system disk: with `true`, a plan that would erase it is an error that " +
				"names the reasons. Default: `false`. Unlike `prevent_destroy`, which does not see a reinstall in place, it " +
				"covers every reason. A change of this argument alone sends nothing.",
		},
		"timeouts": timeoutsAttribute(ctx),
	}
}

// timeoutsAttribute adds a description, since the library's own does not say what the timeouts cover.
func timeoutsAttribute(ctx context.Context) schema.Attribute {
	attribute, ok := timeouts.Attributes(ctx, timeouts.Opts{
		Create: true,
		Update: true,
		Read:   true,
		CreateDescription: "Time for a first reinstall, including the stop and the wait, such as `90m` " +
			"or `2h30m`. Default: `60m`.",
		UpdateDescription: "Time for a later reinstall, including the stop and the wait, such as `90m` " +
			"or `2h30m`. Default: `60m`.",
		ReadDescription: "Time for reading the server, such as `30s`. Default: `5m`.",
	}).(schema.SingleNestedAttribute)
	if !ok {
		return attribute
	}

	attribute.MarkdownDescription = "How long the operations may take. A reinstall that outlasts `create` or `update` goes " +
		"on, and the next apply waits for it. A change of timeouts alone sends nothing."

	return attribute
}

// resultAttributes returns the attributes with the results of requests.
func resultAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"region": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Region that the provider is configured for.",
		},
		"project_id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "ID of the project that the provider is configured for.",
		},
		"installed_key_pair_name": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Name of the key pair that the server shows, whatever `key_pair_name` says.",
		},
		"ready": schema.BoolAttribute{
			Computed: true,
			MarkdownDescription: "Whether the server is usable as configured. False if the last reinstall of this " +
				"resource has not ended with what was requested, if the service did not find the server at the last refresh, " +
				"or if the server is being reinstalled, has its OS changed, or is in `ERROR`, `DELETING`, `DELETED` or a status " +
				"that ends in `_FAILED`, whatever the cause. Use it in a `postcondition`: a first apply that did not see the end of " +
				"the reinstall only warns, and exits with 0.",
		},
		"erases_system_disk": schema.BoolAttribute{
			Computed: true,
			MarkdownDescription: "Whether the apply erases the system disk. In a plan that changes this resource, it says what " +
				"that plan does, and is known unless that depends on values that are known only after apply; so policies and " +
				"conditions should treat unknown as `true`. After the apply, it keeps that value until the next change. `false` " +
				"after an import.",
		},
		"reinstall_notice": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "One sentence about what the apply does to the server, such as `erases the system disk of " +
				"trainer-1 (reinstall 2): image_id`; it holds before and after the apply. Null if there was none since an import. " +
				"In a plan, it is known unless the server cannot be read yet, or what is done depends on values that are known " +
				"only after apply.",
		},
		"last_reinstall": schema.SingleNestedAttribute{
			Computed: true,
			MarkdownDescription: "The last reinstall that this resource requested; null if there was none. In a plan, its " +
				"`reasons` say why the server is to be reinstalled.",
			Attributes: lastReinstallAttributes(),
		},
	}
}

// lastReinstallAttributes returns the attributes of last_reinstall.
func lastReinstallAttributes() map[string]schema.Attribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}

	return map[string]schema.Attribute{
		"number": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "How many reinstalls this resource has requested, including this one.",
		},
		"reasons": schema.ListAttribute{
			Computed:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Why the last apply acted: `create`, the name of a changed argument, `drift: ...`, " +
				"`failed` or `not_started` (how the previous reinstall ended), or `resume` (it waited for a reinstall that was " +
				"sent earlier).",
		},
		"state": text("State of the reinstall: `submitted` (accepted, end not seen), `unknown` (the response to the request " +
			"was lost), `completed`, `failed`, `mismatched` (it ended with another image or key pair than requested) or " +
			"`not_started` (the request was not sent, or had no visible effect; the next plan asks for it again)."),
		"adopted": schema.BoolAttribute{
			Computed: true,
			MarkdownDescription: "Whether the reinstall may be somebody else's: one was in progress before the request of this " +
				"resource was accepted, or the response to that request was lost. Its result was kept because image and key " +
				"pair match; its password and user data cannot be compared.",
		},
		"submitted_at": text("When the request was sent (RFC 3339), by the clock of the machine that ran the apply."),
		"system_disk_erased_at": text("When the request that erased the system disk was sent (RFC 3339), by the clock of the " +
			"machine that ran the apply; null if this resource did not erase it, or if that is unclear. In a plan, it is known only " +
			"after apply if the apply erases the disk, or may erase it, or waits to find out whether an earlier request, whose " +
			"response was lost, has erased it."),
		"finished_at": text("When its end was seen (RFC 3339), by the clock of the machine that saw it; null until then."),
		"request_id":  text("Request ID (`X-Request-Id`) of the service's response, for support cases."),
		"evidence": schema.SingleNestedAttribute{
			Computed:  true,
			Sensitive: true,
			MarkdownDescription: "What later plans and applies compare with: the disk that the plan was made for, what the server " +
				"showed when the request was sent and when it ended, and the installed values that the service does not show. " +
				"It is sensitive so that a plan spends one line on it.",
			Attributes: evidenceAttributes(),
		},
	}
}

// evidenceAttributes returns the attributes of last_reinstall.evidence.
func evidenceAttributes() map[string]schema.Attribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	number := func(description string) schema.Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
	}

	return map[string]schema.Attribute{
		"planned_root_volume_id": text("EVS ID of the system disk that the plan was made for; null if the server showed none, or was " +
			"getting another one. The apply erases no other disk."),
		"image_id":                text("ID of the requested image, in lower case; null if none was requested."),
		"key_pair_name":           text("Name of the requested key pair; null if none was requested."),
		"installed_image_id":      text("ID of the image that the server showed at the end."),
		"installed_key_pair_name": text("Name of the key pair that the server showed at the end."),
		"baseline_status":         text("Status of the server when the request was sent."),
		"baseline_root_volume_id": text("EVS ID of the system disk that the server had when the request was sent."),
		"baseline_update_at":      number("Update time of the server when the request was sent, in epoch milliseconds."),
		"root_volume_id":          text("EVS ID of the system disk that the server had when the reinstall ended."),
		"latest_update_at": number("Latest update time of the server that was seen during the reinstall, in epoch " +
			"milliseconds. Older replies are disregarded."),
		"transition_seen": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether the server was observed with the status of a reinstall in progress.",
		},
		"admin_pass_wo_version": number("`admin_pass_wo_version` of the last request. An argument that is removed and then put " +
			"back unchanged is not a reason for a reinstall."),
		"user_data_wo_version": number("`user_data_wo_version` of the last request."),
		"user_data_digest": text("Digest of the `user_data` of the last request, after decoding base64 and gzip, and with line " +
			"endings normalized."),
		"triggers_digest": text("Digest of the `triggers` of the last request."),
	}
}

// The values of on_drift: what a drifted image or key pair does to the plan.
const (
	onDriftReinstall = "reinstall"
	onDriftWarn      = "warn"
	onDriftIgnore    = "ignore"
)

// onDriftValidator accepts the values of on_drift.
func onDriftValidator() validator.String {
	return stringvalidator.OneOf(onDriftReinstall, onDriftWarn, onDriftIgnore)
}
