package osreinstall

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"

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

// providerDriver is the provider as Terraform's core uses it. There are two: one calls what the resource is made of, and is
// quick; the other speaks the protocol. Both have to do the same.
type providerDriver interface {
	// start begins a new process of the provider.
	start(
		ctx context.Context, transport http.RoundTripper, records reinstall.Records, limits reinstall.Limits, token string,
	) (providerProcess, error)
}

// providerProcess is one process of the provider.
type providerProcess interface {
	// read refreshes a resource.
	read(ctx context.Context, prior resourceState) (resourceState, messages)
	// plan plans a resource. While undecided is true, values that are known only at apply are unknown.
	plan(ctx context.Context, id string, prior resourceState, in scheduleInputs, undecided bool) (resourcePlan, messages)
	// apply makes a plan true.
	apply(ctx context.Context, id string, prior resourceState, plan resourcePlan) (resourceState, messages)
	// planDestroy plans to remove a resource from the state.
	planDestroy(ctx context.Context, prior resourceState)
	// destroy removes a resource from the state.
	destroy(ctx context.Context, prior resourceState)
	// imported is what an import knows.
	imported(ctx context.Context, id string) (resourceState, messages)
}

// resourceState is what the state has of one resource.
type resourceState struct {
	model   *model // nil: nothing
	tainted bool

	known marks // the private state of the direct driver

	raw     *tfprotov6.DynamicValue // the protocol's
	private []byte
}

// operation is the last reinstall in the state.
func (s resourceState) operation() (reinstall.Operation, bool) {
	if s.model == nil {
		return reinstall.Operation{}, false
	}

	last := readLastReinstall(s.model.LastReinstall)

	return last.op, last.asked
}

// open reports whether the end of a request has not been seen yet.
func (s resourceState) open() bool {
	op, asked := s.operation()

	return asked && op.State.Open()
}

// healthy reports whether nothing speaks against the server, as far as it was looked at.
func (s resourceState) healthy() bool {
	op, asked := s.operation()

	return s.model != nil && (!asked || op.State == reinstall.StateCompleted) && usable(s.model.Status.ValueString())
}

// notFound reports whether the service has not known the server when it was last looked at.
func (s resourceState) notFound() bool { return s.healthy() && !s.model.Ready.ValueBool() }

// resourcePlan is a plan for one resource.
type resourcePlan struct {
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
func (p *resourcePlan) permit() (permit, bool) {
	if p.model == nil {
		return permit{}, false
	}

	return readPermit(p.model.LastReinstall)
}

// secrets are the write-only values of the configuration.
func (p *resourcePlan) secrets() writeOnlyValues {
	if p.inputs.version == 0 {
		return writeOnlyValues{}
	}

	return writeOnlyValues{adminPass: modelarts.NewSecret("Write-only-1")}
}

// messages are the diagnostics of one call.
type messages struct{ errors, warnings []string }

func (m *messages) failed() bool { return len(m.errors) > 0 }

// notFound reports whether the service did not know the server.
func (m *messages) notFound() bool { return m.warned(summaryGone) }

// warned reports whether there is a warning with a summary.
func (m *messages) warned(summary string) bool {
	return slices.ContainsFunc(m.warnings, func(text string) bool { return strings.HasPrefix(text, summary) })
}

// otherEnd reports whether a reinstall that may be somebody else's has ended otherwise than asked for.
func (m *messages) otherEnd() bool {
	return slices.ContainsFunc(m.errors, func(text string) bool {
		return strings.HasPrefix(text, apidiag.SummaryNotStarted) && strings.Contains(text, "was reinstalled, but not as asked")
	})
}

// vanished reports whether an apply has given up a server as gone.
func (m *messages) vanished() bool {
	return slices.ContainsFunc(m.errors, func(text string) bool { return strings.Contains(text, "vanished") })
}

func (m *messages) add(diags diag.Diagnostics) {
	for _, d := range diags {
		text := d.Summary() + ": " + d.Detail()
		if d.Severity() == diag.SeverityError {
			m.errors = append(m.errors, text)
		} else {
			m.warnings = append(m.warnings, text)
		}
	}
}

// scheduleClientConfig is how the client is set up. It tries every look once: the pauses between the tries of one look are
// left to chance, and a seed would not repeat.
func scheduleClientConfig(transport http.RoundTripper, token string) modelarts.Config {
	return modelarts.Config{
		Region: simulator.DefaultRegion, ProjectID: simulator.DefaultProjectID, Transport: transport,
		Credentials: modelarts.StaticCredentials(modelarts.Credentials{
			Token: modelarts.NewSecret(token),
		}),
	}
}

// scheduleProviderData is what the provider would pass on to the resource, were it configured like that.
func scheduleProviderData(
	transport http.RoundTripper, records reinstall.Records, limits reinstall.Limits, token string,
) (*providerdata.Data, error) {
	client, err := modelarts.NewClient(scheduleClientConfig(transport, token))
	if err != nil {
		return nil, err
	}

	return &providerdata.Data{
		Client: client, Fleet: modelarts.NewFleetReader(client), Engine: reinstall.New(client, limits, records),
		Images: modelarts.NewImageReader(client),
		Region: simulator.DefaultRegion,
	}, nil
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

	return len(differentAttributes(a, b)) == 0
}

// differentAttributes names the attributes in which two models differ.
func differentAttributes(a, b *model) []string {
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
