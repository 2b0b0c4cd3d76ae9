package modelarts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/lenient"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/redact"
)

// Error is an answer of the service, or of a gateway in front of it, that is not a success.
type Error struct {
	Method     string
	Path       string // path of the request, without host and query
	StatusCode int
	Code       string // such as ModelArts.6404 or APIGW.0301; empty if the body has none
	Message    string // of the service, or the beginning of a body that is not JSON; withheld if it repeats a secret
	RequestID  string
	RetryAfter time.Duration // what the Retry-After header asks for, 24 hours at most; 0 if there is none
	// Credentials is the Source of the credentials that this answer, a 401 or 403, is about; empty if it is not known.
	Credentials string
	// Refreshed reports whether the credentials were replaced after this answer, a 401, so that another try may succeed. It
	// does not mean that the request was not processed.
	Refreshed bool
}

// Error returns everything in the answer.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: HTTP %d", e.Method, e.Path, e.StatusCode)

	if text := http.StatusText(e.StatusCode); text != "" {
		b.WriteString(" " + text)
	}

	if e.Code != "" {
		b.WriteString(", error code " + e.Code)
	}

	if e.RequestID != "" {
		b.WriteString(", request id " + e.RequestID)
	}

	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}

	return b.String()
}

// Status returns the HTTP status with its text, such as "400 Bad Request".
func (e *Error) Status() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode)))
}

// IsUnauthorized reports whether the service answered that the credentials are not valid.
func IsUnauthorized(err error) bool { return hasStatus(err, http.StatusUnauthorized) }

// IsForbidden reports whether the service answered that the credentials do not suffice.
func IsForbidden(err error) bool { return hasStatus(err, http.StatusForbidden) }

// IsDenied reports whether the service itself answered that the credentials do not suffice. A gateway answers like that if
// the project is another one.
func IsDenied(err error) bool {
	answer, ok := errors.AsType[*Error](err)

	return ok && answer.StatusCode == http.StatusForbidden && !strings.HasPrefix(answer.Code, "APIGW.")
}

// IsUnrouted reports whether err is a "not found" that did not come from the service itself: a gateway's, or an HTML page.
func IsUnrouted(err error) bool { return hasStatus(err, http.StatusNotFound) && !IsNotFound(err) }

// IsThrottled reports whether the service answered that there were too many requests, and so did not process this one.
func IsThrottled(err error) bool { return hasStatus(err, http.StatusTooManyRequests) }

// IsUnavailable reports whether the service answered that it is too busy or out of order.
func IsUnavailable(err error) bool {
	answer, ok := errors.AsType[*Error](err)

	return ok && (answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= http.StatusInternalServerError)
}

// IsConflict reports whether the service answered that something else is in progress on the server.
func IsConflict(err error) bool { return hasStatus(err, http.StatusConflict) }

func hasStatus(err error, status int) bool {
	answer, ok := errors.AsType[*Error](err)

	return ok && answer.StatusCode == status
}

// ConnectionError reports a request without a readable answer.
type ConnectionError struct {
	Method string
	// Path is the path of the request, without host and query. If the id of the project could not be looked up, it begins
	// with dev-servers.
	Path string
	// Sent reports whether the service may have received the request: false only if no connection was made.
	Sent bool
	Err  error
}

// Error names the request and what happened to the connection.
func (e *ConnectionError) Error() string {
	if !e.Sent {
		return fmt.Sprintf("%s %s: not sent: %v", e.Method, e.Path, e.Err)
	}

	return fmt.Sprintf("%s %s: no answer: %v", e.Method, e.Path, e.Err)
}

// Unwrap returns the error of the transport.
func (e *ConnectionError) Unwrap() error { return e.Err }

// UnknownHostError reports a host that does not exist, and whose name is derived from the region.
type UnknownHostError struct {
	Region string
	Err    error
}

