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

// envLifeline names the address at which a provider reaches its test.
const envLifeline = "MODELARTS_TEST_LIFELINE"

// attachLifeline connects a provider to its test, if the test asks for that. The connection closes with the provider, however
// that ends. A byte on it is the number of a signal that the provider sends to itself, and echoes if it survives. When the
// test closes the connection, the provider kills itself. So no process ever has to be found by its number.
func attachLifeline() {
	addr := os.Getenv(envLifeline)
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

// lifelines are the test's ends of the connections to its providers.
type lifelines struct {
	listener net.Listener
	addr     string

	mu     sync.Mutex
	closed bool
	alive  map[net.Conn]int // to the number of signals that the provider has survived
}

// newLifelines accepts providers until the test ends, and then kills those that are left.
func newLifelines(t *testing.T) *lifelines {
	t.Helper()

	l, err := listenForProviders(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(l.close)

	return l
}

// listenForProviders accepts providers until it is closed.
func listenForProviders(ctx context.Context) (*lifelines, error) {
	var config net.ListenConfig

	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}

	l := &lifelines{listener: listener, addr: listener.Addr().String(), alive: map[net.Conn]int{}}

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

// close kills the providers that are left.
func (l *lifelines) close() {
	_ = l.listener.Close()

	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.kill()
}

// hold keeps the connection to one provider until it closes.
func (l *lifelines) hold(conn net.Conn) {
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
func (l *lifelines) providers() int {
	l.mu.Lock()
	defer l.mu.Unlock()

	return len(l.alive)
}

// signal has the providers that are alive send a signal to themselves, and waits until each has survived it or is gone. It
// returns the number of providers.
func (l *lifelines) signal(signal syscall.Signal) int {
	l.mu.Lock()

	sent := maps.Clone(l.alive)
	for conn := range sent {
		_, _ = conn.Write([]byte{byte(signal)})
	}

	l.mu.Unlock()

	eventually(func() bool {
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

// kill kills the providers that are alive, waits until they are gone, and returns their number.
func (l *lifelines) kill() int { return l.signal(syscall.SIGKILL) }
