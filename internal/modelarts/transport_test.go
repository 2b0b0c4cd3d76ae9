package modelarts_test

import (
	"bufio"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// wantConnectionError checks that err is a request without an answer, and whether it may have been received.
func wantConnectionError(t *testing.T, err error, sent bool) {
	t.Helper()

	var connErr *modelarts.ConnectionError
	if !errors.As(err, &connErr) || connErr.Sent != sent || connErr.Method != http.MethodPost || connErr.Path != testPath+"/reinstallos" {
		t.Errorf("got %#v (%v), want Sent %v", connErr, err, sent)
	}
}

func at(endpoint string) func(*modelarts.Config) {
	return func(cfg *modelarts.Config) { cfg.Endpoint = endpoint }
}

// TestSentOverTheNetwork breaks real connections at every point.
func TestSentOverTheNetwork(t *testing.T) {
	t.Parallel()

	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()

		listener := listenTCP(t)
		address := listener.Addr().String()
		_ = listener.Close()

		_, err := reinstall(t.Context(), newClient(t, nil, at("http://"+address)))
		wantConnectionError(t, err, false)
	})

	t.Run("the certificate is not trusted", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewUnstartedServer(reply(serverBody))
		server.Config.ErrorLog = nil
		server.StartTLS()
		t.Cleanup(server.Close)

		client := newClient(t, nil, at(server.URL), func(cfg *modelarts.Config) { cfg.MaxRetries = 5 })

		_, err := reinstall(t.Context(), client)
		wantConnectionError(t, err, false)

		if _, err := client.GetServer(t.Context(), testServer); err == nil {
			t.Error("no error")
		}
	})

	t.Run("the other side does not speak TLS", func(t *testing.T) {
		t.Parallel()

		listener := serveRaw(t, func(conn net.Conn) { _ = conn.Close() })

		_, err := reinstall(t.Context(), newClient(t, nil, at("https://"+listener.Addr().String())))
		wantConnectionError(t, err, false)
	})

	for name, handle := range map[string]func(net.Conn){
		"closed at once":           func(conn net.Conn) { _ = conn.Close() },
		"closed after the request": func(conn net.Conn) { readRequest(conn); _ = conn.Close() },
		"cut off in the status":    func(conn net.Conn) { readRequest(conn); _, _ = io.WriteString(conn, "HTTP/1.1 2"); _ = conn.Close() },
		"cut off in the header": func(conn net.Conn) {
			readRequest(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nA")
			_ = conn.Close()
		},
		"an answer that is no HTTP": func(conn net.Conn) { readRequest(conn); _, _ = io.WriteString(conn, "hello\r\n\r\n"); _ = conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var connections atomic.Int32

			listener := serveRaw(t, func(conn net.Conn) { connections.Add(1); handle(conn) })

			_, err := reinstall(t.Context(), newClient(t, nil, at("http://"+listener.Addr().String())))
			wantConnectionError(t, err, true)

			if n := connections.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}

	t.Run("cut off in the body", func(t *testing.T) {
		t.Parallel()

		listener := serveRaw(t, func(conn net.Conn) {
			readRequest(conn)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX-Request-Id: r1\r\nContent-Length: 100\r\n\r\n{")
			_ = conn.Close()
		})

		answer, err := reinstall(t.Context(), newClient(t, nil, at("http://"+listener.Addr().String())))
		if err != nil || answer.Server != nil || answer.RequestID != "r1" {
			t.Error(answer, err)
		}
	})

	t.Run("interrupted after the request", func(t *testing.T) {
		t.Parallel()

		cause := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		listener := serveRaw(t, func(conn net.Conn) { readRequest(conn); cancel(cause) })

		_, err := reinstall(ctx, newClient(t, nil, at("http://"+listener.Addr().String())))
		wantConnectionError(t, err, true)

		if !errors.Is(err, cause) {
			t.Error(err)
		}
	})
}

// TestWriteAfterIdleConnectionDied silently closes the connections that reads have used: a write has its own.
func TestWriteAfterIdleConnectionDied(t *testing.T) {
	t.Parallel()

	var (
		mu       sync.Mutex
		byMethod = map[string]int{}
	)

	listener := serveRaw(t, func(conn net.Conn) {
		defer conn.Close() //nolint:errcheck // it is a test

		for reader, n := bufio.NewReader(conn), 0; ; n++ {
			req, err := http.ReadRequest(reader)
			if err != nil {
				return
			}

			_, _ = io.Copy(io.Discard, req.Body)

			mu.Lock()
			byMethod[req.Method]++
			mu.Unlock()

			if n > 0 { // used before: it dies under the request
				return
			}

			_, _ = io.WriteString(conn, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(serverBody), serverBody))
		}
	})
	client := newClient(t, nil, at("http://"+listener.Addr().String()))

	for range 3 {
		if _, err := client.GetServer(t.Context(), testServer); err != nil {
			t.Error(err)
		}

		if _, err := reinstall(t.Context(), client); err != nil {
			t.Error(err)
		}

		if _, err := client.StopServer(t.Context(), testServer); err != nil {
			t.Error(err)
		}
	}

	mu.Lock()
	defer mu.Unlock()

	if byMethod[http.MethodPost] != 3 || byMethod[http.MethodPut] != 3 {
		t.Errorf("requests %v", byMethod)
	}
}

// TestBodyCannotBeReplayed passes the requests to a transport that checks for a way to send the body again.
func TestBodyCannotBeReplayed(t *testing.T) {
	t.Parallel()

	transport := &memory{answer: func(_ int, req *http.Request) (*http.Response, error) {
		if req.GetBody != nil || req.Header.Get("Idempotency-Key") != "" {
			t.Errorf("%s could be replayed", req.Method)
		}

		return response(http.StatusOK, serverBody), nil
	}}
	client := newClient(t, transport)

	_, _ = reinstall(t.Context(), client)
	_, _ = client.StartServer(t.Context(), testServer)
	_, _ = client.StopServer(t.Context(), testServer)
}

func TestTLS(t *testing.T) {
	t.Parallel()

	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.ProtoMajor != 1 {
			t.Errorf("spoke %s", req.Proto)
		}

		reply(serverBody)(w, req)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)

	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))

	for name, change := range map[string]func(*modelarts.Config){
		"CA":       func(cfg *modelarts.Config) { cfg.CACertFile = authority },
		"insecure": func(cfg *modelarts.Config) { cfg.Insecure = true },
	} {
		client := newClient(t, nil, at(server.URL), change)

		if _, err := client.GetServer(t.Context(), testServer); err != nil {
			t.Errorf("%s: %v", name, err)
		}

		if _, err := reinstall(t.Context(), client); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// listenTCP listens on a free port of this machine.
func listenTCP(t *testing.T) net.Listener {
	t.Helper()

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	return listener
}

// serveRaw lets handle serve every connection.
func serveRaw(t *testing.T, handle func(net.Conn)) net.Listener {
	t.Helper()

	listener := listenTCP(t)
	t.Cleanup(func() { _ = listener.Close() })

	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}

			go handle(conn)
		}
	}()

	return listener
}

// readRequest reads a request to the end.
func readRequest(conn net.Conn) {
	if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
		_, _ = io.Copy(io.Discard, req.Body)
	}
}
