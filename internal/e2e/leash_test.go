package e2e_test

import (
	"net"
	"os"
	"sync"
	"testing"
)

// envLeash is the address at which a provider finds the test that it belongs to.
const envLeash = "MODELARTS_TEST_LEASH"

// wearLeash ties a provider to its test, if there is one that wants it: the connection ends with the provider, however
// that ends, and a byte on it kills the provider as SIGKILL does. So does the end of the test. No process is ever looked
// for by its number.
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
		_, _ = conn.Read(make([]byte, 1))

		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Kill()
		}
	}()
}

// leashes are the test's ends.
type leashes struct {
	addr string

	mu     sync.Mutex
	closed bool
	alive  map[net.Conn]struct{}
}

// newLeashes waits for providers until the test ends, and then leaves none behind.
func newLeashes(t *testing.T) *leashes {
	t.Helper()

	var config net.ListenConfig

	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	l := &leashes{addr: listener.Addr().String(), alive: map[net.Conn]struct{}{}}

	t.Cleanup(func() {
		_ = listener.Close()

		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
		l.kill()
	})

	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}

			l.hold(conn)
		}
	}()

	return l
}

// hold keeps the end of one provider until that ends.
func (l *leashes) hold(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()

	if l.closed {
		_ = conn.Close()

		return
	}

	l.alive[conn] = struct{}{}

	go func() {
		_, _ = conn.Read(make([]byte, 1)) // a provider never says anything

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

// kill kills the providers that are alive, and waits for their end. It returns how many there were.
func (l *leashes) kill() int {
	l.mu.Lock()

	killed := len(l.alive)
	for conn := range l.alive {
		_, _ = conn.Write([]byte{0})
	}

	l.mu.Unlock()

	sooner(func() bool { return l.providers() == 0 })

	return killed
}
