package devserver

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

func TestCompileRegex(t *testing.T) {
	t.Parallel()

	at := path.Root("name_regex")

	for _, value := range []types.String{types.StringNull(), types.StringUnknown()} {
		if pattern, diags := compileRegex(at, value); pattern != nil || len(diags) > 0 {
			t.Errorf("%s: %v, %s", value, pattern, providertest.Transcript(diags))
		}
	}

	if pattern, diags := compileRegex(at, types.StringValue("^a")); len(diags) > 0 || !matchesName(pattern, new("ab")) || matchesName(pattern, new("ba")) {
		t.Errorf("%v, %s", pattern, providertest.Transcript(diags))
	}

	diags := providertest.ValidateString(t, newRegexValidator(), "name_regex", types.StringValue("train(er"))
	if text := providertest.Transcript(diags); diags.ErrorsCount() != 1 || !strings.Contains(text, "name_regex is not a regular expression: ") ||
		!strings.Contains(text, "missing closing ): `train(er`") {
		t.Errorf("got %s", text)
	}

	if v := newRegexValidator(); v.Description(t.Context()) == "" || v.MarkdownDescription(t.Context()) == "" {
		t.Error("the validator has an empty description")
	}
}
