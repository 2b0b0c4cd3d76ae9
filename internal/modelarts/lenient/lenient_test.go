package lenient_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/lenient"
)

func TestInt64(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]*int64{
		"1699348284990": new(int64(1699348284990)), `"1699348284990"`: new(int64(1699348284990)), `" 7 "`: new(int64(7)),
		"1.699e12": new(int64(1699000000000)), "7.0": new(int64(7)), "-1": new(int64(-1)), "0": new(int64(0)),
		"9223372036854775807": new(int64(9223372036854775807)),
		"7.5":                 nil, "9223372036854775808": nil, "1e400": nil, "1e30": nil, `"NaN"`: nil, `"Inf"`: nil, `"x"`: nil, `""`: nil, "true": nil, "{}": nil,
	} {
		object := lenient.Parse([]byte(`{"n":` + text + `}`))
		if object == nil {
			t.Errorf("%s: no object", text)

			continue
		}

		if diff := cmp.Diff(want, object.Int64("n")); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestOtherTypesAreMissing(t *testing.T) {
	t.Parallel()

	object := lenient.Parse([]byte(`{"text":"a","texts":["a",1,null,"b"],"object":{"a":"1","b":2},"objects":[{"a":"x"},3]}`))

	for name := range object {
		if got := object.String(name) != nil; got != (name == "text") {
			t.Errorf("%s is a string: %v", name, got)
		}

		if got := object.Object(name) != nil; got != (name == "object") {
			t.Errorf("%s is an object: %v", name, got)
		}
	}

	if diff := cmp.Diff([]string{"a", "b"}, object.Strings("texts")); diff != "" || object.Strings("text") != nil {
		t.Errorf("strings: %s", diff)
	}

	if diff := cmp.Diff(map[string]string{"a": "1"}, object.StringMap("object")); diff != "" || object.StringMap("texts") != nil {
		t.Errorf("map of strings: %s", diff)
	}

	decode := func(o lenient.Object) string { return *o.String("a") }

	if one := lenient.Field(object, "object", decode); one == nil || *one != "1" || lenient.Field(object, "text", decode) != nil {
		t.Errorf("field: %v", one)
	}

	if diff := cmp.Diff([]string{"x"}, lenient.Fields(object, "objects", decode)); diff != "" || lenient.Fields(object, "object", decode) != nil {
		t.Errorf("fields: %s", diff)
	}
}

func TestOneObject(t *testing.T) {
	t.Parallel()

	for _, body := range []string{"", "null", "[]", `"a"`, "{} {}", "{", "<html>"} {
		if object := lenient.Parse([]byte(body)); object != nil {
			t.Errorf("%q is %v", body, object)
		}
	}
}
