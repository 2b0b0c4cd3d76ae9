// Command shim takes the place of the provider binary. It runs the one that it is told to, and records how much
// memory that took: Terraform's children are nobody else's to measure.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
)

// The environment: which provider to run, and the file to which a line of JSON is added when it has ended.
const (
	envProvider = "MODELARTS_BENCH_PROVIDER"
	envUsage    = "MODELARTS_BENCH_USAGE"
)

func main() {
	cmd := exec.Command(os.Getenv(envProvider), os.Args[1:]...) //nolint:noctx // Terraform ends it
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr

	err := cmd.Run()

	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		log.Fatal(err)
	}

	if err := record(cmd); err != nil {
		log.Fatal(err)
	}

	os.Exit(max(cmd.ProcessState.ExitCode(), 0))
}

// record adds a line: {"peak": bytes}.
func record(cmd *exec.Cmd) error {
	line, err := json.Marshal(map[string]int64{"peak": peakMemory(cmd.ProcessState)})
	if err != nil {
		return fmt.Errorf("no usage: %w", err)
	}

	file, err := os.OpenFile(os.Getenv(envUsage), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("no file for the usage: %w", err)
	}

	_, err = fmt.Fprintf(file, "%s\n", line)

	return errors.Join(err, file.Close())
}
