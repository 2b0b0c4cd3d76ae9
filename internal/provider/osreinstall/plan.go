package osreinstall

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/userdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// The reasons for a reinstall besides the names of arguments.
const (
	reasonCreate     = "create"
	reasonFailed     = "failed"
	reasonNotStarted = "not_started"
	reasonResume     = "resume"
	reasonDrift      = "drift: "
)

// planInput holds what a plan is decided from.
type planInput struct {
	prior *model // nil: there is no state
	plan  *model
	last  lastReinstall // of prior
	with  installedWith // what the server has of the arguments that prior lacks
	// recorded reports that the journal has a reinstall which the state does not. It shows what became of that, so that nothing
	// has to be guessed from a disk that has changed.
	recorded bool
	marks
}

// newPlanInput returns the input of decide. prior is nil if there is no state. The state of another server is ignored; an
// unknown id is treated as the id in the state.
func newPlanInput(plan, prior *model, private marks) planInput {
	in := planInput{plan: plan}

	if prior != nil && (prior.ID.Equal(plan.ID) || plan.ID.IsUnknown()) {
		in.prior, in.marks = prior, private
		in.last = readLastReinstall(prior.LastReinstall)
		in.with = private.accepted(&in.last)
	}

	return in
}

// decision is the result of decide.
type decision struct {
	reasons []string // why an apply acts; none: it sends nothing
	// undecided reports that whether there is a reason depends on a value which is known only at apply.
	undecided bool
	// absorbed are the changes that the state accepts without a reinstall: those after an import, and those that an apply
	// which was killed may have installed on a server with another system disk.
	absorbed []string
	// drift are the differences that are no reason, but deserve a warning.
	drift []reinstall.Difference
	// mismatch are the differences that a mismatched reinstall left behind.
	mismatch []reinstall.Difference
	// settled reports that nothing contradicts the last reinstall, however it has ended.
	settled bool
}

// erases reports whether an apply of the plan erases the system disk.
func (d *decision) erases() bool {
	return slices.ContainsFunc(d.reasons, erasing)
}

// permit returns what the decision allows, after the last reinstall.
func (d *decision) permit(last *lastReinstall) *permit {
	p := &permit{number: last.number, reasons: d.reasons}
	if p.erases() {
		p.number++
	}

	return p
}

// erasing reports whether reason asks for a reinstall, and not only for waiting.
func erasing(reason string) bool { return reason != reasonResume }

// decide returns what an apply of the plan is to do, and why. Nothing else decides that: an apply acts on what the plan
// says.
func decide(in *planInput) decision {
	if in.prior == nil {
		return decision{reasons: []string{reasonCreate}}
	}

	differences := in.contradictions()

	if in.imported {
		return decision{drift: differences, absorbed: in.changes()}
	}

	if in.undecided() {
		return decision{undecided: true}
	}

	d := decision{reasons: in.changes()}
	mismatched := in.last.asked && in.last.op.State == reinstall.StateMismatched

	switch {
	case in.last.asked && in.last.op.State.Open():
		d.reasons = append([]string{reasonResume}, d.reasons...)
	case in.last.asked && in.last.op.State == reinstall.StateFailed:
		d.reasons = append(d.reasons, reasonFailed)
	case in.last.asked && in.last.op.State == reinstall.StateNotStarted:
		d.reasons = append(d.reasons, reasonNotStarted)
	case in.inTransition():
		// Values of a server in transition are not compared.
	case mismatched && len(differences) == 0:
		d.settled = len(d.reasons) == 0 && !in.lags()
	case mismatched:
		var since []reinstall.Difference

		d.mismatch, since = sinceMismatch(in.last.op, differences)
		d.drifted(in, since)
	default:
		d.drifted(in, differences)
	}

	if len(d.reasons) > 0 && !slices.ContainsFunc(d.reasons, in.visible) && in.mayBeServed(differences) {
		d.absorbed, d.reasons = d.reasons, nil
		d.settled = in.last.asked
	}

	return d
}

