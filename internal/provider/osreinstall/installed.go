package osreinstall

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/userdata"
)

// installedWith holds what the last accepted request installed. It is kept apart from the arguments: an argument that is
// removed from the configuration leaves the state, but the server still has it.
type installedWith struct {
	imageID            string // in lower case
	keyPairName        string
	adminPassWOVersion types.Int64
	userDataWOVersion  types.Int64
	userData           string // digest; empty: none
	triggers           string // digest; empty: none
}

// withArguments returns what a request made from m installs.
func withArguments(m *model) installedWith {
	with := installedWith{
		imageID: strings.ToLower(m.ImageID.ValueString()), keyPairName: m.KeyPairName.ValueString(),
		adminPassWOVersion: m.AdminPassWOVersion, userDataWOVersion: m.UserDataWOVersion, triggers: triggersDigest(m.Triggers),
	}

	if userData := m.UserData.ValueString(); userData != "" {
		with.userData = userdata.Digest(userData)
	}

	return with
}

// triggersDigest returns a digest of triggers, whose values may be sensitive in the configuration; empty for none.
func triggersDigest(triggers types.Map) string {
	values := map[string]string{}

	for name, element := range triggers.Elements() {
		if value, ok := element.(types.String); ok {
			values[name] = value.ValueString()
		}
	}

	if len(values) == 0 {
		return ""
	}

	text, err := json.Marshal(values) // sorted by name
	if err != nil {
		return ""
	}

	sum := sha256.Sum256(append([]byte("triggers\n"), text...))

	return hex.EncodeToString(sum[:])
}

// with returns w, overridden by the values that other has.
func (w installedWith) with(other installedWith) installedWith {
	number := func(first, second types.Int64) types.Int64 {
		if first.IsNull() {
			return second
		}

		return first
	}

	return installedWith{
		imageID:            cmp.Or(other.imageID, w.imageID),
		keyPairName:        cmp.Or(other.keyPairName, w.keyPairName),
		adminPassWOVersion: number(other.adminPassWOVersion, w.adminPassWOVersion),
		userDataWOVersion:  number(other.userDataWOVersion, w.userDataWOVersion),
		userData:           cmp.Or(other.userData, w.userData),
		triggers:           cmp.Or(other.triggers, w.triggers),
	}
}
