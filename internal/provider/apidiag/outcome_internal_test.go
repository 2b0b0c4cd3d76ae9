package apidiag

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

const diagnosedServer = "62383738-e52a-450a-9f84-f9e705402be8"

// answered is an answer of the service as it comes.
func answered(status int, code string) error {
	return &modelarts.Error{
		Method: "POST", Path: "/v1/p/dev-servers/x/reinstallos", StatusCode: status, Code: code, Message: "what it says",
		RequestID: "request-of-the-answer",
	}
}

// outcomeCase is how a run ended, and what has to be said about it besides what every diagnostic says.
type outcomeCase struct {
	result  reinstall.Result
	not     []occasion // when it does not happen
	advice  string     // what to do
	disk    string     // what happened to the disk; empty: nothing was erased
	warning bool       // for a Create
}

func outcomeCases() map[string]outcomeCase {
	refused := func(err error, advice string) outcomeCase {
		return outcomeCase{
			result: reinstall.Result{Outcome: reinstall.OutcomeRefused, Stage: reinstall.StageSubmit, Err: err},
			not:    []occasion{duringResume}, advice: advice,
		}
	}
	power := func(p reinstall.Power, advice string) outcomeCase {
		c := refused(answered(400, "ModelArts.7000"), advice)
		c.result.Power, c.result.PowerErr = p, answered(503, "")
		c.result.Server = &modelarts.Server{Status: new(modelarts.StatusStopFailed)}

		return c
	}
	sent := func(outcome reinstall.Outcome, state reinstall.State, err error) reinstall.Result {
		return reinstall.Result{
			Outcome: outcome, Stage: reinstall.StageWait, Err: err,
			Server:    &modelarts.Server{Status: new(modelarts.StatusReinstallingOSFailed)},
			Operation: reinstall.Operation{State: state, RequestID: "request-of-the-reinstall", SubmittedAt: time.Now()},
		}
	}
	mismatched := sent(reinstall.OutcomeMismatched, reinstall.StateMismatched, nil)
	mismatched.Differences = []reinstall.Difference{{Attribute: "image_id", Asked: "new", Found: "old"}}

	return map[string]outcomeCase{
		"illegal status":    refused(&reinstall.StatusError{Status: "ERROR"}, "Bring it into one of these in the ModelArts console"),
		"running":           refused(&reinstall.RunningError{}, "leave stop_before_reinstall out"),
		"duplicate":         refused(&reinstall.DuplicateError{ServerID: diagnosedServer}, "remove one of the two"),
		"held back":         refused(&reinstall.TooManyFailuresError{Failed: []reinstall.FailedServer{{ID: "one", Name: "trainer-9"}}}, "raise failure_tolerance in the provider block"),
		"400":               refused(answered(400, "ModelArts.7000"), "that image_id is an image for the type and architecture"),
		"not known":         refused(answered(400, "ModelArts.6404"), "not cloud_server.id"),
		"401":               refused(answered(401, "APIGW.0301"), "Check the provider's credentials"),
		"403":               refused(answered(403, "ModelArts.6407"), "may start, stop and reinstall DevServers"),
		"gateway's 404":     refused(answered(404, "APIGW.0101"), "region, project_id and endpoints"),
		"429":               refused(answered(429, "APIGW.0308"), "try again later"),
		"503":               refused(answered(503, ""), "give the request id to the service's support"),
		"no connection":     refused(&modelarts.ConnectionError{Method: "GET", Path: "/", Err: io.EOF}, "Check the network and the proxy"),
		"timeout":           refused(reinstall.ErrTimedOut, "with a longer timeout"),
		"timeout after 403": refused(errors.Join(reinstall.ErrTimedOut, answered(403, "")), "may start, stop and reinstall"),
		"ctrl-C":            refused(reinstall.ErrInterrupted, "Apply again."),

		"refused, and runs":        power(reinstall.PowerRunning, "has been started again, and is running"),
		"refused, and starts":      power(reinstall.PowerStarting, "has been asked to start again, but is not confirmed to be running yet"),
		"refused, and stops":       power(reinstall.PowerStopping, "start it in the ModelArts console once it has stopped"),
		"refused, and not running": power(reinstall.PowerStartRefused, "HTTP 503 Service Unavailable"),
		"refused, and unclear":     power(reinstall.PowerUnclear, `its last known status was "STOP_FAILED"`),

		"not started": {
			result: sent(reinstall.OutcomeNotStarted, reinstall.StateNotStarted, answered(504, "")),
			advice: "HTTP 504 Gateway Timeout",
		},
		"pending": {
			result: sent(reinstall.OutcomePending, reinstall.StateSubmitted, reinstall.ErrTimedOut),
			disk:   "is being erased, or was", advice: "sends no second request", warning: true,
		},
		"unknown": {
			result: sent(reinstall.OutcomeUnknown, reinstall.StateUnknown, errors.Join(reinstall.ErrInterrupted, answered(502, ""))),
			disk:   "may be erased", advice: "terraform apply -replace", warning: true,
		},
		"failed": {
			result: sent(reinstall.OutcomeFailed, reinstall.StateFailed, nil),
			disk:   "was erased", advice: "check that the image fits",
		},
		"gone": {
			result: sent(reinstall.OutcomeFailed, reinstall.StateFailed, &reinstall.GoneError{Err: answered(400, "ModelArts.6404")}),
			disk:   "Treat the system disk as erased", advice: "remove it from the configuration",
		},
		"gone, and the answer was lost": {
			result: sent(reinstall.OutcomeFailed, reinstall.StateUnknown, &reinstall.GoneError{Status: "DELETING"}),
			disk:   "Whether its system disk was erased is not known", advice: "remove it from the configuration",
		},
		"mismatched": {result: mismatched, disk: "erased the system disk", advice: "change triggers", warning: true},
	}
}

