//go:build !unix

package e2e_test

import "github.com/rogpeppe/go-internal/testscript"

// processCommands are none: there are no process groups, and hardly any signals. Scripts with them are skipped.
func processCommands() map[string]func(*testscript.TestScript, bool, []string) { return nil }
