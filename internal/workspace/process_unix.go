//go:build unix

package workspace

import (
	"os/exec"
	"syscall"
)

// separate puts a command into a process group of its own, so that a ctrl-C on the terminal does not reach it past its
// parent: Terraform takes a second one for an order to drop everything.
func separate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// interrupt asks a separate command to end.
func interrupt(cmd *exec.Cmd) error {
	return cmd.Process.Signal(syscall.SIGINT) //nolint:wrapcheck // exec expects it bare
}

// killRest ends what a separate command that has ended may have left of its group.
func killRest(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}
