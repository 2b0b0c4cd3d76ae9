package osreinstall

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/devserver"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// settled is the state after a completed reinstall with an image, a key pair, user data and a trigger.
func settled() model {
	m := model{
		Model:                devserver.NullModel(),
		ID:                   types.StringValue("62383738-e52a-450a-9f84-f9e705402be8"),
		ImageID:              types.StringValue("image"),
		KeyPairName:          types.StringValue("key"),
		UserData:             types.StringValue("#!/bin/sh"),
		Triggers:             triggers("one"),
		InstalledKeyPairName: types.StringValue("key"),
		Ready:                types.BoolValue(true),
		OnDrift:              types.StringValue(onDriftReinstall),
	}
	m.showImage("image")
	m.left(reinstall.StateCompleted, "image", "key")

	return m
}

func triggers(value string) types.Map {
	return types.MapValueMust(types.StringType, map[string]attr.Value{"rebuild": types.StringValue(value)})
}

func (m *model) showImage(id string) {
	imageTypes := devserver.NullModel().Image.AttributeTypes(context.Background())

	values := map[string]attr.Value{}
	for name := range imageTypes {
		values[name] = types.StringNull()
	}

	values["image_id"] = types.StringValue(id)
	m.Image = types.ObjectValueMust(imageTypes, values)
}

// left is the state in which a reinstall that asked for image "image" and key pair "key" was left.
func (m *model) left(state reinstall.State, image, keyPair string) {
	m.asked(reinstall.Operation{
		State: state, ImageID: "image", KeyPairName: "key", InstalledImageID: image, InstalledKeyPairName: keyPair,
		Baseline: reinstall.Baseline{RootVolumeID: "old"},
	})
}

// asked is the state after a first request with the arguments of the state.
func (m *model) asked(op reinstall.Operation) {
	m.setLastReinstall(lastReinstall{
		permit: permit{number: 1, reasons: []string{reasonCreate}}, op: op, with: withArguments(m),
	})
}

// decideCase is one plan: what the state was, and what the configuration makes of it.
type decideCase struct {
	prior     func(*model)
	plan      func(*model)
	known     marks
	reasons   []string
	drift     int
	mismatch  int
	absorbed  int
	settled   bool
	undecided bool
}

