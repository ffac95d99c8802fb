package main

import (
	"encoding/json"
	"os"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// told is what the gate's log says of a version that is in force.
type told struct {
	Time       time.Time `json:"time"`
	Version    string    `json:"version"`
	TookMicros int64     `json:"took_us"` // since the gate had read and checked the file
}

// lastReload reads what was told last.
func lastReload(w *harness.World) (last told, err error) {
	text, err := os.ReadFile(w.Path(w.File.Logs.Gate))
	if err != nil {
		return last, err
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, `"msg":"routes are in force"`) {
			if err := json.Unmarshal([]byte(line), &last); err != nil {
				return last, err
			}
		}
	}
	return last, nil
}
