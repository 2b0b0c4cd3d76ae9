package main

// The tests that are to notice a breakage.
var (
	engine   = testRun{"./internal/reinstall", "."}
	wire     = testRun{"./internal/modelarts", "."}
	planning = testRun{"./internal/provider", "TestDecide|TestOperation|TestModel"}
	cli      = func(scripts string) testRun { return testRun{"./internal/e2e", "TestScripts/(" + scripts + ")$"} }
)

const (
	verdictFile  = "internal/reinstall/verdict.go"
	outcomeFile  = "internal/reinstall/outcome.go"
	submitFile   = "internal/reinstall/submit.go"
	planFile     = "internal/provider/devserver_os_reinstall_plan.go"
	modelFile    = "internal/provider/devserver_os_reinstall_model.go"
	resourceFile = "internal/provider/devserver_os_reinstall_resource.go"
	diagFile     = "internal/provider/diagnostics.go"
)

// breakages are the ways in which other providers have lost machines, and some of our own.
var breakages = []breakage{
	{"the POST is sent again after a 502", []edit{{
		outcomeFile, "case code == http.StatusTooManyRequests:",
		"case code == http.StatusTooManyRequests, code == http.StatusBadGateway:",
	}}, engine},
	{"the POST is sent again after a lost answer", []edit{{
		outcomeFile, "if errors.As(err, &connErr) && !connErr.Sent {", "if errors.As(err, &connErr) {",
	}}, engine},
	{"the wire repeats writes as it does reads", []edit{{
		"internal/modelarts/service.go", "if !req.repeatable() {", "if false {",
	}}, wire},
	{"the wire sends a write again after a 401", []edit{{
		"internal/modelarts/service.go", "answer, _, err := s.authorized(ctx, req)\n\n\t\treturn answer, err",
		"answer, refreshed, err := s.authorized(ctx, req)\n\t\tif refreshed {\n\t\t\treturn s.once(ctx, req)\n\t\t}\n\n\t\treturn answer, err",
	}}, wire},
	{"any 2xx shows a server", []edit{{
		"internal/modelarts/servers.go", "\tcase shown == nil && server.CurrentStatus().documented():\n", "\tcase shown == nil:\n",
	}}, wire},
	{"the first RUNNING is believed", []edit{{
		verdictFile, "seen.Status == modelarts.StatusRunning && evidence > EvidenceNone", "seen.Status == modelarts.StatusRunning",
	}}, engine},
	{"the first FAILED is believed", []edit{{
		verdictFile, "failed(seen.Status) && evidence == EvidenceStrong", "failed(seen.Status)",
	}}, engine},
	{"weak evidence is accepted after a lost answer", []edit{{
		verdictFile, "\tcase op.State == StateUnknown:\n\t\treturn EvidenceNone\n", "",
	}}, engine},
	{"a reply older than the last one is believed", []edit{{
		verdictFile, "return seen.UpdatedAt != 0 && seen.UpdatedAt < op.LatestUpdate", "return false",
	}}, engine},
	{"a reinstall under way is not adopted", []edit{{
		"internal/reinstall/precheck.go", "return StepJoin", "return StepWait",
	}}, engine},
	{"ctrl-C cuts the POST", []edit{{
		submitFile, "context.WithTimeout(context.WithoutCancel(ctx), postTimeout)", "context.WithTimeout(ctx, postTimeout)",
	}}, engine},
	{"a server is reinstalled twice in one run", []edit{{
		"internal/reinstall/claims.go", "return false", "return true",
	}}, engine},
	{"a server that was stopped for nothing is left standing", []edit{{
		"internal/reinstall/engine.go", "if joined == nil && !result.Outcome.Sent() && r.stop != stopNone {", "if false {",
	}}, engine},
	{"a stop whose answer was lost is forgotten", []edit{{
		"internal/reinstall/prepare.go", "\t\tr.stop = max(r.stop, stopUnclear)\n", "",
	}}, engine},
	{"a look that failed does not end what was held", []edit{{
		"internal/reinstall/await.go", "held = tracker{} // nobody", "_ = held // nobody",
	}}, engine},
	{"the result is not compared", []edit{{
		"internal/reinstall/operation.go", "if d.Asked != \"\" && d.Found != \"\" && d.Asked != d.Found {", "if false {",
	}}, engine},
	{"a gateway's 404 is taken for a server that is gone", []edit{{
		"internal/modelarts/errors.go", "return apiErr.StatusCode == http.StatusNotFound && strings.HasPrefix(apiErr.Code, \"ModelArts.\")",
		"return apiErr.StatusCode == http.StatusNotFound || strings.HasPrefix(apiErr.Code, \"never\")",
	}}, wire},
	{"absence from a listing is taken for a server that is gone", []edit{{
		"internal/modelarts/fleet_reader.go", "\treturn r.client.GetServer(ctx, id)\n",
		`	if r.listing != nil && r.listing.server(id) == nil {
		return nil, &Error{Code: codeServerNotFound}
	}

	return r.client.GetServer(ctx, id)
`,
	}}, wire},
	{"a busy service ends a reinstall before its first step", []edit{{
		"internal/reinstall/engine.go", "if !modelarts.IsThrottled(err) || !pause(ctx, time.Since(began)) {",
		"if !modelarts.IsThrottled(err) || time.Since(began) >= 0 {",
	}}, engine},
	{"a server that vanishes after a lost answer is said to be erased", []edit{{
		"internal/reinstall/await.go", "if op.State != StateUnknown {\n\t\top.end(StateFailed, nil)", "if true {\n\t\top.end(StateFailed, nil)",
	}}, engine},
	{"the baseline is not kept", []edit{{
		modelFile, "textValue(op.Baseline.RootVolumeID)", "types.StringNull()",
	}}, planning},
	{"mismatched is a reason", []edit{{
		planFile, "d.mismatch, since = sinceMismatch(op, differences)",
		"_, since = sinceMismatch(op, differences)\n\t\td.reasons = append(d.reasons, \"mismatched\")",
	}}, planning},
	{"an import is a change like any other", []edit{{planFile, "if in.imported {", "if false {"}}, planning},
	{"a value that is known only at apply is no reason to warn", []edit{{planFile, "if in.undecided() {", "if false {"}}, planning},
	{"a server that has the image is erased for it", []edit{{
		planFile, "changed(prior.ImageID, plan.ImageID) && plan.ImageID.ValueString() != image",
		"changed(prior.ImageID, plan.ImageID) && image != \"any\"",
	}}, planning},
	{"turning back while a reinstall is under way is no change", []edit{{
		planFile, "if op, _ := operation(in.prior.LastReinstall); op.State.Open() {", "if op := (reinstall.Operation{}); op.State.Open() {",
	}}, planning},
	{"another server is planned from the state of this one", []edit{{
		planFile, "if prior != nil && prior.ID.Equal(plan.ID) {", "if prior != nil {",
	}}, planning},
	{"a refresh overwrites the key pair that is configured", []edit{{
		modelFile, "if m.KeyPairName.IsNull() {", "if server.KeyPairName != nil {",
	}}, cli("watched_key")},
	{"waiting is a permit to erase", []edit{{
		planFile, "return reason != reasonResume", "return reason != \"\"",
	}}, planning},
	{"a create returns an error with its state", []edit{
		{diagFile, "add := diags.AddError\n\tif when == duringCreate {", "add := diags.AddError\n\tif false {"},
		{
			resourceFile, "\tresp.Diagnostics.Append(outcomeDiagnostics(plan.ID.ValueString(), &result, duringCreate)...)\n\n\tif resp.Diagnostics.HasError() {",
			"\tresp.Diagnostics.Append(outcomeDiagnostics(plan.ID.ValueString(), &result, duringCreate)...)\n\n\tif !result.Outcome.Sent() {",
		},
	}, cli("timeout")},
	{"the reasons are worked out again by the apply, from the configuration", []edit{{
		resourceFile, "\tif granted, ok := permitted(plan.LastReinstall); ok {\n",
		`	var config osReinstallModel

	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)

	again := decide(&planInput{prior: &prior, plan: &config, keyConfigured: !config.KeyPairName.IsNull()})
	granted, ok := permit{reasons: again.reasons}, len(again.reasons) > 0

	if ok {
`,
	}}, cli("not_reasons")},
	{"another project empties the state", []edit{{
		resourceFile, "case !known.ProjectID.Equal(state.ProjectID), !known.Region.Equal(state.Region):", "case false:",
	}}, cli("project")},
	{"a refresh does not see the end of a reinstall", []edit{{
		modelFile, "m.setOperation(permitOf(m.LastReinstall), reinstall.Settle(op, server))",
		"m.setOperation(permitOf(m.LastReinstall), op)",
	}}, cli("timeout")},
	{"a write-only password is not sent", []edit{{
		modelFile, "if !secrets.adminPass.IsZero() {", "if secrets.adminPass.IsZero() {",
	}}, cli("write_only")},
}
