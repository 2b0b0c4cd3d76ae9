package osreinstall

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/devserver"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// model is the resource in a configuration, a plan or a state.
type model struct {
	devserver.Model

	ID                  types.String   `tfsdk:"id"`
	ImageID             types.String   `tfsdk:"image_id"`
	AdminPass           types.String   `tfsdk:"admin_pass"`
	AdminPassWO         types.String   `tfsdk:"admin_pass_wo"` // null but in a configuration
	AdminPassWOVersion  types.Int64    `tfsdk:"admin_pass_wo_version"`
	KeyPairName         types.String   `tfsdk:"key_pair_name"`
	UserData            types.String   `tfsdk:"user_data"`
	UserDataWO          types.String   `tfsdk:"user_data_wo"` // null but in a configuration
	UserDataWOVersion   types.Int64    `tfsdk:"user_data_wo_version"`
	Triggers            types.Map      `tfsdk:"triggers"`
	StopBeforeReinstall types.Bool     `tfsdk:"stop_before_reinstall"`
	OnDrift             types.String   `tfsdk:"on_drift"`
	ReinstallProtection types.Bool     `tfsdk:"reinstall_protection"`
	Timeouts            timeouts.Value `tfsdk:"timeouts"`

	Region               types.String `tfsdk:"region"`
	ProjectID            types.String `tfsdk:"project_id"`
	InstalledKeyPairName types.String `tfsdk:"installed_key_pair_name"`
	Ready                types.Bool   `tfsdk:"ready"`
	ErasesSystemDisk     types.Bool   `tfsdk:"erases_system_disk"`
	ReinstallNotice      types.String `tfsdk:"reinstall_notice"`
	LastReinstall        types.Object `tfsdk:"last_reinstall"`
}

// fromAPI writes what the service shows of the server into the model.
func (m *model) fromAPI(server *modelarts.Server) {
	if server == nil {
		return
	}

	m.FromAPI(server)

	if server.KeyPairName != nil {
		m.InstalledKeyPairName = types.StringPointerValue(server.KeyPairName)
	}
}

// fromCreate fills in the unknown values of the plan of a Create.
func (m *model) fromCreate(allowed permit, result *reinstall.Result) {
	m.complete(&model{Model: devserver.NullModel()}, allowed, result)
}

// fromUpdate returns the state after an Update of prior to m. The new arguments are in it only if a request for them was
// accepted. What was seen of an earlier request is kept even then: the service may not show it again.
func (m *model) fromUpdate(prior *model, allowed permit, result *reinstall.Result) *model {
	if result.Resumed && !allowed.erases() || !result.Resumed && result.Outcome.Sent() {
		m.complete(prior, allowed, result)

		return m
	}

	waited := result.Waited
	if result.Resumed {
		waited = result
	}

	kept := *prior

	if waited != nil {
		last := readLastReinstall(prior.LastReinstall)
		last.op = waited.Operation

		kept.forgetReinstalled()
		kept.fromAPI(waited.Server)
		kept.setLastReinstall(last)
	}

	// The next plan is for the disk that the adopted reinstall has left.
	if result.Operation.Adopted {
		kept.fromAPI(result.Server)
		kept.Ready = kept.readiness()
	}

	return &kept
}

// complete fills in the unknown values of a plan that reinstalls, from prior and from what the service shows. Known values
// stay.
func (m *model) complete(prior *model, allowed permit, result *reinstall.Result) {
	shown := *prior
	shown.forgetReinstalled()
	shown.fromAPI(result.Server)

	m.ResolveUnknown(&shown.Model)

	if m.Lags(&shown.Model) {
		m.UpdateAt = types.Int64Null() // so that the next refresh reads the server whatever a listing shows
	}

	m.InstalledKeyPairName = devserver.FirstKnown(m.InstalledKeyPairName, shown.InstalledKeyPairName, types.StringNull())

	last := lastReinstall{
		permit: allowed, op: result.Operation, with: readLastReinstall(prior.LastReinstall).with,
		plannedDisk: readLastReinstall(m.LastReinstall).plannedDisk,
	}
	if allowed.erases() {
		last.with = withArguments(m)
	}

	if m.ReinstallNotice.IsUnknown() {
		m.ReinstallNotice = allowed.notice(m)
	}

	m.setLastReinstall(last)
}

// reimaged reports whether server has another system disk than the state, because of a reinstall that the state does not
// know of. It is false where the state or the reply has the disk from before the last reinstall: then the service was late to
// show the new one. It is false for a server in transition, and for a reply that is older than the state.
func (m *model) reimaged(server *modelarts.Server) bool {
	last := readLastReinstall(m.LastReinstall)

	if last.asked && (last.op.State.Open() || m.rootVolumeID() == last.op.Baseline.RootVolumeID ||
		server.RootVolumeID() != "" && server.RootVolumeID() == last.op.Baseline.RootVolumeID) ||
		server.UpdatedAt() != 0 && server.UpdatedAt() < m.UpdateAt.ValueInt64() {
		return false
	}

	return m.otherDisk(server) && !reinstall.InTransition(server.CurrentStatus())
}

