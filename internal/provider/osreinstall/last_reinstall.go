package osreinstall

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/devserver"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// lastReinstall is the attribute last_reinstall. The zero value means that there was none.
type lastReinstall struct {
	permit

	asked bool // this resource has asked for a reinstall
	op    reinstall.Operation
	with  installedWith

	plannedDisk types.String // the system disk that the plan was made for
}

// objectFields reads the attributes of an object: the zero value for one that is missing, null or unknown.
type objectFields map[string]attr.Value

func (f objectFields) value(name string) types.String {
	value, _ := f[name].(types.String)

	return value
}

func (f objectFields) text(name string) string { return f.value(name).ValueString() }

func (f objectFields) number(name string) types.Int64 {
	value, _ := f[name].(types.Int64)

	return value
}

func (f objectFields) flag(name string) bool {
	value, _ := f[name].(types.Bool)

	return value.ValueBool()
}

func (f objectFields) texts(name string) []string {
	list, _ := f[name].(types.List)

	var texts []string

	for _, element := range list.Elements() {
		if text, ok := element.(types.String); ok {
			texts = append(texts, text.ValueString())
		}
	}

	return texts
}

// readLastReinstall reads the attribute last_reinstall. In a plan, unknown fields are zero.
func readLastReinstall(object types.Object) lastReinstall {
	if object.IsNull() || object.IsUnknown() {
		return lastReinstall{}
	}

	all := objectFields(object.Attributes())
	nested, _ := all["evidence"].(types.Object)
	evidence := objectFields(nested.Attributes())

	return lastReinstall{
		permit: permit{number: all.number("number").ValueInt64(), reasons: all.texts("reasons")},
		asked:  true,
		op: reinstall.Operation{
			State:                reinstall.State(all.text("state")),
			Adopted:              all.flag("adopted"),
			SubmittedAt:          timeOf(all.text("submitted_at")),
			FinishedAt:           timeOf(all.text("finished_at")),
			RequestID:            all.text("request_id"),
			ImageID:              evidence.text("image_id"),
			KeyPairName:          evidence.text("key_pair_name"),
			InstalledImageID:     evidence.text("installed_image_id"),
			InstalledKeyPairName: evidence.text("installed_key_pair_name"),
			Baseline: reinstall.Baseline{
				Status:       modelarts.Status(evidence.text("baseline_status")),
				RootVolumeID: evidence.text("baseline_root_volume_id"),
				UpdatedAt:    evidence.number("baseline_update_at").ValueInt64(),
			},
			RootVolumeID:   evidence.text("root_volume_id"),
			LatestUpdate:   evidence.number("latest_update_at").ValueInt64(),
			TransitionSeen: evidence.flag("transition_seen"),
		},
		with: installedWith{
			imageID:            evidence.text("image_id"),
			keyPairName:        evidence.text("key_pair_name"),
			adminPassWOVersion: evidence.number("admin_pass_wo_version"),
			userDataWOVersion:  evidence.number("user_data_wo_version"),
			userData:           evidence.text("user_data_digest"),
			triggers:           evidence.text("triggers_digest"),
		},
		plannedDisk: evidence.value("planned_root_volume_id"),
	}
}

// plannedDisk returns the system disk that the plan of a first reinstall was made for, and reports whether it was being replaced
// then.
func (m *model) plannedDisk() (id string, replaced bool) {
	disk := readLastReinstall(m.LastReinstall).plannedDisk

	return disk.ValueString(), disk.IsNull()
}

