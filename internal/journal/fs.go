package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// FS is what a journal needs of a file system. Errors are those of package os.
type FS interface {
	// ReadFile reads a file.
	ReadFile(name string) ([]byte, error)
	// WriteFile writes a file, and returns once its content is on disk. Its name need not be.
	WriteFile(name string, text []byte) error
	// Rename gives a file another name, in place of the file that has it.
	Rename(from, to string) error
	// Remove removes a file.
	Remove(name string) error
	// SyncFolder returns once the names in a folder are on disk.
	SyncFolder(name string) error
	// MakeFolder creates a folder and those above it, and returns once their names are on disk. There may be one.
	MakeFolder(name string) error
	// Lock locks a file, which it creates, against other processes and callers until unlock is called. It waits until ctx is done.
	Lock(ctx context.Context, name string) (unlock func(), err error)
}

const (
	fileMode   = 0o600
	folderMode = 0o700
	// mostBytes limits what is read of a file.
	mostBytes = 1 << 20
	// lockInterval is the time between two tries to lock.
	lockInterval = 20 * time.Millisecond
)

// osFS is the file system of the machine.
type osFS struct{}

// ReadFile implements [FS].
func (osFS) ReadFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller names the file
	}
	defer file.Close() //nolint:errcheck // it was only read

	return io.ReadAll(io.LimitReader(file, mostBytes)) //nolint:wrapcheck // the caller names the file
}

// WriteFile implements [FS].
func (osFS) WriteFile(name string, text []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err //nolint:wrapcheck // the caller names the file
	}

	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}

	return errors.Join(err, file.Close())
}

// Rename implements [FS].
func (osFS) Rename(from, to string) error { return os.Rename(from, to) } //nolint:wrapcheck // the caller names the file

// Remove implements [FS].
func (osFS) Remove(name string) error { return os.Remove(name) } //nolint:wrapcheck // the caller names the file

// SyncFolder implements [FS]. On Windows, the names in a folder cannot be waited for.
func (osFS) SyncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}

	folder, err := os.Open(name)
	if err != nil {
		return err //nolint:wrapcheck // the caller names the folder
	}

	return errors.Join(folder.Sync(), folder.Close())
}

// MakeFolder implements [FS].
func (f osFS) MakeFolder(name string) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil
	}

	if above := filepath.Dir(name); above != name {
		if err := f.MakeFolder(above); err != nil {
			return err
		}
	}

	if err := os.Mkdir(name, folderMode); err != nil && !errors.Is(err, os.ErrExist) {
		return err //nolint:wrapcheck // the caller names the folder
	}

	return f.SyncFolder(filepath.Dir(name))
}

// Lock implements [FS].
func (osFS) Lock(ctx context.Context, name string) (func(), error) {
	lock := flock.New(name, flock.SetPermissions(fileMode))

	locked, err := lock.TryLockContext(ctx, lockInterval)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller names the folder
	}

	if !locked {
		return nil, fmt.Errorf("%s is locked", name)
	}

	return func() { _ = lock.Unlock() }, nil
}
