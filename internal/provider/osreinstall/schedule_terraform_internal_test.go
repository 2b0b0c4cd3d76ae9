package osreinstall

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/devserver"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// scheduleDriver is the provider as Terraform's core uses it. There are two: one calls what the resource is made of, and is
// quick; the other speaks the protocol. Both have to do the same.
type scheduleDriver interface {
	// start begins a new process of the provider.
	start(ctx context.Context, transport http.RoundTripper, limits reinstall.Limits, token string) (scheduleProcess, error)
}

// scheduleProcess is one process of the provider.
type scheduleProcess interface {
	// read refreshes a resource.
	read(ctx context.Context, prior scheduleState) (scheduleState, verdicts)
	// plan plans a resource. While undecided is true, values that are known only at apply are unknown.
	plan(ctx context.Context, id string, prior scheduleState, in scheduleInputs, undecided bool) (schedulePlan, verdicts)
	// apply makes a plan true.
	apply(ctx context.Context, id string, prior scheduleState, plan schedulePlan) (scheduleState, verdicts)
	// imported is what an import knows.
	imported(ctx context.Context, id string) (scheduleState, verdicts)
}

// scheduleState is what the state has of one resource.
type scheduleState struct {
	model   *model // nil: nothing
	tainted bool

	known marks // the private state of the direct driver

	raw     *tfprotov6.DynamicValue // the protocol's
	private []byte
}

// operation is the last reinstall in the state.
func (k scheduleState) operation() (reinstall.Operation, bool) {
	if k.model == nil {
		return reinstall.Operation{}, false
	}

	last := readLastReinstall(k.model.LastReinstall)

	return last.op, last.asked
}

// open reports whether the end of a request has not been seen yet.
func (k scheduleState) open() bool {
	op, asked := k.operation()

	return asked && op.State.Open()
}

// well reports whether nothing speaks against the server, as far as it was looked at.
func (k scheduleState) well() bool {
	op, asked := k.operation()

	return k.model != nil && (!asked || op.State == reinstall.StateCompleted) && usable(k.model.Status.ValueString())
}

// lost reports whether the service has not known the server when it was last looked at.
func (k scheduleState) lost() bool { return k.well() && !k.model.Ready.ValueBool() }

// schedulePlan is a plan for one resource.
type schedulePlan struct {
	model  *model
	inputs scheduleInputs
	action string // what Terraform's core makes of it

	raw, config *tfprotov6.DynamicValue
	private     []byte
}

// The actions of a plan.
const (
	planNothing = "no-op"
	planCreate  = "create"
	planUpdate  = "update"
	planReplace = "replace"
	planDelete  = "delete"
)

// permit is what the plan allows.
func (p *schedulePlan) permit() (permit, bool) {
	if p.model == nil {
		return permit{}, false
	}

	return readPermit(p.model.LastReinstall)
}

// verdicts are the diagnostics of one call.
type verdicts struct{ errors, warnings []string }

func (v *verdicts) failed() bool { return len(v.errors) > 0 }

// notKnown reports whether the service did not know the server.
func (v *verdicts) notKnown() bool { return v.warned(summaryGone) }

// warned reports whether there is a warning with a summary.
func (v *verdicts) warned(summary string) bool {
	return slices.ContainsFunc(v.warnings, func(text string) bool { return strings.HasPrefix(text, summary) })
}

// otherEnd reports whether a reinstall that may be somebody else's has ended otherwise than asked for.
func (v *verdicts) otherEnd() bool {
	return slices.ContainsFunc(v.errors, func(text string) bool {
		return strings.HasPrefix(text, apidiag.SummaryNotStarted) && strings.Contains(text, "was reinstalled, but not as asked")
	})
}

// vanished reports whether an apply has given up a server as gone.
func (v *verdicts) vanished() bool {
	return slices.ContainsFunc(v.errors, func(text string) bool { return strings.Contains(text, "vanished") })
}

func (v *verdicts) add(diags diag.Diagnostics) {
	for _, d := range diags {
		text := d.Summary() + ": " + d.Detail()
		if d.Severity() == diag.SeverityError {
			v.errors = append(v.errors, text)
		} else {
			v.warnings = append(v.warnings, text)
		}
	}
}

