// Package simulator is a strict stand-in for the DevServer part of the ModelArts API and for the few IAM calls around it.
//
// It verifies signatures and bodies, enforces the legal statuses of every action, moves servers through their statuses in
// configurable time, gives a new ROOT volume id per reinstall, and records every request and every erased disk. Faults and
// outside actors are added by rule. Where the behaviour of the service is not published, [Behavior] sets it either way.
//
// The servers themselves are in package datacenter; this package is the API in front of them: gateway, routes, faults and
// request log.
//
// Time is read from [time.Now] alone, and a transition that is due is applied at the next call, so that a [Cloud] starts no
// goroutine and runs inside a testing/synctest bubble through [Cloud.RoundTripper].
//
// The checks follow the API reference,
// https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html, and the signing recipe,
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm.html. Invented are the error codes
// [CodeIllegalStatus] and [CodeInvalid], the wording of all messages but "not found", and the refusal of unknown query
// parameters, of unknown body keys and of bodies where none belongs.
package simulator
