package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// contextOfProcess is the context of what lasts as long as the process.
func contextOfProcess() context.Context { return context.Background() }

// commands are the commands of scripts, besides those of testscript itself.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){
		"server":     plain(cmdServer),
		"servers":    plain(cmdServers),
		"requests":   plain(cmdRequests),
		"image":      plain(cmdImage),
		"behavior":   plain(cmdBehavior),
		"fault":      plain(cmdFault),
		"outside":    plain(cmdOutside),
		"rival":      plain(cmdRival),
		"autofinish": plain(cmdAutofinish),
		"gather":     plain(cmdGather),
		"peak":       plain(cmdPeak),
		"await":      plain(cmdAwait),
		"tf":         plain(cmdTerraform),
		"processes":  plain(cmdProcesses),
		"sends":      plain(cmdSends),
		"planned":    plain(cmdPlanned),
		"also":       plain(cmdAlso),
		"says":       cmdSays,
		"sent":       plain(cmdSent),
		"total":      plain(cmdTotal),
		"body":       plain(cmdBody),
		"lawful":     plain(cmdLawful),
		"replace":    plain(cmdReplace),
	}
	maps.Copy(all, processCommands())

	// The former names of commands, for scripts that are kept elsewhere.
	all["paced"] = all["autofinish"]
	all["omits"] = func(ts *testscript.TestScript, _ bool, args []string) { cmdSays(ts, true, args) }

	return all
}

// worldOf returns the world of a script.
func worldOf(ts *testscript.TestScript) *world {
	w, ok := ts.Value(worldKey{}).(*world)
	if !ok {
		ts.Fatalf("the script has no world")
	}

	return w
}

// plain makes a command of a function; the command cannot be negated.
func plain(run func(*testscript.TestScript, *world, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("cannot be negated")
		}

		run(ts, worldOf(ts), args)
	}
}

// unmarshal reads the JSON argument of a command, if there is one. An unknown key fails the script.
func unmarshal(ts *testscript.TestScript, args []string, into any) {
	if len(args) == 0 {
		return
	}

	decoder := json.NewDecoder(bytes.NewReader([]byte(strings.Join(args, " "))))
	decoder.DisallowUnknownFields()
	ts.Check(decoder.Decode(into))
}

// begun is a program that begin has started.
type begun struct {
	cmd    *exec.Cmd
	output string // path
	done   chan struct{}
	err    error // once done
}

// ended reports whether the program has exited.
func (b *begun) ended() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}
