package osreinstall

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

const plannedServer = "62383738-e52a-450a-9f84-f9e705402be8"

// A plan that erases demands exactly one credential of what it has, wherever it comes from.
func TestCredentialDiagnostics(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		in   scheduleInputs
		want string
	}{
		"key pair":   {in: scheduleInputs{key: "key"}},
		"password":   {in: scheduleInputs{pass: "Secret-1!"}},
		"write-only": {in: scheduleInputs{version: 1}},
		"none":       {want: summaryCredential},
		"two":        {in: scheduleInputs{key: "key", pass: "Secret-1!"}, want: summaryCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			said := providertest.Transcript(credentialDiagnostics(plannedServer, test.in.config(plannedServer, false)))
			if !strings.Contains(said, test.want) || (said == "") != (test.want == "") {
				t.Errorf("want %q, got: %s", test.want, said)
			}

			body := reinstall.Request{ServerID: plannedServer, Body: modelarts.ReinstallRequest{
				KeyPairName: test.in.key, AdminPass: modelarts.NewSecret(test.in.pass),
			}}
			if test.in.version != 0 {
				body.Body.AdminPass = modelarts.NewSecret("Write-only-1")
			}

			said = providertest.Transcript(requestDiagnostics(&body))
			if !strings.Contains(said, test.want) || (said == "") != (test.want == "") {
				t.Errorf("want %q, got: %s", test.want, said)
			}

			if strings.Contains(said, "Secret-1!") {
				t.Errorf("the password shows in: %s", said)
			}
		})
	}
}

// What is known only at apply may be null then: a plan takes it for the one credential, and never for one too many.
func TestCredentialDiagnosticsUnknown(t *testing.T) {
	t.Parallel()

	none := scheduleInputs{}

	config := none.config(plannedServer, false)
	config.AdminPass, config.KeyPairName = types.StringUnknown(), types.StringUnknown()

	if diags := credentialDiagnostics(plannedServer, config); len(diags) > 0 {
		t.Errorf("two that are known only at apply: %s", providertest.Transcript(diags))
	}

	config.KeyPairName = types.StringValue("key")

	if diags := credentialDiagnostics(plannedServer, config); len(diags) > 0 {
		t.Errorf("one of them is known: %s", providertest.Transcript(diags))
	}
}

// A new system disk is somebody else's work only if the state had the one of its own reinstall.
func TestRootVolumeDiagnostics(t *testing.T) {
	t.Parallel()

	shows := func(root string) *modelarts.Server {
		return modelarts.DecodeServer(fmt.Appendf(nil,
			`{"image": {"image_id": "image"}, "volumes": [{"type": "ROOT", "evs_id": %q}]}`, root))
	}

	for name, test := range map[string]struct {
		baseline, was, is string
		warns             bool
	}{
		"the same disk":                 {"old", "new", "new", false},
		"somebody else's":               {"old", "new", "newer", true},
		"the reinstall's, shown late":   {"old", "old", "new", false},
		"a disk that is not shown":      {"old", "new", "", false},
		"before any reinstall":          {"", "new", "newer", true},
		"a state that has seen no disk": {"old", "", "new", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			state := settled()
			state.fromAPI(shows(test.was))
			state.asked(reinstall.Operation{
				State: reinstall.StateCompleted, Baseline: reinstall.Baseline{RootVolumeID: test.baseline},
			})

			if diags := rootVolumeDiagnostics(&state, shows(test.is)); (len(diags) > 0) != test.warns {
				t.Errorf("want a warning: %v, got %s", test.warns, providertest.Transcript(diags))
			}
		})
	}
}
