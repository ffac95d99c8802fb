package strictjson

import "bytes"

// number reads the number that begins here: "number = [ minus ] int [ frac ] [ exp ]" (RFC 8259, section 6).
func (r *reader) number() error {
	r.skip('-')
	if leadingZero := r.skip('0'); !leadingZero && !r.digits() {
		return errForm
	}
	if r.skip('.') && !r.digits() {
		return errForm
	}
	if r.skip('e') || r.skip('E') {
		if !r.skip('+') {
			r.skip('-')
		}
		if !r.digits() {
			return errForm
		}
	}
	return nil
}

// skip steps over the byte if it is the one at hand.
func (r *reader) skip(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

// digits steps over digits and says whether there were any.
func (r *reader) digits() bool {
	start := r.at
	for c := r.peek(); '0' <= c && c <= '9'; c = r.peek() {
		r.at++
	}
	return r.at > start
}

// words are the values that are written out.
var words = [][]byte{[]byte("true"), []byte("false"), []byte("null")}

// word reads the word that begins here.
func (r *reader) word() error {
	for _, word := range words {
		if bytes.HasPrefix(r.text[r.at:], word) {
			r.at += len(word)
			return nil
		}
	}
	return errForm
}
