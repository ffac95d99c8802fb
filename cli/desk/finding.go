package desk

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// A finding is one thing that a gate would refuse, in the form of error_details.
type finding struct {
	Error       string `json:"error"`
	Rule        string `json:"rule"`
	Pointer     string `json:"pointer,omitempty"`
	Description string `json:"description"`
	Fix         string `json:"fix,omitempty"`
	Clause      string `json:"clause,omitempty"`
}

// findings returns the findings of a refusal, none for nil. It returns any other error.
func findings(err error) ([]finding, error) {
	list := []finding{}
	if err == nil {
		return list, nil
	}
	if end, ok := errors.AsType[cli.Exit](err); ok {
		return nil, end
	}
	refusal, ok := errors.AsType[*dcr.Error](err)
	if !ok {
		return nil, unusable("this could not be checked: %w", err)
	}
	for _, one := range refusal.All() {
		list = append(list, finding{one.Code, one.Rule, one.Pointer, one.Because, one.Fix, one.Clause})
	}
	return list, nil
}

func writeFindings(text *strings.Builder, list []finding) {
	for _, one := range list {
		fmt.Fprintf(text, "  %s  %s\n", one.Rule, one.Error)
		if one.Pointer != "" {
			fmt.Fprintf(text, "    at      %s\n", one.Pointer)
		}
		fmt.Fprintf(text, "    wanted  %s\n", one.Description)
		if one.Fix != "" {
			fmt.Fprintf(text, "    to fix  %s\n", one.Fix)
		}
		if one.Clause != "" {
			fmt.Fprintf(text, "    see     %s\n", one.Clause)
		}
	}
}

func writeList(text *strings.Builder, title string, list []string) {
	for _, one := range list {
		fmt.Fprintf(text, "%s: %s\n", title, one)
	}
}
