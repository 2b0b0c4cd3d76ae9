//go:build race

package osreinstall

// scheduleCount is how many random schedules TestSchedules plays, if MODELARTS_SCHEDULES does not say: a share of
// them only, since the race detector makes each of them take many times as long.
const scheduleCount = 100

// protocolScheduleCount is how many of them TestSchedulesOverProtocol plays through the protocol.
const protocolScheduleCount = 20
