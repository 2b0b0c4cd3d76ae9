package apidiag

import (
	"errors"
	"fmt"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// keptDetail says that the result of a request of an earlier apply was kept.
func keptDetail(server string, result *reinstall.Result) string {
	detail := fmt.Sprintf("DevServer %s was reinstalled at the request of an earlier apply, sent at %s, that was killed or lost its "+
		"state; the journal had it. It asked for the same and ended as asked, so its result was kept and nothing was sent. A "+
		"password that was changed since without a new version cannot be compared. To have the server reinstalled nevertheless, "+
		"change triggers.", server, result.Operation.SubmittedAt.UTC().Format(time.RFC3339))
	if result.Operation.Adopted {
		detail += " Whether the service accepted that very request is not known: the answer was lost."
	}

	return Paragraphs(detail, requestDetail(result))
}

// journalDetail says what a journal that could not be written means.
func journalDetail(server string, result *reinstall.Result) string {
	return Paragraphs(
		fmt.Sprintf("The reinstall of DevServer %s could not be recorded in the journal.", server),
		fmt.Sprintf("%s.", result.JournalErr),
		"The reinstall went on without. If this apply is killed before Terraform has written the state, the next one does not "+
			"know of it, and may erase the system disk again. Check the folder (the argument journal of the provider block, or "+
			"MODELARTS_JOURNAL). To have such a server refused instead, set journal_required to true.")
}

// describeJournal describes an error of the journal; empty for other errors.
func describeJournal(err error) string {
	if record, ok := errors.AsType[*reinstall.RecordError](err); ok {
		return recordDetail(record)
	}

	if journal, ok := errors.AsType[*reinstall.JournalError](err); ok {
		return fmt.Sprintf("It could not be recorded in the journal, and journal_required is true: %v.", journal.Err)
	}

	if errors.Is(err, reinstall.ErrJournalChanged) {
		return "Another process has reinstalled this server since this apply began, according to the journal. Plan again."
	}

	return ""
}

// recordDetail says what a record that cannot be used means.
func recordDetail(err *reinstall.RecordError) string {
	return fmt.Sprintf("The journal has a record of a reinstall of this server, %s, which cannot be used: it %s. Whether the disk was "+
		"erased by that reinstall is not known. Look at the server, and remove the file once you know that it may be reinstalled.",
		err.Path, err.Reason)
}
