package simulator

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
)

// RoundTripper returns a transport that reaches the cloud in memory, whatever the host of the URL. It opens no socket and
// leaves no goroutine behind, so it works in a testing/synctest bubble.
//
// Connection faults become io.EOF (dropped before the handling), io.ErrUnexpectedEOF (dropped after), *net.OpError of the
// operation "read" with ECONNRESET (Reset) or of the operation "dial" with ECONNREFUSED (RefuseDial). When the context is
// done, its cause is returned.
func (c *Cloud) RoundTripper() http.RoundTripper { return transport{c} }

type transport struct{ cloud *Cloud }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body, tooBig, err := readBody(req.Body)
	if err != nil {
		return nil, err
	}
	if err := context.Cause(req.Context()); err != nil {
		return nil, err
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	out, err := t.cloud.exchange(req.Context(), &call{
		method: cmp.Or(req.Method, http.MethodGet), url: req.URL, host: host, header: req.Header.Clone(), body: body, tooBig: tooBig,
	})
	if err != nil {
		return nil, err
	}
	if out.dropped {
		return nil, out.dropError()
	}
	return response(req, out), nil
}

func (o reply) dropError() error {
	switch {
	case o.dial:
		return opError("dial", "connect", syscall.ECONNREFUSED)
	case o.reset:
		return opError("read", "read", syscall.ECONNRESET)
	case o.handled:
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}

func opError(op, call string, errno syscall.Errno) error {
	return &net.OpError{
		Op: op, Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443}, Err: os.NewSyscallError(call, errno),
	}
}

func response(req *http.Request, out reply) *http.Response {
	var body io.Reader = bytes.NewReader(out.body)
	if out.cut {
		body = io.MultiReader(bytes.NewReader(out.body[:len(out.body)/2]), brokenReader{})
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", out.status, http.StatusText(out.status)),
		StatusCode: out.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: out.header, Body: io.NopCloser(body), ContentLength: int64(len(out.body)), Request: req,
	}
}

type brokenReader struct{}

// Read fails as on a broken connection.
func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// readBody reads a request body up to the limit of the gateway, and closes it.
func readBody(body io.ReadCloser) (data []byte, tooBig bool, err error) {
	if body == nil {
		return nil, false, nil
	}
	data, err = io.ReadAll(io.LimitReader(body, maxBody+1))
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, false, err
	}
	if len(data) > maxBody {
		return nil, true, nil
	}
	return data, false, nil
}
