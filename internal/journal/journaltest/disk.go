// Package journaltest has a disk for tests of the journal: one that forgets, on a loss of power, what has not reached it.
package journaltest

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/journal"
)

var _ journal.FS = (*Disk)(nil)

// Disk is a file system in memory. It keeps what was written apart from what has reached the disk. The zero value is empty and
// ready for use. It is safe for concurrent use.
type Disk struct {
	// OnStep is called before each step that changes something, with its name: "create", "write", "sync", "rename", "sync
	// folder", "make folder", "remove". An error that it returns is that of the step, which does nothing then. It may stop the
	// calling goroutine.
	OnStep func(step string) error

	mu      sync.Mutex
	now     tree
	durable tree
	locked  bool
	syncs   int
}

// tree is the content of a file system.
type tree struct {
	folders map[string]bool
	files   map[string]*file
}

// file is the content of a file, and what of it has reached the disk.
type file struct{ text, synced []byte }

func (t *tree) init() {
	if t.files == nil {
		t.folders, t.files = map[string]bool{".": true, "/": true}, map[string]*file{}
	}
}

func (d *Disk) begin() (end func()) {
	d.mu.Lock()
	d.now.init()
	d.durable.init()

	return d.mu.Unlock
}

// step announces a step.
func (d *Disk) step(name, path, what string) error {
	if d.OnStep == nil {
		return nil
	}

	if err := d.OnStep(name); err != nil {
		return &fs.PathError{Op: what, Path: path, Err: err}
	}

	return nil
}

// PowerLoss drops everything that has not reached the disk, and frees the locks.
func (d *Disk) PowerLoss() {
	defer d.begin()()

	d.locked = false
	d.now = tree{folders: maps.Clone(d.durable.folders), files: map[string]*file{}}

	for name, f := range d.durable.files {
		lost := &file{text: bytes.Clone(f.synced), synced: bytes.Clone(f.synced)}
		d.now.files[name], d.durable.files[name] = lost, lost
	}
}

// Kill frees the locks, as the end of a process does.
func (d *Disk) Kill() {
	defer d.begin()()

	d.locked = false
}

// Files returns the files with their contents.
func (d *Disk) Files() map[string][]byte {
	defer d.begin()()

	files := map[string][]byte{}
	for name, f := range d.now.files {
		files[name] = bytes.Clone(f.text)
	}

	return files
}

// Syncs returns how often something was made to reach the disk: the content of a file, or the names in a folder.
func (d *Disk) Syncs() int {
	defer d.begin()()

	return d.syncs
}

// Put makes a file, which has reached the disk.
func (d *Disk) Put(name string, text []byte) {
	defer d.begin()()

	for folder := filepath.Dir(name); ; folder = filepath.Dir(folder) {
		d.now.folders[folder], d.durable.folders[folder] = true, true

		if folder == filepath.Dir(folder) {
			break
		}
	}

	f := &file{bytes.Clone(text), bytes.Clone(text)}
	d.now.files[name], d.durable.files[name] = f, f
}

// RemoveAll removes a folder with its files.
func (d *Disk) RemoveAll(folder string) {
	defer d.begin()()

	for _, t := range []*tree{&d.now, &d.durable} {
		maps.DeleteFunc(t.files, func(name string, _ *file) bool { return strings.HasPrefix(name, folder+"/") })
		maps.DeleteFunc(t.folders, func(name string, _ bool) bool { return name == folder || strings.HasPrefix(name, folder+"/") })
	}
}

// ReadFile implements [journal.FS].
func (d *Disk) ReadFile(name string) ([]byte, error) {
	defer d.begin()()

	f, ok := d.now.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}

	return bytes.Clone(f.text), nil
}

// exists reports whether there is something of that name.
func (d *Disk) exists(name string) bool {
	defer d.begin()()

	return d.now.files[name] != nil || d.now.folders[name]
}

// WriteFile implements [journal.FS].
func (d *Disk) WriteFile(name string, text []byte) error {
	if err := d.step("create", name, "open"); err != nil {
		return err
	}

	f, err := d.create(name)
	if err != nil {
		return err
	}

	if err := d.step("write", name, "write"); err != nil {
		d.set(func() { f.text = bytes.Clone(text[:len(text)/2]) }) // as on a disk that is full

		return err
	}

	d.set(func() { f.text = bytes.Clone(text) })

	if err := d.step("sync", name, "sync"); err != nil {
		return err
	}

	d.set(func() {
		f.synced = bytes.Clone(f.text)
		d.syncs++
	})

	return nil
}

// create makes an empty file of a name, or empties the one that has it.
func (d *Disk) create(name string) (*file, error) {
	defer d.begin()()

	if !d.now.folders[filepath.Dir(name)] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}

	f := d.now.files[name]
	if f == nil {
		f = &file{}
		d.now.files[name] = f
	}

	f.text = nil

	return f, nil
}

// set changes something.
func (d *Disk) set(change func()) {
	defer d.begin()()

	change()
}

// Rename implements [journal.FS].
func (d *Disk) Rename(from, to string) error {
	if err := d.step("rename", from, "rename"); err != nil {
		return err
	}

	defer d.begin()()

	f, ok := d.now.files[from]
	if !ok {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}

	delete(d.now.files, from)
	d.now.files[to] = f

	return nil
}

// Remove implements [journal.FS].
func (d *Disk) Remove(name string) error {
	if err := d.step("remove", name, "remove"); err != nil {
		return err
	}

	defer d.begin()()

	if _, ok := d.now.files[name]; !ok {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}

	delete(d.now.files, name)

	return nil
}

// SyncFolder implements [journal.FS].
func (d *Disk) SyncFolder(name string) error {
	if err := d.step("sync folder", name, "sync"); err != nil {
		return err
	}

	defer d.begin()()

	if !d.now.folders[name] {
		return &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}

	d.syncs++
	d.syncNames(name)

	return nil
}

// syncNames makes the names in a folder reach the disk.
func (d *Disk) syncNames(folder string) {
	in := func(name string) bool { return filepath.Dir(name) == folder && name != folder }

	maps.DeleteFunc(d.durable.files, func(name string, _ *file) bool { return in(name) })

	for name, f := range d.now.files {
		if in(name) {
			d.durable.files[name] = f
		}
	}

	for name := range d.now.folders {
		if in(name) {
			d.durable.folders[name] = true
		}
	}
}

// MakeFolder implements [journal.FS].
func (d *Disk) MakeFolder(name string) error {
	if d.exists(name) {
		return nil
	}

	if above := filepath.Dir(name); above != name {
		if err := d.MakeFolder(above); err != nil {
			return err
		}
	}

	if err := d.step("make folder", name, "mkdir"); err != nil {
		return err
	}

	d.set(func() { d.now.folders[name] = true })

	return d.SyncFolder(filepath.Dir(name))
}

// Lock implements [journal.FS].
func (d *Disk) Lock(ctx context.Context, _ string) (func(), error) {
	for !d.tryLock() {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}

	return d.Kill, nil
}

func (d *Disk) tryLock() bool {
	defer d.begin()()

	free := !d.locked
	d.locked = true

	return free
}
