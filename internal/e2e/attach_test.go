package e2e_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider"
)

// envOwnProviders, if not empty, makes the CLI start its providers itself in every script, as it does for users.
const envOwnProviders = "MODELARTS_TEST_OWN_PROVIDERS"

// attachedBinary is the name under which the test binary runs another program with a provider to attach to.
const attachedBinary = "attached"

// reattachLine matches what a provider that was started by hand prints once it can be attached to.
var reattachLine = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*)'`)

var errNotServed = errors.New("the provider has not printed where it is")

// exec runs the CLI, attached to one provider for all of its steps. By itself the CLI starts one for each step, three for
// a plan, and that is almost half of the work of most scripts. A script about these processes, or about the log, which the
// CLI forwards from them only, uses the command processes.
func (w *world) exec(ts *testscript.TestScript, args ...string) error {
	if w.ownProviders || os.Getenv(envOwnProviders) != "" {
		return ts.Exec(w.cli, args...)
	}

	return ts.Exec(attachedBinary, append([]string{w.cli}, args...)...)
}

// cmdProcesses makes the CLI start its providers itself from here on: processes.
func cmdProcesses(_ *testscript.TestScript, w *world, _ []string) { w.ownProviders = true }

// runAttached serves a provider, runs the program that the arguments name, and exits as that does.
func runAttached() {
	err := attach(os.Args[1:])
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(exit.ExitCode())
	}

	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// attach runs a program with a provider to attach to. It has the standard streams to itself: what the provider prints is
// only read for its address.
func attach(args []string) error {
	run := exec.CommandContext(contextOfProcess(), args[0], args[1:]...)
	run.Stdin, run.Stdout, run.Stderr, run.Env = os.Stdin, os.Stdout, os.Stderr, os.Environ()

	address, err := serveToAttach()
	if err != nil {
		return err
	}

	run.Env = append(run.Env, "TF_REATTACH_PROVIDERS="+address)

	return run.Run()
}

// serveToAttach serves a provider until this process ends, and returns where it is, for Terraform and for OpenTofu.
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
		defer printed.Close() //nolint:errcheck // nothing is left to be said there

		_ = provider.Serve(contextOfProcess(), provider.New("e2e"), true)
	}()

	return readAddress(output)
}

// readAddress reads what a provider prints up to its address.
func readAddress(output io.Reader) (string, error) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if match := reattachLine.FindStringSubmatch(lines.Text()); match != nil {
			return addressForBoth(match[1]), nil
		}
	}

	return "", errors.Join(errNotServed, lines.Err())
}

// addressForBoth gives the one provider in a reattach configuration a second name, by which OpenTofu knows it.
func addressForBoth(config string) string {
	object := strings.TrimSuffix(strings.TrimPrefix(config, "{"), "}")

	return "{" + object + "," + strings.Replace(object, "registry.terraform.io", "registry.opentofu.org", 1) + "}"
}