// settle writes a refreshed server into the model, and settles a reinstall whose end was not seen.
func (m *model) settle(server *modelarts.Server) diag.Diagnostics {
	diags := rootVolumeDiagnostics(m, server)
	last := readLastReinstall(m.LastReinstall)

	volumes := m.Volumes
	open := last.asked && last.op.State.Open()

	if open || m.otherDisk(server) {
		m.forgetReinstalled()
	}

	m.fromAPI(server)

	// A plan made during a transition is for the old disk: the server may end up with it or with a new one.
	if !open && !volumes.IsNull() && reinstall.InTransition(server.CurrentStatus()) {
		m.Volumes = volumes
	}

	if settled := reinstall.Settle(last.op, server); last.asked && settled != last.op {
		diags.Append(settledDiagnostics(m.serverName(), settled)...)
		last.op = settled
		m.LastReinstall = last.value()
	}

	diags.Append(m.judgeReady()...)

	return diags
}

// otherDisk reports whether server shows another system disk than the model has. Values that the reply leaves out are then
// outdated.
func (m *model) otherDisk(server *modelarts.Server) bool {
	was, is := m.rootVolumeID(), server.RootVolumeID()

	return was != "" && is != "" && was != is
}

// judgeReady sets ready, and warns of an unusable server.
func (m *model) judgeReady() diag.Diagnostics {
	m.Ready = m.readiness()

	if !unusable(m.Status.ValueString()) {
		return nil
	}

	return diag.Diagnostics{unusableWarning(m)}
}

// readiness reports whether the last reinstall has completed and the server is usable.
func (m *model) readiness() types.Bool {
	last := readLastReinstall(m.LastReinstall)

	return types.BoolValue((!last.asked || last.op.State == reinstall.StateCompleted) && usable(m.Status.ValueString()))
}

// forgetReinstalled sets to null what a reinstall changes. Otherwise, values from before the reinstall would stay where a
// reply leaves them out, and read as drift.
func (m *model) forgetReinstalled() {
	m.SetNullAfterReinstall()
	m.InstalledKeyPairName = types.StringNull()
}

// installedImageID returns the image that the server shows: null if that is not known, and empty if it shows none.
func (m *model) installedImageID() types.String {
	shown := types.StringNull()

	for _, object := range []types.Object{m.Image, m.ServerImageResponse} {
		id, ok := object.Attributes()["image_id"].(types.String)
		if ok && !id.IsNull() && !id.IsUnknown() && shown.ValueString() == "" {
			shown = id
		}
	}

	return shown
}

// unusable reports whether a server in status cannot be used, however its last reinstall has ended.
func unusable(status string) bool {
	switch modelarts.Status(status) {
	case modelarts.StatusError, modelarts.StatusDeleting, modelarts.StatusDeleted:
		return true
	default:
		return strings.HasSuffix(status, "_FAILED")
	}
}

// usable reports whether a server in status may be used: it is neither unusable, nor about to lose its system disk.
func usable(status string) bool {
	switch modelarts.Status(status) {
	case modelarts.StatusReinstallingOS, modelarts.StatusReinstallOS, modelarts.StatusChangingOS:
		return false
	default:
		return !unusable(status)
	}
}

// setLastReinstall sets last_reinstall, and ready accordingly. The status must have been refreshed before.
func (m *model) setLastReinstall(last lastReinstall) {
	m.LastReinstall = last.value()
	m.Ready = m.readiness()
}

// known returns what the state knows of the server.
func (m *model) known() modelarts.Known {
	return modelarts.Known{
		UpdatedAt:    m.UpdateAt.ValueInt64(),
		Status:       modelarts.Status(m.Status.ValueString()),
		ImageID:      m.installedImageID().ValueString(),
		KeyPairName:  m.InstalledKeyPairName.ValueString(),
		RootVolumeID: m.rootVolumeID(),
	}
}

// rootVolumeID returns the EVS id of the system disk in the state; empty if it has none.
func (m *model) rootVolumeID() string {
	for _, element := range m.Volumes.Elements() {
		volume, ok := element.(types.Object)
		if !ok {
			continue
		}

		kind, _ := volume.Attributes()["type"].(types.String)
		id, _ := volume.Attributes()["evs_id"].(types.String)

		if strings.EqualFold(kind.ValueString(), "ROOT") {
			return id.ValueString()
		}
	}

	return ""
}

// hasOwnDisk reports whether server has the disk that the last reinstall of this resource created.
func (m *model) hasOwnDisk(server *modelarts.Server) bool {
	last := readLastReinstall(m.LastReinstall)

	return last.asked && server.RootVolumeID() != "" && server.RootVolumeID() == last.op.RootVolumeID
}
