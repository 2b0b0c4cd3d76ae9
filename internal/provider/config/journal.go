package config

import (
	"cmp"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// The journal: the word that turns it off, and its folder in Terraform's data directory.
const (
	journalOff    = "off"
	journalFolder = "modelarts-journal"
)

// resolveJournal returns the path of the journal; empty: there is none.
func resolveJournal(block *Block, getenv func(string) string, diags *diag.Diagnostics) string {
	folder := ArgJournal.text(block.Journal, getenv)

	switch {
	case folder == journalOff && block.JournalRequired.ValueBool():
		diags.AddAttributeError(path.Root("journal_required"), "Journal required and turned off",
			ArgJournal.String()+" is \"off\", and journal_required is true. Set one of the two otherwise.")

		return ""
	case strings.HasPrefix(folder, "~"):
		diags.AddAttributeError(path.Root(ArgJournal.Name), "Invalid journal", ArgJournal.String()+" begins with ~, which stands for "+
			"the home directory in a shell only. Use pathexpand(\"~/...\"), or an absolute path.")

		return ""
	case folder == journalOff:
		return ""
	case folder != "":
		return folder
	default: // Terraform runs the provider in its own working directory
		return filepath.Join(cmp.Or(getenv("TF_DATA_DIR"), ".terraform"), journalFolder)
	}
}
