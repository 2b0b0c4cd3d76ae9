package e2e_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The environment variables for the programs that the pages use, which make sets.
const (
	envGojq = "MODELARTS_TEST_GOJQ"
	envOPA  = "MODELARTS_TEST_OPA"
)

// repository is the root of the repository.
const repository = "../.."

// docScripts are the scripts that run the command blocks of the pages.
var docScripts = filepath.Join("testdata", "docs")

// notRun are the command blocks that no script runs: page, a text of the block, and why.
var notRun = [][3]string{
	{"README.md", "make mirror", "builds the provider with make; TestMirror does what it does"},
	{"docs/index.md", `HW_ACCESS_KEY="..."`, "its credentials are left out, and it asks the real service"},
	{"docs/index.md", "hcloud configure set", "needs the vendor's CLI"},
	{"docs/guides/what-a-plan-erases.md", "conftest test", "needs Conftest; the policy is run by OPA"},
	{"examples/policy/README.md", "conftest test", "needs Conftest; the policy is run by OPA"},
}

// shells are the languages of a block whose lines a reader runs, and the shell that they are for.
var shells = map[string]string{"shell": "sh", "sh": "sh", "console": "sh", "bash": "bash"}

// codeBlock is a block of code of a page.
type codeBlock struct {
	page, language, text string
}

// codeBlocks returns the blocks of code of a page.
func codeBlocks(page string) ([]codeBlock, error) {
	content, err := os.ReadFile(filepath.Join(repository, page))
	if err != nil {
		return nil, err
	}

	var (
		blocks []codeBlock
		open   *codeBlock
	)

	for line := range strings.Lines(string(content)) {
		language, fence := strings.CutPrefix(strings.TrimSpace(line), "```")

		switch {
		case fence && open == nil:
			open = &codeBlock{page: page, language: language}
		case fence:
			blocks, open = append(blocks, *open), nil
		case open != nil:
			open.text += line
		}
	}

	if open != nil {
		return nil, fmt.Errorf("%s: a block has no end", page)
	}

	return blocks, nil
}

// findBlock returns the only block of a page that contains a text and is in one of the languages.
func findBlock(page, text string, languages func(string) bool) (codeBlock, error) {
	blocks, err := codeBlocks(page)
	if err != nil {
		return codeBlock{}, err
	}

	found := slices.DeleteFunc(blocks, func(block codeBlock) bool {
		return !languages(block.language) || !strings.Contains(block.text, text)
	})
	if len(found) != 1 {
		return codeBlock{}, fmt.Errorf("%s has %d blocks with %q, want 1", page, len(found), text)
	}

	return found[0], nil
}

func isShell(language string) bool { return shells[language] != "" }

// pages are the pages whose commands users run.
func pages() ([]string, error) {
	all := []string{"README.md"}

	for _, folder := range []string{"docs", "examples"} {
		err := fs.WalkDir(os.DirFS(repository), folder, func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, ".md") {
				all = append(all, path)
			}

			return err
		})
		if err != nil {
			return nil, err
		}
	}

	return all, nil
}

// blockLine matches the line of a script that runs a block: page, and a text of the block.
var blockLine = regexp.MustCompile(`(?m)^block \d+ (\S+) (?:'([^'\n]*)'|(\S+))$`)

// TestDocBlocksAreRun checks that a script runs every command block of the pages, but those of which notRun says why not.
func TestDocBlocksAreRun(t *testing.T) {
	t.Parallel()

	considered := map[codeBlock]string{}

	scripts, err := filepath.Glob(filepath.Join(docScripts, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}

	for _, script := range scripts {
		content, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}

		for _, match := range blockLine.FindAllStringSubmatch(string(content), -1) {
			block, err := findBlock(match[1], match[2]+match[3], isShell)
			if err != nil {
				t.Errorf("%s: %v", filepath.Base(script), err)
			}

			considered[block] = script
		}
	}

	for _, row := range notRun {
		block, err := findBlock(row[0], row[1], isShell)
		if err != nil {
			t.Errorf("notRun: %v", err)
		}

		if script := considered[block]; script != "" {
			t.Errorf("notRun: %s: %q is run by %s", row[0], row[1], filepath.Base(script))
		}

		considered[block] = row[2]
	}

	all, err := pages()
	if err != nil {
		t.Fatal(err)
	}

	for _, page := range all {
		blocks, err := codeBlocks(page)
		if err != nil {
			t.Error(err)
		}

		for _, block := range blocks {
			if isShell(block.language) && considered[block] == "" {
				t.Errorf("%s: no script in %s runs this block, and notRun does not say why:\n%s", page, docScripts, block.text)
			}
		}
	}
}

// TestDocs runs the command blocks of the pages as they are there, with terraform, jq and opa on the search path.
func TestDocs(t *testing.T) {
	t.Parallel()

	programs := map[string]string{
		"terraform": requireCLI(t),
		"jq":        requireProgram(t, envGojq),
		"opa":       requireProgram(t, envOPA),
	}

	testscript.Run(t, testscript.Params{
		Dir: docScripts,
		Setup: func(env *testscript.Env) error {
			path := filepath.Join(env.WorkDir, ".programs")
			if err := os.Mkdir(path, 0o700); err != nil {
				return err
			}

			for name, program := range programs {
				if err := os.Symlink(program, filepath.Join(path, name)); err != nil {
					return err
				}
			}

			for name, folder := range map[string]string{"fleet": fleetModule, "policy": policies} {
				if err := os.CopyFS(filepath.Join(env.WorkDir, name), os.DirFS(folder)); err != nil {
					return err
				}
			}

			if err := setup(env, programs["terraform"]); err != nil {
				return err
			}

			env.Setenv("PATH", path+string(filepath.ListSeparator)+env.Getenv("PATH"))

			return nil
		},
		Cmds: docCommands(),
		Condition: func(name string) (bool, error) {
			return condition(programs["terraform"], name)
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// requireProgram returns the path of a program that make has built.
func requireProgram(t *testing.T, env string) string {
	t.Helper()

	path := os.Getenv(env)
	if path != "" {
		return path
	}

	reason := "no OPA or gojq: `make test` builds both, or set " + env + " to the path of one"
	if os.Getenv(envRequireCLI) != "" {
		t.Fatal(reason)
	}

	t.Skip(reason)

	return ""
}

// docCommands are the commands of the scripts for pages, besides those of all scripts.
func docCommands() map[string]func(*testscript.TestScript, bool, []string) {
	all := commands()
	all["block"] = plain(cmdBlock)
	all["written"] = plain(cmdWritten)

	return all
}

// cmdBlock runs the command block of a page that contains a text, and expects an exit code: block CODE PAGE TEXT. A block that
// is to succeed ends at its first command that fails. One that is to fail has to notice that itself, as in a reader's shell.
func cmdBlock(ts *testscript.TestScript, _ *world, args []string) {
	block, err := findBlock(args[1], args[2], isShell)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("block.sh"), []byte(block.text), 0o600))

	flags := "-u"
	if args[0] == "0" {
		flags = "-eu"
	}

	code := 0

	err = ts.Exec(shells[block.language], flags, "block.sh")
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}

	if got := fmt.Sprint(code); got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// cmdWritten writes the block of configuration of a page that contains a text to a file: written FILE PAGE TEXT.
func cmdWritten(ts *testscript.TestScript, _ *world, args []string) {
	block, err := findBlock(args[1], args[2], func(language string) bool { return language == "terraform" })
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(block.text), 0o600))
}
