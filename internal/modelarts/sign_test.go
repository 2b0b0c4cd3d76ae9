package modelarts_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// TestSignature compares with vectors that were computed from the documented recipe by other means. The conformance
// module compares with the official SDK.
func TestSignature(t *testing.T) {
	t.Parallel()

	const host = "https://modelarts.cn-north-4.myhuaweicloud.com"

	tests := map[string]struct {
		method, url, project, token, body string
		want                              string
	}{
		"post": {
			method: http.MethodPost, url: host + testPath + "/reinstallos", project: testProject, body: `{"admin_pass":"@Admin_pass"}`,
			want: "host;x-project-id;x-sdk-date, Signature=496c31bf014c9f8d185220b90e065e9c03ec1a139eab63a57f52067078e4157a",
		},
		"get with query and security token": {
			method: http.MethodGet, url: host + "/v1/" + testProject + "/dev-servers?owner=a+b/c&offset=20&limit=10", project: testProject, token: "token==",
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

			modelarts.Sign(req, []byte(tt.body), modelarts.Credentials{
				AccessKey: testAK, SecretKey: modelarts.NewSecret(testSK), SecurityToken: modelarts.NewSecret(tt.token),
			}, time.Date(2025, 11, 23, 13, 0, 0, 0, time.FixedZone("CET", 3600)))

			want := "SDK-HMAC-SHA256 Access=" + testAK + ", SignedHeaders=" + tt.want
			if got := req.Header.Get("Authorization"); got != want {
				t.Errorf("Authorization\n got %s\nwant %s", got, want)
			}

			if got := req.Header.Get("X-Sdk-Date"); got != "20251123T120000Z" {
				t.Errorf("X-Sdk-Date is %s", got)
			}

			if got := req.Header.Get("X-Security-Token"); got != tt.token {
				t.Errorf("X-Security-Token is %s", got)
			}
		})
	}
}

func TestTokenInsteadOfSignature(t *testing.T) {
	t.Parallel()

	client, got := listen(t, reply(serverBody), func(cfg *modelarts.Config) {
		cfg.Credentials = modelarts.StaticCredentials(modelarts.Credentials{
			AccessKey: testAK, SecretKey: modelarts.NewSecret(testSK), Token: modelarts.NewSecret("the-token"),
		})
	})

	if _, err := reinstall(t.Context(), client); err != nil {
		t.Fatal(err)
	}

	header := got.all()[0].Header
	if header.Get("X-Auth-Token") != "the-token" || header.Get("Authorization") != "" || header.Get("X-Sdk-Date") != "" {
		t.Errorf("headers %v", header)
	}

	if !strings.Contains(got.all()[0].Body, "admin_pass") {
		t.Error("the body is lost")
	}
}
