// Package core is the life of a job as pure functions. It promises that the
// same arguments always give the same answer: nothing here reads a clock, draws
// chance, waits, logs or talks to anyone. Who calls brings the time and the
// chance, and gets the next value back.
//
// A [Job] begins with [New], is leased with [Claim], and ends a run with
// [Settle]; what an operator may do to it is [Cancel], [Revive] and
// [Reschedule]. No function leads out of the table that [Status.CanBecome]
// speaks for.
package core
