package tpp

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
)

// worldRecord describes one of a sandbox's TPPs, counted from 1, for a profile; "" is the sandbox's own.
func worldRecord(dir, profile string, number int) (Record, error) {
	world, err := readWorld(dir, profile)
	if err != nil {
		return Record{}, err
	}
	if number < 1 || number > len(world.TPPs) {
		products := "software products"
		if len(world.TPPs) == 1 {
			products = "software product"
		}
		return Record{}, fmt.Errorf("--tpp %d: the sandbox has %d %s for %s", number, len(world.TPPs), products, world.Profile)
	}
	return WorldRecord(dir, world, number-1), nil
}

// readWorld reads a sandbox's world.json, as it is for a profile.
func readWorld(dir, profile string) (*worldfile.World, error) {
	if profile != "" {
		if err := knownProfile(profile); err != nil {
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

// OpenInWorld opens one of a sandbox's TPPs, by its index, with the statement that the sandbox came with.
func OpenInWorld(dir string, world *worldfile.World, index int) (*Client, error) {
	record := WorldRecord(dir, world, index)
	record.AuthMethod = dcrclient.PrivateKeyJWT
	client, err := Open(record)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(record.Statement)
	client.StatementText = string(text)
	return client, err
}

// freshStatement has the sandbox's directory sign a new software statement for the TPP whose signing key we hold.
func (c *Client) freshStatement(ctx context.Context) error {
	s, err := openSandbox(c.World, c.Profile)
	if err != nil {
		return err
	}
	softwareID := ""
	for _, member := range s.world.TPPs {
		if member.SigningKeyID == c.SigningKeyID {
			softwareID = member.SoftwareID
		}
	}
	c.StatementText, err = s.directory.Statement(ctx, softwareID, dcrclient.Changes{})
	return err
}

// sandbox is a running sandbox, whose directory does what a tester asks.
type sandbox struct {
	world     *worldfile.World
	directory *dcrclient.Directory
}

func openSandbox(dir, profile string) (*sandbox, error) {
	world, err := readWorld(dir, profile)
	if err != nil {
		return nil, err
	}
	directory, err := dcrclient.OpenDirectory(world.Directory.API, filepath.Join(dir, world.Directory.CA))
	return &sandbox{world: world, directory: directory}, err
}
