package osreinstall

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// schemaVersion is the version of the schema. In version 0, last_reinstall had what has moved into its evidence since.
const schemaVersion = 1

// movedIntoEvidence are the attributes that version 0 has in last_reinstall.
var movedIntoEvidence = []string{"image_id", "key_pair_name", "installed_image_id", "installed_key_pair_name"}

// UpgradeState returns what brings states of older versions up to date: without what they say of the last reinstall, a plan
// would take what that has left for drift, and erase it.
func (r *reinstallResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: upgradeState}}
}

// upgradeState upgrades a state of version 0.
func upgradeState(_ context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse) {
	upgraded, err := upgradeJSON(req.RawState.JSON)
	if err != nil {
		resp.Diagnostics.AddError("Unable to read the state", "The state is from an older version of the provider, and is not what "+
			"that version writes. Nothing was sent. Please report this.")

		return
	}

	resp.DynamicValue = &tfprotov6.DynamicValue{JSON: upgraded}
}

// upgradeJSON upgrades the JSON of a state of version 0.
func upgradeJSON(text []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()

	var state map[string]any
	if err := decoder.Decode(&state); err != nil {
		return nil, fmt.Errorf("decode the state: %w", err)
	}

	if last, ok := state["last_reinstall"].(map[string]any); ok {
		evidence, ok := last["evidence"].(map[string]any)
		if !ok {
			evidence = map[string]any{}
		}

		for _, name := range movedIntoEvidence {
			if value, old := last[name]; old {
				evidence[name] = value
				delete(last, name)
			}
		}

		delete(last, "notice")

		last["evidence"] = evidence
	}

	upgraded, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("encode the state: %w", err)
	}

	return upgraded, nil
}
