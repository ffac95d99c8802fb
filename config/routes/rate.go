package routes

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Rate is a number of requests in a second, a minute or an hour: 10/s, 600/m, 1000/h. Its zero value is no limit.
type Rate struct {
	Count  uint32
	Period time.Duration
}

var periods = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

var errRate = errors.New("must be a rate such as 10/s, 600/m or 1000/h")

// UnmarshalText reads a rate.
func (r *Rate) UnmarshalText(text []byte) error {
	digits, unit, _ := strings.Cut(string(text), "/")
	count, err := strconv.ParseUint(digits, 10, 20)
	period, known := periods[unit]
	if err != nil || !known || count == 0 {
		return errRate
	}
	*r = Rate{Count: uint32(count), Period: period}
	return nil
}

// String writes the rate as it is written in the file; "" where there is no limit.
func (r Rate) String() string {
	for unit, period := range periods {
		if period == r.Period {
			return strconv.FormatUint(uint64(r.Count), 10) + "/" + unit
		}
	}
	return ""
}
