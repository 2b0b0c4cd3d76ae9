package provider_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

const address = "modelarts_devserver_os_reinstall.test"

// factories serve the provider to the CLI from within the test.
var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"modelarts": providerserver.NewProtocol6WithError(provider.New("test")()),
}

// startCloud returns a cloud whose reinstalls are quick, and the provider block for it.
func startCloud(t *testing.T, behavior simulator.Behavior) (*simulator.Cloud, string) {
	t.Helper()

	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		const hint = "no Terraform CLI: `make test` builds one, or set TF_ACC_TERRAFORM_PATH to the path of one"
		if os.Getenv("MODELARTS_TEST_REQUIRE_CLI") != "" {
			t.Fatal(hint)
		}

		t.Skip(hint)
	}

	cloud := simulator.New(simulator.Config{
		Behavior: behavior,
		Durations: simulator.Durations{
			Start: 100 * time.Millisecond, Stop: 100 * time.Millisecond, Reinstall: 300 * time.Millisecond,
		},
	})
	server := httptest.NewServer(cloud.Handler())
	t.Cleanup(server.Close)

	return cloud, fmt.Sprintf(`
provider "modelarts" {
  region     = %q
  access_key = %q
  secret_key = %q
  endpoints  = { modelarts = %q, iam = %q }
  journal    = %q
}
`, simulator.DefaultRegion, simulator.DefaultAccessKey, simulator.DefaultSecretKey, server.URL, server.URL, t.TempDir())
}

// Every field of the reply is an attribute, in either shape that replies have.
func TestDevServerOSReinstallShowsReply(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		behavior simulator.Behavior
		checks   []statecheck.StateCheck
	}{
		"newer replies": {
			simulator.Behavior{}, []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("volumes").AtSliceIndex(0).AtMapKey("type"),
					knownvalue.StringExact("ROOT")),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("volumes").AtSliceIndex(0).AtMapKey("size"),
					knownvalue.NotNull()),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("endpoints").AtSliceIndex(0).AtMapKey("key_pair_names"),
					knownvalue.NotNull()),
			},
		},
		"older replies, and the status of the documentation's example": {
			simulator.Behavior{OlderReplies: true, ReinstallStatus: "REINSTALLOS"}, []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("server_image_response").AtMapKey("image_id"),
					knownvalue.StringExact(simulator.DefaultImageID)),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("endpoints").AtSliceIndex(0).AtMapKey("ssh_keys"),
					knownvalue.NotNull()),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("volumes"), knownvalue.Null()),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			cloud, providerBlock := startCloud(t, test.behavior)
			server := cloud.AddServer(simulator.Server{
				Status: simulator.StatusStopped, ServerType: simulator.TypeHPS, Name: "node-1",
			})
			config := providerBlock + fmt.Sprintf(`
resource "modelarts_devserver_os_reinstall" "test" {
  id            = %q
  key_pair_name = "KeyPair-1"
}
`, server.ID)

			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				Steps: []resource.TestStep{
					{
						Config:            config,
						ConfigStateChecks: append(commonChecks(&server), test.checks...),
						ConfigPlanChecks: resource.ConfigPlanChecks{
							PreApply: []plancheck.PlanCheck{
								plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
								plancheck.ExpectKnownValue(address, tfjsonpath.New("last_reinstall").AtMapKey("reasons"),
									knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("create")})),
								plancheck.ExpectUnknownValue(address, tfjsonpath.New("last_reinstall").AtMapKey("state")),
							},
							PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
						},
					},
					{
						Config:            config,
						ImportState:       true,
						ImportStateId:     server.ID,
						ResourceName:      address,
						ImportStateVerify: true,
						// An import knows of no request and of no configuration.
						ImportStateVerifyIgnore: []string{"erases_system_disk", "reinstall_notice", "last_reinstall", "key_pair_name"},
					},
				},
			})

			if wipes := cloud.WipesOf(server.ID); len(wipes) != 1 || cloud.ReinstallPosts(server.ID) != 1 {
				t.Errorf("%d erased disks, %d POSTs, want 1 each", len(wipes), cloud.ReinstallPosts(server.ID))
			}

			if violations := cloud.Violations(); len(violations) > 0 {
				t.Errorf("illegal calls: %v", violations)
			}
		})
	}
}

// commonChecks are for what every reply shows.
func commonChecks(server *simulator.Server) []statecheck.StateCheck {
	exactly := func(path tfjsonpath.Path, value string) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(address, path, knownvalue.StringExact(value))
	}

	return []statecheck.StateCheck{
		exactly(tfjsonpath.New("status"), "RUNNING"),
		exactly(tfjsonpath.New("name"), "node-1"),
		exactly(tfjsonpath.New("category"), "HPS"),
		exactly(tfjsonpath.New("flavor"), server.Flavor),
		exactly(tfjsonpath.New("vpc_id"), server.VPCID),
		exactly(tfjsonpath.New("subnet_id"), server.SubnetID),
		exactly(tfjsonpath.New("order_id"), server.OrderID),
		exactly(tfjsonpath.New("charging_mode"), server.ChargingMode),
		exactly(tfjsonpath.New("key_pair_name"), "KeyPair-1"),
		exactly(tfjsonpath.New("installed_key_pair_name"), "KeyPair-1"),
		exactly(tfjsonpath.New("region"), simulator.DefaultRegion),
		exactly(tfjsonpath.New("project_id"), simulator.DefaultProjectID),
		exactly(tfjsonpath.New("cloud_server").AtMapKey("type"), "HPS"),
		exactly(tfjsonpath.New("cloud_server").AtMapKey("hps_id"), server.HPSID),
		exactly(tfjsonpath.New("server_hps").AtMapKey("name"), server.HPSName),
		exactly(tfjsonpath.New("last_reinstall").AtMapKey("state"), "completed"),
		exactly(tfjsonpath.New("last_reinstall").AtMapKey("evidence").AtMapKey("baseline_status"), "STOPPED"),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("last_reinstall").AtMapKey("request_id"),
			knownvalue.StringRegexp(regexp.MustCompile(`.`))),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("create_at"), knownvalue.Int64Exact(server.CreateAt)),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("update_at"), knownvalue.NotNull()),
		statecheck.ExpectKnownValue(address, tfjsonpath.New("ready"), knownvalue.Bool(true)),
	}
}
