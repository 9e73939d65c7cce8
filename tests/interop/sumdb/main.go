// Command sumdb checks logs with the code of Go's checksum database, and makes logs with it.
//
// `sumdb check` reads a log from standard input and fails if anything in it is not as that code says. `sumdb make`
// reads leaves and writes a log. `sumdb witnesses` checks the cosignatures of a checkpoint, `sumdb cosign` makes some. A
// log is one JSON document.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// A log: its key, its signed checkpoint, all leaves, tiles by path, and proofs. Bytes are base64, as JSON has them.
type log struct {
	VerifierKey string            `json:"vkey"`
	Origin      string            `json:"origin"`
	Checkpoint  []byte            `json:"checkpoint"`
	Leaves      [][]byte          `json:"leaves"`
	Tiles       map[string][]byte `json:"tiles"`
	Inclusion   []inclusion       `json:"inclusion"`
	Consistency []consistency     `json:"consistency"`
	Witnesses   []cosigner        `json:"witnesses"`
}

// A witness: its name or its key, and the time of its cosignature in seconds since 1970.
type cosigner struct {
	Name        string `json:"name"`
	VerifierKey string `json:"vkey"`
	Time        uint64 `json:"time"`
}

// A proof that a leaf is in the tree of the checkpoint.
type inclusion struct {
	Index  int64    `json:"index"`
	Hashes [][]byte `json:"hashes"`
}

// A proof that the tree of the checkpoint extends an older one.
type consistency struct {
	OldSize int64    `json:"old_size"`
	OldRoot []byte   `json:"old_root"`
	Hashes  [][]byte `json:"hashes"`
}

const usage = "usage: sumdb check|make|witnesses|cosign"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New(usage)
	}
	var given log
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	switch args[0] {
	case "check":
		return check(given)
	case "witnesses":
		return checkWitnesses(given)
	case "make":
		return write(&given, build)
	case "cosign":
		return write(&given, cosign)
	}
	return errors.New(usage)
}

func write(made *log, make func(*log) error) error {
	if err := make(made); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(made)
}