// mayBeServed reports whether an apply that was killed without a trace may have installed what is asked for: the server has another
// system disk than the state, is usable, and contradicts nothing that is configured.
func (in *planInput) mayBeServed(differences []reinstall.Difference) bool {
	return in.reimaged && !in.recorded && len(differences) == 0 && usable(in.prior.Status.ValueString()) && !in.inTransition()
}

// visible reports whether the server shows that what a reason asks for is not installed. An apply that was killed after its
// reinstall leaves no such reason behind; the other reasons cannot be checked.
func (in *planInput) visible(reason string) bool {
	switch reason {
	case "user_data", "user_data_wo_version", "admin_pass", "admin_pass_wo_version", "triggers", reasonFailed, reasonNotStarted:
		return false
	case "image_id":
		return !in.prior.installedImageID().IsNull()
	case "key_pair_name":
		return !in.prior.InstalledKeyPairName.IsNull()
	default:
		return true
	}
}

// drifted adds the differences between unchanged arguments and the server, as reasons or for a warning, as on_drift says.
func (d *decision) drifted(in *planInput, differences []reinstall.Difference) {
	differences = slices.DeleteFunc(slices.Clone(differences), func(difference reinstall.Difference) bool {
		return slices.Contains(d.reasons, difference.Attribute)
	})

	switch in.plan.OnDrift.ValueString() {
	case onDriftIgnore:
	case onDriftReinstall:
		for _, difference := range differences {
			d.reasons = append(d.reasons, reasonDrift+apidiag.DescribeDifferences([]reinstall.Difference{difference}))
		}
	default:
		d.drift = differences
	}
}

// inTransition reports whether the server is in a transitional status.
func (in *planInput) inTransition() bool {
	return reinstall.InTransition(modelarts.Status(in.prior.Status.ValueString()))
}

// lags reports whether the state is older than what was last seen of the reinstall.
func (in *planInput) lags() bool {
	return !in.prior.UpdateAt.IsNull() && in.prior.UpdateAt.ValueInt64() < in.last.op.LatestUpdate
}

// contradictions returns the configured values that the server does not show. Unknown values contradict nothing.
func (in *planInput) contradictions() []reinstall.Difference {
	return reinstall.Compare(in.plan.ImageID.ValueString(), in.plan.KeyPairName.ValueString(),
		in.prior.installedImageID().ValueStringPointer(), in.prior.InstalledKeyPairName.ValueStringPointer())
}

// sinceMismatch splits the differences into those that a mismatched reinstall left, and those that arose since, which are
// drift.
func sinceMismatch(op reinstall.Operation, differences []reinstall.Difference) (left, since []reinstall.Difference) {
	installed := map[string]string{"image_id": op.InstalledImageID, "key_pair_name": op.InstalledKeyPairName}

	for _, difference := range differences {
		if strings.EqualFold(difference.Found, installed[difference.Attribute]) {
			left = append(left, difference)
		} else {
			since = append(since, difference)
		}
	}

	return left, since
}

// undecided reports whether an argument that may be a reason, or decides what happens about drift, is known only at apply.
func (in *planInput) undecided() bool {
	plan := in.plan
	if plan.ID.IsUnknown() || plan.ImageID.IsUnknown() || plan.AdminPass.IsUnknown() || plan.AdminPassWOVersion.IsUnknown() ||
		plan.UserData.IsUnknown() || plan.UserDataWOVersion.IsUnknown() || plan.Triggers.IsUnknown() ||
		plan.KeyPairName.IsUnknown() || plan.OnDrift.IsUnknown() && len(in.contradictions()) > 0 {
		return true
	}

	for _, value := range plan.Triggers.Elements() {
		if value.IsUnknown() {
			return true
		}
	}

	return false
}