func (e *UnknownHostError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the resolver.
func (e *UnknownHostError) Unwrap() error { return e.Err }

// codeServerNotFound is the error code for a DevServer id that the service does not know. It comes with HTTP 400.
const codeServerNotFound = "ModelArts.6404"

// IsNotFound reports whether the service itself answered that it does not know a server. A gateway's 404, an HTML page or an
// empty body do not count: a wrong endpoint answers like that too.
func IsNotFound(err error) bool {
	var apiErr *Error
	if !errors.As(err, &apiErr) {
		return false
	}

	if apiErr.Code == codeServerNotFound {
		return true
	}

	return apiErr.StatusCode == http.StatusNotFound && strings.HasPrefix(apiErr.Code, "ModelArts.")
}

// preparationError is why a request could not be tried: there are no credentials, no project id, or no time left.
type preparationError struct{ err error }

func (e *preparationError) Error() string { return e.err.Error() }

func (e *preparationError) Unwrap() error { return e.err }

// IsUntried reports whether err is about a request that was not even tried: there are no credentials, no project id, or no
// time left.
func IsUntried(err error) bool {
	_, untried := errors.AsType[*preparationError](err)

	return untried
}

// refusal returns the error for an answer whose status is not 2xx.
func (r *reply) refusal(header http.Header) *Error {
	code, message, requestID := decodeError(r.body)
	if message == "" && code == "" {
		message = r.redactor.Excerpt(r.body)
	} else {
		message = r.redactor.Message(message)
	}

	if location, err := url.Parse(header.Get("Location")); r.status/100 == 3 && err == nil && location.Host != "" {
		host := r.redactor.Token(location.Scheme + "://" + location.Host)
		message = strings.TrimSuffix("redirect to "+host+", not followed: "+message, ": ")
	}

	if r.requestID == "" {
		r.requestID = requestID
	}

	refused := r.failure(message)
	refused.Code = r.redactor.Code(code)

	if r.redactor.RepeatsAcross(refused.Code, refused.RequestID, refused.Message) {
		refused.Code, refused.RequestID, refused.Message = redact.WithheldToken, redact.WithheldToken, redact.WithheldMessage
	}

	refused.RetryAfter = parseRetryAfter(header.Get("Retry-After"), header.Get("Date"))

	return refused
}

// unread returns the error for a 2xx answer whose body could not be read to the end.
func (r *reply) unread() error {
	if errors.Is(r.bodyErr, errTooLong) {
		return &tooLongError{err: r.failure(errTooLong.Error())}
	}

	return &ConnectionError{Method: r.method, Path: r.path, Sent: true, Err: r.bodyErr}
}

// tooLongError reports an answer that is too long to be read; a shorter page of the same listing may not be.
type tooLongError struct{ err *Error }

func (e *tooLongError) Error() string { return e.err.Error() }

func (e *tooLongError) Unwrap() error { return e.err }

// unusable returns the error for a 2xx answer whose body is not what was wanted.
func (r *reply) unusable(wanted string) *Error {
	if len(bytes.TrimSpace(r.body)) == 0 {
		return r.failure("the reply is empty instead of " + wanted)
	}

	return r.failure("the reply is not " + wanted + ": " + r.redactor.Excerpt(r.body))
}

// failure returns an error about the answer. message must be fit to be shown.
func (r *reply) failure(message string) *Error {
	return &Error{Method: r.method, Path: r.path, StatusCode: r.status, Message: message, RequestID: r.quotedRequestID()}
}

// quotedRequestID returns the request id as it may be quoted. It is only called where the id is shown, which most never are:
// searching it for secrets takes longer than decoding the reply.
func (r *reply) quotedRequestID() string { return r.redactor.Token(r.requestID) }

// decodeError returns what an error body says, and empty strings for what it does not say. It understands the bodies of
// ModelArts and the gateway, and that of IAM, which is nested one level deeper.
func decodeError(body []byte) (code, message, requestID string) {
	outer := lenient.Parse(body)

	for _, members := range []lenient.Object{outer, outer.Object("error")} {
		code = firstOf(code, members, "error_code", "errorCode", "code")
		message = firstOf(message, members, "error_msg", "error_message", "errorMessage", "message")
		requestID = firstOf(requestID, members, "request_id", "requestId")
	}

	return code, firstOf(message, outer, "error"), requestID
}

// firstOf returns text or, if it is empty, the first of the members that is a string or a number.
func firstOf(text string, members lenient.Object, names ...string) string {
	for _, name := range names {
		if text != "" {
			break
		}

		switch value := members[name].(type) {
		case string:
			text = value
		case json.Number:
			text = value.String()
		}
	}

	return text
}
