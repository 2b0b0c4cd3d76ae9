package modelarts

import "time"

// Try describes one try of a request after it has ended. It quotes nothing that was sent as a secret.
type Try struct {
	Method   string
	Path     string // of the request, without host and query
	Duration time.Duration
	Status   int   // HTTP status of the answer; 0 if there was none
	Err      error // why there was no answer; nil if there was one

	answer *reply
}

// RequestID returns the id under which the service knows the request, empty if the answer has none.
func (t Try) RequestID() string {
	if t.answer == nil {
		return ""
	}

	return t.answer.quotedRequestID()
}
