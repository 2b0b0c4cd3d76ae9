package modelarts

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"testing"
)

// A secret that an answer shows in pieces is withheld as it is in one.
func TestSecretsInPiecesAreWithheld(t *testing.T) {
	t.Parallel()

	const secret = "Tr0ub4dor&3xyz"

	sent := knowing(secret)

	for _, message := range []string{
		`{"detail":{"first":"Tr0ub","second":"4dor&","third":"3xyz"}}`, `{"errors":[{"value":"Tr0ub4d"},{"value":"or&3xyz"}]}`,
		`bad value: {"a":"Tr0ub4d","b":"or\u00263xyz"}`, `it begins with "Tr0ub4d" and ends with "or&3xyz"`,
		"Tr0ub4d<br/>or&3xyz", "Tr0ub4d<!-- here -->or&3xyz", "Tr0ub4d\x1b[31mor&3xyz",
	} {
		if !sent.withholds(message) {
			t.Errorf("%q is shown", message)
		}
	}

	for name, body := range map[string]string{
		"code and message":             `{"error_code":"Tr0ub4d","error_msg":"or&3xyz","request_id":"r1"}`,
		"message and request id":       `{"error_code":"ModelArts.1","error_msg":"Tr0ub4d","request_id":"or&3xyz"}`,
		"code, message and request id": `{"error_code":"Tr0ub","error_msg":"4dor&","request_id":"3xyz"}`,
		"as they are printed":          `{"error_code":"Tr0ub","error_msg":"3xyz","request_id":"4dor&"}`,
	} {
		refused := (&reply{status: http.StatusBadRequest, body: []byte(body), secrets: sent}).refusal(http.Header{})
		if refused.Code != withheldToken || refused.RequestID != withheldToken || refused.Message != withheldMessage {
			t.Errorf("%s: %v", name, refused)
		}
	}

	plain := (&reply{
		status: http.StatusBadRequest, body: []byte(`{"error_code":"ModelArts.1","error_msg":"bad image","request_id":"r1"}`), secrets: sent,
	}).refusal(http.Header{})
	if plain.Code != "ModelArts.1" || plain.RequestID != "r1" || plain.Message != "bad image" {
		t.Errorf("%v", plain)
	}
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()

	var packed bytes.Buffer

	writer := gzip.NewWriter(&packed)
	_, _ = writer.Write([]byte(text))

	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}

	return packed.Bytes()
}

// What user data has packed in it is searched for as well, and so is what it calls a secret, digits or not.
func TestNestedUserDataIsWithheld(t *testing.T) {
	t.Parallel()

	const inner = "#!/bin/sh\necho join-token-7c9e6679f2b4 > /run/token\n"

	packed := base64.StdEncoding.EncodeToString(gzipped(t, inner))

	for name, data := range map[string]string{
		"a file in base64":         "#cloud-config\nwrite_files:\n- encoding: b64\n  content: " + base64.StdEncoding.EncodeToString([]byte(inner)) + "\n",
		"a file in gzip":           "#cloud-config\nwrite_files:\n- encoding: gz+b64\n  content: " + packed + "\n",
		"a part in lines":          "Content-Transfer-Encoding: base64\n\n" + inLines(base64.StdEncoding.EncodeToString([]byte(inner))) + "\n",
		"a file in gzip, in gzip":  string(gzipped(t, "content: "+packed)),
		"a script in one line":     `{"runcmd":"#!/bin/sh\necho join-token-7c9e6679f2b4 > /run/token\n"}`,
		"base64 within base64":     "x: " + base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(inner)))),
		"gzip, with garbage after": string(gzipped(t, inner)) + "garbage",
	} {
		if !withUserData(data).withholds("bad line: echo join-token-7c9e6679f2b4") {
			t.Errorf("%s is not opened", name)
		}
	}

	for line, secret := range map[string]string{
		`password: "correct-horse"`:           "correct-horse",
		`password: 'P@ss w0rd!'`:              "P@ss w0rd!",
		`TOKEN='abc-def-ghi-jkl'`:             "abc-def-ghi-jkl",
		`root:Correct-Horse | chpasswd`:       "Correct-Horse",
		`{"user":"a","passwd":"Zeb!Stripes"}`: "Zeb!Stripes",
		`mysql -pS3cretPw`:                    "S3cretPw",
		`tool --password S3cret-Pw`:           "S3cret-Pw",
		`PGPASSWORD=Super!pass`:               "Super!pass",
		`license_secret: 0042-1187-33`:        "0042-1187-33",
	} {
		if sent := withUserData("#!/bin/sh\n" + line + "\n"); !sent.withholds("not a good value: " + secret) {
			t.Errorf("%q is shown", secret)
		}
	}
}

// A packed secret is found in what repeats it packed.
func TestPackedEchoesAreWithheld(t *testing.T) {
	t.Parallel()

	const secret = "Tr0ub4dor&3xyz"

	var deflated bytes.Buffer

	writer := zlib.NewWriter(&deflated)
	_, _ = writer.Write([]byte("password=" + secret))

	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}

	for _, packed := range [][]byte{gzipped(t, "password="+secret), deflated.Bytes()} {
		for _, text := range []string{base64.StdEncoding.EncodeToString(packed), hex.EncodeToString(packed)} {
			if !knowing(secret).withholds("trace: " + text) {
				t.Errorf("%q is shown", text)
			}
		}
	}
}

// What a reply hands on in a field without a fixed meaning is no secret that was sent.
func TestSecretsInExtensions(t *testing.T) {
	t.Parallel()

	server := &Server{EndpointsResponse: []EndpointResponse{{Extensions: map[string]string{"a": "root:Tr0ub4dor&3xyz", "b": "plain"}}}}
	knowing("Tr0ub4dor&3xyz").receive(server)

	if got := server.EndpointsResponse[0].Extensions; got["a"] != withheldToken || got["b"] != "plain" {
		t.Errorf("got %v", got)
	}
}
