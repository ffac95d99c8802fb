//go:build race

package harness

// Race says whether the tests run with the race detector.
const Race = true
