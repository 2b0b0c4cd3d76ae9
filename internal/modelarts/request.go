package modelarts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/redact"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/signature"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/transport"
)

const (
	// maxReply is the length of the longest reply that is read, in bytes: a full page of 1024 servers is about one MiB.
	maxReply = 4 << 20
	// tryTimeout bounds one try from the first byte to the last.
	tryTimeout = 2 * time.Minute
)

var (
	errTryTimeout = fmt.Errorf("no complete answer within %s", tryTimeout)
	errTooLong    = fmt.Errorf("the reply is longer than %d MiB", maxReply>>20)
)

// service is one host that requests are sent to: ModelArts or IAM.
type service struct {
	base          *url.URL
	region        string // which the host of base is derived from; empty: it is configured
	credentials   CredentialsSource
	reads, writes http.RoundTripper
	userAgent     string
	maxRetries    int
	onTry         func(context.Context, Try)
	redactor      *redact.Redactor
}

// request describes one request.
type request struct {
	method  string
	path    []string // elements, not escaped
	query   url.Values
	project string // goes into X-Project-Id
	body    []byte
	// harmless marks a request that may be sent twice although it is not a GET.
	harmless bool
}

// repeatable reports whether the request may be sent more than once.
func (r *request) repeatable() bool { return r.method == http.MethodGet || r.harmless }

// reply is an answer with a 2xx status.
type reply struct {
	method, path string
	status       int
	requestID    string // as the service sent it
	body         []byte
	bodyErr      error            // why body is incomplete
	redactor     *redact.Redactor // for what is quoted
}

// do sends req and returns the answer. A repeatable request is retried, and sent once more after a 401 if there are new
// credentials. Any other is sent once, whatever the answer is: not even a 401 proves that it was not processed, since it may
// be the answer of another service behind this one.
func (s *service) do(ctx context.Context, req *request) (*reply, error) {
	if !req.repeatable() {
		answer, _, err := s.authorized(ctx, req)

		return answer, err
	}

	return retry(ctx, s.maxRetries, func() (*reply, error) {
		answer, refreshed, err := s.authorized(ctx, req)
		if refreshed {
			answer, err = s.once(ctx, req)
		}

		if err == nil && answer.bodyErr != nil {
			return nil, answer.unread()
		}

		return answer, err
	})
}

// authorized sends req a single time. If the answer is 401, it also replaces the credentials if possible, and reports
// whether it did.
func (s *service) authorized(ctx context.Context, req *request) (answer *reply, refreshed bool, err error) {
	credentials, err := s.credentials.Credentials(ctx)
	if err != nil {
		return nil, false, s.notSent(req, err)
	}

	answer, err = s.try(ctx, req, credentials)

	refused, ok := errors.AsType[*Error](err)
	if !ok || refused.StatusCode != http.StatusUnauthorized {
		return answer, false, err
	}

	refreshed, refreshErr := s.credentials.Refresh(ctx, credentials)
	if refreshErr != nil {
		return nil, false, fmt.Errorf("%w; there are no new credentials: %v", err, refreshErr) //nolint:errorlint // the 401 is the error that callers check for
	}

	refused.Refreshed = refreshed

	return nil, refreshed, err
}

// once sends req a single time, whatever the answer is.
func (s *service) once(ctx context.Context, req *request) (*reply, error) {
	credentials, err := s.credentials.Credentials(ctx)
	if err != nil {
		return nil, s.notSent(req, err)
	}

	return s.try(ctx, req, credentials)
}

