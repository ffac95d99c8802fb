package world

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// freshness is how often the TPPs get new software statements: a third of the age at which the gate refuses the one that
// expires first, so that nothing in a world expires while it runs.
const freshness = 3 * time.Minute

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
	all := map[string]worldfile.Papers{file.Directory.Issuer: {TPPs: file.TPPs, Directory: file.Directory}}
	for _, papers := range file.Others { // several profiles share theirs
		all[papers.Directory.Issuer] = papers
	}
	for _, dialect := range directory.Dialects() {
		papers := all[dialect.Issuer]
		d, err := dialect.Open(filepath.Join(dir, directoryFolder), strings.TrimSuffix(papers.Directory.API, dialect.Path()))
		if err != nil {
			return fmt.Errorf("sign new software statements: %w", err)
		}
		if err := restate(dir, d, papers.TPPs); err != nil {
			return err
		}
	}
	return nil
}

func restate(dir string, d *directory.Directory, tpps []directory.Member) error {
	for _, tpp := range tpps {
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
