package provider

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// readerOfRole returns a reader that assumes the agency of cloud for an hour.
func readerOfRole(t *testing.T, cloud *simulator.Cloud) *reader {
	t.Helper()

	return newReader(t, cloud, map[string]tftypes.Value{
		"assume_role": tftypes.NewValue(attributeType(t, "assume_role"), map[string]tftypes.Value{
			"agency_name": text("operators"),
			"domain_name": text(simulator.DefaultDomain),
			"domain_id":   tftypes.NewValue(tftypes.String, nil),
			"duration":    tftypes.NewValue(tftypes.Number, 3600),
		}),
	})
}

// assumed returns how often a role was assumed, and fails for a request that another access key has signed.
func assumed(t *testing.T, cloud *simulator.Cloud) int {
	t.Helper()

	for _, request := range cloud.Requests() {
		if request.Action != "assume-role" && request.Header.Get("X-Security-Token") == "" {
			t.Errorf("%s %s was not signed by temporary credentials", request.Method, request.Path)
		}
	}

	if violations := cloud.Violations(); len(violations) > 0 {
		t.Errorf("illegal calls: %v", violations)
	}

	return cloud.Count(http.MethodPost, "/securitytokens")
}

// Temporary credentials are shared by everything, and replaced before they expire.
func TestAssumeRole(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Config{Agencies: []simulator.Agency{{Name: "operators"}}})
		id := cloud.AddServer(simulator.Server{}).ID
		r := readerOfRole(t, cloud)

		if n := len(cloud.Requests()); n != 0 {
			t.Errorf("%d requests before anything was read", n)
		}

		for _, want := range []struct {
			after time.Duration
			roles int
		}{{0, 1}, {49 * time.Minute, 1}, {2 * time.Minute, 2}, {48 * time.Minute, 2}, {24 * time.Hour, 3}} {
			time.Sleep(want.after)

			for range 2 {
				if _, diags := r.read(t, "modelarts_devserver", map[string]tftypes.Value{"id": text(id)}); diags != nil {
					t.Errorf("%+v", diags[0])
				}
			}

			if got := assumed(t, cloud); got != want.roles {
				t.Errorf("after %s more: %d roles, want %d", want.after, got, want.roles)
			}
		}

		if slices.ContainsFunc(cloud.Requests(), func(r simulator.Request) bool { return r.Status == http.StatusUnauthorized }) {
			t.Error("credentials were used after their end")
		}
	})
}

// Credentials that end before they were said to are replaced as well.
func TestAssumeRoleThatEndsEarly(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Config{Agencies: []simulator.Agency{{Name: "operators", Lifetime: time.Minute}}})
		id := cloud.AddServer(simulator.Server{}).ID
		r := readerOfRole(t, cloud)

		for range 2 {
			if _, diags := r.read(t, "modelarts_devserver", map[string]tftypes.Value{"id": text(id)}); diags != nil {
				t.Errorf("%+v", diags[0])
			}

			time.Sleep(2 * time.Minute)
		}

		if got := assumed(t, cloud); got != 2 {
			t.Errorf("%d roles, want 2", got)
		}
	})
}

// An agency that cannot be assumed is an error that says where to look, and nothing else is sent.
func TestAssumeRoleRefused(t *testing.T) {
	t.Parallel()

	cloud := simulator.New(simulator.Config{})
	id := cloud.AddServer(simulator.Server{}).ID

	_, diags := readerOfRole(t, cloud).read(t, "modelarts_devserver", map[string]tftypes.Value{"id": text(id)})
	wantError(t, diags, "Unable to read DevServer", "POST /v3.0/OS-CREDENTIAL/securitytokens with HTTP 403 Forbidden, error code IAM.0007",
		"Check the agency and its account in assume_role")

	if n := len(cloud.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}
