package routes

import (
	"errors"
	"strconv"
	"strings"
)

// Size is a number of bytes, written with its unit: 64KiB or 512B.
type Size uint32

// UnmarshalText reads a size. It refuses a number without a unit, and one of a gigabyte or more.
func (s *Size) UnmarshalText(text []byte) error {
	digits, factor := string(text), uint64(1)
	if kib, ok := strings.CutSuffix(digits, "KiB"); ok {
		digits, factor = kib, 1<<10
	} else if b, ok := strings.CutSuffix(digits, "B"); ok {
		digits = b
	} else {
		return errors.New("want a size such as 64KiB or 512B")
	}
	number, err := strconv.ParseUint(digits, 10, 20)
	if err != nil {
		return errors.New("want a size such as 64KiB or 512B")
	}
	*s = Size(number * factor)
	return nil
}

// String writes the size as it is written in the file.
func (s Size) String() string {
	if s > 0 && s%(1<<10) == 0 {
		return strconv.FormatUint(uint64(s>>10), 10) + "KiB"
	}
	return strconv.FormatUint(uint64(s), 10) + "B"
}
