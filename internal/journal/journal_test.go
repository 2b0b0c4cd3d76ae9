package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/journal"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/journal/journaltest"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

const (
	serverID = "62383738-e52a-450a-9f84-f9e705402be8"
	folder   = "data/journal"
	path     = folder + "/" + serverID + ".json"
)

// record returns the n-th record of the server, in a state.
func record(n int, state reinstall.State) *reinstall.Record {
	return &reinstall.Record{
		ServerID: serverID, Site: reinstall.Site{Endpoint: "modelarts.example.com", Region: "region", ProjectID: "project"},
		Permit:    reinstall.Permit{Number: int64(n), Reasons: []string{"image_id"}, Inputs: "digest"},
		Operation: reinstall.Operation{State: state, SubmittedAt: time.Date(2026, 1, n, 1, 2, 3, 456789, time.UTC)},
	}
}

// Every field survives, also one that is added later.
func TestRoundTrip(t *testing.T) {
	t.Parallel()

	want := &reinstall.Record{}
	fill(t, reflect.ValueOf(want).Elem())
	want.ServerID, want.Path = serverID, path

	j := journal.NewOn(&journaltest.Disk{}, folder)
	if err := j.Begin(t.Context(), nil, want); err != nil {
		t.Fatal(err)
	}

	got, err := j.Recover(serverID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// fill sets every field to something.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()

	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)))

		return
	}

	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field)
		}
	case reflect.String:
		v.SetString("word")
	case reflect.Int64:
		v.SetInt(42)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	default:
		t.Fatalf("a field of kind %v", v.Kind())
	}
}

// Who writes has to know what is there.
func TestReplaces(t *testing.T) {
	t.Parallel()

	first, second := record(1, reinstall.StateUnknown), record(2, reinstall.StateUnknown)

	for name, test := range map[string]struct {
		present *reinstall.Record
		write   func(context.Context, *journal.Folder) error
		changed bool
		state   reinstall.State // afterwards
	}{
		"nothing there":             {nil, func(c context.Context, j *journal.Folder) error { return j.Begin(c, nil, first) }, false, "unknown"},
		"the one that is known":     {first, func(c context.Context, j *journal.Folder) error { return j.Begin(c, first, record(2, "submitted")) }, false, "submitted"},
		"one that is not known":     {first, func(c context.Context, j *journal.Folder) error { return j.Begin(c, nil, record(2, "submitted")) }, true, "unknown"},
		"another than is known":     {first, func(c context.Context, j *journal.Folder) error { return j.Begin(c, second, record(2, "submitted")) }, true, "unknown"},
		"none, and one is known":    {nil, func(c context.Context, j *journal.Folder) error { return j.Begin(c, first, second) }, true, ""},
		"what became of it":         {first, func(c context.Context, j *journal.Folder) error { return j.Update(c, record(1, "failed")) }, false, "failed"},
		"what became of another":    {first, func(c context.Context, j *journal.Folder) error { return j.Update(c, record(2, "failed")) }, true, "unknown"},
		"what became of a lost one": {nil, func(c context.Context, j *journal.Folder) error { return j.Update(c, record(1, "failed")) }, false, "failed"},
		"is forgotten": {first, func(c context.Context, j *journal.Folder) error {
			return j.Forget(c, serverID, first.Operation.SubmittedAt)
		}, false, ""},
		"another is to be forgotten": {first, func(c context.Context, j *journal.Folder) error {
			return j.Forget(c, serverID, second.Operation.SubmittedAt)
		}, false, "unknown"},
		"none is to be forgotten": {nil, func(c context.Context, j *journal.Folder) error {
			return j.Forget(c, serverID, second.Operation.SubmittedAt)
		}, false, ""},
	} {
		j := journal.NewOn(&journaltest.Disk{}, folder)
		if test.present != nil {
			if err := j.Begin(t.Context(), nil, test.present); err != nil {
				t.Fatal(err)
			}
		}

		err := test.write(t.Context(), j)
		if errors.Is(err, reinstall.ErrJournalChanged) != test.changed || err != nil && !test.changed {
			t.Errorf("%s: error %v, want a change: %v", name, err, test.changed)
		}

		if got := stateOf(t, j); got != test.state {
			t.Errorf("%s: afterwards the journal has %q, want %q", name, got, test.state)
		}
	}
}

