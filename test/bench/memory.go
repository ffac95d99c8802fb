package main

import (
	"fmt"
	"runtime"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// memory is what a part of a world holds, and what it may.
type memory struct {
	part        string
	found, most int64 // MiB
}

// memoryOf asks how much of a part is in memory now. Only Linux tells; elsewhere it counts as nothing.
func memoryOf(w *harness.World, part string, most int64) (memory, error) {
	m := memory{part: part, most: most}
	if runtime.GOOS != "linux" {
		return m, nil
	}
	bytes, err := w.Resident(part)
	if err != nil {
		return m, fmt.Errorf("memory of the %s: %w", part, err)
	}
	m.found = bytes >> 20
	return m, nil
}

func (m memory) demand(when string) demand {
	return demand{
		what: "memory of the " + m.part + when, found: fmt.Sprintf("%d MiB", m.found), bound: fmt.Sprintf("at most %d MiB", m.most),
		met: m.found <= m.most,
	}
}
