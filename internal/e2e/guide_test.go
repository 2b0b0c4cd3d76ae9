package e2e_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// guide is the page that promises what happens to an apply that is interrupted or fails.
const guide = "../../docs/guides/what-happens-if.md"

// guideRows are the tests of the promises, by the rows of the page: scripts, or files with a text that the test contains.
var guideRows = map[string][]string{
	"The service refuses the request":              {"refused.txtar", "answers.txtar"},
	"The status of the server forbids a reinstall": {"refused.txtar", "failed.txtar"},
	"The apply ends before the request was sent":   {"../../../reinstall/interruption_test.go:while stopping"},
	"The plan is out of date: the server has another system disk, or no longer needs the reinstall": {
		"guide_saved_plan.txtar", "plan_other_disk.txtar",
	},
	"A saved plan is applied a second time, and the state of the first time is lost": {
		"plan_other_disk.txtar", "guide_saved_plan.txtar",
	},
	"The apply ends while the server is being reinstalled":      {"timeout.txtar"},
	"The answer is lost, and the server shows a reinstall":      {"answers.txtar", "../../../reinstall/simulated_test.go:TestRunAgainstAnswersThatLie"},
	"The answer is lost, and nothing happens for five minutes":  {"../../../reinstall/engine_test.go:lost answer, never accepted"},
	"The answer is lost, and the apply ends before it is clear": {"lost_answer.txtar"},
	"The reinstall ends in a failed status":                     {"failed.txtar"},
	"The server comes back with another image or key pair":      {"mismatched.txtar"},
	"The server is deleted meanwhile":                           {"vanished.txtar"},
	"The service does not know the server":                      {"guide_not_known.txtar"},
	"The server breaks without this resource":                   {"guide_broken.txtar"},
	"Terraform is killed, and the reinstall goes on or has ended": {
		"journal_killed.txtar", "journal_kept_once.txtar", "../../chaos_cells_test.go:SIGKILL",
	},
	"Terraform is killed after the record was written, and before the request was sent": {
		"../../../reinstall/takeup_test.go:never began",
	},
	"Terraform is killed without a journal, and the reinstall goes on": {"../../chaos_cells_test.go:SIGKILL"},
	"Terraform is killed without a journal, and the reinstall has ended": {
		"../../chaos_cells_test.go:SIGKILL", "guide_saved_plan.txtar",
	},
	"The journal cannot be written before the request":        {"journal_fails.txtar"},
	"The record of the server cannot be used":                 {"journal_fails.txtar"},
	"Two applies on one journal reinstall the server at once": {"journal_two.txtar"},
	"Somebody else reinstalls the server at that time":        {"adopt.txtar", "../../../reinstall/simulated_test.go:TestRunAgainstAnswersThatLie"},
	"The provider works in the wrong project":                 {"project.txtar"},
	"The ID turns out to be another one during the apply":     {"guide_unknown_id.txtar"},
	"A replacement fails under create_before_destroy":         {"guide_replacement.txtar"},
}

// TestGuideRowsAreTested checks that every row of the guide has tests, and that the tests exist.
func TestGuideRowsAreTested(t *testing.T) {
	t.Parallel()

	page, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}

	var rows []string

	// The rows of the page's first table, which has five columns.
	for _, match := range regexp.MustCompile(`(?m)^\| ([A-Z][^|\n]*?) +\|(?:[^|\n]*\|){4}$`).FindAllStringSubmatch(string(page), -1) {
		rows = append(rows, match[1])
	}

	slices.Sort(rows)

	if diff := cmp.Diff(slices.Sorted(maps.Keys(guideRows)), rows); diff != "" {
		t.Errorf("rows (-tested +promised):\n%s", diff)
	}

	for row, tests := range guideRows {
		for _, test := range tests {
			file, text, _ := strings.Cut(test, ":")

			content, err := os.ReadFile(filepath.Join("testdata", "script", file))
			if err != nil || !strings.Contains(string(content), text) {
				t.Errorf("%s: no test %s: %v", row, test, err)
			}
		}
	}
}
