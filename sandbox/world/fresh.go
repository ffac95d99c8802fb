package world

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// freshness is how often the TPPs get new software statements: a third of the age at which the gate refuses one, so that
// nothing in a world expires while it runs.
const freshness = 10 * time.Minute

// keepFresh has new statements signed until the context ends.
func (w *World) keepFresh(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(freshness)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := refresh(w.Dir, w.File); err != nil {
				failed(err)
			}
		}
	}
}

// refresh replaces each TPP's statement file by one signed now.
func refresh(dir string, file *worldfile.World) error {
	d, err := directory.Open(filepath.Join(dir, directoryFolder), file.Directory.API)
	if err != nil {
		return fmt.Errorf("sign new software statements: %w", err)
	}
	for _, tpp := range file.TPPs {
		statement, err := d.Statement(tpp.SoftwareID, directory.Changes{})
		if err != nil {
			return fmt.Errorf("sign a new software statement for %s: %w", tpp.SoftwareID, err)
		}
		if err := pki.WriteFile(filepath.Join(dir, tpp.Statement), []byte(statement), 0o600); err != nil {
			return err
		}
	}
	return nil
}
