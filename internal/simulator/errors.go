package simulator

import (
	"fmt"
	"net/http"
)

// The error codes of the replies.
const (
	CodeNotFound      = "ModelArts.6404" // no such server, with HTTP 400
	CodeUnsupported   = "ModelArts.7000" // not for this server type
	CodeForbidden     = "ModelArts.6407" // known from notebooks
	CodeInvalid       = "ModelArts.6400" // known from notebooks; here for every malformed request, which is invented
	CodeIllegalStatus = "ModelArts.6309" // invented for DevServers: the real code of a wrong status is not published
	CodeNoRoute       = "APIGW.0101"
	CodeBadRequest    = "APIGW.0201" // also for bodies that are too big, and for 502 and 504
	CodeUnauthorized  = "APIGW.0301"
	CodeNotAllowed    = "APIGW.0302"
	CodeThrottled     = "APIGW.0308"
)

// refusal is the answer to a request that is not carried out.
type refusal struct {
	status   int
	code     string
	message  string // of the reply
	note     string // for the log; the message if empty
	innocent bool   // a correct client can cause it
}

func invalid(format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, code: CodeInvalid, message: fmt.Sprintf(format, args...)}
}

func unauthorized(why string, innocent bool) *refusal {
	return &refusal{
		status: http.StatusUnauthorized, code: CodeUnauthorized,
		message: "Incorrect IAM authentication information: " + why, innocent: innocent,
	}
}

func notFound(id string) *refusal {
	return &refusal{
		status: http.StatusBadRequest, code: CodeNotFound,
		message: fmt.Sprintf("LiteServer instance '%s' not found.", id), innocent: true,
	}
}

func noRoute() *refusal {
	return &refusal{
		status: http.StatusNotFound, code: CodeNoRoute,
		message: "The API does not exist or has not been published in the environment", note: "no such route",
	}
}

func forbidden(why string) *refusal {
	return &refusal{status: http.StatusForbidden, code: CodeForbidden, message: why, innocent: true}
}

func throttled() *refusal {
	return &refusal{
		status: http.StatusTooManyRequests, code: CodeThrottled, innocent: true,
		message: "The throttling threshold has been reached: policy user over ratelimit",
	}
}
