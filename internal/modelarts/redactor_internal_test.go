package modelarts

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/redact"
)

// A secret that an answer shows in pieces is withheld like one that it shows whole.
func TestSecretsAcrossAnAnswerAreWithheld(t *testing.T) {
	t.Parallel()

	redactor := redact.New()
	redactor.AddSecrets("Tr0ub4dor&3xyz")

	for name, body := range map[string]string{
		"code and message":             `{"error_code":"Tr0ub4d","error_msg":"or&3xyz","request_id":"r1"}`,
		"message and request id":       `{"error_code":"ModelArts.1","error_msg":"Tr0ub4d","request_id":"or&3xyz"}`,
		"code, message and request id": `{"error_code":"Tr0ub","error_msg":"4dor&","request_id":"3xyz"}`,
		"as they are printed":          `{"error_code":"Tr0ub","error_msg":"3xyz","request_id":"4dor&"}`,
	} {
		refused := (&reply{status: http.StatusBadRequest, body: []byte(body), redactor: redactor}).refusal(http.Header{})
		if refused.Code != redact.WithheldToken || refused.RequestID != redact.WithheldToken || refused.Message != redact.WithheldMessage {
			t.Errorf("%s: %v", name, refused)
		}
	}

	plain := (&reply{
		status: http.StatusBadRequest, body: []byte(`{"error_code":"ModelArts.1","error_msg":"bad image","request_id":"r1"}`), redactor: redactor,
	}).refusal(http.Header{})
	if plain.Code != "ModelArts.1" || plain.RequestID != "r1" || plain.Message != "bad image" {
		t.Errorf("%v", plain)
	}
}

// A field without a fixed meaning does not pass on a secret that was sent.
func TestSecretsInExtensions(t *testing.T) {
	t.Parallel()

	server := &Server{EndpointsResponse: []EndpointResponse{{Extensions: map[string]string{"a": "root:Tr0ub4dor&3xyz", "b": "plain"}}}}
	redactor := redact.New()
	redactor.AddSecrets("Tr0ub4dor&3xyz")
	redactServer(redactor, server)

	if got := server.EndpointsResponse[0].Extensions; got["a"] != redact.WithheldToken || got["b"] != "plain" {
		t.Errorf("got %v", got)
	}
}

// The name of a server is not secret, even if user data contains it.
func TestServerNamesAreOpen(t *testing.T) {
	t.Parallel()

	const name = "trainer-gpu-cn-north-4-001"

	redactor := redact.New()
	redactor.AddUserData("#!/bin/sh\nhostnamectl set-hostname " + name + ".example.com\n")

	if redactor.Token(name) != redact.WithheldToken {
		t.Error("a name that only user data has is shown")
	}

	redactServer(redactor, &Server{Name: new(name + ".example.com")})

	if redactor.Token(name) != name {
		t.Error("the name of a server is withheld")
	}
}

func TestPasswordOfProxy(t *testing.T) {
	t.Parallel()

	for address, want := range map[string]string{"http://proxy.example:3128": "", "http://me@proxy.example": "", "http://me:P%40ss-word1@proxy.example": "P@ss-word1"} {
		proxy, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}

		if got := passwordOf(proxy).Reveal(); got != want {
			t.Errorf("%s: got %q", address, got)
		}
	}

	if !passwordOf(nil).IsZero() {
		t.Error("no proxy has a password")
	}
}
