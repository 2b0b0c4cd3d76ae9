package e2e_test

import (
	"context"
	"maps"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
)

// envLeash is the address at which a provider finds the test that it belongs to.
const envLeash = "MODELARTS_TEST_LEASH"

// wearLeash ties a provider to its test, if there is one that wants it: the connection ends with the provider, however
// that ends, and a byte on it is a signal that the provider sends to itself, and sends back if it has survived. The end of
// the test kills it. No process is ever looked for by its number.
func wearLeash() {
	addr := os.Getenv(envLeash)
	if addr == "" {
		return
	}

	conn, err := (&net.Dialer{}).DialContext(contextOfProcess(), "tcp", addr)
	if err != nil {
		os.Exit(1) // the test is over
	}

	go func() {
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			os.Exit(1)
		}

		number := make([]byte, 1)
		for _, err = conn.Read(number); err == nil; _, err = conn.Read(number) {
			_ = self.Signal(syscall.Signal(number[0]))
			_, _ = conn.Write(number)
		}

		_ = self.Kill()
	}()
}

// leashes are the test's ends.
type leashes struct {
	listener net.Listener
	addr     string

	mu     sync.Mutex
	closed bool
	alive  map[net.Conn]int // and the signals that each has survived
}

// newLeashes waits for providers until the test ends, and then leaves none behind.
func newLeashes(t *testing.T) *leashes {
	t.Helper()

	l, err := listenForProviders(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(l.close)

	return l
}

// listenForProviders waits for providers until it is closed.
func listenForProviders(ctx context.Context) (*leashes, error) {
	var config net.ListenConfig

	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}

	l := &leashes{listener: listener, addr: listener.Addr().String(), alive: map[net.Conn]int{}}

	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}

			l.hold(conn)
		}
	}()

	return l, nil
}

// close leaves no provider behind.
func (l *leashes) close() {
	_ = l.listener.Close()

	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.kill()
}

// hold keeps the end of one provider until that ends.
func (l *leashes) hold(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()

	if l.closed {
		_ = conn.Close()

		return
	}

	l.alive[conn] = 0

	go func() {
		number := make([]byte, 1)
		for _, err := conn.Read(number); err == nil; _, err = conn.Read(number) {
			l.mu.Lock()
			l.alive[conn]++
			l.mu.Unlock()
		}

		l.mu.Lock()
		defer l.mu.Unlock()

		delete(l.alive, conn)

		_ = conn.Close()
	}()
}

// providers counts the providers that are alive.
func (l *leashes) providers() int {
	l.mu.Lock()
	defer l.mu.Unlock()

	return len(l.alive)
}

// signal has the providers that are alive send a signal to themselves, and waits until each has survived it, or has not. It
// returns how many there were.
func (l *leashes) signal(signal syscall.Signal) int {
	l.mu.Lock()

	sent := maps.Clone(l.alive)
	for conn := range sent {
		_, _ = conn.Write([]byte{byte(signal)})
	}

	l.mu.Unlock()

	sooner(func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()

		for conn, before := range sent {
			if survived, ok := l.alive[conn]; ok && survived == before {
				return false
			}
		}

		return true
	})

	return len(sent)
}

// kill kills the providers that are alive, and waits for their end. It returns how many there were.
func (l *leashes) kill() int { return l.signal(syscall.SIGKILL) }
