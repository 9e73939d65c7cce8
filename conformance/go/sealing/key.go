package sealing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"

	mlspecv1 "github.com/mlspec/mlspec/conformance/go/gen/mlspec/v1"
)

// PublicKey is a key that signatures are checked with, by the one algorithm that it is for.
type PublicKey struct {
	// ID is the lower-case hex SHA-256 of the key's SubjectPublicKeyInfo.
	ID string
	// Algorithm is the one that the key is for.
	Algorithm mlspecv1.KeyAlgorithm

	key crypto.PublicKey
}

// NewPublicKey takes an Ed25519 or a P-256 key; it refuses every other.
func NewPublicKey(key crypto.PublicKey) (*PublicKey, error) {
	public := &PublicKey{key: key}
	switch key := key.(type) {
	case ed25519.PublicKey:
		public.Algorithm = mlspecv1.KeyAlgorithm_KEY_ALGORITHM_ED25519
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return nil, problem("key.kind", "", "must be Ed25519 or ECDSA P-256 (got %s)", key.Curve.Params().Name)
		}
		public.Algorithm = mlspecv1.KeyAlgorithm_KEY_ALGORITHM_ECDSA_P256
	default:
		return nil, problem("key.kind", "", "must be Ed25519 or ECDSA P-256 (got %T)", key)
	}
	// Encoded anew: one key must not get a second id by another spelling of it.
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	public.ID = hex.EncodeToString(sum[:])
	return public, nil
}

// ParsePublicKey reads SubjectPublicKeyInfo in PEM.
func ParsePublicKey(text []byte) (*PublicKey, error) {
	der, err := readPEM(text, "PUBLIC KEY")
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, problem("key.syntax", "", "must be a public key (%v)", err)
	}
	return NewPublicKey(key)
}

// fits tells whether this key made a signature. It stays in this package, where every caller goes on to judge the key.
func (k *PublicKey) fits(sig, data []byte) bool {
	switch key := k.key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, data, sig)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(data)
		return ecdsa.VerifyASN1(key, sum[:], sig)
	}
	return false
}

// ParsePrivateKey reads an unencrypted Ed25519 or P-256 key, PKCS#8 in PEM.
func ParsePrivateKey(text []byte) (crypto.Signer, error) {
	der, err := readPEM(text, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, problem("key.syntax", "", "must be a private key (%v)", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, problem("key.kind", "", "must be a key that signs (got %T)", key)
	}
	return signer, nil
}

func readPEM(text []byte, kind string) ([]byte, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind {
		return nil, problem("key.syntax", "", "must be a %s in PEM", kind)
	}
	return block.Bytes, nil
}
