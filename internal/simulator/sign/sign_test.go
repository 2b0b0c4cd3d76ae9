package sign_test

import (
	"net/http"
	"testing"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/sign"
)

// TestVerify uses vectors that were computed from the documented recipe by other means.
func TestVerify(t *testing.T) {
	t.Parallel()
	const (
		access  = "AKAKAKAKAKAKAKAKAKAK"
		secret  = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"
		project = "0605767b5d80d5762f8ac01d2f4ec4a1"
		host    = "https://modelarts.cn-north-4.myhuaweicloud.com"
	)
	for name, test := range map[string]struct {
		url, project, token string
		signed              string
	}{
		"query and security token": {
			url: host + "/v1/" + project + "/dev-servers?owner=a+b/c&offset=20&limit=10", project: project, token: "token==",
			signed: "host;x-project-id;x-sdk-date;x-security-token, Signature=10e7b4967c8ff1dcc216071f9f8a64e19f3181b475803d07ecebe6c8e03fad02",
		},
		"no project": {
			url:    "https://iam.cn-north-4.myhuaweicloud.com/v3/projects?name=cn-north-4",
			signed: "host;x-sdk-date, Signature=a68a6800d611e6132960ed9618f0091363a5b4097281006c9224481d1047e0c0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			auth, err := sign.Parse("SDK-HMAC-SHA256 Access=" + access + ", SignedHeaders=" + test.signed)
			if err != nil || auth.AccessKey != access {
				t.Fatalf("%+v, error %v", auth, err)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, test.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Sdk-Date", "20251123T120000Z")
			req.Header.Set("X-Project-Id", test.project)
			req.Header.Set("X-Security-Token", test.token)
			r := sign.Request{Method: req.Method, URL: req.URL, Host: req.Host, Header: req.Header}
			if !auth.Verify(r, secret) {
				t.Error("a valid signature is refused")
			}
			if auth.Verify(r, secret+"x") {
				t.Error("another secret key is accepted")
			}
			r.Body = []byte("{}")
			if auth.Verify(r, secret) {
				t.Error("another body is accepted")
			}
		})
	}
}