// config is the inputs as a configuration has them.
func (in *scheduleInputs) config(id string, undecided bool) *model {
	text := func(s string) types.String {
		if s == "" {
			return types.StringNull()
		}

		return types.StringValue(s)
	}

	m := nullModel()
	m.ID, m.ImageID, m.KeyPairName = types.StringValue(id), text(in.image), text(in.key)
	m.AdminPass, m.UserData, m.OnDrift = text(in.pass), text(in.userData), text(in.onDrift)

	if in.version != 0 {
		m.AdminPassWO, m.AdminPassWOVersion = types.StringValue("Write-only-1"), types.Int64Value(in.version)
	}

	if in.upper {
		m.ImageID = text(strings.ToUpper(in.image))
	}

	if undecided && in.undecidedID {
		m.ID = types.StringUnknown()
	}

	switch {
	case undecided && in.undecided:
		m.Triggers = types.MapValueMust(types.StringType, map[string]attr.Value{"rebuild": types.StringUnknown()})
	case in.trigger != "":
		m.Triggers = triggers(in.trigger)
	}

	if in.refuseRunning {
		m.StopBeforeReinstall = types.BoolValue(false)
	}

	if in.timeout != 0 {
		m.Timeouts = timeouts.Value{Object: types.ObjectValueMust(timeoutTypes, map[string]attr.Value{
			"create": text(in.timeout.String()), "update": text(in.timeout.String()), "read": types.StringNull(),
		})}
	}

	return m
}

// timeoutTypes are the types of the attributes of timeouts.
var timeoutTypes = map[string]attr.Type{"create": types.StringType, "update": types.StringType, "read": types.StringType}

// nullModel knows nothing.
func nullModel() *model {
	return &model{
		Model:         devserver.NullModel(),
		Triggers:      types.MapNull(types.StringType),
		Timeouts:      timeouts.Value{Object: types.ObjectNull(timeoutTypes)},
		LastReinstall: types.ObjectNull(lastReinstallTypes()),
	}
}

// sameModel reports whether two models are equal in every attribute.
func sameModel(a, b *model) bool {
	if a == nil || b == nil {
		return a == b
	}

	return len(differentModelFields(a, b)) == 0
}

// differentModelFields names the attributes in which two models differ.
func differentModelFields(a, b *model) []string {
	return differentFields(reflect.ValueOf(*a), reflect.ValueOf(*b))
}

func differentFields(a, b reflect.Value) []string {
	var names []string

	for i := range a.NumField() {
		if a.Type().Field(i).Anonymous {
			names = append(names, differentFields(a.Field(i), b.Field(i))...)

			continue
		}

		one, _ := reflect.TypeAssert[attr.Value](a.Field(i))
		other, _ := reflect.TypeAssert[attr.Value](b.Field(i))

		if !one.Equal(other) {
			names = append(names, a.Type().Field(i).Name)
		}
	}

	return names
}

// directDriver calls what the resource is made of, without the framework and the protocol: both take twenty times as
// long as all the rest. That it does what the protocol does is what TestSchedulesOverProtocol is for.
type directDriver struct{}

// directProcess is one process of it.
type directProcess struct {
	resource *reinstallResource
}

// scheduledClientConfig is how the client is set up. It tries every look once: the pauses between the tries of one look are
// left to chance, and a seed would not repeat.
func scheduledClientConfig(transport http.RoundTripper, token string) modelarts.Config {
	return modelarts.Config{
		Region: simulator.DefaultRegion, ProjectID: simulator.DefaultProjectID, Transport: transport,
		Credentials: modelarts.StaticCredentials(modelarts.Credentials{
			Token: modelarts.NewSecret(token),
		}),
	}
}

// scheduledProviderData is what the provider would pass on to the resource, were it configured like that.
func scheduledProviderData(transport http.RoundTripper, limits reinstall.Limits, token string) (*providerdata.Data, error) {
	client, err := modelarts.NewClient(scheduledClientConfig(transport, token))
	if err != nil {
		return nil, err
	}

	return &providerdata.Data{
		Client: client, Fleet: modelarts.NewFleetReader(client), Engine: reinstall.New(client, limits),
		Region: simulator.DefaultRegion,
	}, nil
}

func (directDriver) start(
	_ context.Context, transport http.RoundTripper, limits reinstall.Limits, token string,
) (scheduleProcess, error) {
	data, err := scheduledProviderData(transport, limits, token)
	if err != nil {
		return nil, err
	}

	return directProcess{&reinstallResource{data: data}}, nil
}

func (directProcess) imported(_ context.Context, id string) (scheduleState, verdicts) {
	model := nullModel()
	model.ID = types.StringValue(id)

	return scheduleState{model: model, known: marks{imported: true}}, verdicts{}
}

