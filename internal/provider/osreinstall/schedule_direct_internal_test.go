package osreinstall

import (
	"context"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// directDriver calls what the resource is made of, without the framework and the protocol: both take twenty times as
// long as all the rest. That it does what the protocol does is what TestSchedulesOverProtocol is for.
type directDriver struct{}

// directProcess is one process of it.
type directProcess struct {
	resource *reinstallResource
}

func (directDriver) start(
	_ context.Context, transport http.RoundTripper, records reinstall.Records, limits reinstall.Limits, token string,
) (providerProcess, error) {
	data, err := scheduleProviderData(transport, records, limits, token)
	if err != nil {
		return nil, err
	}

	return directProcess{&reinstallResource{data: data}}, nil
}

func (directProcess) imported(_ context.Context, id string) (resourceState, messages) {
	model := nullModel()
	model.ID = types.StringValue(id)

	return resourceState{model: model, known: marks{imported: true}}, messages{}
}

func (d directProcess) read(ctx context.Context, prior resourceState) (resourceState, messages) {
	var said messages

	ctx, cancel := context.WithTimeout(ctx, providerdata.ReadTimeout)
	defer cancel()

	state := *prior.model
	if state.ErasesSystemDisk.IsNull() {
		state.ErasesSystemDisk = types.BoolValue(false)
	}

	d.resource.acknowledge(ctx, &state)

	server, err := d.resource.readServer(ctx, &state)

	switch {
	case modelarts.IsNotFound(err):
		said.add(d.resource.notFound(ctx, err, &state))
	case err != nil:
		said.errors = append(said.errors, err.Error())
	case server == nil:
		said.add(state.judgeReady())
	default:
		prior.known.reimaged = (prior.known.reimaged || state.reimaged(server)) && !state.hasOwnDisk(server)
		said.add(state.settle(server))
		said.add(d.resource.setProject(ctx, &state))
	}

	if !said.failed() {
		prior.model = &state
	}

	return prior, said
}

func (d directProcess) plan(
	ctx context.Context, id string, prior resourceState, in scheduleInputs, undecided bool,
) (resourcePlan, messages) {
	var said messages

	config := in.config(id, undecided)
	plan := *config
	plan.AdminPassWO = types.StringNull()
	p := resourcePlan{model: &plan, inputs: in, action: planUpdate}

	var state *model

	if prior.model == nil || prior.tainted {
		plan.unknownAsComputed()
		p.action = planCreate
	} else {
		copied := *prior.model
		state = &copied
		d.resource.acknowledge(ctx, state)
	}

	input := newPlanInput(&plan, state, prior.known)

	_, diags := d.resource.completePlan(ctx, &input, config, state != nil, false)
	said.add(diags)

	if p.action == planUpdate && sameModel(&plan, prior.model) {
		p.action = planNothing
	}

	return p, said
}

// unknownAsComputed makes unknown what the framework makes unknown in the plan of a new resource.
func (m *model) unknownAsComputed() {
	m.SetUnknown()
	m.Ready, m.ErasesSystemDisk, m.ReinstallNotice = types.BoolUnknown(), types.BoolUnknown(), types.StringUnknown()
	m.Region, m.ProjectID, m.InstalledKeyPairName = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
}

func (d directProcess) planDestroy(ctx context.Context, prior resourceState) { d.destroy(ctx, prior) }

func (d directProcess) destroy(ctx context.Context, prior resourceState) {
	if prior.model != nil {
		d.resource.acknowledge(ctx, prior.model)
	}
}

func (d directProcess) apply(ctx context.Context, _ string, prior resourceState, p resourcePlan) (resourceState, messages) {
	var said messages

	plan := *p.model
	granted, permitted := p.permit()
	request := plan.request(p.secrets())
	request.Timeout = defaultReinstallTimeout

	if p.inputs.timeout != 0 {
		request.Timeout = p.inputs.timeout
	}

	if p.action == planCreate {
		request.RootVolumeID, request.JoinsFirst = plan.plannedDisk()
		said.add(d.resource.record(ctx, &request, granted, &plan, nil))

		if said.failed() {
			return resourceState{}, said
		}

		result := d.resource.data.Engine.Run(ctx, request)
		said.add(apidiag.Outcome(request.ServerID, plan.Name.ValueString(), &result, apidiag.DuringCreate))

		if said.failed() {
			return resourceState{}, said
		}

		plan.fromCreate(granted, &result)
		said.add(d.resource.setProject(ctx, &plan))

		return resourceState{model: &plan}, said
	}

	if permitted {
		state := *prior.model
		input := newPlanInput(&plan, &state, prior.known)
		granted.limit(&request, &state, &plan, prior.known.reimaged && !d.resource.recorded(ctx, &input))

		if granted.erases() {
			said.add(d.resource.record(ctx, &request, granted, &plan, &state))
		}

		if said.failed() {
			return prior, said
		}

		result := d.resource.data.Engine.Run(ctx, request)
		said.add(apidiag.Outcome(request.ServerID, state.Name.ValueString(), &result, apidiag.DuringUpdate))

		prior.known = *prior.known.afterUpdate(&state, &plan, &granted, &result)
		prior.model = plan.fromUpdate(&state, granted, &result)

		return prior, said
	}

	d.resource.acknowledgeInputs(ctx, &plan)

	return resourceState{model: &plan, known: *prior.known.afterUpdate(prior.model, &plan, nil, nil)}, said
}
