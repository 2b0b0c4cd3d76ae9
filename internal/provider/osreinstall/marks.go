package osreinstall

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// The keys of the private state. An import sets the first one, and the first Update after it clears it. A refresh that
// finds another system disk than the state has sets the second one, and the next Update that is not refused clears it. An
// Update that sends nothing sets the third one, and a reinstall clears it.
const (
	privateImported = "imported"
	privateReimaged = "reimaged"
	privateTaken    = "taken"
)

// privateHalf is the key under which the first half of the plan of a replacement leaves for the second half whether it has
// counted the erasure. Nothing else keeps it.
const privateHalf = "half"

// halfCounted is the value of privateHalf if the erasure was counted.
const halfCounted = `"counted"`

// halfOf returns the value of privateHalf.
func halfOf(counted bool) string {
	if counted {
		return halfCounted
	}

	return `"planned"`
}

// marks are the contents of the private state.
type marks struct {
	imported bool // no apply has come after an import yet
	reimaged bool // a refresh has found another system disk than the state had, and no apply has come after it yet
	// taken are the arguments that the state has accepted without a reinstall since the last one; nil if there are none.
	taken *installedWith
}

// accepted returns the arguments with which one that is put back is compared.
func (m *marks) accepted(last *lastReinstall) installedWith {
	if m.taken != nil {
		return *m.taken
	}

	return last.with
}

// afterUpdate returns the marks after an Update of prior to plan. allowed and result are nil where the plan had no permit. A
// refused Update keeps the marks: it has changed nothing.
func (m *marks) afterUpdate(prior, plan *model, allowed *permit, result *reinstall.Result) *marks {
	switch {
	case allowed == nil && m.reimaged: // what else is on that disk is unknown
		taken := withArguments(plan)

		return &marks{taken: &taken}
	case allowed == nil:
		last := readLastReinstall(prior.LastReinstall)
		taken := m.accepted(&last).with(withArguments(plan))

		return &marks{taken: &taken}
	case result.Outcome == reinstall.OutcomeRefused:
		return m
	case allowed.erases() && !result.Resumed && result.Outcome.Sent():
		return &marks{} // last_reinstall says it
	default:
		return &marks{taken: m.taken}
	}
}

// takenJSON is the form in which the private state stores the accepted arguments.
type takenJSON struct {
	ImageID            string `json:"image_id,omitempty"`
	KeyPairName        string `json:"key_pair_name,omitempty"`
	AdminPassWOVersion *int64 `json:"admin_pass_wo_version,omitempty"`
	UserDataWOVersion  *int64 `json:"user_data_wo_version,omitempty"`
	UserData           string `json:"user_data_digest,omitempty"`
	Triggers           string `json:"triggers_digest,omitempty"`
}

// takenFrom returns the form in which accepted arguments are stored.
func takenFrom(with *installedWith) takenJSON {
	return takenJSON{
		ImageID: with.imageID, KeyPairName: with.keyPairName, AdminPassWOVersion: with.adminPassWOVersion.ValueInt64Pointer(),
		UserDataWOVersion: with.userDataWOVersion.ValueInt64Pointer(), UserData: with.userData, Triggers: with.triggers,
	}
}

// installedWith returns the accepted arguments that were stored.
func (t *takenJSON) installedWith() installedWith {
	return installedWith{
		imageID: t.ImageID, keyPairName: t.KeyPairName,
		adminPassWOVersion: types.Int64PointerValue(t.AdminPassWOVersion),
		userDataWOVersion:  types.Int64PointerValue(t.UserDataWOVersion),
		userData:           t.UserData, triggers: t.Triggers,
	}
}

// privateState is the private state of a resource.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func (m *marks) read(ctx context.Context, private privateState) diag.Diagnostics {
	imported, diags := private.GetKey(ctx, privateImported)
	reimaged, more := private.GetKey(ctx, privateReimaged)
	diags.Append(more...)

	text, more := private.GetKey(ctx, privateTaken)
	diags.Append(more...)

	*m = marks{imported: imported != nil, reimaged: reimaged != nil}

	var taken takenJSON
	if len(text) > 0 && json.Unmarshal(text, &taken) == nil {
		with := taken.installedWith()
		m.taken = &with
	}

	return diags
}

func (m *marks) write(ctx context.Context, private privateState) diag.Diagnostics {
	flag := func(set bool) []byte {
		if set {
			return []byte("true")
		}

		return nil
	}

	var taken []byte

	if w := m.taken; w != nil {
		text, err := json.Marshal(takenFrom(w))
		if err == nil {
			taken = text
		}
	}

	diags := private.SetKey(ctx, privateHalf, nil)
	diags.Append(private.SetKey(ctx, privateImported, flag(m.imported))...)
	diags.Append(private.SetKey(ctx, privateReimaged, flag(m.reimaged))...)
	diags.Append(private.SetKey(ctx, privateTaken, taken)...)

	return diags
}