// stateOf returns the state in the record of the server; empty if there is none.
func stateOf(t *testing.T, j *journal.Folder) reinstall.State {
	t.Helper()

	got, err := j.Recover(serverID)
	if err != nil {
		t.Fatal(err)
	}

	if got == nil {
		return ""
	}

	return got.Operation.State
}

// stepError stops a test goroutine before a step, or makes the step fail.
var errStep = errors.New("no space left on device")

// Power fails, the process is killed or the disk is full before each step of a write. The journal has the old record or the new
// one, and the new one once the write has returned.
func TestEveryStep(t *testing.T) {
	t.Parallel()

	writes := map[string]func(context.Context, *journal.Folder) error{
		"first": func(c context.Context, j *journal.Folder) error { return j.Begin(c, nil, record(2, "submitted")) },
		"second": func(c context.Context, j *journal.Folder) error {
			return j.Begin(c, record(1, "unknown"), record(2, "submitted"))
		},
		"update": func(c context.Context, j *journal.Folder) error { return j.Update(c, record(1, "submitted")) },
	}

	for name, write := range writes {
		for _, how := range []string{"power", "kill", "full"} {
			steps := 0

			for at := 1; ; at++ {
				disk := &journaltest.Disk{}
				j := journal.NewOn(disk, folder)
				before := reinstall.State("")

				if name != "first" {
					if err := j.Begin(t.Context(), nil, record(1, "unknown")); err != nil {
						t.Fatal(err)
					}

					before = "unknown"
				}

				ended, step, err := interrupted(t.Context(), disk, j, write, how, at)
				where := fmt.Sprintf("%s write, %s before step %d (%s)", name, how, at, step)

				if how == "power" {
					disk.PowerLoss()
				}

				switch got := stateOf(t, j); {
				case ended && err == nil && got != "submitted":
					t.Errorf("%s: the write returned, and the journal has %q", where, got)
				case how == "full" && !ended, how == "full" && step != "" && step != "sync folder" && got != before:
					t.Errorf("%s: the journal has %q, want %q", where, got, before)
				case got != before && got != "submitted":
					t.Errorf("%s: the journal has %q", where, got)
				}

				if step == "" { // it was not reached: the write has fewer steps
					break
				}

				steps++

				// Nothing that is left hinders the next write.
				known, err := j.Recover(serverID)
				if err != nil {
					t.Fatal(err)
				}

				if err := j.Begin(t.Context(), known, record(3, "completed")); err != nil || stateOf(t, j) != "completed" {
					t.Errorf("%s: the next write: %v", where, err)
				}
			}

			if steps < 5 {
				t.Errorf("%s write has %d steps", name, steps)
			}
		}
	}
}

// interrupted does a write, which is cut short before a step. It returns whether the write has returned, the name of the step,
// and what it returned.
func interrupted(
	ctx context.Context, disk *journaltest.Disk, j *journal.Folder, write func(context.Context, *journal.Folder) error, how string, at int,
) (ended bool, step string, err error) {
	var writer sync.WaitGroup

	n := 0
	disk.OnStep = func(name string) error {
		if n++; n < at || step != "" {
			return nil
		}

		step = name

		if how == "full" {
			return errStep
		}

		disk.OnStep = nil

		runtime.Goexit()

		return nil
	}

	writer.Go(func() {
		err = write(ctx, j)
		ended = true
	})
	writer.Wait()

	disk.OnStep = nil

	return ended, step, err
}

// A write makes the content and the name reach the disk, once each.
func TestSyncs(t *testing.T) {
	t.Parallel()

	disk := &journaltest.Disk{}
	j := journal.NewOn(disk, folder)

	for n, want := range []int{6, 2, 2} { // the first one creates two folders, and makes sure of them
		before := disk.Syncs()

		var known *reinstall.Record
		if n > 0 {
			known = record(n, "unknown")
		}

		if err := j.Begin(t.Context(), known, record(n+1, "unknown")); err != nil {
			t.Fatal(err)
		}

		if got := disk.Syncs() - before; got != want {
			t.Errorf("write %d: %d syncs, want %d", n, got, want)
		}
	}
}

