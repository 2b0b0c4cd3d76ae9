//go:build !race

package osreinstall

// scheduleCount is how many random schedules TestSchedules plays, if MODELARTS_SCHEDULES does not say.
const scheduleCount = 10000

// protocolScheduleCount is how many of them TestSchedulesOverProtocol plays through the protocol.
const protocolScheduleCount = 100