func decideCases() map[string]decideCase {
	otherImage := func(m *model) { m.showImage("other") }
	newImage := func(m *model) { m.ImageID = types.StringValue("new") }

	return map[string]decideCase{
		"nothing":  {},
		"image_id": {plan: newImage, reasons: []string{"image_id"}},
		"image_id that the server has": {
			prior: func(m *model) { m.showImage("new") }, plan: newImage,
		},
		"image_id configured for the first time": {
			prior: func(m *model) {
				m.ImageID = types.StringNull()
				m.asked(reinstall.Operation{State: reinstall.StateCompleted, KeyPairName: "key"})
				m.showImage("old")
			},
			reasons: []string{"image_id"},
		},
		"image_id in another case": {plan: func(m *model) { m.ImageID = types.StringValue("IMAGE") }},
		"image_id that the server has, in another case": {
			prior: func(m *model) { m.showImage("new") },
			plan:  func(m *model) { m.ImageID = types.StringValue("NEW") },
		},
		"put back as it was": {prior: func(m *model) {
			m.ImageID, m.KeyPairName, m.UserData = types.StringNull(), types.StringNull(), types.StringNull()
			m.Triggers = types.MapNull(types.StringType)
		}},
		"put back, with triggers that are empty before": {prior: func(m *model) {
			m.Triggers = types.MapValueMust(types.StringType, nil)
		}},
		"put back, but not as it was": {
			prior: func(m *model) {
				m.UserData, m.Triggers = types.StringNull(), types.MapNull(types.StringType)
			},
			plan: func(m *model) {
				m.UserData, m.Triggers = types.StringValue("#!/bin/bash"), triggers("two")
			},
			reasons: []string{"user_data", "triggers"},
		},
		"put back, and the server is another by now": {
			prior:   func(m *model) { m.ImageID = types.StringNull(); otherImage(m) },
			reasons: []string{"drift: image_id is other, not image"},
		},
		"a version that is put back": {
			prior: func(m *model) {
				m.UserDataWOVersion = types.Int64Value(3)
				m.left(reinstall.StateCompleted, "image", "key")
				m.UserDataWOVersion = types.Int64Null()
			},
			plan: func(m *model) { m.UserDataWOVersion = types.Int64Value(3) },
		},
		"another version than that which was removed": {
			prior: func(m *model) {
				m.UserDataWOVersion = types.Int64Value(3)
				m.left(reinstall.StateCompleted, "image", "key")
				m.UserDataWOVersion = types.Int64Null()
			},
			plan:    func(m *model) { m.UserDataWOVersion = types.Int64Value(4) },
			reasons: []string{"user_data_wo_version"},
		},
		"user_data for the first time": {
			prior: func(m *model) {
				m.UserData = types.StringNull()
				m.left(reinstall.StateCompleted, "image", "key")
			},
			reasons: []string{"user_data"},
		},
		"drift in transition": {
			prior: func(m *model) { otherImage(m); m.Status = types.StringValue("REINSTALLINGOS") },
		},
		"image_id changed to what a server in transition shows": {
			prior:   func(m *model) { m.showImage("new"); m.Status = types.StringValue("CHANGINGOS") },
			plan:    newImage,
			reasons: []string{"image_id"},
		},
		"image_id changed to what a server shows during somebody else's reinstall": {
			prior: func(m *model) {
				m.asked(reinstall.Operation{State: reinstall.StateSubmitted, Adopted: true, ImageID: "image"})
				m.showImage("new")
			},
			plan:    newImage,
			reasons: []string{"resume", "image_id"},
		},
		"a state in a word of a newer version": {
			prior:   func(m *model) { m.left("verifying", "", ""); otherImage(m) },
			reasons: []string{"resume"},
		},
		"a key pair that is shown as empty": {
			prior:   func(m *model) { m.InstalledKeyPairName = types.StringValue("") },
			reasons: []string{"drift: key_pair_name is empty, not key"},
		},
		"a key pair that is not shown": {
			prior: func(m *model) { m.InstalledKeyPairName = types.StringNull() },
		},
		"on another disk than in the state, a trigger that may have been installed": {
			plan: func(m *model) { m.Triggers = triggers("two") }, known: marks{reimaged: true}, absorbed: 1, settled: true,
		},
		"on another disk than in the state, a trigger, and the server contradicts the configuration": {
			prior: otherImage,
			plan: func(m *model) {
				m.Triggers, m.OnDrift = triggers("two"), types.StringValue(onDriftWarn)
			},
			known: marks{reimaged: true}, reasons: []string{"triggers"}, drift: 1,
		},
		"on another disk than in the state, a trigger, and the server is broken": {
			prior: func(m *model) { m.Status = types.StringValue("ERROR") },
			plan:  func(m *model) { m.Triggers = triggers("two") },
			known: marks{reimaged: true}, reasons: []string{"triggers"},
		},
		"on another disk than in the state, which is what a request that did not start has asked for": {
			prior: func(m *model) { m.left(reinstall.StateNotStarted, "", "") },
			known: marks{reimaged: true}, absorbed: 1, settled: true,
		},
		"on another disk than in the state, a key pair that the server does not show": {
			prior: func(m *model) { m.InstalledKeyPairName = types.StringNull() },
			plan:  func(m *model) { m.KeyPairName = types.StringValue("new") },
			known: marks{reimaged: true}, absorbed: 1, settled: true,
		},
		"on another disk than in the state, an image that was not installed": {
			plan:  func(m *model) { newImage(m); m.Triggers = triggers("two") },
			known: marks{reimaged: true}, reasons: []string{"image_id", "triggers"},
		},
		"on another disk than in the state, drift": {
			prior: otherImage, plan: func(m *model) { m.Triggers = triggers("two") },
			known: marks{reimaged: true}, reasons: []string{"triggers", "drift: image_id is other, not image"},
		},
		"on another disk than in the state, nothing": {known: marks{reimaged: true}},
		"an id that is known only at apply": {
			plan: func(m *model) { m.ID = types.StringUnknown() }, undecided: true,
		},
		"image_id configured no longer": {plan: func(m *model) { m.ImageID = types.StringNull() }},
		"key_pair_name": {
			plan: func(m *model) { m.KeyPairName = types.StringValue("new") }, reasons: []string{"key_pair_name"},
		},
		"key_pair_name configured no longer": {plan: func(m *model) { m.KeyPairName = types.StringNull() }},
		"user_data": {
			plan: func(m *model) { m.UserData = types.StringValue("#!/bin/bash") }, reasons: []string{"user_data"},
		},
		"user_data in base64 instead of text": {
			plan: func(m *model) { m.UserData = types.StringValue("IyEvYmluL3No") },
		},
		"user_data configured no longer": {plan: func(m *model) { m.UserData = types.StringNull() }},
		"admin_pass for the first time": {
			plan: func(m *model) { m.AdminPass = types.StringValue("Secret-1!") }, reasons: []string{"admin_pass"},
		},
		"triggers": {
			plan: func(m *model) { m.Triggers = triggers("two") }, reasons: []string{"triggers"},
		},
		"triggers configured no longer": {
			plan: func(m *model) { m.Triggers = types.MapNull(types.StringType) },
		},
		"triggers that are empty for the first time": {
			prior: func(m *model) { m.Triggers = types.MapNull(types.StringType) },
			plan:  func(m *model) { m.Triggers = types.MapValueMust(types.StringType, nil) },
		},
		"several": {
			plan:    func(m *model) { newImage(m); m.Triggers = triggers("two") },
			reasons: []string{"image_id", "triggers"},
		},
		"not reasons": {plan: func(m *model) {
			m.OnDrift, m.StopBeforeReinstall = types.StringValue(onDriftWarn), types.BoolValue(false)
		}},
		"drift of the image": {prior: otherImage, reasons: []string{"drift: image_id is other, not image"}},
		"drift of the key pair": {
			prior:   func(m *model) { m.InstalledKeyPairName = types.StringValue("other") },
			reasons: []string{"drift: key_pair_name is other, not key"},
		},
		"drift, warn": {
			prior: otherImage, plan: func(m *model) { m.OnDrift = types.StringValue(onDriftWarn) }, drift: 1,
		},
		"drift, by default": {
			prior: otherImage, plan: func(m *model) { m.OnDrift = types.StringNull() }, drift: 1,
		},
		"drift, ignore": {
			prior: otherImage, plan: func(m *model) { m.OnDrift = types.StringValue(onDriftIgnore) },
		},
		"drift beside another reason": {
			prior: otherImage, plan: func(m *model) { m.Triggers = triggers("two") },
			reasons: []string{"triggers", "drift: image_id is other, not image"},
		},
		"drift beside a changed image_id is one reason": {
			prior: otherImage, plan: newImage, reasons: []string{"image_id"},
		},
		"drift of what is not configured": {
			prior: func(m *model) { m.ImageID = types.StringNull(); m.showImage("other") },
			plan:  func(m *model) { m.ImageID = types.StringNull() },
		},
		"failed": {
			prior:   func(m *model) { m.left(reinstall.StateFailed, "", "") },
			reasons: []string{"failed"},
		},
		"not_started": {
			prior:   func(m *model) { m.left(reinstall.StateNotStarted, "", ""); m.showImage("other") },
			reasons: []string{"not_started"},
		},
		"submitted": {
			prior:   func(m *model) { m.left(reinstall.StateSubmitted, "", ""); m.showImage("other") },
			reasons: []string{"resume"},
		},
		"unknown": {
			prior:   func(m *model) { m.left(reinstall.StateUnknown, "", "") },
			reasons: []string{"resume"},
		},
		"submitted, and a changed trigger": {
			prior:   func(m *model) { m.left(reinstall.StateSubmitted, "", "") },
			plan:    func(m *model) { m.Triggers = triggers("two") },
			reasons: []string{"resume", "triggers"},
		},
		"submitted, and image_id is turned back": {
			prior: func(m *model) {
				m.asked(reinstall.Operation{State: reinstall.StateSubmitted, ImageID: "image", KeyPairName: "key"})
				m.showImage("before")
			},
			plan:    func(m *model) { m.ImageID = types.StringValue("before") },
			reasons: []string{"resume", "image_id"},
		},
		"submitted, and key_pair_name is turned back": {
			prior: func(m *model) {
				m.asked(reinstall.Operation{State: reinstall.StateSubmitted, KeyPairName: "key"})
				m.InstalledKeyPairName = types.StringValue("before")
			},
			plan:    func(m *model) { m.KeyPairName = types.StringValue("before") },
			reasons: []string{"resume", "key_pair_name"},
		},
		"mismatched in the key pair, and somebody changed the image, which is not configured": {
			prior: func(m *model) {
				m.left(reinstall.StateMismatched, "image", "other")
				m.InstalledKeyPairName = types.StringValue("other")
				m.ImageID = types.StringNull()
				m.showImage("third")
			},
			plan:     func(m *model) { m.ImageID = types.StringNull() },
			mismatch: 1,
		},
		"mismatched in the key pair, and somebody changed the image": {
			prior: func(m *model) {
				m.left(reinstall.StateMismatched, "image", "other")
				m.InstalledKeyPairName = types.StringValue("other")
				m.showImage("third")
			},
			reasons:  []string{"drift: image_id is third, not image"},
			mismatch: 1,
		},
		"on_drift known only at apply, and drift": {
			prior: otherImage, plan: func(m *model) { m.OnDrift = types.StringUnknown() }, undecided: true,
		},
		"on_drift known only at apply, and no drift": {
			plan: func(m *model) { m.OnDrift = types.StringUnknown() },
		},
		"mismatched": {
			prior:    func(m *model) { m.left(reinstall.StateMismatched, "other", "key"); m.showImage("other") },
			mismatch: 1,
		},
		"mismatched, and image_id is given up": {
			prior:   func(m *model) { m.left(reinstall.StateMismatched, "other", "key"); m.showImage("other") },
			plan:    func(m *model) { m.ImageID = types.StringNull() },
			settled: true,
		},
		"mismatched, and the server got right": {
			prior: func(m *model) { m.left(reinstall.StateMismatched, "other", "key") }, settled: true,
		},
		"mismatched, and the server changed again": {
			prior:   func(m *model) { m.left(reinstall.StateMismatched, "other", "key"); m.showImage("third") },
			reasons: []string{"drift: image_id is third, not image"},
		},
		"mismatched, and a changed trigger": {
			prior:   func(m *model) { m.left(reinstall.StateMismatched, "other", "key"); m.showImage("other") },
			plan:    func(m *model) { m.Triggers = triggers("two") },
			reasons: []string{"triggers"}, mismatch: 1,
		},
		"mismatched, image_id given up, and a changed trigger": {
			prior: func(m *model) { m.left(reinstall.StateMismatched, "other", "key"); m.showImage("other") },
			plan: func(m *model) {
				m.ImageID, m.Triggers = types.StringNull(), triggers("two")
			},
			reasons: []string{"triggers"},
		},
		"imported": {
			prior: func(m *model) {
				*m = model{Model: m.Model, ID: m.ID, InstalledKeyPairName: types.StringValue("other")}
				m.LastReinstall = types.ObjectNull(lastReinstallTypes())
				m.showImage("other")
			},
			plan: func(m *model) {
				*m = settled()
				m.LastReinstall = types.ObjectNull(lastReinstallTypes())
			},
			known: marks{imported: true}, drift: 2,
		},
		"image_id known only at apply": {
			plan: func(m *model) { m.ImageID = types.StringUnknown() }, undecided: true,
		},
		"a trigger known only at apply": {
			plan: func(m *model) {
				m.Triggers = types.MapValueMust(types.StringType, map[string]attr.Value{"rebuild": types.StringUnknown()})
			},
			undecided: true,
		},
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()

	for name, test := range decideCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			prior, plan := settled(), settled()
			if test.prior != nil {
				test.prior(&prior)
			}

			if test.plan != nil {
				test.plan(&plan)
			}

			in := newPlanInput(&plan, &prior, test.known)
			got := decide(&in)

			if diff := cmp.Diff(test.reasons, got.reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}

			if len(got.drift) != test.drift || len(got.mismatch) != test.mismatch || !test.known.imported && len(got.absorbed) != test.absorbed ||
				got.settled != test.settled || got.undecided != test.undecided {
				t.Errorf("got %+v, want %+v", got, test)
			}

			got.write(&in, nil)
			checkWritten(t, &got, &in)
		})
	}
}