// value returns the attribute last_reinstall.
func (l *lastReinstall) value() types.Object {
	op := &l.op

	return types.ObjectValueMust(lastReinstallTypes(), map[string]attr.Value{
		"number":                types.Int64Value(l.number),
		"reasons":               reasonsValue(l.reasons),
		"state":                 types.StringValue(string(op.State)),
		"adopted":               types.BoolValue(op.Adopted),
		"submitted_at":          timeValue(op.SubmittedAt),
		"system_disk_erased_at": erasedAt(*op),
		"finished_at":           timeValue(op.FinishedAt),
		"request_id":            textValue(op.RequestID),
		"evidence": types.ObjectValueMust(evidenceTypes(), map[string]attr.Value{
			"planned_root_volume_id":  devserver.FirstKnown(l.plannedDisk, types.StringNull(), types.StringNull()),
			"image_id":                textValue(op.ImageID),
			"key_pair_name":           textValue(op.KeyPairName),
			"installed_image_id":      textValue(op.InstalledImageID),
			"installed_key_pair_name": textValue(op.InstalledKeyPairName),
			"baseline_status":         textValue(string(op.Baseline.Status)),
			"baseline_root_volume_id": textValue(op.Baseline.RootVolumeID),
			"baseline_update_at":      millisecondsValue(op.Baseline.UpdatedAt),
			"root_volume_id":          textValue(op.RootVolumeID),
			"latest_update_at":        millisecondsValue(op.LatestUpdate),
			"transition_seen":         types.BoolValue(op.TransitionSeen),
			"admin_pass_wo_version":   l.with.adminPassWOVersion,
			"user_data_wo_version":    l.with.userDataWOVersion,
			"user_data_digest":        textValue(l.with.userData),
			"triggers_digest":         textValue(l.with.triggers),
		}),
	})
}

// lastReinstallTypes returns the types of the attributes of last_reinstall.
func lastReinstallTypes() map[string]attr.Type {
	return devserver.AttributeTypes(lastReinstallAttributes())
}

// evidenceTypes returns the types of the attributes of last_reinstall.evidence.
func evidenceTypes() map[string]attr.Type { return devserver.AttributeTypes(evidenceAttributes()) }

// erasedAt returns when this resource erased the system disk; null if it did not, or may not have.
func erasedAt(op reinstall.Operation) types.String {
	if op.Adopted || op.State == reinstall.StateUnknown || op.State == reinstall.StateNotStarted {
		return types.StringNull()
	}

	return timeValue(op.SubmittedAt)
}

// reasonsValue returns the attribute last_reinstall.reasons.
func reasonsValue(reasons []string) types.List {
	elements := make([]attr.Value, len(reasons))
	for i, reason := range reasons {
		elements[i] = types.StringValue(reason)
	}

	return types.ListValueMust(types.StringType, elements)
}

// unknownValues returns the unknown values of attribute types.
func unknownValues(attributeTypes map[string]attr.Type) map[string]attr.Value {
	values := make(map[string]attr.Value, len(attributeTypes))
	for name, attributeType := range attributeTypes {
		values[name] = unknownValue(attributeType)
	}

	return values
}

// unknownValue returns the unknown value of an attribute type.
func unknownValue(attributeType attr.Type) attr.Value {
	switch t := attributeType.(type) {
	case types.ObjectType:
		return types.ObjectUnknown(t.AttrTypes)
	case types.ListType:
		return types.ListUnknown(t.ElemType)
	}

	switch {
	case attributeType.Equal(types.BoolType):
		return types.BoolUnknown()
	case attributeType.Equal(types.Int64Type):
		return types.Int64Unknown()
	default:
		return types.StringUnknown()
	}
}

// textValue returns null for an empty text.
func textValue(text string) types.String {
	if text == "" {
		return types.StringNull()
	}

	return types.StringValue(text)
}

// millisecondsValue returns null for 0.
func millisecondsValue(milliseconds int64) types.Int64 {
	if milliseconds == 0 {
		return types.Int64Null()
	}

	return types.Int64Value(milliseconds)
}

// timeValue returns null for the zero time.
func timeValue(t time.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}

	return types.StringValue(t.UTC().Format(time.RFC3339Nano))
}

// timeOf parses a timestamp: the zero time if it is none.
func timeOf(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}

	return t
}
