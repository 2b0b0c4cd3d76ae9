package sabotage_test

// The tests that are to notice a breakage.
var (
	engine   = testRun{"./internal/reinstall", "."}
	wire     = testRun{"./internal/modelarts", "."}
	planning = testRun{"./internal/provider/osreinstall", "TestDecide|TestLastReinstall|TestUpdated|TestSchedules"}
	cli      = func(scripts string) testRun { return testRun{"./internal/e2e", "TestScripts/^(" + scripts + ")$"} }
)

const (
	verdictFile   = "internal/reinstall/verdict.go"
	classifyFile  = "internal/reinstall/classify.go"
	runFile       = "internal/reinstall/run.go"
	getFile       = "internal/reinstall/get.go"
	adoptFile     = "internal/reinstall/adopt.go"
	powerFile     = "internal/reinstall/power.go"
	submitFile    = "internal/reinstall/submit.go"
	prepareFile   = "internal/reinstall/prepare.go"
	engineFile    = "internal/reinstall/engine.go"
	operationFile = "internal/reinstall/operation.go"
	lastFile      = "internal/provider/osreinstall/last_reinstall.go"
	permitFile    = "internal/provider/osreinstall/permit.go"
	requestFile   = "internal/provider/osreinstall/request.go"
	schemaFile    = "internal/provider/osreinstall/schema.go"
	planFile      = "internal/provider/osreinstall/plan.go"
	modelFile     = "internal/provider/osreinstall/model.go"
	marksFile     = "internal/provider/osreinstall/marks.go"
	resourceFile  = "internal/provider/osreinstall/resource.go"
	lookupFile    = "internal/provider/osreinstall/lookup.go"
	lookupDiags   = "internal/provider/osreinstall/lookup_diagnostics.go"
	plannedFile   = "internal/provider/osreinstall/planned.go"
	takeupFile    = "internal/reinstall/takeup.go"
	journalFile   = "internal/reinstall/journal.go"
	diagFile      = "internal/provider/apidiag/outcome.go"
)