// checkWritten checks that the plan has a permit exactly where there is a reason, and else says nothing that an apply
// could take for one.
func checkWritten(t *testing.T, d *decision, in *planInput) {
	t.Helper()

	allowed, ok := readPermit(in.plan.LastReinstall)
	if ok != (len(d.reasons) > 0) {
		t.Errorf("permit %v, %v, want one for the reasons %v", allowed, ok, d.reasons)
	}

	if ok {
		before := readLastReinstall(in.prior.LastReinstall).permit
		if waits := slices.Equal(d.reasons, []string{"resume"}); waits != (allowed.number == before.number) ||
			waits == allowed.erases() {
			t.Errorf("permit %q, number %d after %d, erases %v", in.plan.ReinstallNotice.ValueString(), allowed.number, before.number, allowed.erases())
		}

		erased := in.plan.LastReinstall.Attributes()["system_disk_erased_at"]
		if allowed.erases() && !erased.IsUnknown() {
			t.Errorf("the plan erases, and shows that the disk was erased at %v", erased)
		}

		if diff := cmp.Diff(d.reasons, allowed.reasons); diff != "" || in.plan.ReinstallNotice.ValueString() == before.notice(in.prior).ValueString() {
			t.Errorf("permit %q after %q (-want +got):\n%s", in.plan.ReinstallNotice.ValueString(), before.notice(in.prior).ValueString(), diff)
		}
	}

	acts := len(d.reasons) > 0 || d.undecided
	if in.plan.Status.IsUnknown() != acts || in.plan.Ready.IsUnknown() != acts {
		t.Errorf("status %v and ready %v in a plan with reasons %v", in.plan.Status, in.plan.Ready, d.reasons)
	}

	if in.plan.Name.IsUnknown() || in.plan.VPCID.IsUnknown() || in.plan.Flavor.IsUnknown() {
		t.Error("the plan makes unknown what a reinstall does not change")
	}

	if d.settled && !in.plan.Ready.ValueBool() {
		t.Error("a mismatch that is settled leaves the server not ready")
	}
}

