// Command sumdb checks logs with the code of Go's checksum database, and makes logs with it.
//
// `sumdb check` reads a log from standard input and fails if anything in it is not as that code says. `sumdb make`
// reads leaves and writes a log. A log is one JSON document.
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

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: sumdb check|make")
	}
	var given log
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	switch args[0] {
	case "check":
		return check(given)
	case "make":
		if err := build(&given); err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(given)
	}
	return errors.New("usage: sumdb check|make")
}
