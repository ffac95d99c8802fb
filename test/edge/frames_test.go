package edge

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"testing"
)

// preface is what a client of HTTP/2 says first, with empty settings (RFC 9113, section 3.4).
func preface() []byte {
	return append([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(0x4, 0, 0, nil)...)
}

// frame is one of HTTP/2 (RFC 9113, section 4.1).
func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	head := make([]byte, 9)
	binary.BigEndian.PutUint32(head, uint32(len(payload))<<8)
	head[3], head[4] = kind, flags
	binary.BigEndian.PutUint32(head[5:], stream)
	return append(head, payload...)
}

// The flags of a HEADERS frame.
const (
	endStream  = 0x1
	endHeaders = 0x4
)

// headers is a HEADERS frame of the first stream; each field is a name and its value, not to be indexed and not
// compressed (RFC 7541, section 6.2.2).
func headers(flags byte, fields ...[2]string) []byte {
	var block []byte
	for _, field := range fields {
		block = append(block, 0)
		for _, text := range field {
			block = append(hpackLength(block, len(text)), text...)
		}
	}
	return frame(0x1, flags, 1, block)
}

// hpackLength is a number with a prefix of seven bits (RFC 7541, section 5.1).
func hpackLength(block []byte, number int) []byte {
	if number < 127 {
		return append(block, byte(number))
	}
	block = append(block, 127)
	for number -= 127; number > 127; number >>= 7 {
		block = append(block, byte(number)|0x80)
	}
	return append(block, byte(number))
}

// untilCut reads until the server answers, resets the first stream, or says goodbye.
func untilCut(connection io.Reader) {
	const answered, reset, goAway = 0x1, 0x3, 0x7
	for head := make([]byte, 9); ; {
		if _, err := io.ReadFull(connection, head); err != nil {
			return
		}
		if kind := head[3]; kind == answered || kind == reset || kind == goAway {
			return
		}
		if _, err := io.CopyN(io.Discard, connection, int64(binary.BigEndian.Uint32(head)>>8)); err != nil {
			return
		}
	}
}

// hello is the beginning of a TLS handshake: what a client says first.
func hello(t *testing.T) []byte {
	t.Helper()
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() {
		_ = tls.Client(theirs, &tls.Config{ServerName: "127.0.0.1", InsecureSkipVerify: true}).Handshake() // nobody answers
	}()
	record := make([]byte, 5)
	if _, err := io.ReadFull(ours, record); err != nil {
		t.Fatal(err)
	}
	rest := make([]byte, binary.BigEndian.Uint16(record[3:]))
	if _, err := io.ReadFull(ours, rest); err != nil {
		t.Fatal(err)
	}
	return bytes.Join([][]byte{record, rest}, nil)
}
