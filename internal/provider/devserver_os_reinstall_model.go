package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// osReinstallModel is the resource as configuration, plan and state have it.
type osReinstallModel struct {
	serverModel

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

// request maps the plan and the write-only values onto a request. A key pair that is not known in the plan was not
// configured, and is not sent.
func (m *osReinstallModel) request(secrets writeOnlyValues) reinstall.Request {
	body := modelarts.ReinstallRequest{
		ImageID:     m.ImageID.ValueString(),
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
		body.UserData = modelarts.NewSecret(encodeUserData(body.UserData.Reveal()))
	}

	return reinstall.Request{
		ServerID:  m.ID.ValueString(),
		Body:      body,
		StopFirst: m.StopBeforeReinstall.IsNull() || m.StopBeforeReinstall.ValueBool(),
	}
}

// show writes what the service shows of the server into the model. A key pair that the model has already stays: whether
// it is a configured one, nobody can tell here.
func (m *osReinstallModel) show(server *modelarts.Server) {
	if server == nil {
		return
	}

	m.refresh(server)

	if server.KeyPairName != nil {
		m.InstalledKeyPairName = types.StringPointerValue(server.KeyPairName)
	}

	if m.KeyPairName.IsNull() {
		m.KeyPairName = m.InstalledKeyPairName
	}
}

// created fills in what the plan of a Create left open.
func (m *osReinstallModel) created(granted permit, result *reinstall.Result) {
	m.updated(&osReinstallModel{serverModel: nullServerModel()}, granted, result)
}

// updated fills in what the plan of a reinstall left open, from prior and what the service shows. What the plan had
// decided stays.
func (m *osReinstallModel) updated(prior *osReinstallModel, granted permit, result *reinstall.Result) {
	shown := *prior
	shown.forgetReinstalled()
	shown.KeyPairName = types.StringNull()
	shown.show(result.Server)

	m.resolve(&shown.serverModel)
	m.KeyPairName = firstKnown(m.KeyPairName, shown.KeyPairName, types.StringNull())
	m.InstalledKeyPairName = firstKnown(m.InstalledKeyPairName, shown.InstalledKeyPairName, types.StringNull())
	m.setOperation(granted, result.Operation)
}

// refreshed takes in what a refresh shows, and settles a reinstall whose end was not seen.
func (m *osReinstallModel) refreshed(server *modelarts.Server) diag.Diagnostics {
	diags := rootVolumeDiagnostics(m, server)

	m.Ready = types.BoolValue(true)

	if op, asked := operation(m.LastReinstall); asked {
		if op.State.Open() {
			m.forgetReinstalled()
		}

		m.setOperation(permitOf(m.LastReinstall), reinstall.Settle(op, server))
	}

	m.show(server)

	return diags
}

// forgetReinstalled makes null what a reinstall changes. A reply that leaves it out would otherwise let the server from
// before the reinstall pass for the one after it, which reads as drift.
func (m *osReinstallModel) forgetReinstalled() {
	null := nullServerModel()

	m.unknownAfterReinstall()
	m.resolve(&null)
	m.InstalledKeyPairName = types.StringNull()
}

// installedImageID is the image that the server shows, null if it shows none.
func (m *osReinstallModel) installedImageID() types.String {
	for _, object := range []types.Object{m.Image, m.ServerImageResponse} {
		if id, ok := object.Attributes()["image_id"].(types.String); ok && id.ValueString() != "" {
			return id
		}
	}

	return types.StringNull()
}

// setOperation writes an operation and the permit for it into last_reinstall, and what follows for ready.
func (m *osReinstallModel) setOperation(p permit, op reinstall.Operation) {
	m.LastReinstall = lastReinstallValue(p, op)
	m.Ready = types.BoolValue(op.State == reinstall.StateCompleted)
}

// lastReinstallTypes are the types of the attributes of last_reinstall.
func lastReinstallTypes() map[string]attr.Type {
	attributeTypes := map[string]attr.Type{}
	for name, attribute := range lastReinstallAttributes() {
		attributeTypes[name] = attribute.GetType()
	}

	return attributeTypes
}

// permit is what a plan allows an apply to do, and why.
type permit struct {
	number  int64 // counts the reinstalls that this resource has asked for
	reasons []string
}

// erases tells whether the permit is for more than waiting.
func (p *permit) erases() bool { return slices.ContainsFunc(p.reasons, erasing) }

// resumes tells whether the permit is for waiting for a reinstall that was sent before.
func (p *permit) resumes() bool { return slices.Contains(p.reasons, reasonResume) }

// notice puts the permit into words. It has the number in it, so that it never equals the one before: Terraform leaves
// out of a printed plan what does not change, and the reasons may well be the same again.
func (p *permit) notice() string {
	reasons := strings.Join(slices.DeleteFunc(slices.Clone(p.reasons), func(r string) bool { return !erasing(r) }), ", ")

	switch {
	case p.resumes() && p.erases():
		return fmt.Sprintf("waits for reinstall %d, then erases the system disk (reinstall %d): %s",
			p.number-1, p.number, reasons)
	case p.resumes():
		return fmt.Sprintf("waits for reinstall %d", p.number)
	default:
		return fmt.Sprintf("erases the system disk (reinstall %d): %s", p.number, reasons)
	}
}

// planned is last_reinstall in a plan that will reinstall the server, or wait for op: the permit is known, so that people
// and policies see it, and nothing else is. When the disk was erased is known too, if the plan does not erase it again
// and it is clear that op was accepted.
func (p *permit) planned(op reinstall.Operation) types.Object {
	attributeTypes := lastReinstallTypes()
	values := make(map[string]attr.Value, len(attributeTypes))

	for name, attributeType := range attributeTypes {
		values[name] = unknownValue(attributeType)
	}

	values["number"] = types.Int64Value(p.number)
	values["notice"] = types.StringValue(p.notice())
	values["reasons"] = reasonsValue(p.reasons)

	if !p.erases() && op.State == reinstall.StateSubmitted {
		values["system_disk_erased_at"] = erasedAt(op)
	}

	return types.ObjectValueMust(attributeTypes, values)
}

// permitted returns the permit of a planned last_reinstall, and tells whether it is one: that of a plan which sends
// nothing is known as a whole, or null.
func permitted(lastReinstall types.Object) (permit, bool) {
	state, ok := lastReinstall.Attributes()["state"].(types.String)

	return permitOf(lastReinstall), ok && state.IsUnknown()
}

// permitOf returns the permit by which a reinstall was made.
func permitOf(lastReinstall types.Object) permit {
	var p permit

	if number, ok := lastReinstall.Attributes()["number"].(types.Int64); ok {
		p.number = number.ValueInt64()
	}

	list, ok := lastReinstall.Attributes()["reasons"].(types.List)
	if !ok {
		return p
	}

	for _, element := range list.Elements() {
		if reason, ok := element.(types.String); ok {
			p.reasons = append(p.reasons, reason.ValueString())
		}
	}

	return p
}

// reasonsValue makes a list of reasons.
func reasonsValue(reasons []string) types.List {
	elements := make([]attr.Value, len(reasons))
	for i, reason := range reasons {
		elements[i] = types.StringValue(reason)
	}

	return types.ListValueMust(types.StringType, elements)
}

// unknownValue is the unknown value of a scalar or list type.
func unknownValue(attributeType attr.Type) attr.Value {
	switch {
	case attributeType.Equal(types.BoolType):
		return types.BoolUnknown()
	case attributeType.Equal(types.Int64Type):
		return types.Int64Unknown()
	case attributeType.Equal(types.StringType):
		return types.StringUnknown()
	default:
		return types.ListUnknown(types.StringType)
	}
}

// lastReinstallValue maps an operation, and the permit for it, onto last_reinstall.
func lastReinstallValue(p permit, op reinstall.Operation) types.Object {
	return types.ObjectValueMust(lastReinstallTypes(), map[string]attr.Value{
		"number":                  types.Int64Value(p.number),
		"notice":                  types.StringValue(p.notice()),
		"reasons":                 reasonsValue(p.reasons),
		"state":                   types.StringValue(string(op.State)),
		"adopted":                 types.BoolValue(op.Adopted),
		"submitted_at":            timeValue(op.SubmittedAt),
		"system_disk_erased_at":   erasedAt(op),
		"finished_at":             timeValue(op.FinishedAt),
		"request_id":              textValue(op.RequestID),
		"image_id":                textValue(op.ImageID),
		"key_pair_name":           textValue(op.KeyPairName),
		"installed_image_id":      textValue(op.InstalledImageID),
		"installed_key_pair_name": textValue(op.InstalledKeyPairName),
		"baseline_status":         textValue(string(op.Baseline.Status)),
		"baseline_root_volume_id": textValue(op.Baseline.RootVolumeID),
		"baseline_update_at":      millisecondsValue(op.Baseline.UpdatedAt),
		"latest_update_at":        millisecondsValue(op.LatestUpdate),
		"transition_seen":         types.BoolValue(op.TransitionSeen),
	})
}

// operation maps last_reinstall back onto an operation, and tells whether there is one.
func operation(lastReinstall types.Object) (reinstall.Operation, bool) {
	if lastReinstall.IsNull() || lastReinstall.IsUnknown() {
		return reinstall.Operation{}, false
	}

	attributes := lastReinstall.Attributes()
	text := func(name string) string {
		value, _ := attributes[name].(types.String)

		return value.ValueString()
	}
	number := func(name string) int64 {
		value, _ := attributes[name].(types.Int64)

		return value.ValueInt64()
	}
	flag := func(name string) bool {
		value, _ := attributes[name].(types.Bool)

		return value.ValueBool()
	}

	return reinstall.Operation{
		State:                reinstall.State(text("state")),
		Adopted:              flag("adopted"),
		SubmittedAt:          timeOf(text("submitted_at")),
		FinishedAt:           timeOf(text("finished_at")),
		RequestID:            text("request_id"),
		ImageID:              text("image_id"),
		KeyPairName:          text("key_pair_name"),
		InstalledImageID:     text("installed_image_id"),
		InstalledKeyPairName: text("installed_key_pair_name"),
		Baseline: reinstall.Baseline{
			Status:       modelarts.Status(text("baseline_status")),
			RootVolumeID: text("baseline_root_volume_id"),
			UpdatedAt:    number("baseline_update_at"),
		},
		LatestUpdate:   number("latest_update_at"),
		TransitionSeen: flag("transition_seen"),
	}, true
}

// erasedAt is when op erased the system disk, null where it did not, or may not have.
func erasedAt(op reinstall.Operation) types.String {
	if op.Adopted || op.State == reinstall.StateUnknown || op.State == reinstall.StateNotStarted {
		return types.StringNull()
	}

	return timeValue(op.SubmittedAt)
}

// textValue is null for an empty text.
func textValue(text string) types.String {
	if text == "" {
		return types.StringNull()
	}

	return types.StringValue(text)
}

// millisecondsValue is null for 0.
func millisecondsValue(milliseconds int64) types.Int64 {
	if milliseconds == 0 {
		return types.Int64Null()
	}

	return types.Int64Value(milliseconds)
}

// timeValue is null for the zero time.
func timeValue(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}

	return types.StringValue(t.UTC().Format(time.RFC3339Nano))
}

// timeOf is the zero time for what is not a time.
func timeOf(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}

	return t
}

// known is what the state knows of the server.
func (m *osReinstallModel) known() modelarts.Known {
	return modelarts.Known{
		UpdatedAt:    m.UpdateAt.ValueInt64(),
		Status:       modelarts.Status(m.Status.ValueString()),
		ImageID:      m.installedImageID().ValueString(),
		KeyPairName:  m.InstalledKeyPairName.ValueString(),
		RootVolumeID: m.rootVolumeID(),
	}
}

// rootVolumeID is the EVS id of the system disk that the state has, empty if it has none.
func (m *osReinstallModel) rootVolumeID() string {
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
