package redact

import (
	"testing"
)

func TestSpellings(t *testing.T) {
	t.Parallel()

	for text, want := range map[string][2]string{
		"Ab 1\t\n+\x00\x7f\u200b\u00ad": {"ab1+", "ab1"}, "ÄÖ密": {"äö密", ""}, "Ａ１！": {"a1!", "a1"}, "a\xff\xfeb": {"a\xff\xfeb", "ab"}, "a\ufffdb": {"a\ufffdb", "ab"}, "": {"", ""},
	} {
		for i, s := range spellings {
			if got := string(s.fold(text)); got != want[i] {
				t.Errorf("%q in spelling %d is %q, want %q", text, s, got, want[i])
			}
		}
	}
}
