package simulator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Handler returns the cloud as an HTTP handler that serves ModelArts and IAM under one root. A dropped connection is closed
// without a reply, or reset if the fault asks for that.
func (c *Cloud) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, tooBig, err := readBody(req.Body)
		if err != nil {
			return // the client went away
		}
		out, err := c.exchange(req.Context(), &call{
			method: req.Method, url: req.URL, host: req.Host, header: req.Header.Clone(), body: body, tooBig: tooBig,
		})
		switch {
		case err != nil:
			return // the client went away
		case out.dropped:
			drop(w, out.reset)
		}
		write(w, out)
	})
}

// drop closes or resets the connection without a reply; it does not return.
func drop(w http.ResponseWriter, reset bool) {
	if reset {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		}
	}
	panic(http.ErrAbortHandler)
}

func write(w http.ResponseWriter, out reply) {
	maps.Copy(w.Header(), out.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
	w.WriteHeader(out.status)
	if !out.cut {
		_, _ = w.Write(out.body)
		return
	}
	_, _ = w.Write(out.body[:len(out.body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Endpoint is a cloud that listens on a socket.
type Endpoint struct {
	URL string // such as http://127.0.0.1:34567, without a trailing slash

	server *http.Server
	done   chan struct{}
}

// Serve serves a handler on a listener until Close. If the listener is not on the loopback interface, Serve closes it and
// returns an error.
func Serve(l net.Listener, h http.Handler) (*Endpoint, error) {
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("%s is not a loopback address", l.Addr()), l.Close())
	}
	e := &Endpoint{
		URL:    "http://" + l.Addr().String(),
		server: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second},
		done:   make(chan struct{}),
	}
	go func() {
		defer close(e.done)
		_ = e.server.Serve(l) // always ends with ErrServerClosed
	}()
	return e, nil
}

// Close stops listening, drops all connections, and waits for the listening goroutine.
func (e *Endpoint) Close() error {
	err := e.server.Close()
	<-e.done
	return closed(err)
}

// Shutdown stops listening and waits for the requests in progress, for two seconds or until ctx is done, then drops them.
func (e *Endpoint) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err := e.server.Shutdown(ctx)
	if err != nil && ctx.Err() != nil {
		err = e.server.Close()
	}
	<-e.done
	return closed(err)
}

func closed(err error) error {
	if err != nil {
		return fmt.Errorf("closing the simulator: %w", err)
	}
	return nil
}

// Listen serves the cloud on a free port of 127.0.0.1 until Close.
func (c *Cloud) Listen() (*Endpoint, error) {
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on the loopback interface: %w", err)
	}
	return Serve(l, c.Handler())
}

// TB is the part of testing.TB that Start needs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Start serves the cloud on a free port of 127.0.0.1 until the test ends, and returns its URL.
func (c *Cloud) Start(tb TB) string {
	tb.Helper()
	e, err := c.Listen()
	if err != nil {
		tb.Fatalf("starting the simulator: %s", err)
		return ""
	}
	tb.Cleanup(func() { _ = e.Close() })
	return e.URL
}