// Where there is no state, or only that of another server, the reason is create, whatever the other one is about.
func TestDecideCreate(t *testing.T) {
	t.Parallel()

	other := settled()
	other.ID = types.StringValue("0c2d5b8e-6f1a-4b3c-9d7e-5a4f3e2d1c0b")
	other.left(reinstall.StateSubmitted, "", "")

	for name, prior := range map[string]*model{"no state": nil, "another server": &other} {
		plan := settled()
		in := newPlanInput(&plan, prior, marks{imported: true})
		d := decide(&in)
		d.write(&in, nil)

		allowed, ok := readPermit(plan.LastReinstall)
		if diff := cmp.Diff([]string{"create"}, allowed.reasons); diff != "" || !ok {
			t.Errorf("%s: permit, %v (-want +got):\n%s", name, ok, diff)
		}
	}
}

// What was last asked for survives the way into the state and back.
func TestLastReinstallRoundTrip(t *testing.T) {
	t.Parallel()

	want := lastReinstall{
		permit: permit{number: 3, reasons: []string{"triggers", "user_data"}},
		asked:  true,
		op: reinstall.Operation{
			State: reinstall.StateSubmitted, Adopted: true, SubmittedAt: timeOf("2026-01-02T03:04:05.678Z"),
			RequestID: "request", ImageID: "image", KeyPairName: "key",
			InstalledImageID: "installed", InstalledKeyPairName: "installed key",
			Baseline:     reinstall.Baseline{Status: "STOPPED", RootVolumeID: "root", UpdatedAt: 100},
			LatestUpdate: 200, TransitionSeen: true,
		},
		with: installedWith{
			imageID: "image", keyPairName: "key",
			adminPassWOVersion: types.Int64Value(4), userDataWOVersion: types.Int64Null(), userData: "digest", triggers: "other",
		},
	}

	got := readLastReinstall(want.value())
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(lastReinstall{}, permit{}, installedWith{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The new arguments are in the state only once a request was accepted for them; what an apply has waited for is kept even
// if the request after it was refused.
func TestUpdated(t *testing.T) {
	t.Parallel()

	ended := reinstall.Result{Outcome: reinstall.OutcomeCompleted, Operation: reinstall.Operation{State: reinstall.StateCompleted}}
	waiting := reinstall.Result{
		Outcome: reinstall.OutcomePending, Operation: reinstall.Operation{State: reinstall.StateSubmitted}, Resumed: true,
	}
	resumed := ended
	resumed.Resumed = true

	for name, test := range map[string]struct {
		reasons []string
		result  reinstall.Result
		want    reinstall.State
		image   string
	}{
		"sent":                  {[]string{"image_id"}, ended, reinstall.StateCompleted, "new"},
		"sent after a wait":     {[]string{"resume", "image_id"}, ended, reinstall.StateCompleted, "new"},
		"refused":               {[]string{"image_id"}, reinstall.Result{}, reinstall.StateSubmitted, "image"},
		"refused after a wait":  {[]string{"resume", "image_id"}, reinstall.Result{Waited: &ended}, reinstall.StateCompleted, "image"},
		"waited, and no more":   {[]string{"resume", "image_id"}, waiting, reinstall.StateSubmitted, "image"},
		"waited, as was wanted": {[]string{"resume"}, resumed, reinstall.StateCompleted, "new"},
	} {
		prior, plan := settled(), settled()
		prior.left(reinstall.StateSubmitted, "", "")

		plan.ImageID = types.StringValue("new")

		got := plan.fromUpdate(&prior, permit{number: 2, reasons: test.reasons}, &test.result)
		if op := readLastReinstall(got.LastReinstall).op; op.State != test.want || got.ImageID.ValueString() != test.image {
			t.Errorf("%s: state %s with image %s, want %s with %s", name, op.State, got.ImageID, test.want, test.image)
		}
	}
}

// What the plan knew stays in the state, and is read again if the service shows something else: a data disk that was attached
// during the reinstall is in the state after the next refresh.
func TestUpdatedKeepsWhatThePlanKnew(t *testing.T) {
	t.Parallel()

	volume := func(id, kind string) modelarts.Volume { return modelarts.Volume{EVSID: &id, Type: &kind} }
	updated := int64(300)

	for name, test := range map[string]struct {
		volumes []modelarts.Volume
		again   bool
		name    string
	}{
		"as planned":                 {[]modelarts.Volume{volume("new", "ROOT"), volume("data", "DATA")}, false, ""},
		"another data disk":          {[]modelarts.Volume{volume("new", "ROOT"), volume("other", "DATA")}, true, ""},
		"one data disk more":         {[]modelarts.Volume{volume("new", "ROOT"), volume("data", "DATA"), volume("more", "DATA")}, true, ""},
		"the disks in another order": {[]modelarts.Volume{volume("data", "DATA"), volume("new", "ROOT")}, true, ""},
		"no disks":                   {nil, false, ""},
		"another name":               {[]modelarts.Volume{volume("new", "ROOT"), volume("data", "DATA")}, true, "renamed"},
	} {
		prior, plan := settled(), settled()
		prior.fromAPI(&modelarts.Server{UpdateAt: &updated, Volumes: []modelarts.Volume{volume("old", "ROOT"), volume("data", "DATA")}})
		plan.Triggers = triggers("two")

		in := newPlanInput(&plan, &prior, marks{})
		d := decide(&in)
		d.write(&in, nil)

		allowed, _ := readPermit(plan.LastReinstall)
		result := reinstall.Result{
			Outcome: reinstall.OutcomeCompleted, Operation: reinstall.Operation{State: reinstall.StateCompleted},
			Server: &modelarts.Server{UpdateAt: &updated, Volumes: test.volumes},
		}

		if test.name != "" {
			result.Server.Name = &test.name
		}

		got := plan.fromUpdate(&prior, allowed, &result)

		root, want := got.rootVolumeID(), "new"
		if test.volumes == nil {
			want = ""
		}

		if len(got.Volumes.Elements()) != 2 || root != want || got.UpdateAt.IsNull() != test.again {
			t.Errorf("%s: disks %s, update_at %s; want the planned ones with %q, and a reading again: %v",
				name, got.Volumes, got.UpdateAt, want, test.again)
		}
	}
}

// A plan is of no use for a server in which none of its reasons can be found any longer; of some reasons nobody can tell.
func TestPointless(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		reasons             []string
		image, key, root    string
		never, want, hidden bool
	}{
		"drift that is gone":                   {reasons: []string{"drift: image_id is other, not image"}, image: "image", want: true},
		"drift that is gone, in another case":  {reasons: []string{"drift: image_id is other, not image"}, image: "IMAGE", want: true},
		"drift":                                {reasons: []string{"drift: image_id is other, not image"}, image: "other"},
		"drift that is not shown":              {reasons: []string{"drift: image_id is other, not image"}, hidden: true},
		"drift of both, and one is gone":       {reasons: []string{"drift: image_id is x, not y", "drift: key_pair_name is x, not y"}, image: "image", key: "other"},
		"drift of the key pair that is gone":   {reasons: []string{"drift: key_pair_name is x, not key"}, key: "key", want: true},
		"an image that is installed":           {reasons: []string{"image_id"}, image: "image", want: true},
		"an image that is not":                 {reasons: []string{"image_id"}, image: "other"},
		"a key pair that is installed":         {reasons: []string{"key_pair_name"}, key: "key", want: true},
		"an image, and a trigger":              {reasons: []string{"image_id", "triggers"}, image: "image", never: true},
		"failed, and it runs on the new disk":  {reasons: []string{"failed"}, image: "image", key: "key", root: "new", want: true},
		"failed, and it runs on the old disk":  {reasons: []string{"failed"}, image: "image", key: "key", root: "old"},
		"failed, and drift that is gone":       {reasons: []string{"failed", "image_id"}, image: "image", key: "key", root: "old"},
		"create":                               {reasons: []string{"create"}, image: "image", never: true},
		"a wait":                               {reasons: []string{"resume"}, image: "image", never: true},
		"user data, of which nobody can tell":  {reasons: []string{"user_data"}, image: "image", key: "key", root: "new", never: true},
		"a password, of which nobody can tell": {reasons: []string{"admin_pass_wo_version"}, never: true},
	} {
		prior, plan := settled(), settled()
		prior.left(reinstall.StateFailed, "", "")

		pointless := (&permit{reasons: test.reasons}).pointless(&prior, &plan, false)
		if (pointless == nil) != test.never {
			t.Errorf("%s: there is a judgement: %v, want %v", name, pointless != nil, !test.never)
		}

		if pointless == nil {
			continue
		}

		running, root := modelarts.StatusRunning, "ROOT"
		server := &modelarts.Server{Status: &running, Volumes: []modelarts.Volume{{Type: &root, EVSID: &test.root}}}

		if !test.hidden {
			server.Image, server.KeyPairName = &modelarts.Image{ImageID: &test.image}, &test.key
		}

		if got := pointless(server); got != test.want {
			t.Errorf("%s: pointless is %v, want %v", name, got, test.want)
		}
	}
}
