package strictjson

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

// TestParseAllocatesInProportion parses documents that a stranger may send before any signature is verified.
func TestParseAllocatesInProportion(t *testing.T) {
	const size = 48 << 10
	filled := func(open, item, end string) string {
		return open + strings.Repeat(item+",", (size-len(open)-len(end)-len(item))/(len(item)+1)) + item + end
	}
	for name, document := range map[string]string{
		"empty objects":             filled(`{"a":[`, `{}`, `]}`),
		"objects of one member":     filled(`{"a":[`, `{"a":1}`, `]}`),
		"objects of two members":    filled(`{"a":[`, `{"a":1,"b":2}`, `]}`),
		"empty arrays":              filled(`{"a":[`, `[]`, `]}`),
		"deep objects":              filled(`{"a":[`, strings.Repeat(`{"a":`, 12)+`1`+strings.Repeat(`}`, 12), `]}`),
		"deep arrays":               filled(`{"a":[`, strings.Repeat(`[`, 12)+strings.Repeat(`]`, 12), `]}`),
		"numbers":                   filled(`{"a":[`, `1`, `]}`),
		"escapes":                   `{"a":"` + strings.Repeat(`\u0041`, size/6) + `"}`,
		"few values, each an array": filled(`{"a":[`, `[`+strings.Repeat(`1,`, 4000)+`1]`, `]}`),
	} {
		text := []byte(document)
		parse := func() { _, _ = Parse(text) }
		if allocations, most := testing.AllocsPerRun(10, parse), float64(len(text))/4+20; allocations > most {
			t.Errorf("%s: %.0f allocations for %d bytes, want at most %.0f", name, allocations, len(text), most)
		}
		if bytes, most := bytesPerRun(10, parse), float64(8*len(text)+4096); bytes > most {
			t.Errorf("%s: %.0f bytes for %d bytes, want at most %.0f", name, bytes, len(text), most)
		}
	}
}

// bytesPerRun is testing.AllocsPerRun for bytes.
func bytesPerRun(runs int, f func()) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	f()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / float64(runs)
}

func TestMaxValues(t *testing.T) {
	for _, test := range []struct {
		values int
		want   error
	}{{MaxValues, nil}, {MaxValues + 1, errValues}} {
		document := `{"a":[` + strings.TrimSuffix(strings.Repeat("1,", test.values-1), ",") + `]}` // the array is a value too
		if _, err := Parse([]byte(document)); !errors.Is(err, test.want) {
			t.Errorf("%d values: %v, want %v", test.values, err, test.want)
		}
	}
}
