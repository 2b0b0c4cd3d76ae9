package reinstall

import (
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// stability measures for how long replies have shown the same.
type stability struct {
	last  snapshot
	since time.Time
}

// snapshot has everything that must stay the same for a status to be stable. It lacks update_at itself: a service that
// changes it with every GET does not make a status unstable.
type snapshot struct {
	status                modelarts.Status
	notFound              bool
	rootVolumeID          string
	superseded, unchanged bool
}

// observe returns seen, which was read now, with how long the same has been shown.
func (s *stability) observe(op *Operation, seen Observation) Observation {
	now := snapshot{seen.Status, seen.NotFound, seen.RootVolumeID, op.supersedes(seen), op.unchanged(seen)}

	// A reply that leaves out the system disk is no break.
	if seen.RootVolumeID == "" && !s.since.IsZero() {
		now.rootVolumeID, now.unchanged = s.last.rootVolumeID, s.last.unchanged
	}

	if s.since.IsZero() || now != s.last {
		s.last, s.since = now, time.Now()
	}

	seen.StableFor = time.Since(s.since)

	return seen
}

// persistence measures for how long a condition has been true, without a break.
type persistence struct{ since time.Time }

// briefly records whether the condition is true now, and reports whether it is, but has been for less than limit.
func (p *persistence) briefly(now bool, limit time.Duration) bool {
	switch {
	case !now:
		p.since = time.Time{}
	case p.since.IsZero():
		p.since = time.Now()
	}

	return now && time.Since(p.since) < limit
}