func (d directProcess) read(ctx context.Context, prior scheduleState) (scheduleState, verdicts) {
	var v verdicts

	ctx, cancel := context.WithTimeout(ctx, providerdata.ReadTimeout)
	defer cancel()

	state := *prior.model
	server, err := d.resource.readServer(ctx, &state)

	switch {
	case modelarts.IsNotFound(err):
		v.add(d.resource.notFound(ctx, err, &state))
	case err != nil:
		v.errors = append(v.errors, err.Error())
	case server == nil:
		v.add(state.judgeReady())
	default:
		prior.known.reimaged = (prior.known.reimaged || state.reimaged(server)) && !state.hasOwnDisk(server)
		v.add(state.settle(server))
		v.add(d.resource.setProject(ctx, &state))
	}

	if !v.failed() {
		prior.model = &state
	}

	return prior, v
}

func (directProcess) plan(
	ctx context.Context, id string, prior scheduleState, in scheduleInputs, undecided bool,
) (schedulePlan, verdicts) {
	var v verdicts

	config := in.config(id, undecided)
	plan := *config
	plan.AdminPassWO = types.StringNull()
	p := schedulePlan{model: &plan, inputs: in, action: planUpdate}

	var state *model

	if prior.model == nil || prior.tainted {
		plan.unknownAsComputed(ctx)
		p.action = planCreate
	} else {
		copied := *prior.model
		state = &copied
	}

	input := newPlanInput(&plan, state, prior.known)

	decided := decide(&input)
	decided.write(&input)
	v.add(planDiagnostics(&input, &decided, config))

	if p.action == planUpdate && sameModel(&plan, prior.model) {
		p.action = planNothing
	}

	return p, v
}

// unknownAsComputed makes unknown what the framework makes unknown in the plan of a new resource.
func (m *model) unknownAsComputed(ctx context.Context) {
	null := devserver.NullModel()

	m.SetUnknownAfterReinstall()
	m.Category, m.ChargingMode, m.Flavor = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.Name, m.OrderID, m.SubnetID, m.VPCID = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.CloudServer, m.ServerHPS = types.ObjectUnknown(null.CloudServer.AttributeTypes(ctx)), types.ObjectUnknown(null.ServerHPS.AttributeTypes(ctx))
	m.CreateAt, m.Ready = types.Int64Unknown(), types.BoolUnknown()
	m.Region, m.ProjectID, m.InstalledKeyPairName = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
}

func (d directProcess) apply(ctx context.Context, _ string, prior scheduleState, p schedulePlan) (scheduleState, verdicts) {
	var v verdicts

	plan := *p.model
	granted, permitted := p.permit()
	request := plan.request(p.secrets())
	request.Timeout = defaultReinstallTimeout

	if p.inputs.timeout != 0 {
		request.Timeout = p.inputs.timeout
	}

	if p.action == planCreate {
		result := d.resource.data.Engine.Run(ctx, request)
		v.add(apidiag.Outcome(request.ServerID, &result, apidiag.DuringCreate))

		if v.failed() {
			return scheduleState{}, v
		}

		plan.fromCreate(granted, &result)
		v.add(d.resource.setProject(ctx, &plan))

		return scheduleState{model: &plan}, v
	}

	if permitted {
		state := *prior.model
		granted.limit(&request, &state, &plan, prior.known)

		result := d.resource.data.Engine.Run(ctx, request)
		v.add(apidiag.Outcome(request.ServerID, &result, apidiag.DuringUpdate))

		prior.known = *prior.known.afterUpdate(&state, &plan, &granted, &result)
		prior.model = plan.fromUpdate(&state, granted, &result)

		return prior, v
	}

	return scheduleState{model: &plan, known: *prior.known.afterUpdate(prior.model, &plan, nil, nil)}, v
}

// secrets are the write-only values of the configuration.
func (p *schedulePlan) secrets() writeOnlyValues {
	if p.inputs.version == 0 {
		return writeOnlyValues{}
	}

	return writeOnlyValues{adminPass: modelarts.NewSecret("Write-only-1")}
}

// String is the inputs as a history shows them.
func (in *scheduleInputs) String() string {
	shown := map[string]any{
		"image": in.image, "key": in.key, "pass": in.pass, "user_data": in.userData, "trigger": in.trigger,
		"on_drift": in.onDrift, "version": in.version, "refuse_running": in.refuseRunning, "timeout": in.timeout,
		"undecided": in.undecided, "undecided_id": in.undecidedID, "upper": in.upper,
	}
	maps.DeleteFunc(shown, func(_ string, value any) bool { return reflect.ValueOf(value).IsZero() })

	return fmt.Sprint(shown)
}

// elapsed is a time of a history, counted from its beginning.
func elapsed(began, t time.Time) string { return t.Sub(began).Round(time.Millisecond).String() }
