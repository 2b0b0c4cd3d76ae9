package osreinstall

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/validators"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

var (
	_ resource.ResourceWithConfigure        = (*reinstallResource)(nil)
	_ resource.ResourceWithConfigValidators = (*reinstallResource)(nil)
	_ resource.ResourceWithModifyPlan       = (*reinstallResource)(nil)
	_ resource.ResourceWithImportState      = (*reinstallResource)(nil)
	_ resource.ResourceWithIdentity         = (*reinstallResource)(nil)
)

// defaultReinstallTimeout limits a Create or an Update for which no timeout is configured.
const defaultReinstallTimeout = 60 * time.Minute

// reinstallResource is the resource modelarts_devserver_os_reinstall.
type reinstallResource struct {
	data *providerdata.Data
}

// NewResource returns the resource modelarts_devserver_os_reinstall.
func NewResource() resource.Resource { return &reinstallResource{} }

// Metadata sets the name of the resource type.
func (r *reinstallResource) Metadata(
	_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_devserver_os_reinstall"
}

// IdentitySchema describes by what a server is known outside of the state: an import can name it instead of an import ID.
func (r *reinstallResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{
				RequiredForImport: true,
				Description:       "ID of the DevServer.",
			},
		},
	}
}

// setIdentity writes the identity of a server. It does so always: older versions of Terraform store none, and hand none over.
func setIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, id types.String) diag.Diagnostics {
	if identity == nil {
		return nil
	}

	return identity.SetAttribute(ctx, path.Root("id"), id)
}

// Configure takes over what the provider was configured with.
func (r *reinstallResource) Configure(
	_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse,
) {
	data, diags := providerdata.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)

	r.data = data
}

// requireConfigured returns an error if the provider is not configured.
func (r *reinstallResource) requireConfigured() diag.Diagnostics {
	if r.data.Configured() {
		return nil
	}

	return diag.Diagnostics{diag.NewErrorDiagnostic("Provider not configured",
		"The provider's configuration is not known, so nothing was sent.")}
}

// ConfigValidators check what only several arguments together can get wrong.
func (r *reinstallResource) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{argumentsValidator{}}
}

// ModifyPlan decides whether the apply reinstalls the server, and writes that and the reasons into the plan.
func (r *reinstallResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	if req.Plan.Raw.IsNull() {
		return // A destroy sends nothing.
	}

	var config, plan model

	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)

	var (
		prior *model
		known marks
	)

	if !req.State.Raw.IsNull() {
		prior = &model{}
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
		resp.Diagnostics.Append(known.read(ctx, req.Private)...)
	}

	if resp.Diagnostics.HasError() {
		return
	}

	in := newPlanInput(&plan, prior, known)
	d := decide(&in)
	d.write(&in)

	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	resp.Diagnostics.Append(planDiagnostics(&in, &d, &config)...)
}

// Create reinstalls the server. It returns an error only where nothing is to be kept: Terraform taints what comes with
// an error, and would erase the disk again for it.
func (r *reinstallResource) Create(
	ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse,
) {
	var plan model

	resp.Diagnostics.Append(r.requireConfigured()...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.ID)...)

	timeout, diags := plan.Timeouts.Create(ctx, defaultReinstallTimeout)
	resp.Diagnostics.Append(diags...)

	secrets, diags := readWriteOnly(ctx, req.Config)
	resp.Diagnostics.Append(diags...)

	granted, ok := readPermit(plan.LastReinstall)
	if !ok {
		resp.Diagnostics.Append(noPermitError(plan.ID.ValueString()))
	}

	request := plan.request(secrets)
	request.Timeout, request.Progress = timeout, logProgress(ctx)

	resp.Diagnostics.Append(requestDiagnostics(&request)...)

	if resp.Diagnostics.HasError() {
		return
	}

	r.data.Client.Withhold(&request.Body)

	result := r.data.Engine.Run(ctx, request)

	resp.Diagnostics.Append(apidiag.Outcome(plan.ID.ValueString(), &result, apidiag.DuringCreate)...)

	if resp.Diagnostics.HasError() {
		return
	}

	plan.fromCreate(granted, &result)
	resp.Diagnostics.Append(r.setProject(ctx, &plan)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Read shows what the service shows, and settles a reinstall whose end was not seen. It never erases anything: what
// the difference to the configuration means is the next plan's to decide.
func (r *reinstallResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var (
		state model
		known marks
	)

	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(known.read(ctx, req.Private)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, state.ID)...)

	timeout, diags := state.Timeouts.Read(ctx, providerdata.ReadTimeout)
	resp.Diagnostics.Append(diags...)

	if resp.Diagnostics.HasError() {
		return
	}

	if !r.data.Configured() {
		resp.Diagnostics.Append(notRefreshedWarning(state.ID.ValueString()))

		return
	}

	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	// An earlier process has sent them, and the service may quote them still.
	sent := state.request(writeOnlyValues{})
	r.data.Client.Withhold(&sent.Body)

	server, err := r.readServer(ctx, &state)

	switch {
	case modelarts.IsNotFound(err):
		resp.Diagnostics.Append(r.notFound(ctx, err, &state)...)
	case err != nil:
		resp.Diagnostics.Append(readError(state.ID.ValueString(), err))
	case server == nil: // The state is what the service shows.
		resp.Diagnostics.Append(state.judgeReady()...)
	default:
		known.reimaged = (known.reimaged || state.reimaged(server)) && !state.hasOwnDisk(server)
		resp.Diagnostics.Append(state.settle(server)...)
		resp.Diagnostics.Append(r.setProject(ctx, &state)...)
	}

	if err == nil || !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		resp.Diagnostics.Append(known.write(ctx, resp.Private)...)
	}
}

