// Package userfile reads files of user names and bcrypt password hashes, as Apache's htpasswd -B writes them, and checks
// passwords against them. It supports no other hash.
package userfile

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
)

const (
	maxFile  = 64 << 10
	maxUsers = 256
	// Passwords behind a lower cost are guessed too fast; a higher cost takes seconds per comparison.
	minCost, maxCost = 10, 13
)

// ErrWrong means that there is no such user, or that the password is wrong.
var ErrWrong = errors.New("no user of the file has this name and password")

// Users are the hashes of a file, by user name.
type Users map[string][]byte

// Read reads a file: one NAME:HASH per line. It fails if the file holds no user, or anything else.
func Read(path string) (Users, error) {
	text, err := bounded.ReadFile(path, maxFile)
	if err != nil {
		return nil, err
	}
	return parse(string(text))
}

func parse(text string) (Users, error) {
	users := Users{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, hash, found := strings.Cut(line, ":")
		cost, err := bcrypt.Cost([]byte(hash))
		switch {
		case !found || name == "" || err != nil:
			return nil, fmt.Errorf("line %d is not NAME:HASH with a bcrypt hash, as htpasswd -B writes it", number)
		case cost < minCost || cost > maxCost:
			return nil, fmt.Errorf("the hash on line %d has the cost %d, and must have one from %d to %d (htpasswd -B -C)", number, cost, minCost, maxCost)
		case users[name] != nil:
			return nil, fmt.Errorf("line %d repeats the name of an earlier line", number)
		}
		users[name] = []byte(hash)
	}
	if len(users) == 0 || len(users) > maxUsers {
		return nil, fmt.Errorf("the file must hold from 1 to %d users", maxUsers)
	}
	return users, nil
}

// Check compares a name and password with the file. It returns nil or ErrWrong, and takes as long for an unknown user.
func (u Users) Check(name, password string) error {
	hash, known := u[name]
	if !known {
		for _, hash = range u { // any hash, to take the same time
			break
		}
	}
	if err := bcrypt.CompareHashAndPassword(hash, []byte(password)); err != nil || !known {
		return ErrWrong
	}
	return nil
}
