package tpp

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// worldRecord describes one of a sandbox's TPPs, counted from 1, for a profile; "" is the sandbox's own.
func worldRecord(dir, profile string, number int) (Record, error) {
	world, err := readWorld(dir, profile)
	if err != nil {
		return Record{}, err
	}
	if number < 1 || number > len(world.TPPs) {
		return Record{}, fmt.Errorf("the sandbox has TPPs 1 to %d", len(world.TPPs))
	}
	return WorldRecord(dir, world, number-1), nil
}

// readWorld reads a sandbox's world.json, as it is for a profile.
func readWorld(dir, profile string) (*worldfile.World, error) {
	if profile != "" {
		if _, err := profileOf(profile); err != nil {
			return nil, err
		}
	}
	world, err := worldfile.Read(dir)
	if err != nil {
		return nil, fmt.Errorf("the sandbox: %w", err)
	}
	return world.For(profile)
}

// WorldRecord describes one of a sandbox's TPPs, by its index.
func WorldRecord(dir string, world *worldfile.World, index int) Record {
	member := world.TPPs[index]
	return Record{
		Profile: world.Profile, Discovery: world.Discovery, Issuer: world.Issuer, Registration: world.Registration, Token: world.Token,
		Certificate: filepath.Join(dir, member.TransportCert), Key: filepath.Join(dir, member.TransportKey),
		CA:         filepath.Join(dir, world.ServerCA),
		SigningKey: filepath.Join(dir, member.SigningKey), SigningKeyID: member.SigningKeyID,
		Statement: filepath.Join(dir, member.Statement), Audience: world.Audience, World: dir,
	}
}

// freshStatement has the sandbox's directory sign a new software statement.
func (c *Client) freshStatement(ctx context.Context) error {
	s, err := openSandbox(c.World, c.Profile)
	if err != nil {
		return err
	}
	text, err := s.ask(ctx, "/ssa", map[string]string{"software_id": c.softwareID(s.world)})
	c.StatementText = string(text)
	return err
}

// sandbox is a running sandbox, whose directory does as it is told.
type sandbox struct {
	world     *worldfile.World
	directory *http.Client
}

func openSandbox(dir, profile string) (*sandbox, error) {
	world, err := readWorld(dir, profile)
	if err != nil {
		return nil, err
	}
	roots, err := pool(filepath.Join(dir, world.Directory.CA))
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	return &sandbox{world: world, directory: &http.Client{Timeout: patience, Transport: transport}}, nil
}

// ask posts an order to the sandbox's directory.
func (s *sandbox) ask(ctx context.Context, path string, order any) ([]byte, error) {
	body, err := json.Marshal(order)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.world.Directory.API+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := s.directory.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the sandbox's directory: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the sandbox's directory does not do this for this software: %s, status %d", path, response.StatusCode)
	}
	return text, nil
}

// softwareID is that of the TPP whose signing key we hold.
func (c *Client) softwareID(world *worldfile.World) string {
	for _, member := range world.TPPs {
		if member.SigningKeyID == c.SigningKeyID {
			return member.SoftwareID
		}
	}
	return ""
}

// OpenInWorld opens one of a sandbox's TPPs, by its index, with the statement that the sandbox came with.
func OpenInWorld(dir string, world *worldfile.World, index int) (*Client, error) {
	record := WorldRecord(dir, world, index)
	record.AuthMethod = PrivateKeyJWT
	client, err := Open(record)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(record.Statement)
	client.StatementText = string(text)
	return client, err
}
