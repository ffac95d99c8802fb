// Package run holds the processes that the product is made of: the gate, the registry and Envoy's supervisor. It is the
// only room that sees both the gate and the registry. Nothing but the command line and tests imports it.
package run
