package signature_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/signature"
)

// TestSignature compares with vectors that were computed from the documented recipe by other means. The conformance
// module compares with the official SDK.
func TestSignature(t *testing.T) {
	t.Parallel()

	const (
		host      = "https://modelarts.cn-north-4.myhuaweicloud.com"
		project   = "0605767b5d80d5762f8ac01d2f4ec4a1"
		server    = "/v1/" + project + "/dev-servers/62383738-e52a-450a-9f84-f9e705402be8"
		accessKey = "AKAKAKAKAKAKAKAKAKAK"
		secretKey = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"
	)

	tests := map[string]struct {
		method, url, project, token, body string
		want                              string
	}{
		"post": {
			method: http.MethodPost, url: host + server + "/reinstallos", project: project, body: `{"admin_pass":"@Admin_pass"}`,
			want: "host;x-project-id;x-sdk-date, Signature=496c31bf014c9f8d185220b90e065e9c03ec1a139eab63a57f52067078e4157a",
		},
		"get with query and security token": {
			method: http.MethodGet, url: host + "/v1/" + project + "/dev-servers?owner=a+b/c&offset=20&limit=10", project: project, token: "token==",
			want: "host;x-project-id;x-sdk-date;x-security-token, Signature=10e7b4967c8ff1dcc216071f9f8a64e19f3181b475803d07ecebe6c8e03fad02",
		},
		"without project": {
			method: http.MethodGet, url: "https://iam.cn-north-4.myhuaweicloud.com/v3/projects?name=cn-north-4",
			want: "host;x-sdk-date, Signature=a68a6800d611e6132960ed9618f0091363a5b4097281006c9224481d1047e0c0",
		},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			req, err := http.NewRequestWithContext(t.Context(), tt.method, tt.url, nil)
			if err != nil {
				t.Fatal(err)
			}

			if tt.project != "" {
				req.Header.Set("X-Project-Id", tt.project)
			}

			if tt.token != "" {
				req.Header.Set("X-Security-Token", tt.token)
			}

			signature.Sign(req, []byte(tt.body), accessKey, secretKey, time.Date(2025, 11, 23, 13, 0, 0, 0, time.FixedZone("CET", 3600)))

			want := "SDK-HMAC-SHA256 Access=" + accessKey + ", SignedHeaders=" + tt.want
			if got := req.Header.Get("Authorization"); got != want {
				t.Errorf("Authorization\n got %s\nwant %s", got, want)
			}

			if got := req.Header.Get("X-Sdk-Date"); got != "20251123T120000Z" {
				t.Errorf("X-Sdk-Date is %s", got)
			}
		})
	}
}
