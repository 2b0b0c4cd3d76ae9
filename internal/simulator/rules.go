package simulator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/datacenter"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/strictjson"
)

const maxUserData = 32 << 10 // bytes before encoding

// osRequest is the body of reinstallos and changeos.
type osRequest struct {
	AdminPass   *string `json:"admin_pass"`
	KeyPairName *string `json:"key_pair_name"`
	ImageID     *string `json:"image_id"`
	UserData    *string `json:"user_data"`
}

var keyPairPattern = regexp.MustCompile(`^[-_.a-zA-Z0-9]{1,64}$`)

// parseOSRequest reads a body. Keys must match exactly, and null is not a value.
func parseOSRequest(body []byte) (osRequest, *refusal) {
	var q osRequest
	var members map[string]json.RawMessage
	err := strictjson.Unmarshal(body, &members)
	for name, value := range members {
		switch name {
		case "admin_pass", "key_pair_name", "image_id", "user_data":
			if string(value) == "null" {
				err = fmt.Errorf("%s is null", name)
			}
		default:
			err = fmt.Errorf("unknown key %q", name)
		}
	}
	if err == nil {
		err = strictjson.Unmarshal(body, &q)
	}
	if err != nil {
		return osRequest{}, invalid("the request body is malformed: %s", err)
	}
	return q, nil
}

// check applies the rules of the API page. No message quotes a value.
func (q *osRequest) check(m *datacenter.Machine, b Behavior) *refusal {
	switch {
	case m.ServerType == TypeHPS && q.AdminPass != nil:
		return &refusal{status: http.StatusBadRequest, code: CodeUnsupported, message: "supernodes do not support admin_pass"}
	case q.AdminPass != nil && q.KeyPairName != nil:
		return invalid("both admin_pass and key_pair_name are given")
	case q.AdminPass == nil && q.KeyPairName == nil && !b.CredentialOptional:
		return invalid("neither admin_pass nor key_pair_name is given")
	case q.KeyPairName != nil && !keyPairPattern.MatchString(*q.KeyPairName):
		return invalid("key_pair_name is malformed")
	}
	if q.AdminPass != nil {
		if why := checkPassword(*q.AdminPass, b.PasswordWordsAnyCase); why != "" {
			return invalid("admin_pass %s", why)
		}
	}
	if q.ImageID != nil && len(*q.ImageID) != 36 {
		bad := invalid("image_id does not have 36 characters")
		bad.innocent = true
		return bad
	}
	return checkUserData(q.UserData)
}

func checkUserData(data *string) *refusal {
	if data == nil {
		return nil
	}
	if strings.ContainsAny(*data, "\r\n") {
		return invalid("user_data is not base64")
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(*data)
	if err != nil {
		return invalid("user_data is not base64")
	}
	if len(decoded) > maxUserData {
		return invalid("user_data has more than 32 KiB")
	}
	return nil
}

// checkPassword returns what is wrong with a password, or an empty string.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html
func checkPassword(password string, anyCase bool) string {
	if n := len([]rune(password)); n < 8 || n > 26 {
		return "does not have 8 to 26 characters"
	}
	var upper, lower, digit, special int
	for _, ch := range password {
		switch {
		case 'A' <= ch && ch <= 'Z':
			upper = 1
		case 'a' <= ch && ch <= 'z':
			lower = 1
		case '0' <= ch && ch <= '9':
			digit = 1
		case unicode.IsPrint(ch):
			special = 1
		default:
			return "has an unprintable character"
		}
	}
	if upper+lower+digit+special < 3 {
		return "has fewer than three kinds of characters"
	}
	if anyCase {
		password = strings.ToLower(password)
	}
	for _, word := range []string{"root", "administrator"} {
		if strings.Contains(password, word) || strings.Contains(password, reversed(word)) {
			return "contains a user name or its reverse"
		}
	}
	return ""
}

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// apply copies the request into an installation.
func (q *osRequest) apply(in *datacenter.Installation) {
	if q.ImageID != nil {
		in.Image = *q.ImageID
	}
	if q.KeyPairName != nil {
		in.KeyPair = *q.KeyPairName
	}
	if q.UserData != nil {
		in.UserData = *q.UserData
	}
	in.Password = q.AdminPass != nil
}
