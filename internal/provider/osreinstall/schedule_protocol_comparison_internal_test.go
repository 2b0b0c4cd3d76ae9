package osreinstall

import (
	"fmt"
	"testing"
)

// TestSchedulesOverProtocol plays schedules through the protocol, and compares each with what the direct driver does: the same
// requests at the same times, and the same states. TestSchedules relies on that.
func TestSchedulesOverProtocol(t *testing.T) {
	t.Parallel()

	driver, err := newProtocolDriver(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	var total traceTotals

	eachSeed(t, protocolScheduleCount, func(seed uint64) {
		trace := playSeed(t, seed, driver, &total)

		if difference := firstDifference(trace, play(t, newSchedule(seed), directDriver{})); difference != "" {
			t.Errorf("seed %d: the drivers do not do the same: %s", seed, difference)
		}
	})

	t.Logf("\n%s", &total)
}

// firstDifference tells in what two traces of one schedule differ first.
func firstDifference(protocol, direct *scheduleTrace) string {
	for i := range min(len(protocol.requests), len(direct.requests)) {
		one, other := &protocol.requests[i], &direct.requests[i]
		if one.Action != other.Action || !one.Time.Equal(other.Time) || string(one.Body) != string(other.Body) {
			return fmt.Sprintf("request %d is %s at %s and %s at %s", one.N, one.Action, elapsed(protocol.began, one.Time),
				other.Action, elapsed(direct.began, other.Time))
		}
	}

	for i := range min(len(protocol.steps), len(direct.steps)) {
		one, other := &protocol.steps[i], &direct.steps[i]
		if one.verb != other.verb || one.action != other.action || one.server != other.server ||
			one.messages.failed() != other.messages.failed() || !sameModel(one.next.model, other.next.model) {
			return fmt.Sprintf("step %d is\n%s\nand\n%s\n(fields %v)", i, one.describe(), other.describe(),
				differentAttributesOf(one.next.model, other.next.model))
		}
	}

	if len(protocol.requests) != len(direct.requests) || len(protocol.steps) != len(direct.steps) {
		return "one ends before the other"
	}

	return ""
}

func differentAttributesOf(one, other *model) []string {
	if one == nil || other == nil {
		return nil
	}

	return differentAttributes(one, other)
}
