package providerdata

import (
	"slices"
	"sync"
)

// Erasure is a planned erasure of a system disk.
type Erasure struct {
	ServerID string // empty if it is known only at apply, or if it is not certain that the disk is erased
	Text     string // for people: the server, and why
}

// Erasures are the erasures that one configured provider has planned: those of one plan, or of one apply, in which Terraform
// makes each plan again. The zero value is ready for use. It is safe for concurrent use.
type Erasures struct {
	mu      sync.Mutex
	planned []Erasure
}

// Plan adds an erasure, one for each resource. It returns all of them so far, this one last, and reports whether another
// resource erases the same server.
func (e *Erasures) Plan(erasure Erasure) (planned []Erasure, duplicate bool) {
	e.mu.Lock()
	defer e.mu.Unlock()

	duplicate = erasure.ServerID != "" &&
		slices.ContainsFunc(e.planned, func(other Erasure) bool { return other.ServerID == erasure.ServerID })
	e.planned = append(e.planned, erasure)

	return slices.Clone(e.planned), duplicate
}
