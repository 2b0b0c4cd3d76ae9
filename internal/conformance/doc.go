// Package conformance compares this repository with the official SDK, which nobody here wrote: the signatures of
// internal/modelarts with those of its signer, and internal/simulator with its client. It is a module of its own, since
// the SDK is large and the provider does without it.
package conformance
