package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/config"
)

// Schema describes the provider block.
func (p *modelartsProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The ModelArts provider reinstalls the operating system of Huawei Cloud ModelArts " +
			"DevServers (Lite Servers) and watches them for drift.\n\nThe provider block takes precedence over the " +
			"environment, and the environment over the profile of a shared configuration file. Credentials are never mixed: " +
			"they all come from one of these places.",
		Attributes: map[string]schema.Attribute{
			"region": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Region of the DevServers, such as `cn-north-4`. Required, either here, in " +
					"`HW_REGION_NAME` or `OS_REGION_NAME`, or in the profile.",
			},
			"project_id": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "ID of the project of the DevServers. It can also be set through `HW_PROJECT_ID` " +
					"or `OS_PROJECT_ID`. The default is the project of the profile, if its region is used; otherwise the project " +
					"called `project_name` is looked up in IAM, which requires permission to list projects.",
			},
			"project_name": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Name of the project of the DevServers, looked up in IAM if there is no `project_id` in " +
					"the same place. It can also be set through `HW_PROJECT_NAME` or `OS_PROJECT_NAME`. The default is the " +
					"name of the region.",
			},
			"access_key": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Access key. Requires `secret_key`. It can also be set through " +
					"`HW_ACCESS_KEY` or `OS_ACCESS_KEY`. There is no default: set this pair, `token` or `profile`.",
			},
			"secret_key": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Secret key of `access_key`. It can also be set through `HW_SECRET_KEY` or " +
					"`OS_SECRET_KEY`. There is no default.",
			},
			"security_token": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Security token of a temporary `access_key`. It can also be set through " +
					"`HW_SECURITY_TOKEN`. By default the access key is treated as permanent.",
			},
			"token": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "IAM token of the project. If it is set, it is used instead of `access_key` and " +
					"`secret_key`. It can also be set through `HW_AUTH_TOKEN` or `OS_AUTH_TOKEN`. There is no default. " +
					"Tokens expire after 24 hours; a reinstall that takes longer is resumed by the next apply. " +
					"Prefer access keys.",
			},
			"assume_role": assumeRoleAttribute(),
			"shared_config_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Configuration file of KooCLI, the command line interface of Huawei Cloud. It can " +
					"also be set through `HW_SHARED_CONFIG_FILE`. The default is `~/.hcloud/config.json` if `profile` is " +
					"set; otherwise no file is read. Its keys must not be encrypted (`hcloud configure set " +
					"--cli-auth-encrypt=false`).",
			},
			"profile": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Profile of the shared configuration file. Its keys, region, project and agency are used " +
					"if neither the provider block nor the environment has any. It can also be set through `HW_PROFILE`. The " +
					"default is the current profile of `shared_config_file`.",
			},
			"cloud": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Domain of the cloud, from which the addresses of the services are derived. It can also be " +
					"set through `HW_CLOUD`. The default is `myhuaweicloud.com`, and `myhuaweicloud.eu` for the regions " +
					"`eu-west-1xx`.",
			},
			"auth_url": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Base URL of IAM; a trailing `/v3` is dropped. It can also be set through `HW_AUTH_URL` or " +
					"`OS_AUTH_URL`. The default is `https://iam.{region}.{cloud}`. The key `iam` of `endpoints` takes precedence.",
				Validators: []validator.String{config.Endpoint()},
			},
			"endpoints": schema.MapAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Base URLs of services, for clouds whose addresses cannot be derived from the " +
					"region. The keys are `modelarts` and `iam`; `https` is the default scheme. " +
					"There is no environment variable. The defaults are `https://modelarts.{region}.{cloud}` and `auth_url`.",
				Validators: []validator.Map{config.Endpoints()},
			},
			"insecure": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether to skip the verification of certificates, and to allow endpoints with plain `http`. " +
					"It can also be set through `HW_INSECURE` or `OS_INSECURE`. The default is `false`.",
			},
			"cacert_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "PEM file of certificate authorities to trust in addition to those of the system, or its " +
					"content. It can also be set through `OS_CACERT`. There is no default.",
			},
			"max_retries": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: fmt.Sprintf("Maximum number of retries of a failed read request, from 0 to %d. It does not "+
					"apply to requests that change a server. It can also be set through `HW_MAX_RETRIES`. The "+
					"default is %d.", config.MaxMaxRetries, config.DefaultMaxRetries),
				Validators: []validator.Int64{int64validator.Between(0, config.MaxMaxRetries)},
			},
			"max_concurrent_reinstalls": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "Maximum number of concurrent reinstalls. A reinstall counts from the stop of the " +
					"server until it is back. By default, Terraform's own `-parallelism` is the only limit. Timeouts do not run " +
					"while a server waits for its turn. Reinstalls already in progress do not count.",
				Validators: []validator.Int64{int64validator.AtLeast(1)},
			},
			"failure_tolerance": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "How many reinstalls may fail in one apply before no further server is stopped or " +
					"erased, so that a broken image does not spread through a whole fleet. A failed status, another image or key " +
					"pair than asked for, a timeout, and a refusal after the server was stopped count as failures. The " +
					"default is `0`.",
				Validators: []validator.Int64{int64validator.AtLeast(0)},
			},
			"max_reinstalls": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "Maximum number of servers whose system disk one plan may erase; a plan that would erase more " +
					"is an error that lists them. A server that may be erased, depending on values that are known only after apply, " +
					"counts. `0` forbids all reinstalls. By default, there is no limit.",
				Validators: []validator.Int64{int64validator.AtLeast(0)},
			},
			"journal": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Folder of the journal, in which each reinstall is recorded before it is requested, so that an " +
					"apply that is killed is not repeated by the next one: see the guide " +
					"[What happens if ...](guides/what-happens-if.md#the-journal). It has no secrets in it. It can also be set through " +
					"`MODELARTS_JOURNAL`. `off` turns it off. The default is `modelarts-journal` in Terraform's data directory " +
					"(`TF_DATA_DIR`, or `.terraform`).",
			},
			"journal_required": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether to refuse a reinstall that cannot be recorded in the journal. The default is `false`: " +
					"the reinstall goes on, with a warning.",
			},
		},
	}
}

