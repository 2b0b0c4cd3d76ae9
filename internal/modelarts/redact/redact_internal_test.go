package redact

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
)

// lossy are ways of writing that cannot be undone: they are only applied to the secret itself.
var lossy = map[string]func(string) string{
	"as it is": func(s string) string { return s },
	"upper":    strings.ToUpper,
	"lower":    strings.ToLower,
	"wide":     func(s string) string { return strings.Map(func(r rune) rune { return wide(r) }, s) },
	"question marks": func(s string) string {
		return strings.Map(func(r rune) rune {
			if !isAlphanumeric(byte(r)) || r > unicode.MaxASCII {
				return '?'
			}

			return r
		}, s)
	},
	"no punctuation": func(s string) string { return string(bareSpelling.fold(s)) },
	"in lines":       func(s string) string { return strings.Join(strings.Split(s, ""), "\n") },
	"in an array":    func(s string) string { return fmt.Sprintf("%q", strings.Split(s, "")) },
}

// passwords are of all kinds and lengths that the API page allows.
var passwords = []string{
	"Abc=defgh1+X", "Ab=12=cd=34X", "Ab1+cd2+ef3=", "P@ss~word/1A", `Qw"er\ty<1>Z`, "Ab1!efgh", "Correct-Horse-1", "Pässwörd-1",
	`Zq<"e\é%2B+&x'Yk>/9=Ü`, "@Admin_pass-2026-with-26-c", "A1!" + "密码密码密", "&#65;\\u0041%41QUJD", "!!!!@@@@####1aB",
}

// echoes are formats of messages that quote a text.
var echoes = []string{"%s", `{"admin_pass":"%s"}`, "value %s is refused", "got<%s>", "admin_pass=%s&x=1", "a%sb"}

// anEcho returns text in one of echoes.
func anEcho(source *rand.Rand, text string) string {
	return fmt.Sprintf(echoes[source.IntN(len(echoes))], text)
}

// chain writes secret in several nested ways, and returns their names as well.
func chain(source *rand.Rand, secret string, steps int) (text string, names []string) {
	losses := slices.Sorted(maps.Keys(lossy))
	name := losses[source.IntN(len(losses))]
	text, names = lossy[name](secret), []string{name}

	// Where too little is left, there is nothing to withhold.
	if len(bareSpelling.fold(secret)) < 10 && (name == "question marks" || name == "no punctuation" || name == "in an array") {
		text, names = secret, []string{"as it is"}
	}

	ways := slices.Sorted(maps.Keys(encodings))

	for range steps {
		name := ways[source.IntN(len(ways))]
		names = append(names, name)
		text = encodings[name](anEcho(source, text))
	}

	return anEcho(source, text), names
}

// knowing returns a redactor that knows secrets.
func knowing(secrets ...string) *Redactor {
	sent := New()
	for _, secret := range secrets {
		sent.AddSecrets(secret)
	}

	return sent
}

// withholds reports whether a message is not shown.
func (r *Redactor) withholds(message string) bool {
	return r.Message(message) == WithheldMessage
}

// Every password is found, in every way of writing, also in nested ones.
func TestEchoesAreWithheld(t *testing.T) {
	t.Parallel()

	source := sameEveryTime()
	withheld := 0

	for _, password := range passwords {
		sent := knowing(password)

		for name, encode := range encodings {
			for _, echo := range echoes {
				if text := fmt.Sprintf(echo, encode(password)); !sent.withholds(text) {
					t.Errorf("%q as %s: %q", password, name, text)
				}
			}
		}

		for range 80 {
			text, names := chain(source, password, source.IntN(4))
			if len([]rune(clean(text, len(text)))) > maxMessage {
				continue // the end would be cut off
			}

			if !sent.withholds(text) {
				t.Errorf("%q as %q: %q", password, names, text)
			}

			withheld++
		}
	}

	if withheld < 800 {
		t.Errorf("only %d chains were short enough", withheld)
	}
}

func FuzzEchoesAreWithheld(f *testing.F) {
	for i, password := range passwords {
		f.Add(password, uint64(i), uint8(i)) //nolint:gosec // there are few
	}

	f.Fuzz(func(t *testing.T, password string, seed uint64, steps uint8) {
		folded := bareSpelling.fold(password)
		if password != strings.ToValidUTF8(clean(password, 26), "") || len(password) > 26 || len(folded) < 10 || !isTelling(folded) {
			t.Skip()
		}

		text, names := chain(rand.New(rand.NewPCG(seed, 0)), password, int(steps%4)) //nolint:gosec // no secret comes of it
		if len([]rune(clean(text, len(text)))) <= maxMessage && !knowing(password).withholds(text) {
			t.Errorf("%q as %q: %q", password, names, text)
		}
	})
}

