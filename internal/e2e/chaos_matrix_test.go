//go:build unix

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The environment variables of the matrix.
const (
	envMatrix     = "MODELARTS_TEST_MATRIX"      // paths of CLIs, separated like those of PATH
	envMatrixFull = "MODELARTS_TEST_MATRIX_FULL" // not empty: every cell
)

// TestChaos runs a few cells on the CLI of the usual run. One of them is ten creates under ctrl-C, where Terraform 1.16.0 to
// 1.16.4 loses its state and crashes if a create returns an error together with a state.
func TestChaos(t *testing.T) {
	t.Parallel()

	cli := requireCLI(t)
	before := reinstalled(t, cli)

	for _, c := range []cell{
		{phasePost, once, kindCreate, afterEnd, false},
		{phaseReply, killCLI, kindUpdate, atOnce, false},
		{phaseWaiting, once, kindCreate, atOnce, false},
		{phaseReply, termGroup, kindUpdate, afterEnd, false},
		{phaseWaiting, killProvider, kindCreate, afterEnd, false},
		{phaseWaiting, killProvider, kindCreate, afterEnd, true},
		{phaseReply, twice, kindCreate, afterEnd, false},
	} {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()

			f := c.play(t, cli, before)
			for _, problem := range f.problems {
				t.Error(problem)
			}
		})
	}
}

// TestMatrix runs the cells on every CLI, and prints what they have measured.
func TestMatrix(t *testing.T) {
	t.Parallel()

	clis := filepath.SplitList(os.Getenv(envMatrix))
	if len(clis) == 0 {
		t.Skip("the matrix of interruptions and CLIs runs with `make test-matrix`")
	}

	all := cells()
	board := newBoard(clis)

	t.Cleanup(func() { board.print(t) }) // after the last cell

	for i, cli := range clis {
		run := all
		if os.Getenv(envMatrixFull) == "" {
			run = sample(all, i)
		}

		before := reinstalled(t, cli)

		for _, c := range run {
			t.Run(filepath.Base(cli)+"/"+c.String(), func(t *testing.T) {
				t.Parallel()

				f := c.play(t, cli, before)
				board.put(cli, c, f)

				for _, problem := range f.problems {
					t.Error(problem)
				}
			})
		}
	}
}

// board collects the findings of the matrix.
type board struct {
	clis []string

	mu       sync.Mutex
	began    time.Time
	findings map[cell]map[string]*finding
}

func newBoard(clis []string) *board {
	return &board{clis: clis, began: time.Now(), findings: map[cell]map[string]*finding{}}
}

func (b *board) put(cli string, c cell, f *finding) {
	b.mu.Lock()
	defer b.mu.Unlock()

	if b.findings[c] == nil {
		b.findings[c] = map[string]*finding{}
	}

	b.findings[c][cli] = f
}

// print prints a line for each cell: the measurements on each CLI, and the verdict.
func (b *board) print(t *testing.T) {
	t.Helper()

	var text strings.Builder

	fmt.Fprintf(&text, "Erases of each of %d servers by all applies together (in brackets: servers in the state after the "+
		"interruption, exit code of the interrupted apply, applies in all).\n\n", fleetSize)

	line := func(columns ...string) {
		format := "| %-17s | %-16s | %-6s | %-13s | %-7s |" + strings.Repeat(" %-24s |", len(b.clis)) + " %-7s |\n"

		values := make([]any, len(columns))
		for i, column := range columns {
			values[i] = column
		}

		fmt.Fprintf(&text, format, values...)
	}

	header := []string{"phase", "interruption", "kind", "next apply", "journal"}
	for _, cli := range b.clis {
		header = append(header, filepath.Base(cli))
	}

	line(append(header, "verdict")...)

	outlived, count := 0, 0

	for _, c := range cells() {
		findings := b.findings[c]
		if len(findings) == 0 {
			continue
		}

		journal := "on"
		if c.unrecorded {
			journal = "off"
		}

		columns, verdict := []string{string(c.phase), string(c.how), c.kind, c.retry, journal}, "ok"

		for _, cli := range b.clis {
			f := findings[cli]
			if f == nil {
				columns = append(columns, "")

				continue
			}

			count++

			if f.outlived > 0 {
				outlived++
			}

			if len(f.problems) > 0 {
				verdict = "WRONG"
			}

			columns = append(columns, fmt.Sprintf("%s [%d, %d, %d]", f.measured(), f.kept, f.exit, f.applies))
		}

		line(append(columns, verdict)...)
	}

	fmt.Fprintf(&text, "\n%d cells in %s; in %d of them the provider outlived the CLI for a while.\n",
		count, time.Since(b.began).Round(time.Second), outlived)
	fmt.Print(text.String())
}
