package provider_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// TestAccDevServerOSReinstall erases the system disk of the DevServer MODELARTS_ACC_SERVER_ID twice, and installs the
// image that it has, with the key pair MODELARTS_ACC_KEY_PAIR_NAME. The provider is configured by HW_* variables.
func TestAccDevServerOSReinstall(t *testing.T) {
	t.Parallel()

	config := func(trigger string) string {
		return fmt.Sprintf(`
resource "modelarts_devserver_os_reinstall" "test" {
  id            = %q
  key_pair_name = %q
  triggers      = { run = %q }
}
`, os.Getenv("MODELARTS_ACC_SERVER_ID"), os.Getenv("MODELARTS_ACC_KEY_PAIR_NAME"), trigger)
	}
	done := []statecheck.StateCheck{
		statecheck.ExpectKnownValue(address, tfjsonpath.New("ready"), knownvalue.Bool(true)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("status"), knownvalue.StringExact("RUNNING")),
	}
	settled := []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}

	resource.Test(t, resource.TestCase{
		PreCheck: func() {
			for _, name := range []string{"MODELARTS_ACC_SERVER_ID", "MODELARTS_ACC_KEY_PAIR_NAME", "HW_REGION_NAME"} {
				if os.Getenv(name) == "" {
					t.Fatalf("%s is not set", name)
				}
			}
		},
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: config("one"), ConfigStateChecks: done,
				ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: settled},
			},
			{
				Config: config("two"), ConfigStateChecks: done,
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
					},
					PostApplyPostRefresh: settled,
				},
			},
		},
	})
}