// Escaping by hand tends to forget the escape character itself, so that escapes in the secret are undone with the others.
func TestSloppyEscapesAreWithheld(t *testing.T) {
	t.Parallel()

	for password, quotes := range map[string][]string{
		`Qw"er\ty<1>Z`:     {`Qw\u0022er\ty\u003c1\u003eZ`, `Qw&quot;er\ty&lt;1&gt;Z`, `Qw\"er\ty<1>Z`},
		`A%41b%2Bc&d=9`:    {`A%41b%2Bc%26d%3D9`, `A%41b%2bc\u0026d\u003d9`},
		`%41&%42&%43&%44&`: {`%41%26%42%26%43%26%44%26`},
		`\t<\n<\r<\b<1a`:   {`\t\u003c\n\u003c\r\u003c\b\u003c1a`},
		`x&amp;Y=41"z7`:    {`x&amp;Y=41&quot;z7`, `x&amp;Y%3D41%22z7`, `x&amp;Y=41=22z7`},
	} {
		for _, quote := range quotes {
			if !knowing(password).withholds(fmt.Sprintf(`{"admin_pass":"%s"}`, quote)) {
				t.Errorf("%q as %q", password, quote)
			}
		}
	}
}

// The rest of a secret that is cut off, or quoted in part, is found.
func TestPartsOfSecretsAreWithheld(t *testing.T) {
	t.Parallel()

	const key = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"

	token := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(key+"/", 40)))
	sent := knowing(append(slices.Clone(passwords), key, token)...)

	for _, part := range []string{
		"Abc=defg...", "...defgh1+X", "c=defgh1", "Ab1!ef", "1!efgh", "P@ss~wor", "Correct-Ho...", "ct-horse", `Zq<"e\é%2B`, "@Admin_pass-20",
		key[:8], key[:20], key[20:], key[11:31], key[:12] + "***", strings.ToUpper(key[5:30]), token[:16], token[100:140], token[len(token)-40:],
	} {
		for name, encode := range map[string]func(string) string{
			"as it is": func(s string) string { return s }, "base64": encodings["base64 within, 1"], "JSON": encodings["JSON, all escaped"],
		} {
			if text := "got " + encode(part); !sent.withholds(text) {
				t.Errorf("%s: %q", name, text)
			}
		}
	}
}

// A secret where a message is cut is found, however it is written: what is shown ends within it.
func TestSecretsAtTheCutAreWithheld(t *testing.T) {
	t.Parallel()

	for _, limit := range []int{maxMessage, maxExcerpt, MaxToken} {
		for name, encode := range encodings {
			if encoded := encode("Abc=defgh1+X"); !strings.Contains(knowing("Abc=defgh1+X").quote(
				strings.Repeat("-", limit-len([]rune(encoded))*3/4)+" "+encoded, limit, WithheldToken), WithheldToken) {
				t.Errorf("%s at %d", name, limit)
			}
		}
	}
}

// A secret that an answer shows in pieces is withheld like one that it shows whole.
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
}

// A secret is found in a text that repeats it packed.
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

// Ordinary messages are shown, whatever was sent.
func TestOrdinaryMessagesAreShown(t *testing.T) {
	t.Parallel()

	const host = "modelarts.cn-north-4.myhuaweicloud.com"

	secrets := append(slices.Clone(passwords),
		"Password@123", "Password1", "Passw0rd!", "Password-1!", "Pass@word1", "Welcome1!", "Huawei@123", "Admin123!", "Server-2026", "Instance1",
		"Admin@2026-11-26", "Huawei12#$", "modelarts-1A", "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc",
		"MIIFxAYJKoZIhvcNAQcCoIIFtTCCBbECAQExDTALBglghkgBZQMEAgEwggPABgkqhkiG9w0BBwGgggOxBIIDrXsidG9rZW4iOnsiZXhwaXJlc19hdCI6IjIwMjYt",
		strings.Repeat("gQpjbi1ub3J0aC00", 60),
	)

	for name, sent := range map[string]*Redactor{
		"secrets": knowing(secrets...), "script": withUserData(shellScript), "cloud-config": withUserData(cloudConfig),
		"weak":  withUserData("#!/bin/sh\necho root:Password1 | chpasswd\nuser_data_1: password1\nauthorization12: user 1\npassword 1\n"),
		"prose": withUserData("#!/bin/sh\n# the password is in 3 files; the image is not the one that the user asks for\nexit 1\n"),
	} {
		sent.AddOpen(host, "/v1/0605767b5d80d5762f8ac01d2f4ec4a1/dev-servers/62383738-e52a-450a-9f84-f9e705402be8/reinstallos", "KeyPair-1")

		for _, message := range ordinary {
			if sent.withholds(message) {
				t.Errorf("%s: %q", name, message)
			}
		}
	}
}

