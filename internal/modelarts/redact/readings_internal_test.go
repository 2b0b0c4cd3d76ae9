package redact

import (
	"slices"
	"strings"
	"testing"
)

// Each encoding alone can be undone.
func TestReadingsHaveWhatIsEncoded(t *testing.T) {
	t.Parallel()

	const text = `Zq<"e\\é%2B+&x'Yk>/9=Ü`

	for name, encode := range encodings {
		found := false

		if !everyReading(encode(text), func(reading string) bool {
			found = strings.Contains(reading, text)

			return !found
		}) {
			t.Errorf("%s: there are too many", name)
		}

		if !found {
			t.Errorf("%s: %q has no reading with %q in it", name, encode(text), text)
		}
	}
}

func TestOpenings(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		undo func(string) string
		want map[string]string
	}{
		"unescape": {unescape, map[string]string{
			`a\u003db`: "a=b", `\\u003d`: `\u003d`, `\ud83d\ude00`: "😀", `\ud83d`: "\ufffd", `\ud83d\u0041`: "\ufffd", `\u{41}\u{1f600}`: "A😀",
			`\U00000041`: "A", `\x41\x4z`: "A\x04z", `\101\0`: "A\x00", `\"\/\q`: `"/q`, `\n`: " ", `\`: "", `\u00`: "\x00", `\uxyz`: "uxyz", `\u{xyz}`: "u{xyz}",
			`\U99999999`: "\ufffd", `\777`: "\xff", "plain": "plain",
		}},
		"unescapeNumbers": {unescapeNumbers, map[string]string{`a\u003d\tb\\u003d\x41\101\`: `a=\tb\\u003dAA`, "plain": "plain"}},
		"unpercent": {unpercent, map[string]string{
			"%41%3d%3D": "A==", "%u0041": "A", "%": "%", "%4": "%4", "%zz": "%zz", "%25%34": "%4", "%+1": "%+1", "%u00": "%u00",
		}},
		"unequal":  {unequal, map[string]string{"=41=3d": "A=", "a=b": "a=b", "=": "="}},
		"unplus":   {unplus, map[string]string{"a+b": "a b"}},
		"squeeze":  {squeeze, map[string]string{" a b\n\tc ": "abc"}},
		"unspace":  {unspace, map[string]string{"P a s s w o r d": "Password", "P-a-s-s-w-o-r-d x": "Password x", "a b c": "a b c", "x, P.a.s.s.w.o.r.d": "x, Password", "": ""}},
		"reverse":  {reverse, map[string]string{"aé😀": "😀éa"}},
		"base64":   {unpackOf(0), map[string]string{"UGFzc3dvcmQ=": "Password\n", "UGFzc3dvcmQx:QUJDREVGR0g": "Password1\nABCDEFGH\n", "UGFzc3": "", "UGFzc3d!": ""}},
		"base64+3": {unpackOf(3), map[string]string{"xyzUGFzc3dvcmQ": "Password\n"}},
		"hex":      {unpackOf(4), map[string]string{"50617373776f7264": "Password\n", "50617373776F726": "Passwor\n", "5061": ""}},
		"hex+1":    {unpackOf(5), map[string]string{"a50617373776f7264": "Password\n"}},
		"list, 10": {unlistOf(10), map[string]string{
			"[80 97 115 115 119 111]": "Passwo\n", "80,97,115,115,-61,-68": "Pass\xc3\xbc\nPassÃ¼\n", "80-97-115-115-119-111": "Passwo\n",
			"1 2 3": "", "80 97 115 x 115 119 111": "", "80 97 115 115 119 23494": "Passw密\n", "80 97 115 115 119 246": "Passw\xf6\nPasswö\n", "1 2 3 4 5 99999999999": "",
		}},
		"list, 16": {unlistOf(16), map[string]string{"0x50, 0x61, 0X73, 73 77 6f": "Passwo\n", "U+0050 U+0061 U+0073 U+0073 U+0077 U+006F": "Passwo\n"}},
		"list, 8":  {unlistOf(8), map[string]string{"120 141 163 163 167 157": "Passwo\n"}},
		"list, 2":  {unlistOf(2), map[string]string{"01010000 01100001 01110011 01110011 01110111 01101111": "Passwo\n"}},
	} {
		for text, want := range tt.want {
			if got := tt.undo(text); got != want {
				t.Errorf("%s of %q is %q, want %q", name, text, got, want)
			}
		}
	}
}

// unpackOf returns a function that unpacks with one of packings.
func unpackOf(index int) func(string) string {
	return func(text string) string { return packings[index].unpack(text, map[string]bool{}) }
}

func unlistOf(base int) func(string) string {
	return func(text string) string { return unlist(text, base) }
}

// ordinary are messages that services and gateways send.
var ordinary = []string{
	"image not found", "LiteServer instance '62383738-e52a-450a-9f84-f9e705402be8' not found", "Bad Gateway",
	"The status of the server does not allow this operation.", "The status RUNNING does not allow this operation.",
	"Incorrect IAM authentication information: Get secretKey failed,ak:HST3WPT5ABCDEFGHIJKL,err:ak not exist",
	"The password is too simple: it needs 8 to 26 characters of 3 kinds.", "Password is invalid.", "admin_pass is not valid",
	"Password must contain at least three of: uppercase letters, lowercase letters, digits and special characters !@$%^-_=+[{}]:,./?",
	"key pair KeyPair-1 does not exist", "Parameter user_data is invalid: it must be base64.", "The secret key or the token has expired.",
	"upstream connect error or disconnect/reset before headers. reset reason: connection failure",
	`{"timestamp":"2026-11-26T10:00:00.000+0000","status":500,"error":"Internal Server Error","path":"/v1/0605767b5d80d5762f8ac01d2f4ec4a1/dev-servers"}`,
	"5f2b1c9a7d3e4f60a1b2c3d4e5f60718", "c90fb553-4a2a-4f3f-8a4e-1f1f6d1d3b6e", "ModelArts.6404", "APIGW.0301",
	"dial tcp: lookup modelarts.cn-north-4.myhuaweicloud.com on 10.0.0.2:53: no such host",
	"tls: failed to verify certificate: x509: certificate is valid for *.cn-north-4.myhuaweicloud.com, not modelarts.example.com",
	"read tcp 192.168.0.5:51234->10.20.30.40:443: read: connection reset by peer", "2026-11-26 10:00:00 +0000 UTC",
	"java.lang.NullPointerException: Cannot invoke \"com.example.Server.getId()\" because \"server\" is null at com.example.Foo.bar(Foo.java:123)",
	"user_data must be base64; its first line has to be #!/bin/bash or #cloud-config", "quota exceeded: 10 of 10 instances are used",
	"Policy doesn't allow modelarts:devserver:reinstall to be performed.", "镜像不存在,请检查参数 image_id 是否正确", "实例状态不允许此操作",
	"https://console.huaweicloud.com/modelarts/?region=cn-north-4&locale=zh-cn#/dev-server%2Flist%3Fid%3D62383738-e52a-450a-9f84-f9e705402be8",
	`<a href="/?x=1&amp;y=2">&lt;502&gt;</a> &copy; nginx/1.25.3`, `{"error":{"code":401,"title":"Unauthorized","message":"The request requires authentication."}}`,
}

// An ordinary message has few readings, as do all of them together in the longest message.
func TestReadingsAreFew(t *testing.T) {
	t.Parallel()

	most, size := 0, 0

	for _, message := range append(slices.Clone(ordinary), clean(strings.Repeat(strings.Join(ordinary, "; "), 2), maxMessage)) {
		readings := 0

		if !everyReading(message, func(reading string) bool {
			readings++
			size += len(reading)

			return true
		}) {
			t.Errorf("too many readings of %q", message)
		}

		most = max(most, readings)
	}

	if most > maxReadings/2 || size > maxReadingSize/2 {
		t.Errorf("%d readings of a message, %d bytes of all messages", most, size)
	}

	t.Logf("%d readings of a message, %d bytes of all messages", most, size)
}

// waysToOpen is the number of readings that one reading can add.
const waysToOpen = len(openings) + len(packings) + len(listBases)

// A text that is made to have endless readings is given up.
func TestReadingsAreBounded(t *testing.T) {
	t.Parallel()

	bomb := "x"
	for range 400 {
		bomb = `%5c` + bomb + "&amp;" + `\u0025`
	}

	for name, text := range map[string]string{
		"percent": "%" + strings.Repeat("25", 1200) + "41", "backslashes": strings.Repeat(`\`, 2400) + "u0041", "all": bomb,
	} {
		size, visits := 0, 0

		whole := everyReading(text, func(reading string) bool {
			size += len(reading)
			visits++

			return true
		})

		if most := 2*maxReadingSize + waysToOpen*len(text); size > most || visits > maxReadings+waysToOpen {
			t.Errorf("%s: %d bytes in %d readings", name, size, visits)
		}

		t.Logf("%s: %d bytes in %d readings, all of them: %v", name, size, visits, whole)
	}
}

func FuzzReadings(f *testing.F) {
	for name, encode := range encodings {
		f.Add(encode(name))
	}

	f.Fuzz(func(t *testing.T, text string) {
		text = clean(text, maxMessage)
		visits := 0

		everyReading(text, func(string) bool {
			visits++

			return true
		})

		if visits == 0 || visits > maxReadings+waysToOpen {
			t.Errorf("%d readings of %q", visits, text)
		}
	})
}