// Whatever becomes of the bytes of a file, it is what was written or cannot be used.
func TestDamage(t *testing.T) {
	t.Parallel()

	disk := &journaltest.Disk{}
	j := journal.NewOn(disk, folder)

	if err := j.Begin(t.Context(), nil, record(1, "submitted")); err != nil {
		t.Fatal(err)
	}

	want, err := j.Recover(serverID)
	if err != nil {
		t.Fatal(err)
	}

	text := disk.Files()[path]
	if len(text) < 200 {
		t.Fatalf("the file has %d bytes", len(text))
	}

	check := func(what string, damaged []byte) {
		t.Helper()
		disk.Put(path, damaged)

		got, err := j.Recover(serverID)

		_, unusable := errors.AsType[*reinstall.RecordError](err)
		if !unusable && (err != nil || got == nil || !cmp.Equal(got, want)) {
			t.Errorf("%s: error %v, record %v", what, err, got)
		}
	}

	for i := range text {
		check(fmt.Sprintf("breaks off after %d bytes", i), text[:i])

		for _, bit := range []byte{1, 0x20, 0x80} {
			flipped := bytes.Clone(text)
			flipped[i] ^= bit
			check(fmt.Sprintf("byte %d is another one", i), flipped)
		}
	}
}

// What cannot be used, and why.
func TestUnusable(t *testing.T) {
	t.Parallel()

	other := record(1, "submitted")
	other.ServerID = "00000000-e52a-450a-9f84-f9e705402be8"

	disk := &journaltest.Disk{}
	if err := journal.NewOn(disk, folder).Begin(t.Context(), nil, other); err != nil {
		t.Fatal(err)
	}

	foreign := disk.Files()[folder+"/"+other.ServerID+".json"]

	for name, test := range map[string]struct{ text, reason string }{
		"empty":               {"", "breaks off"},
		"no JSON":             {"record", "damaged"},
		"a newer version":     {`{"version":2,"record":{"new":1}}`, "newer version"},
		"no version":          {`{}`, "no version"},
		"a wrong checksum":    {`{"version":1,"sha256":"00","record":{}}`, "checksum"},
		"no record":           {`{"version":1,"sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","record":{}}`, "lacks"},
		"of another server":   {string(foreign), "another server"},
		"a record of no kind": {`{"version":1,"sha256":"4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945","record":[]}`, "lacks"},
	} {
		disk := &journaltest.Disk{}
		disk.Put(path, []byte(test.text))
		j := journal.NewOn(disk, folder)

		_, err := j.Recover(serverID)

		unusable, ok := errors.AsType[*reinstall.RecordError](err)
		if !ok || unusable.Path != path || !strings.Contains(unusable.Reason, test.reason) {
			t.Errorf("%s: %v, want %q", name, err, test.reason)
		}

		if err := j.Begin(t.Context(), nil, record(2, "unknown")); err == nil {
			t.Errorf("%s: it was written over", name)
		}

		if err := j.Forget(t.Context(), serverID, time.Time{}); err != nil || len(disk.Files()) != 1 {
			t.Errorf("%s: it was removed: %v", name, err)
		}
	}
}

// A folder that vanishes between two writes is made again.
func TestVanished(t *testing.T) {
	t.Parallel()

	disk := &journaltest.Disk{}
	j := journal.NewOn(disk, folder)

	if err := j.Begin(t.Context(), nil, record(1, "unknown")); err != nil {
		t.Fatal(err)
	}

	disk.RemoveAll("data")

	if err := j.Update(t.Context(), record(1, "submitted")); err != nil || stateOf(t, j) != "submitted" {
		t.Error(err)
	}
}

// An id that could name another file is none.
func TestUnsafeID(t *testing.T) {
	t.Parallel()

	for _, id := range []string{"", ".", "..", "../x", "a/b", `a\b`, strings.Repeat("a", 65), "a.json", "a\x00"} {
		if _, err := journal.NewOn(&journaltest.Disk{}, folder).Recover(id); err == nil {
			t.Errorf("%q is accepted", id)
		}
	}
}

