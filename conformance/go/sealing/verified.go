package sealing

import (
	"crypto/sha256"
	"slices"

	mlspecv1 "github.com/mlspec/mlspec/conformance/go/gen/mlspec/v1"
	"google.golang.org/protobuf/proto"
)

// VerifiedRecord is a record that can be relied on. Only Verifier.Verify makes one that holds anything.
type VerifiedRecord struct {
	accepted
	payload []byte
	sum     [sha256.Size]byte
	signers []*trustedKey
	roles   []string
}

// Record returns a copy of the record, parsed from the bytes that were verified.
func (r *VerifiedRecord) Record() *mlspecv1.Record { return proto.CloneOf(r.record) }

// Payload returns the bytes that were signed: what to store, and to hand on.
func (r *VerifiedRecord) Payload() []byte { return slices.Clone(r.payload) }

// SHA256 returns the record's identity: the digest of its payload.
func (r *VerifiedRecord) SHA256() [sha256.Size]byte { return r.sum }

// Stage returns the name of what the record is about, for example "model_training".
func (r *VerifiedRecord) Stage() string { return stageName(r.record.GetHeader().GetStage()) }

// Namespace returns the scope that the record belongs to.
func (r *VerifiedRecord) Namespace() string { return r.record.GetHeader().GetNamespaceName() }

// Identities returns who signed with a key that counts, in the order of the signatures.
func (r *VerifiedRecord) Identities() []string {
	return r.ofSigners(func(key *trustedKey) string { return key.identity })
}

// KeyIDs returns the ids of the keys that count, as computed from the trust file's keys.
func (r *VerifiedRecord) KeyIDs() []string {
	return r.ofSigners(func(key *trustedKey) string { return key.ID })
}

// Roles returns the names of the roles that were met.
func (r *VerifiedRecord) Roles() []string { return slices.Clone(r.roles) }

// Doubts says why this program does not understand the record in full. Empty: it does.
func (r *VerifiedRecord) Doubts() []string { return slices.Clone(r.doubts) }

func (r *VerifiedRecord) ofSigners(value func(*trustedKey) string) []string {
	var values []string
	for _, key := range r.signers {
		values = append(values, value(key))
	}
	return values
}
