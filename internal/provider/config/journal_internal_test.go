package config

import (
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

func TestResolveJournal(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		block       Block
		environment providertest.Environment
		want        string
		refused     bool
	}{
		"nothing is said":        {want: ".terraform/modelarts-journal"},
		"another data directory": {environment: providertest.Environment{"TF_DATA_DIR": "/data"}, want: "/data/modelarts-journal"},
		"the variable":           {environment: providertest.Environment{"MODELARTS_JOURNAL": "/journal"}, want: "/journal"},
		"the block and the variable": {
			block: Block{Journal: types.StringValue("/block")}, environment: providertest.Environment{"MODELARTS_JOURNAL": "off"},
			want: "/block",
		},
		"an empty word":       {block: Block{Journal: types.StringValue("")}, want: ".terraform/modelarts-journal"},
		"off":                 {block: Block{Journal: types.StringValue("off")}},
		"off by the variable": {environment: providertest.Environment{"MODELARTS_JOURNAL": "off"}},
		"off and required": {
			block: Block{Journal: types.StringValue("off"), JournalRequired: types.BoolValue(true)}, refused: true,
		},
		"a word of the shell": {block: Block{Journal: types.StringValue("~/journal")}, refused: true},
	} {
		var diags diag.Diagnostics

		got := resolveJournal(&test.block, test.environment.Getenv, &diags)
		if got != filepath.FromSlash(test.want) || diags.HasError() != test.refused {
			t.Errorf("%s: %q, %v; want %q, refused: %v", name, got, diags, test.want, test.refused)
		}
	}
}