// What requests show openly does not become secret because user data contains it. A password remains a secret.
func TestOpenValuesInUserData(t *testing.T) {
	t.Parallel()

	const name = "trainer-gpu-cn-north-4-001"

	message := "DevServer " + name + ".example.com has no such image"
	sent := withUserData(shellScript)

	if !sent.withholds(message) {
		t.Error("a name that only user data has is shown")
	}

	sent.AddOpen(name + ".example.com")

	if sent.withholds(message) {
		t.Error("the name of a server is withheld")
	}

	if !sent.withholds(message + ": curl -sf https://bucket.obs") {
		t.Error("a name makes the rest of user data open")
	}

	// A key that has something in common with the id of the project does not withhold it.
	alike := knowing("simulator-secret-key-0123456789abcdefghi")
	message = "project 0123456789abcdef0123456789abcdef is frozen"

	if !alike.withholds(message) {
		t.Error("half of a key is shown")
	}

	alike.AddOpen("/v1/0123456789abcdef0123456789abcdef/dev-servers")

	if alike.withholds(message) || !alike.withholds("key-0123456789abcdefghi") {
		t.Error("what is open is withheld, or the key is shown")
	}

	// One value may be both.
	both := New()
	both.AddOpen("KeyPair-1")
	both.AddSecrets("KeyPair-1")

	if !both.withholds("KeyPair-1 is refused") {
		t.Error("a password is shown because a key pair is called like it")
	}
}

// A very short secret occurs in any text: that is no reason to withhold everything.
func TestShortSecretsWithholdNothing(t *testing.T) {
	t.Parallel()

	sent := knowing("", "a", "is", "not", "t1", "sk-1", "a b c d", "\n\n\n\n\n\n\n")
	for _, message := range ordinary {
		if sent.withholds(message) {
			t.Errorf("%q", message)
		}
	}

	if !knowing("abc-12").withholds("abc-12") {
		t.Error("a secret of six characters is shown")
	}
}

// The codes that callers check are shown, even if user data names them.
func TestCodesInUserData(t *testing.T) {
	t.Parallel()

	sent := withUserData("#!/bin/sh\nretry_on ModelArts.6404\n")
	for _, code := range []string{"ModelArts.6404", "APIGW.0301", "401"} {
		if got := sent.Code(code); got != code {
			t.Errorf("%s is %s", code, got)
		}
	}

	if got := knowing("Abcd.1234").Code("Abcd.1234"); got != WithheldToken {
		t.Errorf("a password that looks like a code is %s", got)
	}
}

func TestErrorsThatRepeatSecrets(t *testing.T) {
	t.Parallel()

	cause := errors.New("malformed HTTP response " + passwords[0])

	shown := knowing(passwords[0]).Error(cause)
	if shown.Error() != withheldError || !errors.Is(shown, cause) {
		t.Errorf("got %v", shown)
	}

	if plain := knowing("another-Password-1"); !errors.Is(plain.Error(cause), cause) || plain.Error(cause).Error() != cause.Error() {
		t.Errorf("got %v", plain.Error(cause))
	}

	// What is not searched is not shown.
	long := errors.New(strings.Repeat("x ", 3*maxMessage) + passwords[0])
	if text := knowing(passwords[0]).Error(long).Error(); strings.Contains(text, passwords[0]) {
		t.Errorf("got %s", text)
	}
}

func TestBasicAuthenticationIsWithheld(t *testing.T) {
	t.Parallel()

	basic := base64.StdEncoding.EncodeToString([]byte("me:P@ss-word1"))
	if !knowing("P@ss-word1").withholds("407: Proxy-Authorization: Basic " + basic) {
		t.Error("the header is shown")
	}
}

// A redactor may be used concurrently.
func TestRedactorConcurrently(t *testing.T) {
	t.Parallel()

	sent := New()

	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			password := fmt.Sprintf("Password-%d!x", 1000+i)

			for range 5 {
				sent.AddSecrets(password)
				sent.AddUserData(base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s\necho %s", shellScript, password)))
				sent.AddOpen(password)

				if !sent.withholds("got "+password) || sent.withholds("image not found") {
					t.Error(password)
				}
			}
		})
	}

	group.Wait()
}

// BenchmarkWithhold searches the texts of answers after a password and a key were sent, and after a thousand servers each
// got their own user data of the greatest length. Only the memory differs.
func BenchmarkWithhold(b *testing.B) {
	source := sameEveryTime()
	sent := knowing(passwords[0], "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc")

	for _, servers := range []int{0, 1, 1000} {
		for range servers {
			sent.AddUserData(base64.StdEncoding.EncodeToString([]byte(script(source))))
		}

		for name, text := range map[string]string{
			"a request id": "5f2b1c9a7d3e4f60a1b2c3d4e5f60718", "a message": ordinary[3],
			"as long as can be": clean(strings.Repeat(strings.Join(ordinary, "; "), 2), maxMessage),
		} {
			b.Run(fmt.Sprintf("%s, %d servers", name, servers), func(b *testing.B) {
				for b.Loop() {
					if sent.withholds(text) {
						b.Fatal("not shown")
					}
				}
			})
		}

		b.Logf("%d servers: %d MB", servers, 8*len(sent.parts.slots)>>20)
	}
}
