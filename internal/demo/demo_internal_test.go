package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// The environment variables that make hands over, and the one that turns the test binary into the demo.
const (
	envTestCLI    = "MODELARTS_TEST_TERRAFORM"   // path of the Terraform CLI
	envRequireCLI = "MODELARTS_TEST_REQUIRE_CLI" // not empty: a missing CLI is a failure
	envReinstall  = "MODELARTS_DEMO_REINSTALL"   // how long a reinstall takes
)

// deadline is when a test gives up on a demo.
const deadline = 15 * time.Minute

func TestMain(m *testing.M) {
	if text := os.Getenv(envReinstall); text != "" {
		reinstall, err := time.ParseDuration(text)
		if err != nil {
			panic(err)
		}

		os.Exit(realMain(simulator.Durations{
			Start: 100 * time.Millisecond, Stop: 100 * time.Millisecond, Reinstall: reinstall,
		}))
	}

	os.Exit(m.Run())
}

// TestDemo runs the whole demo, with reinstalls that are quick.
func TestDemo(t *testing.T) {
	t.Parallel()

	child := startDemo(t, "500ms")
	code := child.wait(t)
	text := child.output.String()

	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, text)
	}

	at := 0

	for _, want := range []string{
		`Nothing real is touched`,
		`trainer-3  REINSTALLINGOS_FAILED`,
		`\[1/5\] `,
		`\+ "create",`,
		`Plan: 3 to add, 0 to change, 0 to destroy`,
		`Warning: This plan erases a system disk`,
		`  erases the system disk of trainer-1 \(reinstall 1, disk [0-9a-f]{8}\): create`,
		`  erases the system disk of trainer-3 \(reinstall 1, disk [0-9a-f]{8}\): create`,
		`cloud \| trainer-\d: system disk erased, as requested`,
		`Apply complete! Resources: 3 added, 0 changed, 0 destroyed`,
		`"trainer-2" = "RUNNING, Ubuntu22.04_x86_64_GPU, reinstall completed"`,
		`\[2/5\] `,
		`No changes`,
		`\[3/5\] `,
		`"trainer-2"\] will be updated in-place`,
		`~ "create" -> "triggers"`,
		`Plan: 0 to add, 1 to change, 0 to destroy`,
		`Warning: This plan erases a system disk`,
		`  erases the system disk of trainer-2 \(reinstall 2\): triggers`,
		`cloud \| trainer-2: RUNNING -> STOPP(ING|ED)`,
		`Apply complete! Resources: 0 added, 1 changed, 0 destroyed`,
		`\[4/5\] `,
		`cloud \| trainer-3: system disk erased by somebody else`,
		`"drift: image_id is ` + oldImage + `, not ` + newImage + `"`,
		`\[5/5\] `,
		`trainer-1 +1 +1 +1 +0\n`,
		`trainer-2 +2 +2 +2 +0\n`,
		`trainer-3 +1 +1 +1 +1\n`,
		`illegal calls: 0\n`,
		regexp.QuoteMeta(verdictGood) + `\n$`,
	} {
		found := regexp.MustCompile(want).FindStringIndex(text[at:])
		if found == nil {
			t.Fatalf("not printed, or not in this place: %s\n%s", want, text)
		}

		at += found[1]
	}

	for _, unwanted := range []string{"\x1b", child.temp, "Error:", "dev_overrides", "development overrides", "terraform init"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("printed: %q\n%s", unwanted, text)
		}
	}

	child.nothingLeft(t)
}

// TestDemoInterrupted ends the demo in the midst of a reinstall.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()

	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a ctrl-C")
	}

	child := startDemo(t, "1h")
	child.await(t, "system disk erased")

	if err := child.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}

	if code := child.wait(t); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}

	const want = "Interrupted. Waiting for terraform"
	if text := child.output.String(); !strings.Contains(text, want) || strings.Contains(text, "Verdict") {
		t.Errorf("want %q, and no verdict:\n%s", want, text)
	}

	child.nothingLeft(t)
}

