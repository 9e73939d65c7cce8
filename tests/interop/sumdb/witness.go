package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	cosignatureType = 0x04
	timeSize        = 8
)

// A witness of C2SP's tlog-cosignature, as the note package knows signers and verifiers.
type witness struct {
	name    string
	public  ed25519.PublicKey
	private ed25519.PrivateKey
	time    uint64
}

func (w *witness) Name() string { return w.name }

func (w *witness) KeyHash() uint32 {
	named := append([]byte(w.name+"\n"), w.typedKey()...)
	hash := sha256.Sum256(named)
	return binary.BigEndian.Uint32(hash[:])
}

func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != timeSize+ed25519.SignatureSize {
		return false
	}
	w.time = binary.BigEndian.Uint64(signature)
	return ed25519.Verify(w.public, cosigned(w.time, text), signature[timeSize:])
}

func (w *witness) Sign(text []byte) ([]byte, error) {
	stamp := binary.BigEndian.AppendUint64(nil, w.time)
	return append(stamp, ed25519.Sign(w.private, cosigned(w.time, text))...), nil
}

func (w *witness) vkey() string {
	return fmt.Sprintf("%s+%08x+%s", w.name, w.KeyHash(), base64.StdEncoding.EncodeToString(w.typedKey()))
}

func (w *witness) typedKey() []byte { return append([]byte{cosignatureType}, w.public...) }

func cosigned(time uint64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", time), text...)
}

func newWitness(vkey string) (*witness, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("a key must have three parts (got %q)", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(key) != 1+ed25519.PublicKeySize || key[0] != cosignatureType {
		return nil, errors.New("a key must be a witness's")
	}
	made := &witness{name: parts[0], public: key[1:]}
	if made.vkey() != vkey {
		return nil, fmt.Errorf("the key's id must be that of name and key (got %q)", parts[1])
	}
	return made, nil
}

// checkWitnesses opens the note: every signature must be one that is asked for, and the times as given.
func checkWitnesses(given log) error {
	verifier, err := note.NewVerifier(given.VerifierKey)
	if err != nil {
		return err
	}
	verifiers := []note.Verifier{verifier}
	for _, each := range given.Witnesses {
		made, err := newWitness(each.VerifierKey)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, made)
	}
	opened, err := note.Open(given.Checkpoint, note.VerifierList(verifiers...))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != len(verifiers) || len(opened.UnverifiedSigs) != 0 {
		return fmt.Errorf("the note must have %d signatures of these keys (got %d)", len(verifiers), len(opened.Sigs))
	}
	for i, each := range given.Witnesses {
		if got := verifiers[i+1].(*witness).time; got != each.Time {
			return fmt.Errorf("the time of %s must be %d (got %d)", verifiers[i+1].Name(), each.Time, got)
		}
	}
	return nil
}

// cosign makes a checkpoint of no leaves, signed by a new log, and by a new witness for each one that is named.
func cosign(made *log) error {
	secret, verifierKey, err := note.GenerateKey(rand.Reader, made.Origin)
	if err != nil {
		return err
	}
	made.VerifierKey = verifierKey
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	signers := []note.Signer{signer}
	for i, each := range made.Witnesses {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		signing := &witness{each.Name, public, private, each.Time}
		made.Witnesses[i].VerifierKey = signing.vkey()
		signers = append(signers, signing)
	}
	root, err := tlog.TreeHash(0, nil)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s\n0\n%v\n", made.Origin, root)
	made.Checkpoint, err = note.Sign(&note.Note{Text: text}, signers...)
	return err
}
