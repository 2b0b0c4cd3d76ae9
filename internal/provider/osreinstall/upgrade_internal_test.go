package osreinstall

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUpgradeJSON(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ before, after string }{
		"no reinstall": {`{"id":"a","last_reinstall":null}`, `{"id":"a","last_reinstall":null}`},
		"a reinstall": {
			`{"last_reinstall":{"notice":"n","number":2,"image_id":"i","key_pair_name":null,"installed_image_id":"j",` +
				`"installed_key_pair_name":"k","evidence":{"latest_update_at":1764288000000000001}}}`,
			`{"last_reinstall":{"evidence":{"image_id":"i","installed_image_id":"j","installed_key_pair_name":"k",` +
				`"key_pair_name":null,"latest_update_at":1764288000000000001},"number":2}}`,
		},
		"without evidence": {
			`{"last_reinstall":{"image_id":"i","evidence":null}}`, `{"last_reinstall":{"evidence":{"image_id":"i"}}}`,
		},
		"upgraded before": {
			`{"last_reinstall":{"evidence":{"image_id":"i"},"number":2}}`, `{"last_reinstall":{"evidence":{"image_id":"i"},"number":2}}`,
		},
	} {
		after, err := upgradeJSON([]byte(test.before))
		if diff := cmp.Diff(test.after, string(after)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}

	if _, err := upgradeJSON([]byte(`[`)); err == nil {
		t.Error("what is no state is upgraded")
	}
}
