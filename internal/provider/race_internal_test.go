//go:build race

package provider

// modelSchedules is how many random schedules TestModel plays, if MODELARTS_MODEL_SCHEDULES does not say: a share of
// them only, since the race detector makes each of them take many times as long.
const modelSchedules = 100

// modelProtocolSchedules is how many of them TestModelProtocol plays through the protocol.
const modelProtocolSchedules = 20
