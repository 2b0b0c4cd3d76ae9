package modelarts

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

const (
	dialTimeout           = 15 * time.Second
	tlsTimeout            = 15 * time.Second
	responseHeaderTimeout = 60 * time.Second
	idleTimeout           = 60 * time.Second
	keepAlive             = 30 * time.Second
	idleConnections       = 64 // a fleet is read by some fifty requests at once
)

// newTransports returns what carries reads, and what carries everything else.
//
// A write gets a connection of its own: net/http sends a request a second time only where it had used a connection
// before, so it never does so with a write, and a connection that the other side has closed in the meantime cannot
// leave open whether a write was seen. Both speak HTTP/1.1, since HTTP/2 has replays of its own.
func newTransports(cfg Config, base *url.URL) (reads, writes http.RoundTripper, err error) {
	if cfg.Transport != nil {
		return cfg.Transport, cfg.Transport, nil
	}

	if _, err := http.ProxyFromEnvironment(&http.Request{URL: base}); err != nil {
		return nil, nil, errors.New("the proxy in the environment (HTTPS_PROXY, HTTP_PROXY) is not a URL")
	}

	roots, err := rootCAs(cfg.CACertFile)
	if err != nil {
		return nil, nil, err
	}

	shared := &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}).DialContext,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            roots,
			InsecureSkipVerify: cfg.Insecure, //nolint:gosec // asked for by the user
		},
		TLSHandshakeTimeout:   tlsTimeout,
		ResponseHeaderTimeout: responseHeaderTimeout,
		IdleConnTimeout:       idleTimeout,
		MaxIdleConns:          idleConnections,
		MaxIdleConnsPerHost:   idleConnections,
		Protocols:             new(http.Protocols),
	}
	shared.Protocols.SetHTTP1(true)

	single := shared.Clone()
	single.DisableKeepAlives = true

	return shared, single, nil
}

// ErrCACertificates is that Config.CACertFile cannot be used.
var ErrCACertificates = errors.New("CA certificates")

// rootCAs returns the system's certificate authorities and those of file, or nil where there is no file. file may also
// be the content of one. Its errors are ErrCACertificates.
func rootCAs(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // nil is crypto/tls's word for the system's authorities
	}

	content := []byte(file)

	if !strings.Contains(file, "-----BEGIN") {
		read, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCACertificates, err)
		}

		content = read
	}

	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}

	if !roots.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%w: there is no PEM certificate in the file", ErrCACertificates)
	}

	return roots, nil
}

// sendTrace learns from net/http whether a request got as far as a connection.
type sendTrace struct{ asked, got atomic.Bool }

// hooks returns what net/http is to call.
func (t *sendTrace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { t.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.got.Store(true) },
	}
}

// sent reports whether the service may have seen the request that ended in err. A transport other than net/http's leaves
// no trace: there, only a failure to dial proves that it has not.
func (t *sendTrace) sent(err error) bool {
	if t.got.Load() {
		return true
	}

	var op *net.OpError

	return !t.asked.Load() && (!errors.As(err, &op) || op.Op != "dial")
}
