package transport_test

import (
	"errors"
	"net"
	"net/http/httptrace"
	"net/url"
	"testing"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/transport"
)

// Without a trace, only a failure to dial proves that a request was not sent.
func TestSent(t *testing.T) {
	t.Parallel()

	dial, read := &net.OpError{Op: "dial", Err: errors.New("refused")}, &net.OpError{Op: "read", Err: errors.New("reset")}
	asked := func(hooks *httptrace.ClientTrace) { hooks.GetConn("host:443") }
	got := func(hooks *httptrace.ClientTrace) { asked(hooks); hooks.GotConn(httptrace.GotConnInfo{}) }

	for name, tt := range map[string]struct {
		events func(*httptrace.ClientTrace)
		err    error
		want   bool
	}{
		"no trace, dial": {err: dial}, "no trace, read": {err: read, want: true}, "no trace, other": {err: errors.New("x"), want: true},
		"no connection": {events: asked, err: read}, "a connection": {events: got, err: dial, want: true},
	} {
		var trace transport.SendTrace
		if tt.events != nil {
			tt.events(trace.Hooks())
		}

		if sent := trace.Sent(tt.err); sent != tt.want {
			t.Errorf("%s: %v", name, sent)
		}
	}
}

// A write uses no connection that another request has used, and neither may use HTTP/2.
func TestConnections(t *testing.T) {
	t.Parallel()

	reads, writes, err := transport.New(transport.Config{Base: &url.URL{Scheme: "https", Host: "example.com"}})
	if err != nil {
		t.Fatal(err)
	}

	if reads.DisableKeepAlives || !writes.DisableKeepAlives {
		t.Error("reads share connections, writes do not")
	}

	if reads.Protocols.HTTP2() || writes.Protocols.HTTP2() || !writes.Protocols.HTTP1() {
		t.Errorf("reads: %v, writes: %v", reads.Protocols, writes.Protocols)
	}
}
