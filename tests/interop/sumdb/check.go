package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(given log) error {
	head, err := open(given)
	if err != nil {
		return err
	}
	if head.N != int64(len(given.Leaves)) {
		return fmt.Errorf("the checkpoint must be of %d leaves (got %d)", len(given.Leaves), head.N)
	}
	whole, err := newTree(given.Leaves)
	if err != nil {
		return err
	}
	if root, err := tlog.TreeHash(head.N, whole); err != nil || root != head.Hash {
		return fmt.Errorf("the checkpoint's root must be %v (got %v): %v", root, head.Hash, err)
	}
	if err := checkTiles(given, head, whole); err != nil {
		return err
	}
	return checkProofs(given, head)
}

// open verifies the note, and reads its text as C2SP's tlog-checkpoint has it.
func open(given log) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(given.VerifierKey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(given.Checkpoint, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != given.Origin || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("the text must be three lines of %s (got %q)", given.Origin, opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func checkTiles(given log, head tlog.Tree, whole tree) error {
	wanted := tlog.NewTiles(tileHeight, 0, head.N)
	if len(wanted) != len(given.Tiles) {
		return fmt.Errorf("the log must have %d tiles (got %d)", len(wanted), len(given.Tiles))
	}
	for _, tile := range wanted {
		data, err := tlog.ReadTileData(tile, whole)
		if err != nil {
			return err
		}
		if !bytes.Equal(data, given.Tiles[pathOf(tile)]) {
			return fmt.Errorf("%s must hold the tree's hashes", pathOf(tile))
		}
	}
	// Read through the tiles, each hash is proven by the root on its way.
	reader := tlog.TileHashReader(head, tiles(given.Tiles))
	for number := int64(0); number < head.N; number++ {
		if _, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, number)}); err != nil {
			return err
		}
	}
	return nil
}

func checkProofs(given log, head tlog.Tree) error {
	for _, proof := range given.Inclusion {
		hashes, err := toHashes(proof.Hashes)
		if err != nil {
			return err
		}
		if proof.Index < 0 || proof.Index >= head.N {
			return fmt.Errorf("the index must be below %d (got %d)", head.N, proof.Index)
		}
		leaf := tlog.RecordHash(given.Leaves[proof.Index])
		if err := tlog.CheckRecord(hashes, head.N, head.Hash, proof.Index, leaf); err != nil {
			return fmt.Errorf("inclusion of leaf %d: %w", proof.Index, err)
		}
	}
	for _, proof := range given.Consistency {
		hashes, err := toHashes(proof.Hashes)
		if err != nil {
			return err
		}
		root, err := toHash(proof.OldRoot)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(hashes, head.N, head.Hash, proof.OldSize, root); err != nil {
			return fmt.Errorf("consistency with size %d: %w", proof.OldSize, err)
		}
	}
	return nil
}
