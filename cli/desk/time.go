package desk

import (
	"fmt"
	"time"
)

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// ago says a time in relation to another, in words that a person reads at a glance.
func ago(t, now time.Time) string {
	distance := now.Sub(t)
	if distance < 0 {
		return "in " + span(-distance)
	}
	return span(distance) + " ago"
}

// span is a duration in its two largest units.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = d.Truncate(time.Second); {
	case d >= day:
		return fmt.Sprintf("%d d %d h", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}
