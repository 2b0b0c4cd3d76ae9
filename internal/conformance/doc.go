// Package conformance compares this repository with the official SDK, as an independent implementation: the signatures of
// internal/modelarts with those of the SDK's signer, and internal/simulator with what the SDK's client expects. It is a module
// of its own, since the SDK is large and the provider does not need it.
package conformance
