package e2e_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// envInject names the leak that the provider in the test binary makes. No other provider reads it.
const envInject = "MODELARTS_TEST_INJECT"

// envCue names the file at whose appearance an injected panic happens.
const envCue = "MODELARTS_TEST_INJECT_CUE"

// The faults that can be injected into the provider.
const (
	injectPanic      = "panic"           // no leak: it crashes in the middle of an apply
	injectPanicValue = "panic value"     // it crashes with the password in the message
	injectLog        = "log"             // a body is logged at TRACE
	injectLogBase64  = "log base64"      // the same, in base64
	injectState      = "state"           // the configuration becomes the state, together with an error
	injectPrivate    = "private"         // the password goes into the private data
	injectValidator  = "validator"       // a validator prints the value that it has checked
	injectPath       = "path"            // a validator points at the line of the configuration
	injectTransient  = "transient state" // the configuration becomes the state, without an error
)

// serveLeaky serves the provider with an injected fault.
func serveLeaky(what string) {
	err := tf6server.Serve(provider.Address, func() tfprotov6.ProviderServer {
		return &leakyProvider{ProviderServer: providerserver.NewProtocol6(provider.New("e2e")())(), what: what}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// leakyProvider leaks the write-only password in the injected way.
type leakyProvider struct {
	tfprotov6.ProviderServer

	what string
}

// config returns the known strings in a configuration of a resource.
func (p *leakyProvider) config(ctx context.Context, typeName string, config *tfprotov6.DynamicValue) map[string]string {
	schemas, err := p.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		panic(err)
	}

	value, err := config.Unmarshal(schemas.ResourceSchemas[typeName].ValueType())
	if err != nil {
		panic(err)
	}

	var attributes map[string]tftypes.Value
	if err := value.As(&attributes); err != nil {
		panic(err)
	}

	texts := map[string]string{}

	for name, attribute := range attributes {
		var text string
		if attribute.IsFullyKnown() && attribute.As(&text) == nil && text != "" {
			texts[name] = text
		}
	}

	return texts
}

// ValidateResourceConfig injects into the diagnostics of a validator.
func (p *leakyProvider) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	resp, err := p.ProviderServer.ValidateResourceConfig(ctx, req)
	password := p.config(ctx, req.TypeName, req.Config)["admin_pass_wo"]

	switch {
	case p.what == injectValidator && password != "":
		resp.Diagnostics = append(resp.Diagnostics, &tfprotov6.Diagnostic{
			Severity: tfprotov6.DiagnosticSeverityError, Summary: "Injected", Detail: fmt.Sprintf("got: %q", password),
		})
	case p.what == injectPath:
		resp.Diagnostics = append(resp.Diagnostics, &tfprotov6.Diagnostic{
			Severity: tfprotov6.DiagnosticSeverityError, Summary: "Injected",
			Attribute: tftypes.NewAttributePath().WithAttributeName("admin_pass_wo"),
		})
	}

	return resp, err
}

// ApplyResourceChange injects into an apply.
func (p *leakyProvider) ApplyResourceChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	config := p.config(ctx, req.TypeName, req.Config)

	body, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}

	failed := &tfprotov6.ApplyResourceChangeResponse{
		NewState: req.PriorState,
		Diagnostics: []*tfprotov6.Diagnostic{
			{Severity: tfprotov6.DiagnosticSeverityError, Summary: "Injected"},
		},
	}

	switch p.what {
	case injectPanic:
		go func() {
			if eventually(func() bool { _, err := os.Stat(os.Getenv(envCue)); return err == nil }) {
				panic("injected")
			}
		}()
	case injectPanicValue:
		panic(fmt.Sprint("injected: ", config))
	case injectLog:
		tflog.Trace(ctx, "injected", map[string]any{"body": string(body)})

		return failed, nil
	case injectLogBase64:
		tflog.Trace(ctx, "injected", map[string]any{"body": base64.StdEncoding.EncodeToString(body)})

		return failed, nil
	case injectState:
		failed.NewState = req.Config

		return failed, nil
	case injectTransient:
		return &tfprotov6.ApplyResourceChangeResponse{NewState: req.Config}, nil
	case injectPrivate:
		resp, err := p.ProviderServer.ApplyResourceChange(ctx, req)
		if err == nil {
			resp.Private, err = json.Marshal(map[string][]byte{"injected": []byte(`"` + config["admin_pass_wo"] + `"`)})
		}

		return resp, err
	}

	return p.ProviderServer.ApplyResourceChange(ctx, req)
}

// TestLeaksAreFound injects leaks. TestLeaks would have to fail for each of them.
func TestLeaksAreFound(t *testing.T) {
	t.Parallel()

	// The artifact in which each must be found. Terraform refuses and drops a state that has a write-only value; OpenTofu writes
	// one to the disk that comes with an error.
	for what, want := range map[string]string{
		injectPanicValue: "trace.log",
		injectLog:        "trace.log",
		injectLogBase64:  "trace.log",
		injectPrivate:    "terraform.tfstate, private data",
		injectValidator:  "01-apply.stderr",
		injectPath:       "01-apply.stderr",
		injectState:      "",
		injectTransient:  "",
	} {
		for _, cli := range clis(t) {
			t.Run(filepath.Base(cli)+" "+what, func(t *testing.T) {
				t.Parallel()

				s := newScene(t, cli, simulator.Config{})
				s.env[envInject] = what

				lines := writeOnlyPair
				if what == injectPath {
					lines = strings.ReplaceAll(lines, "var.admin_pass_wo", hcl(s.values.passWO.value))
				}

				s.write("main.tf", resourceOf("wo", s.server(), lines))

				code := 1
				if what == injectPrivate {
					code = 0
				}

				s.tf(code, "apply", "-auto-approve")

				found := s.search(nil)
				at := map[string]int{}

				for _, leak := range found.leaks {
					at[leak.in.name]++
				}

				t.Logf("%d leaks are found, at %v, and %d problems", len(found.leaks), at, len(s.problems))

				for _, problem := range s.problems {
					line, _, _ := strings.Cut(problem, "\n")
					t.Log(line)
				}

				if want == "" && len(found.leaks)+len(s.problems) == 0 {
					t.Error("not noticed")
				}

				if want != "" && !slices.ContainsFunc(found.leaks, func(h hit) bool { return strings.HasSuffix(h.in.name, want) }) {
					t.Errorf("not noticed in %s", want)
				}
			})
		}
	}
}
