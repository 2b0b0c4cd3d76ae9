package devserver

import (
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// A filter does not take what the service does not show.
func TestDevServersFiltersWithoutTheField(t *testing.T) {
	t.Parallel()

	servers := []modelarts.Server{{ID: new("b")}, {ID: new("a"), Status: new(modelarts.StatusRunning)}}

	model := listModel{Status: types.StringValue("RUNNING")}
	model.fromAPI(slices.Clone(servers), nil)

	if len(model.IDs) != 1 || model.IDs[0].ValueString() != "a" {
		t.Errorf("got %v", model.IDs)
	}

	model = listModel{}
	model.fromAPI(slices.Clone(servers), nil)

	if len(model.IDs) != 2 || !model.Servers[1].Status.IsNull() || !model.Servers[1].Name.IsNull() {
		t.Errorf("got %v", model)
	}

	for name, model := range map[string]listModel{
		"flavor": {Flavor: types.StringValue("x")}, "category": {Category: types.StringValue("x")},
		"server_type": {ServerType: types.StringValue("x")}, "image_id": {ImageID: types.StringValue("x")},
		"vpc_id": {VPCID: types.StringValue("x")},
	} {
		model.fromAPI(slices.Clone(servers), nil)

		if len(model.IDs) != 0 {
			t.Errorf("%s takes %v", name, model.IDs)
		}
	}
}
