// Command floor is the provider with all of its schemas and none of its work: a refresh returns the state as it is, without
// a call. What Terraform takes with it is what the benchmark compares the provider with.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	modelarts "github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider"
)

func main() {
	err := modelarts.Serve(context.Background(), func() provider.Provider { return floorProvider{modelarts.New("floor")()} }, false)
	if err != nil {
		log.Fatal(err)
	}
}

// floorProvider has the schemas of the provider.
type floorProvider struct{ provider.Provider }

// Configure does nothing.
func (floorProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

// Resources are the provider's, without their work.
func (p floorProvider) Resources(ctx context.Context) []func() resource.Resource {
	resources := p.Provider.Resources(ctx)
	for i, create := range resources {
		resources[i] = func() resource.Resource { return floorResource{create()} }
	}

	return resources
}

// floorResource has the schema of a resource.
type floorResource struct{ resource.Resource }

var _ resource.ResourceWithIdentity = floorResource{}

// IdentitySchema is the resource's.
func (r floorResource) IdentitySchema(
	ctx context.Context, req resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	if identified, ok := r.Resource.(resource.ResourceWithIdentity); ok {
		identified.IdentitySchema(ctx, req, resp)
	}
}

// Create refuses: the benchmark has no use for it.
func (floorResource) Create(_ context.Context, _ resource.CreateRequest, resp *resource.CreateResponse) {
	resp.Diagnostics.AddError("Not implemented", "The floor of the benchmark only refreshes.")
}

// Read leaves the state as it is.
func (floorResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Update refuses, as Create does.
func (floorResource) Update(_ context.Context, _ resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.Diagnostics.AddError("Not implemented", "The floor of the benchmark only refreshes.")
}

// Delete does nothing.
func (floorResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
