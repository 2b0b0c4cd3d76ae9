package providerdata

import "testing"

func TestProviderDataFrom(t *testing.T) {
	t.Parallel()

	if data, diags := From(nil); data.Configured() || diags.HasError() {
		t.Error("before the provider is configured, there is no data and no error")
	}

	if _, diags := From("x"); !diags.HasError() {
		t.Error("a string is accepted as provider data")
	}

	if data, diags := From(&Data{}); data == nil || data.Configured() || diags.HasError() {
		t.Error("provider data without a client is refused, or counts as configured")
	}
}
