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

// model is the resource as configuration, plan and state have it.
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
	Timeouts            timeouts.Value `tfsdk:"timeouts"`

	Region               types.String `tfsdk:"region"`
	ProjectID            types.String `tfsdk:"project_id"`
	InstalledKeyPairName types.String `tfsdk:"installed_key_pair_name"`
	Ready                types.Bool   `tfsdk:"ready"`
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

// fromCreate fills in what the plan of a Create left open.
func (m *model) fromCreate(granted permit, result *reinstall.Result) {
	m.complete(&model{Model: devserver.NullModel()}, granted, result)
}

// fromUpdate is the state after an Update of prior to m. As long as no request was accepted for them, the new arguments are
// not in it; but what was seen of an earlier request is kept even then: it may be seen no more.
func (m *model) fromUpdate(prior *model, granted permit, result *reinstall.Result) *model {
	if result.Resumed && !granted.erases() || !result.Resumed && result.Outcome.Sent() {
		m.complete(prior, granted, result)

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

	// The disk that somebody else's reinstall has left is known then: the next plan is for that one.
	if result.Operation.Adopted {
		kept.fromAPI(result.Server)
		kept.Ready = kept.readiness()
	}

	return &kept
}

// complete fills in what the plan of a reinstall left open, from prior and what the service shows. What the plan had
// decided stays.
func (m *model) complete(prior *model, granted permit, result *reinstall.Result) {
	shown := *prior
	shown.forgetReinstalled()
	shown.fromAPI(result.Server)

	m.ResolveUnknown(&shown.Model)
	m.InstalledKeyPairName = devserver.FirstKnown(m.InstalledKeyPairName, shown.InstalledKeyPairName, types.StringNull())

	last := lastReinstall{permit: granted, op: result.Operation, with: readLastReinstall(prior.LastReinstall).with}
	if granted.erases() {
		last.with = withArguments(m)
	}

	m.setLastReinstall(last)
}

// reimaged reports whether server has another system disk than the state, by no reinstall that the state knows of. Where the
// state still has the disk from before its own reinstall, the service was late to show the new one, and where the reply has
// that one, it is late again; what is in transition is waited for; and a reply that is older than the state proves nothing.
func (m *model) reimaged(server *modelarts.Server) bool {
	last := readLastReinstall(m.LastReinstall)

	if last.asked && (last.op.State.Open() || m.rootVolumeID() == last.op.Baseline.RootVolumeID ||
		server.RootVolumeID() != "" && server.RootVolumeID() == last.op.Baseline.RootVolumeID) ||
		server.UpdatedAt() != 0 && server.UpdatedAt() < m.UpdateAt.ValueInt64() {
		return false
	}

	return m.otherDisk(server) && !reinstall.InTransition(server.CurrentStatus())
}

// settle takes in what a refresh shows, and settles a reinstall whose end was not seen.
func (m *model) settle(server *modelarts.Server) diag.Diagnostics {
	diags := rootVolumeDiagnostics(m, server)
	last := readLastReinstall(m.LastReinstall)

	volumes := m.Volumes
	open := last.asked && last.op.State.Open()

	if open || m.otherDisk(server) {
		m.forgetReinstalled()
	}

	m.fromAPI(server)

	// A plan that is made meanwhile is for the disk from before: what is in transition may end on the new one, or not.
	if !open && !volumes.IsNull() && reinstall.InTransition(server.CurrentStatus()) {
		m.Volumes = volumes
	}

	if settled := reinstall.Settle(last.op, server); last.asked && settled != last.op {
		diags.Append(settledDiagnostics(m.ID.ValueString(), settled)...)
		last.op = settled
		m.LastReinstall = last.value()
	}

	diags.Append(m.judgeReady()...)

	return diags
}

// otherDisk reports whether server shows another system disk than the model has. What the model knows of the earlier one, and
// the reply leaves out, is no longer so.
func (m *model) otherDisk(server *modelarts.Server) bool {
	was, is := m.rootVolumeID(), server.RootVolumeID()

	return was != "" && is != "" && was != is
}

// judgeReady writes into ready whether the server, as the model has it, is what was asked for, and warns of one that is
// of no use.
func (m *model) judgeReady() diag.Diagnostics {
	m.Ready = m.readiness()

	if !unusable(m.Status.ValueString()) {
		return nil
	}

	return diag.Diagnostics{unusableWarning(m)}
}

// readiness reports what last_reinstall and the status say of ready.
func (m *model) readiness() types.Bool {
	last := readLastReinstall(m.LastReinstall)

	return types.BoolValue((!last.asked || last.op.State == reinstall.StateCompleted) && usable(m.Status.ValueString()))
}

// forgetReinstalled makes null what a reinstall changes. A reply that leaves it out would otherwise let the server from
// before the reinstall pass for the one after it, which reads as drift.
func (m *model) forgetReinstalled() {
	null := devserver.NullModel()

	m.SetUnknownAfterReinstall()
	m.ResolveUnknown(&null)
	m.InstalledKeyPairName = types.StringNull()
}

// installedImageID is the image that the server shows: null if that is not known, and empty if it shows none.
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

// unusable reports whether a server in status is of no use, whatever its last reinstall has come to.
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

// setLastReinstall writes last_reinstall, and what follows for ready. The status has to be that of the server by then.
func (m *model) setLastReinstall(last lastReinstall) {
	m.LastReinstall = last.value()
	m.Ready = m.readiness()
}

// known is what the state knows of the server.
func (m *model) known() modelarts.Known {
	return modelarts.Known{
		UpdatedAt:    m.UpdateAt.ValueInt64(),
		Status:       modelarts.Status(m.Status.ValueString()),
		ImageID:      m.installedImageID().ValueString(),
		KeyPairName:  m.InstalledKeyPairName.ValueString(),
		RootVolumeID: m.rootVolumeID(),
	}
}

// rootVolumeID is the EVS id of the system disk that the state has, empty if it has none.
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

// hasOwnDisk reports whether server has the disk that the last reinstall has left.
func (m *model) hasOwnDisk(server *modelarts.Server) bool {
	last := readLastReinstall(m.LastReinstall)

	return last.asked && server.RootVolumeID() != "" && server.RootVolumeID() == last.op.RootVolumeID
}
