package strictyaml

import "github.com/goccy/go-yaml/token"

// What the parser is let work on. It calls itself for everything that stands in something else, and keeps the whole way
// to each node: without bounds, a line of brackets could end the process.
const (
	maxText   = 256 << 10 // bytes
	maxTokens = 1 << 15
	maxFlow   = 32 // brackets in one another
	maxColumn = 64 // at which a key or an item of a list may begin
	maxKey    = 128
)

// guard looks at a file's tokens before they are parsed.
type guard struct{ seen, flow int }

// refuse says why the parser must not see a token; nothing when it may.
func (g *guard) refuse(tk *token.Token) string {
	if g.seen++; g.seen > maxTokens {
		return "the file is too long"
	}
	switch tk.Type {
	case token.AnchorType, token.AliasType, token.MergeKeyType:
		return "anchors and aliases are not allowed"
	case token.TagType:
		return "tags are not allowed"
	case token.DirectiveType:
		return "a line must not begin with %"
	case token.MappingStartType, token.SequenceStartType:
		if g.flow++; g.flow > maxFlow {
			return "too many brackets stand in one another"
		}
	case token.MappingEndType, token.SequenceEndType:
		g.flow--
	case token.MappingKeyType:
		return "a key must be written without ?"
	case token.SequenceEntryType:
		return g.indent(tk)
	case token.MappingValueType:
		if tk.Prev == nil {
			return "a key is missing"
		}
		if len(tk.Prev.Value) > maxKey {
			return "a key is longer than 128 bytes"
		}
		return g.indent(tk.Prev)
	}
	return ""
}

// indent bounds how deep lines stand in one another: each level takes a column.
func (g *guard) indent(tk *token.Token) string {
	if g.flow == 0 && tk.Position.Column > maxColumn {
		return "the line is indented too far"
	}
	return ""
}
