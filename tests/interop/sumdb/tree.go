package main

import (
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// A whole tree in memory, in the order in which tlog numbers hashes.
type tree []tlog.Hash

func newTree(leaves [][]byte) (tree, error) {
	var made tree
	for number, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(number), leaf, made)
		if err != nil {
			return nil, err
		}
		made = append(made, hashes...)
	}
	return made, nil
}

// ReadHashes makes the tree a tlog.HashReader.
func (t tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(t)) {
			return nil, fmt.Errorf("hash %d must be in the tree", index)
		}
		found[i] = t[index]
	}
	return found, nil
}

// Tiles of a log, as a tlog.TileReader.
type tiles map[string][]byte

func (t tiles) Height() int { return tileHeight }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, tile := range wanted {
		found, ok := t[pathOf(tile)]
		if !ok || len(found) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s must be there, of %d hashes", pathOf(tile), tile.W)
		}
		data[i] = found
	}
	return data, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// pathOf leaves the height out: logs of C2SP's form have one height only.
func pathOf(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
}

func toHash(data []byte) (tlog.Hash, error) {
	var made tlog.Hash
	if len(data) != len(made) {
		return made, fmt.Errorf("a hash must be %d bytes (got %d)", len(made), len(data))
	}
	copy(made[:], data)
	return made, nil
}

func toHashes(data [][]byte) ([]tlog.Hash, error) {
	made := make([]tlog.Hash, len(data))
	for i, each := range data {
		hash, err := toHash(each)
		if err != nil {
			return nil, err
		}
		made[i] = hash
	}
	return made, nil
}

func fromHashes(hashes []tlog.Hash) [][]byte {
	made := make([][]byte, len(hashes))
	for i := range hashes {
		made[i] = hashes[i][:]
	}
	return made
}
