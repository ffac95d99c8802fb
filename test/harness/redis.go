package harness

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
)

// AskRedis sends one command to the world's Redis and returns the first line of the reply.
func (w *World) AskRedis(ctx context.Context, command ...string) (string, error) {
	address, err := url.Parse(w.File.Redis)
	if err != nil {
		return "", err
	}
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address.Host)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	written := fmt.Sprintf("*%d\r\n", len(command))
	for _, word := range command {
		written += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(connection, written); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(connection).ReadString('\n')
	return strings.TrimSuffix(line, "\r\n"), err
}
