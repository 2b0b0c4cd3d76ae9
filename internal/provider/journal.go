package provider

import (
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/journal"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/config"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// records says where the engine records its requests.
func records(resolved *config.Settings) reinstall.Records {
	if resolved.Journal == "" {
		return reinstall.Records{}
	}

	return reinstall.Records{Journal: journal.New(resolved.Journal), Required: resolved.JournalRequired}
}

// checkJournal refuses a journal that cannot be one. The folder need not exist yet.
func checkJournal(folder string) diag.Diagnostics {
	if folder == "" {
		return nil
	}

	info, err := os.Stat(folder)
	if err != nil || info.IsDir() {
		return nil
	}

	return diag.Diagnostics{diag.NewErrorDiagnostic("Invalid "+config.ArgJournal.Name, fmt.Sprintf(
		"%s is %q, which is not a folder. It must be a folder, which is created if it does not exist, or \"off\".",
		config.ArgJournal, folder))}
}
