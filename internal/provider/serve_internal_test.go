package provider

import "testing"

func TestLogWanted(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		environ []string
		want    bool
	}{
		"nothing":                  {nil, false},
		"something else":           {[]string{"HOME=/root", "TF_CLI_ARGS=-no-color", "XTF_LOG=trace"}, false},
		"everything":               {[]string{"HOME=/root", "TF_LOG=trace"}, true},
		"providers":                {[]string{"TF_LOG_PROVIDER=info"}, true},
		"this provider":            {[]string{"TF_LOG_PROVIDER_MODELARTS=debug"}, true},
		"the framework":            {[]string{"TF_LOG_SDK_FRAMEWORK=trace"}, true},
		"a log beside the CLI's":   {[]string{"TF_TEMP_LOG_PATH=trace.log"}, true},
		"a variable without value": {[]string{"TF_LOG=", "TF_LOG_PROVIDER="}, false},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if got := logWanted(test.environ); got != test.want {
				t.Errorf("logWanted(%q) = %t", test.environ, got)
			}
		})
	}
}
