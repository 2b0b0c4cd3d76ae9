// Package journal keeps the records of reinstalls on disk, as a [reinstall.Journal]: one file for each server, which is replaced
// as a whole and has reached the disk before a write returns. It knows nothing of Terraform.
package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// lockTimeout bounds the wait for another process that writes into the folder, which takes milliseconds.
const lockTimeout = 10 * time.Second

// lockFile is the name of the file that is locked while a record is written or removed.
const lockFile = "lock"

// Folder is a journal. It is safe for concurrent use, also by several processes.
type Folder struct {
	fs     FS
	folder string
	made   atomic.Bool // the folder is known to have reached the disk
}

var _ reinstall.Journal = (*Folder)(nil)

// New returns the journal in a folder, which is created by the first write.
func New(folder string) *Folder { return NewOn(osFS{}, folder) }

// NewOn returns the journal in a folder of a file system.
func NewOn(files FS, folder string) *Folder { return &Folder{fs: files, folder: folder} }

// idPattern matches what is safe in a file name.
var idPattern = regexp.MustCompile(`^[0-9a-zA-Z-]{1,64}$`)

// path returns the path of the record of a server.
func (f *Folder) path(serverID string) (string, error) {
	if !idPattern.MatchString(serverID) {
		return "", fmt.Errorf("%q cannot be the name of a file", serverID)
	}

	return filepath.Join(f.folder, serverID+".json"), nil
}

// Recover returns the record of a server; nil if there is none. It creates nothing and waits for nobody: a record is replaced as
// a whole.
func (f *Folder) Recover(serverID string) (*reinstall.Record, error) {
	path, err := f.path(serverID)
	if err != nil {
		return nil, err
	}

	text, err := f.fs.ReadFile(path)

	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, nil
	case err != nil: // it may be there
		return nil, &reinstall.RecordError{Path: path, Reason: "cannot be read (" + bare(err) + ")"}
	}

	record, reason := decode(text)

	switch {
	case reason != "":
		return nil, &reinstall.RecordError{Path: path, Reason: reason}
	case record.ServerID != serverID:
		return nil, &reinstall.RecordError{Path: path, Reason: "is about another server"}
	}

	record.Path = path

	return record, nil
}

// Begin writes a record in place of known; nil stands for none.
func (f *Folder) Begin(ctx context.Context, known, record *reinstall.Record) error {
	return f.replace(ctx, record, func(present *reinstall.Record) bool {
		return (present == nil) == (known == nil) && (known == nil || sameRequest(present, known))
	})
}

// Update writes what has become of a record. It restores one that has vanished.
func (f *Folder) Update(ctx context.Context, record *reinstall.Record) error {
	return f.replace(ctx, record, func(present *reinstall.Record) bool { return present == nil || sameRequest(present, record) })
}

// sameRequest reports whether two records are about the same request.
func sameRequest(a, b *reinstall.Record) bool {
	return a.Operation.SubmittedAt.Equal(b.Operation.SubmittedAt)
}

// replace writes a record if mayReplace allows it for the present one; nil stands for none.
func (f *Folder) replace(ctx context.Context, record *reinstall.Record, mayReplace func(*reinstall.Record) bool) error {
	path, err := f.path(record.ServerID)
	if err != nil {
		return err
	}

	text, err := encode(record)
	if err != nil {
		return err
	}

	if err := f.makeFolder(); err != nil {
		return fmt.Errorf("%s cannot be created: %s", f.folder, bare(err))
	}

	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()

	present, err := f.Recover(record.ServerID)

	switch {
	case err != nil:
		return err
	case !mayReplace(present):
		return reinstall.ErrJournalChanged
	}

	if err := f.write(path, text); err != nil {
		if present == nil { // it may have got there, and the request is not sent
			_ = f.fs.Remove(path)
		}

		return fmt.Errorf("%s cannot be written: %s", path, bare(err))
	}

	return nil
}

// makeFolder makes the folder. Another process may have made it, and been killed before its name had reached the disk: so the first
// write waits for that too.
func (f *Folder) makeFolder() error {
	err := f.fs.MakeFolder(f.folder)

	if above := filepath.Dir(f.folder); err == nil && !f.made.Swap(true) {
		_ = f.fs.SyncFolder(above) // as far as this process may
		_ = f.fs.SyncFolder(filepath.Dir(above))
	}

	return err
}

// write replaces a file as a whole, and returns once that would survive a loss of power.
func (f *Folder) write(path string, text []byte) error {
	temporary := path + ".tmp"

	if err := f.fs.WriteFile(temporary, text); err != nil {
		_ = f.fs.Remove(temporary)

		return err
	}

	if err := f.fs.Rename(temporary, path); err != nil {
		_ = f.fs.Remove(temporary)

		return err
	}

	return f.fs.SyncFolder(f.folder)
}

// Forget removes the record of a server if its request was sent at that time. A removal that a loss of power undoes does no
// harm.
func (f *Folder) Forget(ctx context.Context, serverID string, submittedAt time.Time) error {
	is := func() bool {
		record, err := f.Recover(serverID)

		return err == nil && record != nil && record.Operation.SubmittedAt.Equal(submittedAt)
	}

	if !is() {
		return nil
	}

	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()

	if !is() {
		return nil
	}

	path, err := f.path(serverID)
	if err != nil {
		return err
	}

	if err := f.fs.Remove(path); err != nil {
		return fmt.Errorf("%s cannot be removed: %s", path, bare(err))
	}

	return nil
}

// lock keeps other processes from writing into the folder until the returned function is called.
func (f *Folder) lock(ctx context.Context) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()

	unlock, err = f.fs.Lock(ctx, filepath.Join(f.folder, lockFile))

	switch {
	case err == nil:
		return unlock, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s is locked by another process", f.folder)
	default:
		return nil, fmt.Errorf("%s cannot be locked: %s", f.folder, bare(err))
	}
}

// bare returns the text of an error without the path, which is named otherwise.
func bare(err error) string {
	if named, ok := errors.AsType[*fs.PathError](err); ok {
		return named.Err.Error()
	}

	return err.Error()
}
