package provider

func sameUserData(a, b string) bool { return encodeUserData(a) == encodeUserData(b) }

func userDataDigest(a string) string { return encodeUserData(a) }
