// Command dirhash prints the Hash1 of folders, as Go's checksum database has it, of the files at their own paths.
//
// The folders are its arguments; one line for each.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/dirhash"
)

func main() {
	for _, folder := range os.Args[1:] {
		hash, err := hashOf(folder)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(hash)
	}
}

func hashOf(folder string) (string, error) {
	files, err := dirhash.DirFiles(folder, "")
	if err != nil {
		return "", err
	}
	open := func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(folder, name)) }
	return dirhash.Hash1(files, open)
}
