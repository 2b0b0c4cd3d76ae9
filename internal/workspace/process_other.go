//go:build !unix

package workspace

import "os/exec"

// separate does nothing: the console sends a ctrl-C to every process that is attached to it.
func separate(*exec.Cmd) {}

// interrupt does nothing, as the command has got the ctrl-C too.
func interrupt(*exec.Cmd) error { return nil }

// killRest does nothing, as there is no process group.
func killRest(*exec.Cmd) {}
