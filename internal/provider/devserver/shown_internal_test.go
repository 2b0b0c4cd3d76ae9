package devserver

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	dsschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// The data source has what the resource has: names, types, descriptions.
func TestDataSourceAttributes(t *testing.T) {
	t.Parallel()

	compareAttributes(t, "", Attributes(), dataSourceAttributes(Attributes()))
}

func compareAttributes(t *testing.T, at string, want map[string]schema.Attribute, got map[string]dsschema.Attribute) {
	t.Helper()

	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("%s: attributes (-want +got):\n%s", at, diff)
	}

	for name, attribute := range want {
		name, converted := at+"."+name, got[name]
		if converted == nil {
			continue
		}

		if !converted.GetType().Equal(attribute.GetType()) {
			t.Errorf("%s is of type %s, want %s", name, converted.GetType(), attribute.GetType())
		}

		if text := converted.GetMarkdownDescription(); text == "" || text != attribute.GetMarkdownDescription() {
			t.Errorf("%s: description %q, want %q", name, text, attribute.GetMarkdownDescription())
		}

		if !converted.IsComputed() || converted.IsOptional() || converted.IsRequired() || converted.IsSensitive() {
			t.Errorf("%s is not merely computed", name)
		}

		switch attribute := attribute.(type) {
		case schema.SingleNestedAttribute:
			if nested, ok := converted.(dsschema.SingleNestedAttribute); ok {
				compareAttributes(t, name, attribute.Attributes, nested.Attributes)
			}
		case schema.ListNestedAttribute:
			if nested, ok := converted.(dsschema.ListNestedAttribute); ok {
				compareAttributes(t, name, attribute.NestedObject.Attributes, nested.NestedObject.Attributes)
			}
		}
	}
}

// An attribute of a type that is not provided for is noticed at once, and not left out.
func TestDataSourceAttributesOfOtherTypes(t *testing.T) {
	t.Parallel()

	defer func() {
		if recover() == nil {
			t.Error("it was converted")
		}
	}()

	dataSourceAttributes(map[string]schema.Attribute{"ready": schema.BoolAttribute{Computed: true}})
}