// serverHas returns the image and the key pair that the server has, or gets by an open reinstall. They are empty where they
// are not known: while the server is in transition, or while an adopted reinstall is open.
func (in *planInput) serverHas() (image, keyPair string) {
	op := &in.last.op

	switch open := in.last.asked && op.State.Open(); {
	case open && op.Adopted, !open && in.inTransition():
		return "", ""
	case open:
		return cmp.Or(op.ImageID, in.prior.installedImageID().ValueString()),
			cmp.Or(op.KeyPairName, in.prior.InstalledKeyPairName.ValueString())
	default:
		return in.prior.installedImageID().ValueString(), in.prior.InstalledKeyPairName.ValueString()
	}
}

// changes returns the arguments whose change is a reason. It is none if the argument is no longer configured, is put back
// as it was, or asks for an image or a key pair that the server already has.
func (in *planInput) changes() []string {
	prior, plan := in.prior, in.plan
	image, keyPair := in.serverHas()

	var changes []string

	for _, argument := range []struct {
		name    string
		changed bool
	}{
		{"image_id", in.otherImage() && !strings.EqualFold(plan.ImageID.ValueString(), image)},
		{"key_pair_name", in.otherKeyPair() && plan.KeyPairName.ValueString() != keyPair},
		{"user_data", in.otherUserData()},
		{"user_data_wo_version", otherVersion(prior.UserDataWOVersion, in.with.userDataWOVersion, plan.UserDataWOVersion)},
		{"admin_pass", changed(prior.AdminPass, plan.AdminPass)},
		{"admin_pass_wo_version", otherVersion(prior.AdminPassWOVersion, in.with.adminPassWOVersion, plan.AdminPassWOVersion)},
		{"triggers", in.retriggered()},
	} {
		if argument.changed {
			changes = append(changes, argument.name)
		}
	}

	return changes
}

// otherImage reports whether the plan asks for another image than the state, or, if the state has none, than the last
// request. Image ids are compared without regard to case.
func (in *planInput) otherImage() bool {
	asked := in.prior.ImageID.ValueString()
	if in.prior.ImageID.IsNull() {
		asked = in.with.imageID
	}

	return !in.plan.ImageID.IsNull() && !strings.EqualFold(in.plan.ImageID.ValueString(), asked)
}

// otherKeyPair reports whether the plan asks for another key pair than the state, or, if the state has none, than the
// last request.
func (in *planInput) otherKeyPair() bool {
	asked := in.prior.KeyPairName.ValueString()
	if in.prior.KeyPairName.IsNull() {
		asked = in.with.keyPairName
	}

	return !in.plan.KeyPairName.IsNull() && in.plan.KeyPairName.ValueString() != asked
}

// otherVersion reports whether plan asks for another version than prior, or, if prior is null, than installed.
func otherVersion(prior, installed, plan types.Int64) bool {
	if prior.IsNull() {
		prior = installed
	}

	return changed(prior, plan)
}

// otherUserData reports whether the plan has other user data than the state, or, if the state has none, than the last request.
func (in *planInput) otherUserData() bool {
	prior, plan := in.prior.UserData, in.plan.UserData

	switch {
	case plan.IsNull(), plan.IsUnknown():
		return false
	case prior.IsNull():
		return userdata.Digest(plan.ValueString()) != in.with.userData
	default:
		return !userdata.Same(prior.ValueString(), plan.ValueString())
	}
}

// retriggered reports whether the plan has other triggers than the state, or, if the state has none, than the last request.
// Null and an empty map are the same.
func (in *planInput) retriggered() bool {
	prior, plan := in.prior.Triggers, in.plan.Triggers

	switch {
	case len(plan.Elements()) == 0:
		return !plan.IsNull() && len(prior.Elements()) > 0
	case len(prior.Elements()) == 0:
		return triggersDigest(plan) != in.with.triggers
	default:
		return !plan.Equal(prior)
	}
}

// changed reports whether plan is configured and differs from prior.
func changed(prior, plan attr.Value) bool { return !plan.IsNull() && !plan.Equal(prior) }
