package conformance_test

import (
	"os"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/region"
	sdk "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/modelarts/v1"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/modelarts/v1/model"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// TestSDKAgainstSimulator has the SDK's client reinstall a server: list, show, stop, wait, reinstall, wait.
// It is not parallel, since it changes HOME, to which the SDK would write.
func TestSDKAgainstSimulator(t *testing.T) {
	tests := map[string]struct {
		behavior simulator.Behavior
		token    string
		body     model.ServerOsRequest
	}{
		"password":       {body: model.ServerOsRequest{AdminPass: new("@Admin_pass1")}},
		"key pair":       {body: model.ServerOsRequest{KeyPairName: new("key")}, token: "security/token+="},
		"everything":     {body: model.ServerOsRequest{AdminPass: new("<Admin&pass>1"), ImageId: new(newImage), UserData: new("IyEvYmluL3NoCg==")}},
		"older replies":  {behavior: simulator.Behavior{OlderReplies: true}, body: model.ServerOsRequest{KeyPairName: new("key")}},
		"unknown status": {behavior: simulator.Behavior{ReinstallStatus: "REINSTALLOS"}, body: model.ServerOsRequest{KeyPairName: new("key")}},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			t.Setenv("HOME", home)

			cloud := simulator.New(simulator.Config{
				SecurityToken: tt.token,
				Behavior:      tt.behavior,
				Durations:     simulator.Durations{Stop: 50 * time.Millisecond, Reinstall: 50 * time.Millisecond, Start: 50 * time.Millisecond},
			})
			cloud.AddImage(simulator.Image{ID: newImage})
			server := cloud.AddServer(simulator.Server{Status: simulator.StatusRunning})

			client := &sdkClient{t: t, sdk: newSDK(t, cloud, tt.token), id: server.ID}
			client.reinstall(&tt.body)

			wantOneWipe(t, cloud, server, &tt.body)

			if left, err := os.ReadDir(home); err != nil || len(left) != 0 {
				t.Errorf("the SDK has written %v (%v)", left, err)
			}
		})
	}
}

const newImage = "0b5bd5e4-5d3b-4a51-9d3c-0c7a1c9f2a11"

// newSDK returns the SDK's client, which finds out the project id on its own.
func newSDK(t *testing.T, cloud *simulator.Cloud, securityToken string) *sdk.ModelArtsClient {
	t.Helper()

	url := cloud.Start(t)

	credentials, err := basic.NewCredentialsBuilder().
		WithAk(simulator.DefaultAccessKey).WithSk(simulator.DefaultSecretKey).WithSecurityToken(securityToken).
		WithIamEndpointOverride(url).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}

	client, err := sdk.ModelArtsClientBuilder().
		WithRegion(region.NewRegion(cloud.Region(), url)).
		WithCredential(credentials).
		WithHttpConfig(config.DefaultHttpConfig().WithUserAgent("conformance")). // without it, the SDK writes into HOME
		SafeBuild()
	if err != nil {
		t.Fatal(err)
	}

	return sdk.NewModelArtsClient(client)
}

// sdkClient reinstalls a server with the SDK.
type sdkClient struct {
	t   *testing.T
	sdk *sdk.ModelArtsClient
	id  string
}

func (c *sdkClient) reinstall(body *model.ServerOsRequest) {
	c.t.Helper()

	page, err := c.sdk.ListDevServers(&model.ListDevServersRequest{Limit: new(int32(100)), Offset: new(int32(0))})
	if err != nil {
		c.t.Fatal(err)
	}

	if page.Data == nil || len(*page.Data) != 1 || *(*page.Data)[0].Id != c.id || *page.Total != 1 {
		c.t.Fatalf("listed %v", page)
	}

	if status := c.status(); status != simulator.StatusRunning {
		c.t.Fatalf("the server is %s", status)
	}

	if _, err := c.sdk.StopDevServer(&model.StopDevServerRequest{Id: c.id}); err != nil {
		c.t.Fatal(err)
	}

	c.wait(simulator.StatusStopped)

	reply, err := c.sdk.ReinstallDevServerOS(&model.ReinstallDevServerOsRequest{Id: c.id, Body: body})
	if err != nil {
		c.t.Fatal(err)
	}

	if *reply.Id != c.id || reply.XRequestId == nil || *reply.XRequestId == "" {
		c.t.Errorf("replied %v", reply)
	}

	c.wait(simulator.StatusRunning)
}

func (c *sdkClient) status() string {
	c.t.Helper()

	server, err := c.sdk.ShowDevServer(&model.ShowDevServerRequest{Id: c.id})
	if err != nil {
		c.t.Fatal(err)
	}

	return server.Status.Value()
}

// wait polls the server until it has a status.
func (c *sdkClient) wait(status string) {
	c.t.Helper()

	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()

	for c.status() != status {
		select {
		case <-ticker.C:
		case <-c.t.Context().Done():
			c.t.Fatal("the test ended first")
		}
	}
}

// wantOneWipe checks that the disk was erased exactly once, as the request said, and that no request was a violation.
func wantOneWipe(t *testing.T, cloud *simulator.Cloud, before simulator.Server, body *model.ServerOsRequest) {
	t.Helper()

	if violations := cloud.Violations(); len(violations) != 0 {
		t.Errorf("violations: %v", violations)
	}

	wipes := cloud.Wipes()
	if len(wipes) != 1 {
		t.Fatalf("wipes: %+v", wipes)
	}

	wipe := wipes[0]
	if wipe.ServerID != before.ID || wipe.NewRoot == wipe.OldRoot || wipe.AdminPassSet != (body.AdminPass != nil) ||
		wipe.KeyPairName != deref(body.KeyPairName) || wipe.UserData != deref(body.UserData) {
		t.Errorf("wiped %+v", wipe)
	}

	if image := deref(body.ImageId); image != "" && wipe.ImageID != image {
		t.Errorf("installed image %s", wipe.ImageID)
	}
}

func deref(text *string) string {
	if text == nil {
		return ""
	}

	return *text
}
