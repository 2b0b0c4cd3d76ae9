package main

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// style is the ANSI code of a way to print.
type style string

// The styles.
const (
	plain style = ""
	bold  style = "1"
	dim   style = "2"
	red   style = "1;31"
	green style = "1;32"
	cyan  style = "36"
)

// screen prints whole lines, whoever writes them.
type screen struct {
	mu    sync.Mutex
	out   io.Writer
	color bool
}

func newScreen(out io.Writer, color bool) *screen { return &screen{out: out, color: color} }

// line prints a formatted line without style.
func (s *screen) line(format string, args ...any) { s.styled(plain, format, args...) }

// styled prints a formatted line in a style, if the screen has colours.
func (s *screen) styled(with style, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if s.color && with != plain {
		text = fmt.Sprintf("\x1b[%sm%s\x1b[0m", with, text)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	fmt.Fprintln(s.out, text) //nolint:errcheck // a closed pipe ends the demo by its signal
}

// last prints a last line. What comes after it is dropped.
func (s *screen) last(text string) {
	s.styled(plain, "%s", text)

	s.mu.Lock()
	defer s.mu.Unlock()

	s.out = io.Discard
}

// lineWriter prints what is written to it, line by line.
type lineWriter struct {
	screen  *screen
	partial []byte // a line without its end
}

// Write prints the lines that data completes.
func (w *lineWriter) Write(data []byte) (int, error) {
	w.partial = append(w.partial, data...)

	for {
		text, rest, found := bytes.Cut(w.partial, []byte("\n"))
		if !found {
			return len(data), nil
		}

		w.screen.line("%s", text)
		w.partial = rest
	}
}

// flush prints a last line that has no end.
func (w *lineWriter) flush() {
	if len(w.partial) > 0 {
		w.screen.line("%s", w.partial)
		w.partial = nil
	}
}
