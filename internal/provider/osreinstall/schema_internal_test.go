package osreinstall

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

func TestOnDriftValidator(t *testing.T) {
	t.Parallel()

	for _, value := range []types.String{
		types.StringNull(), types.StringUnknown(), types.StringValue("reinstall"), types.StringValue("warn"), types.StringValue("ignore"),
	} {
		if diags := providertest.ValidateString(t, onDriftValidator(), "on_drift", value); len(diags) > 0 {
			t.Errorf("%s is refused: %s", value, providertest.Transcript(diags))
		}
	}

	for _, value := range []string{"", "Warn"} {
		diags := providertest.ValidateString(t, onDriftValidator(), "on_drift", types.StringValue(value))
		if text := providertest.Transcript(diags); diags.ErrorsCount() != 1 || !strings.Contains(text, `"reinstall" "warn" "ignore"`) {
			t.Errorf("%q: got %s", value, text)
		}
	}
}
