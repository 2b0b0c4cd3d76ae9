package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Every breakage fits the source as it is now. Whether the tests notice it takes minutes: see `make sabotage`.
func TestBreakagesApply(t *testing.T) {
	t.Parallel()

	source := t.TempDir()

	for _, b := range breakages {
		for _, e := range b.edits {
			content, err := os.ReadFile(filepath.Join("..", "..", e.file))
			if err != nil {
				t.Fatal(err)
			}

			target := filepath.Join(source, e.file)
			if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
				t.Fatal(err)
			}

			if err := os.WriteFile(target, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}

		undo, err := b.apply(source)
		if err != nil {
			t.Errorf("%s: %v", b.name, err)
		}

		if err := undo(); err != nil {
			t.Fatal(err)
		}
	}
}
