package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// start runs the command and returns its URL, its standard input, and a channel for its error.
func start(t *testing.T, args ...string) (url string, stdin io.WriteCloser, end <-chan error) {
	t.Helper()
	in, stdin := io.Pipe()
	out, stdout := io.Pipe()
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() {
		ended <- run(ctx, args, in, stdout, io.Discard)
		_ = stdout.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no URL: %s, %v", err, <-ended)
	}
	return strings.TrimSpace(line), stdin, ended
}

func call(t *testing.T, method, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func finished(t *testing.T, end <-chan error) {
	t.Helper()
	select {
	case err := <-end:
		if err != nil {
			t.Errorf("exited with %s", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("does not exit")
	}
}

func TestServesUntilShutdown(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "scenario.json")
	if err := os.WriteFile(file, []byte(`{"servers":[{"name":"from-file"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	url, _, end := start(t, "-scenario", file)
	if status, body := call(t, http.MethodGet, url+"/_simulator/servers"); status != 200 || !strings.Contains(body, "from-file") {
		t.Errorf("servers: %d %s", status, body)
	}
	if status, body := call(t, http.MethodGet, url+"/v1/0123456789abcdef0123456789abcdef/dev-servers"); status != 401 {
		t.Errorf("unsigned: %d %s", status, body)
	}
	call(t, http.MethodPost, url+"/_simulator/shutdown")
	finished(t, end)
}

func TestEndsWithStdin(t *testing.T) {
	t.Parallel()
	_, stdin, end := start(t, "--exit-with-stdin")
	_ = stdin.Close()
	finished(t, end)
}

func TestEndsAfterItsLifetime(t *testing.T) {
	t.Parallel()
	_, _, end := start(t, "--max-lifetime", "50ms")
	finished(t, end)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing.json")
	for _, args := range [][]string{
		{"--listen", "0.0.0.0:0"},
		{"--listen", ":0"},
		{"--listen", "localhost:0"},
		{"--listen", "127.0.0.1"},
		{"--scenario", missing},
		{"argument"},
		{"--unknown"},
	} {
		if err := run(t.Context(), args, strings.NewReader(""), io.Discard, io.Discard); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