// try sends req a single time, signed by credentials.
func (s *service) try(ctx context.Context, req *request, credentials Credentials) (*reply, error) {
	if ctx.Err() != nil {
		return nil, s.notSent(req, context.Cause(ctx))
	}

	if err := credentials.check(); err != nil {
		return nil, s.notSent(req, err)
	}

	ctx, cancel := context.WithTimeoutCause(ctx, tryTimeout, errTryTimeout)
	defer cancel()

	var trace transport.SendTrace

	path := s.url(req).EscapedPath()
	withhold(s.redactor, credentials.secrets()...)
	s.redactor.AddOpen(path)

	began := time.Now()

	httpReq := s.newRequest(httptrace.WithClientTrace(ctx, trace.Hooks()), req)
	credentials.authenticate(httpReq, req.body)

	resp, err := s.transport(req.method).RoundTrip(httpReq)
	if err != nil {
		err = &ConnectionError{Method: req.method, Path: path, Sent: trace.Sent(err), Err: withCause(ctx, s.transportError(err))}
		s.onTry(ctx, Try{Method: req.method, Path: path, Duration: time.Since(began), Err: err})

		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // an error loses nothing

	answer := &reply{
		method: req.method, path: path, status: resp.StatusCode, requestID: headerRequestID(resp.Header), redactor: s.redactor,
	}

	if answer.body, err = readBody(resp); err != nil {
		answer.bodyErr = withCause(ctx, s.redactor.Error(err))
	}

	s.onTry(ctx, Try{Method: req.method, Path: path, Duration: time.Since(began), Status: answer.status, answer: answer})

	if answer.status >= 200 && answer.status <= 299 {
		return answer, nil
	}

	refused := answer.refusal(resp.Header)
	if refused.StatusCode == http.StatusUnauthorized || refused.StatusCode == http.StatusForbidden {
		refused.Credentials = credentials.Source
	}

	return nil, refused
}

// transportError returns err, an error of the transport, as it may be quoted.
func (s *service) transportError(err error) error {
	quoted := s.redactor.Error(err)

	unresolved, ok := errors.AsType[*net.DNSError](err)
	if ok && unresolved.IsNotFound && s.region != "" && strings.TrimSuffix(unresolved.Name, ".") == s.base.Hostname() {
		return &UnknownHostError{Region: s.region, Err: quoted}
	}

	return quoted
}

// transport returns what carries a request. It is called directly, and not through an http.Client, which would follow
// redirects.
func (s *service) transport(method string) http.RoundTripper {
	if method == http.MethodGet {
		return s.reads
	}

	return s.writes
}

// newRequest returns req for net/http. It has no GetBody, so that net/http cannot send the body again.
func (s *service) newRequest(ctx context.Context, req *request) *http.Request {
	target := s.url(req)
	httpReq := (&http.Request{
		Method: req.method, URL: target, Host: target.Host, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)

	httpReq.Header.Set("Accept", "application/json")
	httpReq.Header.Set("User-Agent", s.userAgent)

	if req.method != http.MethodGet {
		httpReq.Header.Set("Content-Type", "application/json")
	}

	if req.project != "" {
		httpReq.Header.Set(signature.HeaderProjectID, req.project)
	}

	if len(req.body) > 0 {
		httpReq.Body = io.NopCloser(bytes.NewReader(req.body))
		httpReq.ContentLength = int64(len(req.body))
	}

	return httpReq
}

// url returns the URL of req. Every element of the path is escaped.
func (s *service) url(req *request) *url.URL {
	target := *s.base
	target.RawPath = s.base.EscapedPath()

	for _, element := range req.path {
		target.Path += "/" + element
		target.RawPath += "/" + url.PathEscape(element)
	}

	target.RawQuery = signature.CanonicalQuery(req.query)

	return &target
}

// notSent returns the error for a request that could not even be tried.
func (s *service) notSent(req *request, err error) error {
	return notSent(req.method, s.url(req).EscapedPath(), err)
}

// notSent returns the error for a request that could not even be tried.
func notSent(method, path string, err error) error {
	return &ConnectionError{Method: method, Path: path, Sent: false, Err: &preparationError{err: err}}
}

// readBody reads the body of resp, up to maxReply bytes.
func readBody(resp *http.Response) ([]byte, error) {
	if resp.Body == nil || resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, nil
	}

	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return body, fmt.Errorf("read the reply: %w", err)
	}

	if len(body) > maxReply {
		return body[:maxReply], errTooLong
	}

	return body, nil
}

// withCause prepends the cause of ctx, if it is done, to err, the error that it led to.
func withCause(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if err == nil || cause == nil || errors.Is(err, cause) {
		return err
	}

	return fmt.Errorf("%w: %w", cause, err)
}

// headerRequestID returns the request id of ModelArts, or that of IAM.
func headerRequestID(header http.Header) string {
	if id := header.Get("X-Request-Id"); id != "" {
		return id
	}

	return header.Get("X-Iam-Trace-Id")
}

// isHeaderValue reports whether net/http would send value in a header.
func isHeaderValue(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
