package e2e_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider"
)

// envOwnProviders, if not empty, makes the CLI start its providers itself in every script, as it does for users.
const envOwnProviders = "MODELARTS_TEST_OWN_PROVIDERS"

// attachedBinary is the name under which the test binary runs another program with a provider to attach to.
const attachedBinary = "attached"

// reattachLine matches the line in which a provider that is served for debugging prints its address.
var reattachLine = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*)'`)

// exec runs the CLI, attached to one provider for all of its steps. Otherwise the CLI starts one for each step, three for a
// plan, which is almost half of the work of most scripts. A script about these processes, or about the log, which the CLI
// forwards only from them, uses the command processes.
func (w *world) exec(ts *testscript.TestScript, args ...string) error {
	if w.ownProviders || os.Getenv(envOwnProviders) != "" {
		return ts.Exec(w.cli, args...)
	}

	return ts.Exec(attachedBinary, append([]string{w.cli}, args...)...)
}

// cmdProcesses makes the CLI start its providers itself from here on: processes.
func cmdProcesses(_ *testscript.TestScript, w *world, _ []string) { w.ownProviders = true }

// runAttached serves a provider, runs the program that the arguments name, attached to it, and exits with its code. Where no
// provider can be served, as on a machine that is too busy, the CLI starts its own. So does OpenTofu, which knows the provider
// by another address.
func runAttached() {
	run := exec.CommandContext(contextOfProcess(), os.Args[1], os.Args[2:]...)
	run.Stdin, run.Stdout, run.Stderr, run.Env = os.Stdin, os.Stdout, os.Stderr, os.Environ()

	if address, err := serveToAttach(); err == nil {
		run.Env = append(run.Env, "TF_REATTACH_PROVIDERS="+address)
	}

	err := run.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(exit.ExitCode())
	}

	if err != nil {
		panic(err)
	}
}

// serveToAttach serves a provider until this process exits, and returns its address. The provider prints nothing on the
// standard streams, which belong to the program that attaches to it.
func serveToAttach() (string, error) {
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_MODELARTS"} {
		if err := os.Setenv(name, "OFF"); err != nil {
			return "", err
		}
	}

	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return "", err
	}

	output, printed, err := os.Pipe()
	if err != nil {
		return "", err
	}

	os.Stdout, os.Stderr = printed, null

	go func() {
		_ = provider.Serve(contextOfProcess(), provider.New("e2e"), true)
		_ = printed.Close()
	}()

	return readAddress(output)
}

// readAddress reads the output of a provider up to its address.
func readAddress(output io.Reader) (string, error) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if match := reattachLine.FindStringSubmatch(lines.Text()); match != nil {
			return match[1], nil
		}
	}

	return "", errors.Join(io.ErrUnexpectedEOF, lines.Err())
}
