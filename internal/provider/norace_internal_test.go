//go:build !race

package provider

// modelSchedules is how many random schedules TestModel plays, if MODELARTS_MODEL_SCHEDULES does not say.
const modelSchedules = 10000

// modelProtocolSchedules is how many of them TestModelProtocol plays through the protocol.
const modelProtocolSchedules = 100
