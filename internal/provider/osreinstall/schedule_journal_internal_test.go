package osreinstall

import (
	"context"
	"sync/atomic"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/journal"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/journal/journaltest"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// journalFolder is where the journal of a workspace is on its disk.
const journalFolder = "/journal"

// recordOf returns the record of a server on a disk; nil: there is none.
func recordOf(disk *journaltest.Disk, serverID string) *reinstall.Record {
	if disk == nil {
		return nil
	}

	record, err := journal.NewOn(disk, journalFolder).Recover(serverID)
	if err != nil {
		return nil
	}

	return record
}

// processJournal is the journal as one run uses it. Once the run is killed, it writes nothing.
type processJournal struct {
	*journal.Folder

	disk   *journaltest.Disk
	killed atomic.Bool
	steps  int    // that have begun
	before func() // called before each step, with its number in steps
}

// newProcessJournal returns the journal on a disk for a new process.
func newProcessJournal(disk *journaltest.Disk) *processJournal {
	p := &processJournal{disk: disk, before: func() {}}
	p.Folder = journal.NewOn(processFiles{disk, p}, journalFolder)

	disk.OnStep = func(string) error { return p.step() }

	return p
}

// step begins a step of a write, and fails if the process is gone by then.
func (p *processJournal) step() error {
	if p.killed.Load() {
		return errKilled
	}

	p.steps++
	p.before()

	if p.killed.Load() {
		return errKilled
	}

	return nil
}

// after is the step between a write into the journal and what its caller does next.
func (p *processJournal) after(err error) error {
	if err != nil {
		return err
	}

	return p.step()
}

// Begin implements [reinstall.Journal].
func (p *processJournal) Begin(ctx context.Context, known, record *reinstall.Record) error {
	return p.after(p.Folder.Begin(ctx, known, record))
}

// Update implements [reinstall.Journal].
func (p *processJournal) Update(ctx context.Context, record *reinstall.Record) error {
	return p.after(p.Folder.Update(ctx, record))
}

// kill ends the process. The machine may lose its power at that.
func (p *processJournal) kill(losesPower bool) {
	p.killed.Store(true)
	p.disk.Kill()

	if losesPower {
		p.disk.PowerLoss()
	}
}

// processFiles is the disk as a process sees it, which may have been killed.
type processFiles struct {
	*journaltest.Disk

	process *processJournal
}

// Lock implements [journal.FS].
func (f processFiles) Lock(ctx context.Context, folder string) (func(), error) {
	if f.process.killed.Load() {
		return nil, errKilled
	}

	unlock, err := f.Disk.Lock(ctx, folder)
	if err != nil {
		return nil, err
	}

	return func() {
		if !f.process.killed.Load() {
			unlock()
		}
	}, nil
}

// ReadFile implements [journal.FS].
func (f processFiles) ReadFile(name string) ([]byte, error) {
	if f.process.killed.Load() {
		return nil, errKilled
	}

	return f.Disk.ReadFile(name)
}

// WriteFile implements [journal.FS].
func (f processFiles) WriteFile(name string, text []byte) error {
	if f.process.killed.Load() {
		return errKilled
	}

	return f.Disk.WriteFile(name, text)
}

// Rename implements [journal.FS].
func (f processFiles) Rename(from, to string) error {
	if f.process.killed.Load() {
		return errKilled
	}

	return f.Disk.Rename(from, to)
}

// Remove implements [journal.FS].
func (f processFiles) Remove(name string) error {
	if f.process.killed.Load() {
		return errKilled
	}

	return f.Disk.Remove(name)
}

// SyncFolder implements [journal.FS].
func (f processFiles) SyncFolder(name string) error {
	if f.process.killed.Load() {
		return errKilled
	}

	return f.Disk.SyncFolder(name)
}

// MakeFolder implements [journal.FS].
func (f processFiles) MakeFolder(name string) error {
	if f.process.killed.Load() {
		return errKilled
	}

	return f.Disk.MakeFolder(name)
}

// randomJournals gives workspaces a journal, and has some of their runs killed at a step of it. What follows a crash is often
// the same once more.
func (s *schedule) randomJournals(d dice) {
	for i := range s.journals {
		s.journals[i] = d.chance(67) && !s.behavior.FreezeRoot // whose reinstalls cannot be seen to end
	}

	for i := range s.runs {
		run := &s.runs[i]
		if !s.journals[run.workspace] {
			continue
		}

		if run.cut == cutNone && d.chance(25) || run.cut == cutCrash && d.chance(40) {
			run.cut, run.cutAt, run.cutStep = cutCrash, 0, 1+d.IntN(journalSteps)
		}

		if !run.cut.crashes() {
			continue
		}

		run.losesPower = d.chance(40)

		if d.chance(60) {
			s.repeatAfter(i)
		}
	}
}

// journalSteps is the highest step of a journal at which a run is killed.
const journalSteps = 24

// repeatAfter makes the next run of the same workspace an apply of the same configuration.
func (s *schedule) repeatAfter(i int) {
	for j := i + 1; j < len(s.runs); j++ {
		if run := &s.runs[j]; run.workspace == s.runs[i].workspace {
			run.inputs, run.kind = append([]scheduleInputs{}, s.runs[i].inputs...), runApply

			return
		}
	}
}