var nextApply = regexp.MustCompile(`[Tt]he next apply|It is not repeated automatically`)

// Whatever ends an apply, people are told which server it is about, what happened to its disk, what the next apply does,
// and what they can do, with all that the service's support asks for.
func TestOutcomeDiagnostics(t *testing.T) {
	t.Parallel()

	for name, test := range outcomeCases() {
		for when, during := range map[occasion]string{DuringCreate: "Create", DuringUpdate: "Update", duringResume: "resume"} {
			if len(test.not) > 0 && test.not[0] == when {
				continue
			}

			t.Run(name+" in a "+during, func(t *testing.T) {
				t.Parallel()

				diags := Outcome(diagnosedServer, "trainer-1", &test.result, when)
				if len(diags) != 1 {
					t.Fatalf("%d diagnostics, want 1: %s", len(diags), providertest.Transcript(diags))
				}

				if warns := diags[0].Severity() == diag.SeverityWarning; warns != (test.warning && when == DuringCreate) {
					t.Errorf("severity %s", diags[0].Severity())
				}

				checkOutcome(t, diags[0].Detail(), &test)
				t.Log(providertest.Transcript(diags))
			})
		}
	}
}

func checkOutcome(t *testing.T, detail string, test *outcomeCase) {
	t.Helper()

	disk := test.disk
	if disk == "" {
		disk = "othing was erased"
	}

	if _, heldBack := errors.AsType[*reinstall.TooManyFailuresError](test.result.Err); heldBack {
		disk = "neither stopped nor erased"
	}

	want := []string{"DevServer trainer-1 (" + diagnosedServer + ")", disk, test.advice}

	if test.disk != "" {
		want = append(want, "request-of-the-reinstall")
	}

	if answer, ok := errors.AsType[*modelarts.Error](test.result.Err); ok {
		want = append(want, fmt.Sprintf("HTTP %d", answer.StatusCode), "request id request-of-the-answer", answer.Code, "what it says")
	}

	for _, text := range want {
		if !strings.Contains(detail, text) {
			t.Errorf("%q is missing from: %s", text, detail)
		}
	}

	if !nextApply.MatchString(detail) {
		t.Errorf("it does not say what the next apply does: %s", detail)
	}
}

// The name of a server is the one that was read last, else that in the state; the id alone is enough.
func TestOutcomeNamesTheServer(t *testing.T) {
	t.Parallel()

	for want, test := range map[string]struct {
		read  *modelarts.Server
		state string
	}{
		"DevServer trainer-2 (" + diagnosedServer + ") ": {&modelarts.Server{Name: new("trainer-2")}, "trainer-1"},
		"DevServer trainer-1 (" + diagnosedServer + ") ": {&modelarts.Server{}, "trainer-1"},
		"DevServer " + diagnosedServer + " ":             {nil, ""},
	} {
		result := reinstall.Result{Err: reinstall.ErrInterrupted, Server: test.read}
		if detail := Outcome(diagnosedServer, test.state, &result, DuringUpdate)[0].Detail(); !strings.Contains(detail, want) {
			t.Errorf("%q is missing from: %s", want, detail)
		}
	}
}

// Of a fleet whose image is broken, most servers are held back: each error names the failures in three lines.
func TestOutcomeOfAServerThatIsHeldBack(t *testing.T) {
	t.Parallel()

	failed := []reinstall.FailedServer{
		{ID: "1", Name: "trainer-1"}, {ID: "2"}, {ID: "3", Name: "trainer-3"}, {ID: "4", Name: "trainer-4"}, {ID: "5", Name: "trainer-5"},
	}

	for size, want := range map[int]string{
		1: "1 reinstall has failed in this apply and failure_tolerance is 0: trainer-1 (1).",
		3: "3 reinstalls have failed in this apply and failure_tolerance is 2: trainer-1 (1), 2, trainer-3 (3).",
		5: "5 reinstalls have failed in this apply and failure_tolerance is 4: trainer-1 (1), 2, trainer-3 (3) and 2 more.",
	} {
		result := reinstall.Result{Err: &reinstall.TooManyFailuresError{Failed: failed[:size], Tolerance: size - 1}}

		for _, when := range []occasion{DuringCreate, DuringUpdate} {
			lines := strings.Split(Outcome(diagnosedServer, "trainer-6", &result, when)[0].Detail(), "\n")
			if len(lines) != 3 || lines[1] != want {
				t.Errorf("got  %q\nwant %q in the second of three lines", lines, want)

				continue
			}

			if first := "DevServer trainer-6 (" + diagnosedServer + ") was not touched: it was neither stopped nor erased."; lines[0] != first {
				t.Errorf("the first line is %q", lines[0])
			}

			if !strings.Contains(lines[2], "raise failure_tolerance in the provider block") {
				t.Errorf("the last line is %q", lines[2])
			}
		}

		// A server that was stopped for it has more to say.
		result.Power = reinstall.PowerRunning
		checkTexts(t, Outcome(diagnosedServer, "trainer-6", &result, DuringCreate)[0].Detail(),
			[]string{want, "has been started again, and is running"}, []string{"not touched"})
	}
}