// child is a demo in a process of its own.
type child struct {
	cmd    *exec.Cmd
	temp   string // its directory for temporary files
	output lockedBuffer
	ended  chan struct{}
}

// startDemo starts a demo. It skips the test if there is no CLI.
func startDemo(t *testing.T, reinstall string) *child {
	t.Helper()

	cli := os.Getenv(envTestCLI)
	if cli == "" {
		const hint = "no Terraform CLI: `make test` builds one and runs this test, or set " + envTestCLI + " to the path of one"
		if os.Getenv(envRequireCLI) != "" {
			t.Fatal(hint)
		}

		t.Skip(hint)
	}

	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}

	c := &child{cmd: exec.Command(program), temp: t.TempDir(), ended: make(chan struct{})} //nolint:noctx // wait ends it
	c.cmd.Env = append(os.Environ(), envCLI+"="+cli, envReinstall+"="+reinstall, "TMPDIR="+c.temp,
		"TF_WORKSPACE=another", "HW_ACCESS_KEY=another", "HW_SECRET_KEY=another")
	c.cmd.Stdout, c.cmd.Stderr = &c.output, &c.output

	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}

	go func() {
		defer close(c.ended)

		_ = c.cmd.Wait() // The exit code says it all.
	}()

	t.Cleanup(func() {
		_ = c.cmd.Process.Signal(os.Interrupt) // It is a no-op if the demo has ended.

		<-c.ended
	})

	return c
}

// await waits until the demo has printed a text.
func (c *child) await(t *testing.T, text string) {
	t.Helper()

	poll(t, func() bool {
		select {
		case <-c.ended:
			t.Fatalf("ended without %q:\n%s", text, c.output.String())
		default:
		}

		return strings.Contains(c.output.String(), text)
	}, func() string { return "never printed " + text + ":\n" + c.output.String() })
}

// wait returns the exit code of the demo.
func (c *child) wait(t *testing.T) int {
	t.Helper()

	select {
	case <-c.ended:
	case <-time.After(deadline):
		t.Fatalf("still running:\n%s", c.output.String())
	}

	return c.cmd.ProcessState.ExitCode()
}

// nothingLeft checks that neither files nor processes of the demo are left.
func (c *child) nothingLeft(t *testing.T) {
	t.Helper()

	entries, err := os.ReadDir(c.temp)
	if err != nil {
		t.Fatal(err)
	}

	for _, entry := range entries {
		// A provider that takes more than two seconds to end is killed by Terraform, and its socket stays.
		if entry.Type()&os.ModeSocket == 0 {
			t.Errorf("left behind: %s", entry.Name())
		}
	}

	if runtime.GOOS != "linux" {
		return
	}

	// Terraform runs in the temporary directory, and the provider's binary is in it.
	poll(t, func() bool { return len(c.processes(t)) == 0 },
		func() string { return "still running: " + strings.Join(c.processes(t), ", ") })
}

// processes are those that run in the temporary directory, or are run from there. Linux alone tells.
func (c *child) processes(t *testing.T) []string {
	t.Helper()

	var found []string

	for _, link := range []string{"cwd", "exe"} {
		paths, err := filepath.Glob("/proc/[0-9]*/" + link)
		if err != nil {
			t.Fatal(err)
		}

		for _, path := range paths {
			if target, err := os.Readlink(path); err == nil && strings.HasPrefix(target, c.temp) {
				found = append(found, path)
			}
		}
	}

	return found
}

// poll waits until done, and fails with what problem says if that takes too long.
func poll(t *testing.T, done func() bool, problem func() string) {
	t.Helper()

	for end := time.Now().Add(deadline); ; time.Sleep(20 * time.Millisecond) {
		late := time.Now().After(end) // before the last look: in between, the machine may stand still

		if done() {
			return
		}

		if late {
			t.Fatal(problem())
		}
	}
}

// lockedBuffer can be read while it is written to.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()

	return b.buffer.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()

	return b.buffer.String()
}
