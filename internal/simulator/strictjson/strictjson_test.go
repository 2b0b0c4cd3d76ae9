package strictjson_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/strictjson"
)

type sample struct {
	Name  string              `json:"name"`
	Wait  strictjson.Duration `json:"wait"`
	Inner struct {
		Number int `json:"number"`
	} `json:"inner"`
}

func TestUnmarshal(t *testing.T) {
	t.Parallel()
	var got sample
	if err := strictjson.Unmarshal([]byte(` {"name":"a","wait":"1m30s","inner":{"number":1}} `), &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "a" || time.Duration(got.Wait) != 90*time.Second || got.Inner.Number != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		``, `null`, `[]`, `"hunter2"`, `{`, `{"name":"hunter2"`, `{"name":"hunter2"} {}`, `{"name":"hunter2"}]`, `{"other":"hunter2"}`,
		`{"name":"a","name":"hunter2"}`, `{"inner":{"number":1,"number":2}}`, `{"inner":{"number":"hunter2"}}`,
		`{"wait":1}`, `{"wait":"soon"}`, `{"inner":[{"a":1,"a":2}]}`,
	} {
		err := strictjson.Unmarshal([]byte(bad), &sample{})
		if err == nil {
			t.Errorf("accepted: %s", bad)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error repeats a value: %s", bad, err)
		}
	}
}
