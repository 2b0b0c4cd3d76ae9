package redact

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

const (
	shellScript = `#!/bin/bash -e
# wait for the network, then join the cluster
export REGION=cn-north-4
export DB_PASSWORD='s3cr3t-Pa55'
hostnamectl set-hostname trainer-gpu-cn-north-4-001.example.com
if ! systemctl restart docker; then
  echo "permission denied: the server is not available" >&2
  exit 1
fi
curl -sf https://bucket.obs.cn-north-4.myhuaweicloud.com/setup-22.04.sh | bash -s -- --token=join-token-7c9e6679f2b4
echo 'root:Correct-Horse-1' | chpasswd
sleep 10
exec env wrapper
`
	cloudConfig = `#cloud-config
package_update: true
users:
  - name: trainer
    ssh_authorized_keys:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHJlYWxseS1hLWtleS1vZi1zb21lYm9keQ trainer@example
chpasswd:
  list: |
    trainer:Kx9-hunter-2
write_files:
  - path: /etc/app.conf
    content: |
      api_key: 9f8e7d6c5b4a
      endpoint = https://modelarts.cn-north-4.myhuaweicloud.com
      devserver = 62383738-e52a-450a-9f84-f9e705402be8
      "Passwort": "für Müller 2026"
runcmd:
  - [systemctl, enable, --now, app]
`
)

// withUserData returns a redactor that knows the user data.
func withUserData(data string) *Redactor {
	sent := New()
	sent.AddUserData(base64.StdEncoding.EncodeToString([]byte(data)))

	return sent
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

// The telling lines and words of user data are withheld, however they are written.
func TestUserDataIsWithheld(t *testing.T) {
	t.Parallel()

	for data, quotes := range map[string][]string{
		shellScript: {
			shellScript, shellScript[:40], shellScript[60:], "line 4: export DB_PASSWORD='s3cr3t-Pa55'", "DB_PASSWORD=s3cr3t-Pa55", "bad value s3cr3t-Pa55",
			"token join-token-7c9e6679f2b4", "unknown user root:Correct-Horse-1", "Correct-Horse-1", "hostnamectl set-hostname trainer",
			"curl -sf https://bucket.obs.cn-north-4", "bad option in line 9: exec env wrapper", "echo 'root:Correct-Horse-1' | chpasswd",
		},
		cloudConfig: {
			cloudConfig, "trainer:Kx9-hunter-2", "AAAAC3NzaC1lZDI1NTE5AAAAIHJlYWxseS1hLWtleS1vZi1zb21lYm9keQ", "api_key: 9f8e7d6c5b4a", "9f8e7d6c5b4a",
			"- path: /etc/app.conf", `"Passwort": "für Müller 2026"`, "[systemctl, enable, --now, app]", "C1lZDI1NTE5AAAAIHJlYWxseS1hLWtleS1vZi1zb21l",
		},
	} {
		sent := withUserData(data)

		for _, quote := range quotes {
			for _, name := range []string{"%q", "JSON", "query", "path", "HTML", "hex", "base64", "base64 within, 1", "base64 within, 2", "byte list", "reversed"} {
				if text := encodings[name](quote); len(text) <= maxMessage && !sent.withholds("invalid user data: "+text) {
					t.Errorf("%s: %q", name, text)
				}
			}
		}

		sample := base64.StdEncoding.EncodeToString([]byte(data))
		for _, text := range []string{sample, sample[:64], sample[200:300], strings.ToUpper(sample), inLines(sample), reverse(sample)} {
			if !sent.withholds("invalid user data: " + text) {
				t.Errorf("base64: %q", text)
			}
		}
	}
}

// Packed user data is withheld both packed and unpacked.
func TestPackedUserDataIsWithheld(t *testing.T) {
	t.Parallel()

	var packed bytes.Buffer

	writer := gzip.NewWriter(&packed)
	_, _ = writer.Write([]byte(shellScript))

	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}

	cut := withUserData(packed.String()[:packed.Len()*2/3])
	if !cut.withholds("line 4: export DB_PASSWORD='s3cr3t-Pa55'") {
		t.Error("packed user data that is cut off is not known")
	}

	sent := withUserData(packed.String())
	for _, quote := range []string{
		"line 4: export DB_PASSWORD='s3cr3t-Pa55'", "join-token-7c9e6679f2b4", fmt.Sprintf("%x", packed.Bytes()), fmt.Sprintf("%d", packed.Bytes()),
		base64.StdEncoding.EncodeToString(packed.Bytes()[50:150]), base64.RawURLEncoding.EncodeToString(packed.Bytes()),
	} {
		if !sent.withholds(quote) {
			t.Errorf("%q", quote)
		}
	}
}

// What is packed inside user data is withheld as well, and so is what user data calls a secret, with or without digits.
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

// A bomb of packed user data takes no more time and memory than other long user data.
func TestUnpackedUserDataIsBounded(t *testing.T) {
	t.Parallel()

	var packed bytes.Buffer

	writer := gzip.NewWriter(&packed)
	for range 300 {
		_, _ = writer.Write([]byte(script(sameEveryTime())))
	}

	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}

	if size := len(inflate(packed.Bytes())); size != longestUnpacked {
		t.Errorf("%d bytes", size)
	}
}

// User data that is not base64 is used as it is.
func TestUserDataThatIsNoBase64(t *testing.T) {
	t.Parallel()

	sent := New()
	sent.AddUserData(shellScript)

	if !sent.withholds("export DB_PASSWORD='s3cr3t-Pa55'") {
		t.Error("it is shown")
	}
}

// longestScript is the length of the longest user data that the service accepts, in bytes.
const longestScript = 32 << 10

// script returns random user data of the greatest length.
func script(source *rand.Rand) string {
	alphabet := []rune("abcdefghijklmnopqrstuvwxyz ABC0123456789$\"'/&<>=-_.{}\nä")

	var b strings.Builder
	for b.Len() < longestScript-1 {
		b.WriteRune(alphabet[source.IntN(len(alphabet))])
	}

	return b.String()
}

// The fingerprints of user data take about as much memory as the user data, and none if it is already known.
func TestFingerprintsAreFew(t *testing.T) {
	t.Parallel()

	source := sameEveryTime()
	data := script(source)

	sent := withUserData(data)
	first := sent.parts.count

	if most := longestScript / 4; first > most {
		t.Errorf("%d, want %d at most", first, most)
	}

	sent.AddUserData(base64.StdEncoding.EncodeToString([]byte(data)))

	if sent.parts.count != first {
		t.Errorf("%d more of the same", sent.parts.count-first)
	}
}

// BenchmarkAddUserData adds user data of the greatest length.
func BenchmarkAddUserData(b *testing.B) {
	encoded := base64.StdEncoding.EncodeToString([]byte(script(sameEveryTime())))

	for b.Loop() {
		New().AddUserData(encoded)
	}
}