// assumeRoleAttribute describes the argument assume_role.
func assumeRoleAttribute() schema.Attribute {
	domainName := path.MatchRoot("assume_role").AtName("domain_name")

	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Agency to assume. IAM exchanges the access key for temporary credentials, which sign all other " +
			"requests and are renewed before they expire. The default is the agency of the " +
			"environment, or that of the profile if its keys are used. All of it comes from one of these places.",
		Attributes: map[string]schema.Attribute{
			"agency_name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Name of the agency. Environment variable: `HW_ASSUME_ROLE_AGENCY_NAME`.",
			},
			"domain_name": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Name of the account that the agency belongs to. Environment variable: " +
					"`HW_ASSUME_ROLE_DOMAIN_NAME`. Either this or `domain_id` is required.",
			},
			"domain_id": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "ID of the account that the agency belongs to. It takes precedence over `domain_name`. " +
					"Environment variable: `HW_ASSUME_ROLE_DOMAIN_ID`. By default, the account is identified by `domain_name`.",
				Validators: []validator.String{stringvalidator.AtLeastOneOf(domainName)},
			},
			"duration": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: fmt.Sprintf("Lifetime of the temporary credentials in seconds, from %d to %d. "+
					"Environment variable: `HW_ASSUME_ROLE_DURATION`. The default is %d.", config.MinRoleDuration, config.MaxRoleDuration,
					modelarts.DefaultRoleDuration/time.Second),
				Validators: []validator.Int64{int64validator.Between(config.MinRoleDuration, config.MaxRoleDuration)},
			},
		},
	}
}
