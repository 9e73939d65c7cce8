package main

import (
	"crypto/rand"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// build signs a checkpoint over the leaves with a new key, and adds all tiles and all proofs.
func build(made *log) error {
	whole, err := newTree(made.Leaves)
	if err != nil {
		return err
	}
	size := int64(len(made.Leaves))
	if err := sign(made, whole, size); err != nil {
		return err
	}
	made.Tiles = map[string][]byte{}
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		if made.Tiles[pathOf(tile)], err = tlog.ReadTileData(tile, whole); err != nil {
			return err
		}
	}
	for number := int64(0); number < size; number++ {
		proof, err := tlog.ProveRecord(size, number, whole)
		if err != nil {
			return err
		}
		made.Inclusion = append(made.Inclusion, inclusion{number, fromHashes(proof)})
		if err := addConsistency(made, whole, size, number+1); err != nil {
			return err
		}
	}
	return nil
}

func sign(made *log, whole tree, size int64) error {
	secret, verifierKey, err := note.GenerateKey(rand.Reader, made.Origin)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(size, whole)
	if err != nil {
		return err
	}
	made.VerifierKey = verifierKey
	text := fmt.Sprintf("%s\n%d\n%v\n", made.Origin, size, root)
	made.Checkpoint, err = note.Sign(&note.Note{Text: text}, signer)
	return err
}

func addConsistency(made *log, whole tree, size, oldSize int64) error {
	root, err := tlog.TreeHash(oldSize, whole)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(size, oldSize, whole)
	if err != nil {
		return err
	}
	made.Consistency = append(made.Consistency, consistency{oldSize, root[:], fromHashes(proof)})
	return nil
}
