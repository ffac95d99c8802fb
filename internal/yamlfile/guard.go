package yamlfile

import (
	"fmt"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// Limits for the parser, which is recursive and has none itself: a line of a million brackets, or an object of a
// million keys, would end the process. Each omitted value makes it copy the file.
const (
	maxDepth = 32   // nested objects and lists
	maxKeys  = 4096 // keys of one object
	maxKey   = 128  // characters of a key
	maxEmpty = 256  // omitted values
)

// guard checks the file's tokens before they are parsed.
type guard struct {
	options        Options
	levels         []level
	last           *token.Token // the one before, if it was no comment
	anchors, empty int
	begun, ended   bool // the document
}

// level is an open object or list, in brackets or by indentation.
type level struct {
	opened token.Type // its bracket
	column int        // else, of its lines
	keys   int
	colon  bool // since the last comma
}

func (l level) flow() bool { return l.column == 0 }

// tokens splits a text into tokens. If one is invalid, or the parser must not receive it, tokens returns it as bad with
// the reason.
func (g *guard) tokens(text string) (all token.Tokens, bad *token.Token, id, what string) {
	all = lexer.Tokenize(text)
	if bad = all.InvalidToken(); bad != nil {
		return nil, bad, "yaml.syntax", unquoted(bad.Error)
	}
	if len(all) > g.options.Tokens {
		return nil, nil, "yaml.size", fmt.Sprintf("the file must not have more than %d words and signs", g.options.Tokens)
	}
	g.levels = []level{{column: 1}}
	for _, tk := range all {
		if id, what = g.check(tk); id != "" {
			return nil, tk, id, what
		}
	}
	return all, nil, "", ""
}

func (g *guard) check(tk *token.Token) (id, what string) {
	if tk.Type == token.CommentType {
		return "", ""
	}
	if id, what := g.document(tk); id != "" {
		return id, what
	}
	g.countEmpty(tk)
	g.line(tk)
	id, what = g.token(tk)
	g.last = tk
	return id, what
}

func (g *guard) document(tk *token.Token) (id, what string) {
	switch tk.Type {
	case token.DirectiveType:
		return "yaml.syntax", "a line must not begin with %"
	case token.DocumentHeaderType:
		if g.begun {
			return "yaml.documents", "the file must hold one YAML document, and a second one begins here"
		}
	case token.DocumentEndType:
		g.ended = true
	default:
		if g.ended {
			return "yaml.documents", "the file must end where its YAML document does"
		}
	}
	g.begun = true
	return "", ""
}

func (g *guard) token(tk *token.Token) (id, what string) {
	top := &g.levels[len(g.levels)-1]
	switch tk.Type {
	case token.AnchorType, token.TagType:
		g.anchors++
	case token.MappingStartType, token.SequenceStartType:
		g.levels = append(g.levels, level{opened: tk.Type})
	case token.MappingEndType, token.SequenceEndType:
		if top.flow() {
			g.levels = g.levels[:len(g.levels)-1]
		}
	case token.CollectEntryType:
		top.colon = false
	case token.MappingValueType, token.MappingKeyType:
		top.keys++
		top.colon = true
	}
	switch {
	case g.anchors > 0 && g.options.Anchors == 0:
		return "yaml.alias", "anchors (&), aliases (*) and tags (!) must not be here: write the value out"
	case g.anchors > g.options.Anchors:
		return "yaml.alias", fmt.Sprintf("the file has too many anchors or tags: %d at most", g.options.Anchors)
	case g.empty > maxEmpty:
		return "value.missing", "more than 256 keys or entries before this have no value"
	case top.keys > maxKeys:
		return "yaml.keys", "the object has too many keys: 4096 at most"
	case tk.Type == token.MappingValueType && g.last != nil && len(g.last.Value) > maxKey:
		return "yaml.keys", "the key is too long: 128 characters at most"
	case len(g.levels) > maxDepth:
		return "yaml.depth", "objects and lists stand in one another too deeply: 32 at most"
	}
	return "", ""
}

// countEmpty counts an omitted value before a token.
func (g *guard) countEmpty(tk *token.Token) {
	if g.last == nil {
		return
	}
	top := g.levels[len(g.levels)-1]
	closes := tk.Type == token.MappingEndType || tk.Type == token.SequenceEndType || tk.Type == token.CollectEntryType
	left := false
	switch g.last.Type {
	case token.MappingValueType:
		left = closes || !top.flow() && below(tk, g.last) &&
			(tk.Position.Column < top.column || tk.Position.Column == top.column && tk.Type != token.SequenceEntryType)
	case token.SequenceEntryType:
		left = below(tk, g.last) && tk.Position.Column <= g.last.Position.Column
	case token.MappingStartType, token.CollectEntryType:
	default:
		left = closes && top.opened == token.MappingStartType && !top.colon
	}
	if left {
		g.empty++
	}
}

func below(tk, last *token.Token) bool { return tk.Position.Line > last.Position.Line }

// line opens and closes levels by the column of a token that begins a line or a list item.
func (g *guard) line(tk *token.Token) {
	last := len(g.levels) - 1
	if g.levels[last].flow() || g.last != nil && !below(tk, g.last) &&
		g.last.Type != token.SequenceEntryType && g.last.Type != token.MappingKeyType {
		return
	}
	column := tk.Position.Column
	for last > 0 && !g.levels[last].flow() && g.levels[last].column > column {
		last--
	}
	g.levels = g.levels[:last+1]
	if g.levels[last].column < column && !g.levels[last].flow() {
		g.levels = append(g.levels, level{column: column})
	}
}