// On a real file system: the modes, and what cannot be read or written.
func TestRealFolder(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	name := filepath.Join(dir, "data", "journal")
	j := journal.New(name)

	if got, err := j.Recover(serverID); got != nil || err != nil {
		t.Errorf("without a folder: %v, %v", got, err)
	}

	if err := j.Begin(t.Context(), nil, record(1, "unknown")); err != nil {
		t.Fatal(err)
	}

	if stateOf(t, j) != "unknown" {
		t.Error("what was written cannot be read")
	}

	for path, mode := range map[string]os.FileMode{"": 0o700, serverID + ".json": 0o600, "lock": 0o600} {
		info, err := os.Stat(filepath.Join(name, path))
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != mode {
			t.Errorf("%q: %v, %v, want %v", path, info.Mode(), err, mode)
		}
	}

	inside := journal.New(filepath.Join(name, serverID+".json", "journal"))
	if got, err := inside.Recover(serverID); got != nil || err != nil {
		t.Errorf("below a file: %v, %v", got, err)
	}

	if err := inside.Begin(t.Context(), nil, record(1, "unknown")); err == nil {
		t.Error("a folder was made below a file")
	}

	if err := j.Forget(t.Context(), serverID, record(1, "").Operation.SubmittedAt); err != nil || stateOf(t, j) != "" {
		t.Errorf("it is still there: %v", err)
	}

	if err := os.Mkdir(filepath.Join(name, serverID+".json"), 0o700); err != nil {
		t.Fatal(err)
	}

	if _, err := j.Recover(serverID); err == nil {
		t.Error("a folder is accepted as a record")
	}
}

const envRacer = "JOURNAL_TEST_RACER"

// TestMain lets the test binary be a process that begins a record.
func TestMain(m *testing.M) {
	name := os.Getenv(envRacer)
	if name == "" {
		os.Exit(m.Run())
	}

	switch err := journal.New(name).Begin(context.Background(), nil, record(1+os.Getpid()%28, "unknown")); {
	case err == nil:
		os.Exit(0)
	case errors.Is(err, reinstall.ErrJournalChanged):
		os.Exit(3)
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Of several who begin at once, one does.
func TestRace(t *testing.T) {
	t.Parallel()

	name := filepath.Join(t.TempDir(), "journal")

	var (
		racers     sync.WaitGroup
		won, other atomic.Int64
	)

	count := func(err error) {
		switch {
		case err == nil:
			won.Add(1)
		case errors.Is(err, reinstall.ErrJournalChanged):
			other.Add(1)
		default:
			t.Error(err)
		}
	}

	for i := range 16 {
		racers.Go(func() { count(journal.New(name).Begin(t.Context(), nil, record(1+i, "unknown"))) })
	}

	for range 6 {
		racers.Go(func() {
			run := exec.CommandContext(t.Context(), os.Args[0])
			run.Env = append(os.Environ(), envRacer+"="+name)

			out, err := run.CombinedOutput()
			if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 3 {
				err = reinstall.ErrJournalChanged
			}

			if err != nil && !errors.Is(err, reinstall.ErrJournalChanged) {
				err = fmt.Errorf("%w: %s", err, out)
			}

			count(err)
		})
	}

	racers.Wait()

	if won.Load() != 1 || other.Load() != 21 {
		t.Errorf("%d have begun, and %d were told of another", won.Load(), other.Load())
	}
}

// A disk that is full, or read-only, leaves the record that there was.
func TestErrors(t *testing.T) {
	t.Parallel()

	for _, failure := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO} {
		disk := &journaltest.Disk{}
		j := journal.NewOn(disk, folder)

		if err := j.Begin(t.Context(), nil, record(1, "unknown")); err != nil {
			t.Fatal(err)
		}

		disk.OnStep = func(string) error { return failure }

		err := j.Begin(t.Context(), record(1, "unknown"), record(2, "unknown"))
		if err == nil || !strings.Contains(err.Error(), failure.Error()) || !strings.Contains(err.Error(), path) {
			t.Errorf("%v: %v", failure, err)
		}

		if known, err := j.Recover(serverID); err != nil || known == nil || known.Permit.Number != 1 {
			t.Errorf("%v: afterwards %v, %v", failure, known, err)
		}
	}
}