// readServer returns the server, or nil where nothing has changed since the state was made. A reinstall whose end was not seen
// takes a look of its own.
func (r *reinstallResource) readServer(ctx context.Context, state *model) (*modelarts.Server, error) {
	if last := readLastReinstall(state.LastReinstall); last.asked && last.op.State.Open() {
		return r.data.Client.GetServer(ctx, state.ID.ValueString())
	}

	return r.data.Fleet.Read(ctx, state.ID.ValueString(), state.known())
}

// notFound takes in that the service does not know the server. It stays in the state, since its absence would ask for a
// reinstall; but it is not ready. Where the provider looks into another project or region, or the server was only just
// imported, it is an error.
func (r *reinstallResource) notFound(ctx context.Context, err error, state *model) diag.Diagnostics {
	id := state.ID.ValueString()
	known := *state

	if diags := r.setProject(ctx, &known); diags.HasError() {
		return append(diags, readError(id, err))
	}

	switch {
	case state.ProjectID.IsNull():
		return diag.Diagnostics{importNotFoundError(id, err)}
	case !known.ProjectID.Equal(state.ProjectID), !known.Region.Equal(state.Region):
		return diag.Diagnostics{wrongProjectError(id, err, state, &known)}
	default:
		state.Ready = types.BoolValue(false)

		return diag.Diagnostics{goneWarning(id, err)}
	}
}

// Update does what the plan has a permit for, and sends nothing without one.
func (r *reinstallResource) Update(
	ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse,
) {
	var (
		plan, prior model
		known       marks
	)

	resp.Diagnostics.Append(r.requireConfigured()...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	resp.Diagnostics.Append(known.read(ctx, req.Private)...)
	resp.Diagnostics.Append(setIdentity(ctx, resp.Identity, plan.ID)...)

	timeout, diags := plan.Timeouts.Update(ctx, defaultReinstallTimeout)
	resp.Diagnostics.Append(diags...)

	if resp.Diagnostics.HasError() {
		return
	}

	granted, ok := readPermit(plan.LastReinstall)
	if !ok {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		resp.Diagnostics.Append(known.afterUpdate(&prior, &plan, nil, nil).write(ctx, resp.Private)...)

		return
	}

	secrets, diags := readWriteOnly(ctx, req.Config)
	resp.Diagnostics.Append(diags...)

	request := plan.request(secrets)
	granted.limit(&request, &prior, &plan, known)
	request.Timeout, request.Progress = timeout, logProgress(ctx)

	if granted.erases() {
		resp.Diagnostics.Append(requestDiagnostics(&request)...)
	}

	if resp.Diagnostics.HasError() {
		return
	}

	before := prior.request(writeOnlyValues{})
	r.data.Client.Withhold(&before.Body)
	r.data.Client.Withhold(&request.Body)

	result := r.data.Engine.Run(ctx, request)

	resp.Diagnostics.Append(apidiag.Outcome(plan.ID.ValueString(), &result, apidiag.DuringUpdate)...)
	resp.Diagnostics.Append(known.afterUpdate(&prior, &plan, &granted, &result).write(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan.fromUpdate(&prior, granted, &result))...)
}

// Delete forgets the server. There is nothing to undo: the machine stays as it is.
func (r *reinstallResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model

	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(deletedWarning(&state))
}

// ImportState takes a server into the state by its id or its identity. Nothing is reinstalled by the apply that imports
// it.
func (r *reinstallResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	id := types.StringValue(req.ID)
	if req.ID == "" && req.Identity != nil {
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &id)...)
	}

	if !validators.ServerIDPattern.MatchString(id.ValueString()) {
		resp.Diagnostics.Append(importIDError())

		return
	}

	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("id"), path.Root("id"), req, resp)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, privateImported, []byte("true"))...)
}

// setProject writes the project and the region that the provider works in.
func (r *reinstallResource) setProject(ctx context.Context, model *model) diag.Diagnostics {
	projectID, err := r.data.Client.ProjectID(ctx)
	if err != nil {
		return diag.Diagnostics{apidiag.ProjectUnknown(err)}
	}

	model.Region, model.ProjectID = types.StringValue(r.data.Region), types.StringValue(projectID)

	return nil
}

// logProgress writes the steps of a run to Terraform's log.
func logProgress(ctx context.Context) func(reinstall.Progress) {
	return func(p reinstall.Progress) {
		tflog.Info(ctx, "Reinstall of DevServer "+p.ServerID+": "+p.Stage.String(), map[string]any{
			"server_id": p.ServerID, "status": string(p.Status), "elapsed": p.Elapsed.Round(time.Second).String(),
		})
	}
}
