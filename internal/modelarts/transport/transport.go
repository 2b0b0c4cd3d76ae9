// Package transport makes the connections to a service, and learns whether a request reached one.
package transport

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
	idleConnections       = 64 // about fifty requests read a fleet at once
)

// Config says how to connect.
type Config struct {
	Base       *url.URL // base URL of the service
	Insecure   bool     // do not check certificates
	CACertFile string   // PEM file of certificate authorities to trust in addition to those of the system, or its content
}

// New returns one transport for reads, and one for everything else, both with proxies from the environment. It returns an
// error for a malformed proxy, and ErrCACertificates.
//
// A write gets a connection of its own: net/http sends a request a second time only on a connection that was used before,
// so it never does so with a write. Nor can a connection that the other side has closed in the meantime leave open whether a
// write was seen. Both speak HTTP/1.1, since HTTP/2 has replays of its own.
func New(cfg Config) (reads, writes *http.Transport, err error) {
	if _, err := http.ProxyFromEnvironment(&http.Request{URL: cfg.Base}); err != nil {
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

// ErrCACertificates reports that Config.CACertFile cannot be used.
var ErrCACertificates = errors.New("CA certificates")

// rootCAs returns the certificate authorities of the system and those in file, or nil if file is empty. file may also be the
// content of one. Its errors are ErrCACertificates.
func rootCAs(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // nil makes crypto/tls use the authorities of the system
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

// SendTrace learns from net/http whether a request got as far as a connection. The zero value is ready for use.
type SendTrace struct{ asked, got atomic.Bool }

// Hooks returns the callbacks for net/http.
func (t *SendTrace) Hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { t.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.got.Store(true) },
	}
}

// Sent reports whether the service may have seen the request that ended in err. A transport other than net/http's leaves
// no trace: then only a failure to dial proves that it has not.
func (t *SendTrace) Sent(err error) bool {
	if t.got.Load() {
		return true
	}

	var op *net.OpError

	return !t.asked.Load() && (!errors.As(err, &op) || op.Op != "dial")
}
