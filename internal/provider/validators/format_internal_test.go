package validators

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providertest"
)

// describers are all validators, for what holds for each.
func describers() map[string]validator.Describer {
	return map[string]validator.Describer{
		"id": ServerID(), "image_id": ImageID(), "key_pair_name": KeyPairName(),
		"admin_pass": AdminPass(),
	}
}

func TestValidatorsDescribeThemselves(t *testing.T) {
	t.Parallel()

	for name, v := range describers() {
		if v.Description(t.Context()) == "" || v.MarkdownDescription(t.Context()) == "" {
			t.Errorf("the validator of %s has an empty description", name)
		}
	}
}

func TestStringValidators(t *testing.T) {
	t.Parallel()

	const (
		id    = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
		image = "5a6f7c1e-9d2b-4c3a-8e4f-1a2b3c4d5e6f"
	)

	words := map[string]bool{"null": true, "NULL": true, "None": true, "nil": true, "undefined": true, "<nil>": true, "latest": true}

	tests := map[string]struct {
		validator validator.String
		good      []string
		bad       map[string]string // value to a part of the error
	}{
		"id": {
			validator: ServerID(),
			good:      []string{id, "00000000-0000-1000-8000-000000000000"},
			bad: map[string]string{
				"":                                     "It is the empty string.",
				strings.ToUpper(id):                    "It has 36 characters, and an upper-case letter among them. It is not shown",
				strings.ToUpper(id) + "\n":             "Change it to lower case: lower() does that.",
				"devserver-name":                       "cloud_server.id",
				id + " ":                               "a space or a tab among them",
				"\t" + id:                              "trimspace() removes it",
				id + "\n":                              "a line break among them",
				id + "\r\n":                            "trimspace() removes it",
				"\ufeff" + id:                          "an invisible character among them",
				"7c9e6679-7425-60de-944b-e07fc1f90ae7": "It has 36 characters. It is not shown here",
				"7c9e6679-7425-40de-c44b-e07fc1f90ae7": "must be the id of a DevServer",
				"7c9e6679742540de944be07fc1f90ae7":     "Put the hyphens of the UUID back",
				"null":                                 `"null" is what an empty variable becomes when it is turned into text.`,
				id + id:                                "It has 72 characters",
			},
		},
		"image_id": {
			validator: ImageID(),
			good: []string{
				image, strings.ToUpper(image), "5A6f7c1E-9d2b-4c3a-8e4f-1A2B3C4D5E6F", id,
				"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
			},
			bad: map[string]string{
				"":                                 "leave the argument out, or set it to null",
				"null":                             `"null" is what an empty variable becomes when it is turned into text: to give none, give null without quotes`,
				"NULL":                             `"NULL" is what an empty variable becomes`,
				"None":                             `"None" is what an empty variable becomes`,
				"nil":                              `"nil" is what an empty variable becomes`,
				"undefined":                        `"undefined" is what an empty variable becomes`,
				"null\n":                           `"null" is what an empty variable becomes`,
				"<nil>":                            `"<nil>" is what an empty variable becomes`,
				"latest":                           "a word such as latest",
				"1":                                "It has 1 character. It is not shown",
				"Ubuntu18.04_x86_64":               "It has 18 characters, and a letter other than a to f among them",
				strings.Repeat("a", 36):            "It has 36 characters. It is not shown",
				strings.Repeat("-", 36):            "It has 36 characters",
				strings.ReplaceAll(image, "-", ""): "Put the hyphens of the UUID back, after 8, 12, 16 and 20 digits.",
				strings.ToUpper(strings.ReplaceAll(image, "-", "")): "Put the hyphens of the UUID back",
				strings.ReplaceAll(image, "-", "_"):                 "a special character among them",
				strings.ReplaceAll(image, "-", "\u2010"):            "a character outside of ASCII among them",
				image[:35]:                                          "It has 35 characters",
				image + "0":                                         "It has 37 characters",
				"5a6f7c1-e9d2b-4c3a-8e4f-1a2b3c4d5e6f":              "It has 36 characters. It is not shown",
				"ga6f7c1e-9d2b-4c3a-8e4f-1a2b3c4d5e6f":              "a letter other than a to f among them",
				"{" + image + "}":                                   "Remove what is around the UUID.",
				"urn:uuid:" + image:                                 "Remove what is around the UUID.",
				`"` + image + `"`:                                   "terraform output -raw",
				`"` + image + `"` + "\n":                            "terraform output -raw",
				" " + image:                                         "trimspace() removes it",
				image + "\n":                                        "trimspace() removes it",
				image + "\r\n":                                      "trimspace() removes it",
				image + "\u00a0":                                    "an invisible character among them",
				image + "\n" + image:                                "a line break among them",
			},
		},
		"key_pair_name": {
			validator: KeyPairName(),
			good:      []string{"KeyPair-1", "-", "_.a", strings.Repeat("k", 64)},
			bad: map[string]string{
				"null":                  `"null" is what an empty variable becomes when it is turned into text`,
				"":                      "It is the empty string: leave the argument out, or set it to null",
				"key 1":                 "It has 5 characters, and a space or a tab among them.",
				"Correct Horse 1!":      "It has 16 characters, and a space or a tab among them. It is not shown here, as it may be a secret.",
				"Correct-Horse-1!":      "a special character among them",
				"KeyPair-1\n":           "trimspace() removes it",
				`"KeyPair-1"`:           "terraform output -raw",
				"schlüssel":             "It has 9 characters, and a character outside of ASCII among them",
				"KeyPair\u200b-1":       "an invisible character among them",
				strings.Repeat("k", 65): "It has 65 characters. It is not shown",
			},
		},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, value := range []types.String{types.StringNull(), types.StringUnknown()} {
				if diags := providertest.ValidateString(t, test.validator, name, value); len(diags) > 0 {
					t.Errorf("%s is refused: %s", value, providertest.Transcript(diags))
				}
			}

			for _, value := range test.good {
				if diags := providertest.ValidateString(t, test.validator, name, types.StringValue(value)); len(diags) > 0 {
					t.Errorf("%q is refused: %s", value, providertest.Transcript(diags))
				}
			}

			for value, part := range test.bad {
				diags := providertest.ValidateString(t, test.validator, name, types.StringValue(value))
				if diags.ErrorsCount() != 1 {
					t.Errorf("%q: %d errors, want 1", value, diags.ErrorsCount())

					continue
				}

				if text := providertest.Transcript(diags); !strings.Contains(text, part) || !strings.Contains(text, name) {
					t.Errorf("%q: %q or the name is missing from: %s", value, part, text)
				}

				// Words that stand for nothing are no secrets. Neither is a digit, which the words have too.
				secret := len(value) > 1 && !words[value] && name != "on_drift"
				if secret && strings.Contains(providertest.Transcript(diags), value) {
					t.Errorf("%q is quoted: %s", value, providertest.Transcript(diags))
				}

				if d, ok := diags[0].(diag.DiagnosticWithPath); !ok || !d.Path().Equal(path.Root(name)) {
					t.Errorf("%q: the error is not at %s", value, name)
				}
			}
		})
	}
}