// breakages are the ways in which other providers have lost machines, and some of our own.
var breakages = []breakage{
	{"a request is sent before it is recorded", []edit{{
		submitFile, "if err := r.beginRecord(ctx, op); errors.Is(err, ErrJournalChanged) {",
		"if err := error(nil); errors.Is(err, ErrJournalChanged) {",
	}}, engine},
	{"a recorded request is not taken up", []edit{{
		takeupFile, "\tif r.record.pending(r.req.Last) {\n\t\tif result, over", "\tif false {\n\t\tif result, over",
	}}, engine},
	{"the result of a request for something else is kept", []edit{{
		takeupFile, "wanted := r.record.Permit.Inputs == r.req.Permit.Inputs", "wanted := true",
	}}, engine},
	{"a recorded result is kept although the disk is another one", []edit{{
		takeupFile, "op.RootVolumeID == \"\" || root == op.RootVolumeID)", "op.RootVolumeID == \"\" || root != \"\")",
	}}, engine},
	{"a record of another project is used", []edit{{
		journalFile, "\tif r.Site == site {\n", "\tif true {\n",
	}}, engine},
	{"a damaged record is ignored", []edit{{
		takeupFile, "if err != nil { // there may be a record", "if false {",
	}}, engine},
	{"what cannot be recorded is sent although it has to be recorded", []edit{{
		takeupFile, "\tif r.records.Required {\n", "\tif false {\n",
	}}, engine},
	{"a refused request stays in the journal", []edit{{
		takeupFile, "op.SubmittedAt.IsZero() || op.State == StateNotStarted {", "op.SubmittedAt.IsZero() && op.State == StateFailed {",
	}}, engine},
	{"the request of another process is not waited for", []edit{{
		submitFile, "\tcase other == nil:\n", "\tcase true:\n",
	}}, engine},
	{"the plan guesses although the journal knows", []edit{{
		planFile, "in.reimaged && !in.recorded &&", "in.reimaged &&",
	}}, cli("journal_killed")},
	{"what the state has stays in the journal", []edit{{
		"internal/provider/osreinstall/journal.go", "if op == nil || !r.data.Configured() {", "if op != nil || !r.data.Configured() {",
	}}, cli("journal_killed")},
	{"the POST is sent again after a 502", []edit{{
		classifyFile, "case code == http.StatusTooManyRequests:",
		"case code == http.StatusTooManyRequests, code == http.StatusBadGateway:",
	}}, engine},
	{"the POST is sent again after a lost answer", []edit{{
		classifyFile, "if errors.As(err, &connErr) && !connErr.Sent {", "if errors.As(err, &connErr) {",
	}}, engine},
	{"the wire repeats writes as it does reads", []edit{{
		"internal/modelarts/request.go", "if !req.repeatable() {", "if false {",
	}}, wire},
	{"the wire sends a write again after a 401", []edit{{
		"internal/modelarts/request.go", "answer, _, err := s.authorized(ctx, req)\n\n\t\treturn answer, err",
		"answer, refreshed, err := s.authorized(ctx, req)\n\t\tif refreshed {\n\t\t\treturn s.once(ctx, req)\n\t\t}\n\n\t\treturn answer, err",
	}}, wire},
	{"any 2xx shows a server", []edit{{
		"internal/modelarts/devservers.go", "\tcase shown == nil && server.CurrentStatus().documented():\n", "\tcase shown == nil:\n",
	}}, wire},
	{"a Retry-After of an hour is obeyed", []edit{{
		"internal/modelarts/retry_after.go", "min(answer.RetryAfter, longestObeyed)", "answer.RetryAfter",
	}}, wire},
	{"the temporary keys of a role are no secrets", []edit{{
		"internal/modelarts/assume_role.go", "\twithhold(a.iam.redactor, credentials.secrets()...)\n", "",
	}}, wire},
	{"a request id is quoted unsearched", []edit{{
		"internal/modelarts/errors.go", "return r.redactor.Token(r.requestID) }", "return r.requestID }",
	}}, wire},
	{"the provider logs where nobody asks for it", []edit{{
		"internal/provider/serve.go", `"TF_LOG_PROVIDER_MODELARTS"`, `"TF_LOG_PROVIDER"`,
	}}, cli("log")},
	{"only the answer to a request is searched for its secrets", []edit{{
		"internal/modelarts/devservers.go", "withhold(c.api.redactor, req.AdminPass)", "withhold(redactorOf(nil), req.AdminPass)",
	}}, wire},
	{"the first RUNNING is believed", []edit{{
		verdictFile, "return evidence > evidenceNone && (op.Baseline.RootVolumeID == \"\" ||", "return evidence >= evidenceNone && (true ||",
	}}, engine},
	{"the first FAILED is believed", []edit{{
		verdictFile, "(evidence == evidenceStrong || evidence == evidenceWeak && seen.Status != op.Baseline.Status)",
		"evidence >= evidenceNone",
	}}, engine},
	{"weak evidence is accepted after a lost answer", []edit{{
		verdictFile, "case op.State == StateUnknown, op.sameRoot(seen)", "case op.sameRoot(seen)",
	}}, engine},
	{"a reply older than the last one is believed", []edit{{
		verdictFile, "if seen.UpdatedAt == 0 || seen.UpdatedAt >= op.LatestUpdate {", "if seen.UpdatedAt < op.LatestUpdate || true {",
	}}, engine},
	{"a request follows on a wait for what had ended before", []edit{{
		runFile, "!r.sawTransition && (shown", "false && (shown",
	}}, engine},
	{"a server that was stopped is left alone for an older reading", []edit{{
		powerFile, "server.UpdatedAt() >= r.latestUpdate", "true",
	}}, engine},
	{"a reading that leaves out the disk is as good as one that shows it", []edit{{
		prepareFile, "patience = stableUnchanged", "patience = time.Second",
	}}, engine},
	{"one reply ahead blinds a run for good", []edit{{
		prepareFile, "r.req.olderThanKnown(server), freshAfter)", "r.req.olderThanKnown(server), 24*time.Hour)",
	}}, engine},
	{"a secret is shown in pieces", []edit{{
		"internal/modelarts/errors.go", "if r.redactor.RepeatsAcross(", "if false && r.redactor.RepeatsAcross(",
	}}, wire},
	{"the request of a killed apply is served again after one reading", []edit{{
		permitFile, "case reimaged && reason != reasonResume:", "case false:",
	}}, cli("killed_update_flicker|killed_update_late")},
	{"an apply that is refused clears the mark of a killed one", []edit{{
		marksFile, "case result.Outcome == reinstall.OutcomeRefused:", "case false:",
	}}, cli("killed_update_flicker")},
	{"what was taken over without a reinstall is forgotten", []edit{{
		marksFile, "if m.taken != nil {", "if false {",
	}}, cli("put_back_taken")},
	{"a reply from before the own reinstall is somebody else's", []edit{{
		modelFile, "server.RootVolumeID() == last.op.Baseline.RootVolumeID)", "false)",
	}}, cli("odd_disk")},
	{"a reply from long ago settles a mismatch", []edit{{
		planFile, "len(d.reasons) == 0 && !in.lags()", "len(d.reasons) == 0",
	}}, cli("mismatched_stale")},
	{"a later process quotes what is in the state", []edit{{
		resourceFile, "r.data.Client.Withhold(&sent.Body)", "_ = sent",
	}}, cli("quoted_later")},
	{"a joined reinstall is not held against the disk from before it", []edit{{
		adoptFile, "op.Baseline.RootVolumeID = cmp.Or(r.permittedRoot, r.firstRoot, op.Baseline.RootVolumeID)",
		"op.Baseline.RootVolumeID = cmp.Or(op.Baseline.RootVolumeID)",
	}}, engine},
	{"a reinstall in progress is not adopted", []edit{{
		"internal/reinstall/precheck.go", "return StepAdopt", "return StepWait",
	}}, engine},
	{"ctrl-C cuts the POST", []edit{{
		submitFile, "context.WithTimeout(context.WithoutCancel(ctx), postTimeout)", "context.WithTimeout(ctx, postTimeout)",
	}}, engine},
	{"a server is reinstalled twice in one run", []edit{{
		"internal/reinstall/claims.go", "return false", "return true",
	}}, engine},
	{"a server that was stopped for nothing is left stopped", []edit{{
		runFile, "if adopted == nil && !result.Outcome.Sent() && !result.Operation.Adopted {", "if false {",
	}}, engine},
	{"a stop whose answer was lost is forgotten", []edit{{
		powerFile, "\t\tr.stop = max(r.stop, stopUnclear)\n", "",
	}}, engine},
	{"a read that failed does not end what was held", []edit{{
		"internal/reinstall/await.go", "stable = stability{} // nobody", "_ = stable // nobody",
	}}, engine},
	{"the result is not compared", []edit{{
		operationFile, "if wantImage != \"\" && image != nil && !strings.EqualFold(wantImage, *image) {", "if image == nil && false {",
	}}, engine},
	{"a gateway's 404 means that a server is gone", []edit{{
		"internal/modelarts/errors.go", "return apiErr.StatusCode == http.StatusNotFound && strings.HasPrefix(apiErr.Code, \"ModelArts.\")",
		"return apiErr.StatusCode == http.StatusNotFound || strings.HasPrefix(apiErr.Code, \"never\")",
	}}, wire},
	{"absence from a listing means that a server is gone", []edit{{
		"internal/modelarts/fleet_reader.go", "\treturn r.client.GetServer(ctx, id)\n",
		`	if r.listing != nil && r.listing.server(id) == nil {
		return nil, &Error{Code: codeServerNotFound}
	}

	return r.client.GetServer(ctx, id)
`,
	}}, wire},
	{"a busy service ends a reinstall before its first step", []edit{{
		getFile, "if !modelarts.IsThrottled(err) || !r.pause(ctx, time.Since(began)) {",
		"if !modelarts.IsThrottled(err) || time.Since(began) >= 0 {",
	}}, engine},
	{"a server that vanishes after a lost answer is said to be erased", []edit{{
		"internal/reinstall/await.go", "\tif op.State == StateUnknown {\n\t\treturn r.result(OutcomeFailed, op, err)\n\t}\n", "",
	}}, engine},
	{"the baseline is not kept", []edit{{
		lastFile, "textValue(op.Baseline.RootVolumeID)", "types.StringNull()",
	}}, planning},
	{"mismatched is a reason", []edit{{
		planFile, "d.mismatch, since = sinceMismatch(in.last.op, differences)",
		"_, since = sinceMismatch(in.last.op, differences)\n\t\td.reasons = append(d.reasons, \"mismatched\")",
	}}, planning},
	{"an import is a change like any other", []edit{{planFile, "if in.imported {", "if false {"}}, planning},
	{"a value that is known only at apply is no reason to warn", []edit{{planFile, "if in.undecided() {", "if false {"}}, planning},
	{"a server that has the image is erased for it", []edit{{
		planFile, "in.otherImage() && !strings.EqualFold(plan.ImageID.ValueString(), image)",
		"in.otherImage() && image != \"any\"",
	}}, planning},
	{"turning back while a reinstall is in progress is no change", []edit{{
		planFile, "switch open := in.last.asked && op.State.Open(); {", "switch open := in.last.asked && op.Adopted; {",
	}}, planning},
	{"another server is planned from the state of this one", []edit{{
		planFile, "if prior != nil && (prior.ID.Equal(plan.ID) || plan.ID.IsUnknown()) {", "if prior != nil {",
	}}, planning},
	{"waiting is a permit to erase", []edit{{
		planFile, "return reason != reasonResume", "return reason != \"\"",
	}}, planning},
	{"a create returns an error with its state", []edit{
		{diagFile, "add := diags.AddError\n\tif when == DuringCreate {", "add := diags.AddError\n\tif false {"},
		{
			resourceFile, "\tresp.Diagnostics.Append(apidiag.Outcome(plan.ID.ValueString(), plan.Name.ValueString(), &result, apidiag.DuringCreate)...)\n\n\tif resp.Diagnostics.HasError() {",
			"\tresp.Diagnostics.Append(apidiag.Outcome(plan.ID.ValueString(), plan.Name.ValueString(), &result, apidiag.DuringCreate)...)\n\n\tif !result.Outcome.Sent() {",
		},
	}, cli("timeout")},
	{"the reasons are worked out again by the apply, from the configuration", []edit{{
		resourceFile, "\tallowed, ok := readPermit(plan.LastReinstall)\n\tif !ok {\n\t\tresp.Diagnostics.Append(resp.State.Set",
		`	var config model

	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)

	in := newPlanInput(&config, &prior, marks{})
	again := decide(&in)
	allowed, ok := permit{reasons: again.reasons}, len(again.reasons) > 0

	if !ok {
		resp.Diagnostics.Append(resp.State.Set`,
	}}, cli("not_reasons")},
	{"another project is believed", []edit{{
		resourceFile, "case !now.ProjectID.Equal(state.ProjectID), !now.Region.Equal(state.Region):", "case false:",
	}}, cli("project")},
	{"a refresh does not see the end of a reinstall", []edit{{
		modelFile, "last.asked && settled != last.op {", "false && settled != last.op {",
	}}, cli("timeout")},
	{"a write-only password is not sent", []edit{{
		requestFile, "if !secrets.adminPass.IsZero() {", "if secrets.adminPass.IsZero() {",
	}}, cli("write_only")},

	{"any system disk is that of the plan", []edit{{
		prepareFile, "r.permittedRoot != \"\" && shown != \"\" && shown != r.permittedRoot", "r.permittedRoot != \"\" && shown == \"never\"",
	}}, engine},
	{"the disk of the state is not handed to the engine", []edit{{
		permitFile, "request.RootVolumeID = prior.rootVolumeID()", "request.RootVolumeID = \"\"",
	}}, cli("saved_plan|two_states")},
	{"the permit is for the disk from before the wait", []edit{{
		runFile, "\tr.permittedRoot = cmp.Or(waited.Server.RootVolumeID(), r.lastRoot, waited.Operation.Baseline.RootVolumeID)\n", "",
	}}, engine},
	{"a reason that has ceased is a reason", []edit{{
		permitFile, "request.Pointless = p.pointless(prior, plan, reimaged)", "request.Pointless = nil",
	}}, cli("saved_plan|recovered")},
	{"a server in transition has drifted", []edit{{planFile, "case in.inTransition():", "case false:"}}, planning},
	{"an unknown id replaces the server", []edit{{
		schemaFile, "resp.RequiresReplace = !req.PlanValue.IsUnknown()", "resp.RequiresReplace = true",
	}}, cli("unknown_id")},
	{"a server that is not known leaves the state", []edit{{
		resourceFile, "\tcase modelarts.IsNotFound(err):\n", "\tcase modelarts.IsNotFound(err) && !state.ProjectID.IsNull():\n\t\tresp.State.RemoveResource(ctx)\n\n\t\treturn\n\tcase modelarts.IsNotFound(err):\n",
	}}, cli("gone")},
	{"one reading says that a server is gone", []edit{{
		verdictFile, "case seen.gone() && seen.StableFor >= stableGone:", "case seen.gone():",
	}}, engine},
	{"one reading says that a reinstall has failed", []edit{{
		verdictFile, "return seen.StableFor >= needed &&", "return needed > 0 &&",
	}}, engine},
	{"a success that is seen later is not believed", []edit{{operationFile, "if op.Recovered(server) {", "if false {"}}, engine},
	{"what was adopted is the request", []edit{{
		operationFile, "case op.Adopted:\n\t\treturn StateNotStarted", "case op.Adopted:\n\t\treturn StateMismatched",
	}}, engine},
	{"a sign of a reinstall after a lost answer is a sign of the request", []edit{{
		operationFile, "op.State, op.Adopted = StateSubmitted, true\n\t}\n}", "op.State = StateSubmitted\n\t}\n}",
	}}, engine},
	{"a lost race is a refusal", []edit{{
		adoptFile, "if err == nil && !r.olderThanSeen(server) {\n\t\t\tif op", "if false {\n\t\t\tif op",
	}}, engine},
	{"a request that was not accepted is sent again without a check for its signs", []edit{{
		adoptFile, "case inProgress(status), r.firstSent.newRoot(r.firstSent.observe(server)):", "case false:",
	}}, engine},
	{"another request follows on what was joined after the first", []edit{{
		runFile, "if result.Outcome != OutcomeNotStarted || r.firstSent != nil || result.Err != nil || r.permittedRoot != \"\" {", "if r.firstSent = nil; result.Outcome != OutcomeNotStarted {",
	}}, engine},
	{"a reinstall that was given up is a result", []edit{{
		"internal/reinstall/await.go", "case r.adopting && seen.RootVolumeID != \"\" &&", "case false && r.adopting &&",
	}}, engine},
	{"a reply that shows the image late is an end", []edit{{
		"internal/reinstall/await.go", "if len(differences) > 0 && seen.StableFor < needed {", "if len(differences) > 0 && needed < 0 {",
	}}, engine},
	{"one reading of a refresh finds another image", []edit{{
		operationFile, "Judge(op, seen) == VerdictEnded && len(op.Differences(server)) == 0 {", "Judge(op, seen) == VerdictEnded {",
	}}, engine},
	{"a 401 is sent again for ever", []edit{{submitFile, "first := !*renewed", "first := !*renewed || true"}}, engine},
	{"a page of a gateway is an acceptance", []edit{{
		classifyFile, "if err == nil && (reply == nil || reply.Server == nil) {", "if err == nil && reply == nil {",
	}}, engine},
	{"the old system disk is no evidence against a reinstall", []edit{{
		verdictFile, "case op.State == StateUnknown, op.sameRoot(seen) && seen.Status != modelarts.StatusReinstallingOSFailed:",
		"case op.State == StateUnknown:",
	}}, engine},
	{"RUNNING in the middle of a reinstall is its end", []edit{{
		verdictFile, "op.newRoot(seen) || seen.StableFor >= stableOldRoot)", "op.newRoot(seen) || seen.StableFor >= 0)",
	}}, engine},
	{"one reply ahead of the store makes all others stale", []edit{{
		verdictFile, "return seen.Age < freshAfter || !op.newRoot(seen) && !inProgress(seen.Status)", "return true",
	}}, engine},
	{"a lost request never ends on a server that was touched", []edit{{
		verdictFile, "\t\top.sameRoot(seen) && (isLegal(seen.Status) || seen.Status == modelarts.StatusRunning)\n", "\t\tfalse\n",
	}}, engine},
	{"somebody else's reinstall never ends on a stopped server", []edit{{
		verdictFile, "(op.newRoot(seen) || op.Adopted && op.TransitionSeen)", "op.newRoot(seen)",
	}}, engine},
	{"SIGTERM kills the provider", []edit{{
		"internal/provider/serve.go", "signal.Ignore(syscall.SIGTERM)", "signal.Reset(syscall.SIGTERM)",
	}}, cli("signal_term|orphan")},
	{"an image id in another case is another image", []edit{{
		operationFile, "!strings.EqualFold(wantImage, *image)", "!strings.EqualFold(wantImage, *image) && wantImage != *image || wantImage != *image",
	}}, engine},
	{"a key pair that is shown as empty is none", []edit{{
		operationFile, "keyPair != nil && wantKeyPair != *keyPair", "keyPair != nil && *keyPair != \"\" && wantKeyPair != *keyPair",
	}}, engine},
	{"a refresh fills in a key pair that is not configured", []edit{{
		modelFile, "\tif server.KeyPairName != nil {\n", "\tif m.KeyPairName.IsNull() {\n\t\tm.KeyPairName = types.StringPointerValue(server.KeyPairName)\n\t}\n\n\tif server.KeyPairName != nil {\n",
	}}, cli("ignored|watched_key")},
	{"user data is compared byte by byte", []edit{{
		planFile, "return !userdata.Same(prior.ValueString(), plan.ValueString())", "return prior.ValueString() != plan.ValueString()",
	}}, planning},
	{"a version that is put back is another one", []edit{{
		planFile, "\tif prior.IsNull() {\n\t\tprior = installed\n\t}\n", "",
	}}, planning},
	{"user data that is put back is another one", []edit{{
		planFile, "return userdata.Digest(plan.ValueString()) != in.with.userData", "return true",
	}}, planning},
	{"triggers that are put back are others", []edit{{
		planFile, "return triggersDigest(plan) != in.with.triggers", "return true",
	}}, planning},
	{"a word of a newer version is an end", []edit{{
		operationFile, "return true // the word of a newer version", "return false",
	}}, engine},
	{"a machine that somebody has broken is ready", []edit{{
		modelFile, "return types.BoolValue((!last.asked || last.op.State == reinstall.StateCompleted) && usable(m.Status.ValueString()))",
		"return types.BoolValue(!last.asked || last.op.State == reinstall.StateCompleted)",
	}}, cli("broken|create_before_destroy")},
	{"a slot is free before its failure is counted", []edit{{
		engineFile, "\te.limiter.record(req.ServerID, &result) // before", "\tr.releaseSlot()\n\te.limiter.record(req.ServerID, &result) // before",
	}}, engine},
	{"a restart is decided by the last reading", []edit{{
		powerFile, "server := r.getPower(start)", "server := r.server",
	}}, engine},
	{"a busy service keeps a server down that was stopped for it", []edit{{
		submitFile, "retryAfter = min(retryAfter, longestBackoff)", "retryAfter = max(retryAfter, 0)",
	}}, engine},
	{"a plan does not read what it erases", []edit{{
		lookupFile, "case !d.erases() || id == \"\":", "case true:",
	}}, cli("plan_reads|plan_image")},
	{"a plan of a first reinstall knows no disk", []edit{{
		lookupFile, "return types.StringValue(l.server.RootVolumeID())", "return types.StringUnknown()",
	}}, cli("plan_other_disk")},
	{"a plan accepts a server that cannot be reinstalled", []edit{{
		lookupDiags, "status == \"\" || reinstall.Precheck(status, stopFirst) != reinstall.StepRefuse:", "true:",
	}}, cli("plan_reads")},
	{"a plan goes on if the server cannot be read", []edit{{
		lookupDiags, "if l.err == nil || modelarts.IsDenied(l.err) {", "if true {",
	}}, cli("plan_reads")},
	{"a server is stopped for an image that cannot be installed", []edit{{
		prepareFile, "return CheckImage(r.image, server)", "return nil",
	}}, engine},
	{"a plan accepts an image that cannot be installed", []edit{{
		lookupDiags, "case err != nil:\n\t\treturn diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root(\"image_id\"), summaryImage,",
		"case false:\n\t\treturn diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root(\"image_id\"), summaryImage,",
	}}, cli("plan_image")},
	{"two resources of one plan erase one server", []edit{{
		"internal/provider/providerdata/erasures.go", "duplicate = erasure.ServerID != \"\" &&", "duplicate = false &&",
	}}, cli("plan_limits|twice")},
	{"max_reinstalls is not obeyed", []edit{{
		lookupDiags, "limit == nil || int64(len(planned)) <= *limit", "true || limit == nil",
	}}, cli("plan_limits")},
	{"a protected server is erased", []edit{{
		"internal/provider/osreinstall/plan_diagnostics.go", "if in.plan.ReinstallProtection.ValueBool() {", "if false {",
	}}, cli("plan_limits")},
	{"a plan without changes has some", []edit{{
		plannedFile, "case !plan.sameArguments(prior):", "default:",
	}}, cli("plan_words")},
	{"an update that erases nothing says that it does", []edit{{
		plannedFile, "types.BoolValue(false), types.StringValue(notice)", "types.BoolValue(true), types.StringValue(notice)",
	}}, cli("plan_words")},
	{"data disks leave the plan", []edit{{
		"internal/provider/devserver/reinstalled.go", "m.Volumes, isRootVolume, \"evs_id\")", "m.Volumes, everyElement, \"evs_id\")",
	}}, testRun{"./internal/provider/devserver", "TestServerModel"}},
	{"a change that the plan did not know is never read", []edit{{
		modelFile, "if m.Lags(&shown.Model) {", "if false {",
	}}, testRun{"./internal/provider/osreinstall", "TestUpdated"}},
	{"a first reinstall erases another disk than its plan was made for", []edit{{
		prepareFile, "if shown := server.RootVolumeID(); r.permittedRoot != \"\" && shown != \"\" && shown != r.permittedRoot {",
		"if shown := server.RootVolumeID(); r.req.KnownUpdate != 0 && r.permittedRoot != \"\" && shown != \"\" && shown != r.permittedRoot {",
	}}, engine},
	{"a plan that was to join a reinstall erases what that has left", []edit{{
		prepareFile, "if r.req.JoinsFirst && !r.joined {", "if false {",
	}}, engine},
}
