// Package docs holds the pages that the product itself serves.
package docs

import _ "embed"

// Errors is the catalogue of refusals, in Markdown. Each rule's id is an anchor of it.
//
//go:embed errors.md
var Errors []byte
