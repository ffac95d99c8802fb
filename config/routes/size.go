package routes

import (
	"errors"
	"strconv"
	"strings"
)

// Size is a number of bytes, written with its unit: 512B, 64KiB, 2MiB or 1GiB.
type Size uint64

// units are those of a size, the largest first.
var units = []struct {
	name  string
	bytes Size
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

var errSize = errors.New("must be a size with its unit, such as 512B, 64KiB or 2MiB")

// UnmarshalText reads a size. It refuses a number without a unit.
func (s *Size) UnmarshalText(text []byte) error {
	for _, unit := range units {
		if digits, ok := strings.CutSuffix(string(text), unit.name); ok {
			number, err := strconv.ParseUint(digits, 10, 30)
			if err != nil {
				return errSize
			}
			*s = Size(number) * unit.bytes
			return nil
		}
	}
	return errSize
}

// String writes the size as it is written in the file.
func (s Size) String() string {
	for _, unit := range units {
		if s >= unit.bytes && s%unit.bytes == 0 {
			return strconv.FormatUint(uint64(s/unit.bytes), 10) + unit.name
		}
	}
	return "0B"
}
