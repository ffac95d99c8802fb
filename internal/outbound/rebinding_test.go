package outbound

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
)

// nameServer answers every question for an IPv4 address with the address it holds at that time, to be forgotten at
// once.
type nameServer struct{ address atomic.Pointer[netip.Addr] }

func (n *nameServer) set(address string) { a := netip.MustParseAddr(address); n.address.Store(&a) }

// resolver returns one that asks the name server only.
func (n *nameServer) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go n.serve(conn)
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (n *nameServer) serve(conn net.PacketConn) {
	query := make([]byte, 512)
	for {
		length, client, err := conn.ReadFrom(query)
		if err != nil {
			return
		}
		_, _ = conn.WriteTo(n.answer(query[:length]), client)
	}
}

// answer writes a DNS message (RFC 1035, section 4): a header of 12 bytes, the question and one A record if that was
// asked for.
func (n *nameServer) answer(query []byte) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	question := query[12 : end+5]
	records := uint16(0)
	if binary.BigEndian.Uint16(query[end+1:]) == 1 {
		records = 1
	}
	message := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1}, 0, byte(records), 0, 0, 0, 0)
	message = append(message, question...)
	if records == 1 {
		address := n.address.Load().As4()
		message = append(message, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		message = append(message, address[:]...)
	}
	return message
}

// TestRebinding has an allowed name resolve to an allowed address first, and then to others.
func TestRebinding(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {}, nil)
	names := &nameServer{}
	host := "example.com:" + s.port() // a name in the server's certificate
	client := New(Policy{Hosts: []string{host}, Private: loopback, Roots: s.roots()})
	client.dialer.Resolver = names.resolver(t)

	names.set("127.0.0.1")
	if _, err := client.Get(t.Context(), "https://"+host, ""); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"127.0.0.2", "169.254.169.254", "10.0.0.1"} {
		client.http.CloseIdleConnections()
		names.set(address)
		if _, err := client.Get(t.Context(), "https://"+host, ""); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: got %v, want ErrForbidden", address, err)
		}
	}
	if s.accepts.Load() != 1 || client.Dials() != 1 {
		t.Errorf("%d accepts and %d dials, want one", s.accepts.Load(), client.Dials())
	}
}

func TestForbiddenBeforeConnect(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {}, nil)
	for _, name := range []string{"localhost", "127.0.0.1", "[::ffff:127.0.0.1]"} {
		t.Run(name, func(t *testing.T) {
			host := name + ":" + s.port()
			client := New(Policy{Hosts: []string{host}, Roots: s.roots()})
			if _, err := client.Get(t.Context(), "https://"+host, ""); !errors.Is(err, ErrForbidden) {
				t.Errorf("got %v, want ErrForbidden", err)
			}
			if client.Dials() != 0 || s.accepts.Load() != 0 {
				t.Errorf("%d dials and %d accepts, want none", client.Dials(), s.accepts.Load())
			}
		})
	}
}

func TestForbiddenURLIsNotDialled(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {}, nil)
	client := s.client()
	for _, url := range []string{"http://127.0.0.1:" + s.port(), "https://localhost:" + s.port(), s.URL + "/#a"} {
		if _, err := client.Get(t.Context(), url, ""); !errors.Is(err, ErrForbidden) {
			t.Errorf("got %v, want ErrForbidden", err)
		}
	}
	if client.Dials() != 0 || s.accepts.Load() != 0 {
		t.Errorf("%d dials and %d accepts, want none", client.Dials(), s.accepts.Load())
	}
}
