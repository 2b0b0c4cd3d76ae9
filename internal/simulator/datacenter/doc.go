// Package datacenter holds the servers, images and disks behind a simulated cloud. It moves servers through their statuses
// over time, installs images, and records every disk that is erased. It knows nothing of HTTP.
//
// Time is read from [time.Now] alone. A transition that is due is applied at the next call, at the time when it was due, so
// that no goroutine is needed and a [Site] runs inside a testing/synctest bubble.
package datacenter
