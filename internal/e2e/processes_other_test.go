//go:build !unix

package e2e_test

import "github.com/rogpeppe/go-internal/testscript"

// processCommands are none, since there are no process groups and hardly any signals. Scripts that use them are skipped.
func processCommands() map[string]func(*testscript.TestScript, bool, []string) { return nil }
