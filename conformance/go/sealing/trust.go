package sealing

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	mlspecv1 "github.com/mlspec/mlspec/conformance/go/gen/mlspec/v1"
)

// Trust is a trust file that was read and checked: whom a verifier believes, about what, and when. It reaches the verifier
// out of band and is never read from what is being verified.
type Trust struct {
	expires time.Time
	keys    map[string]*trustedKey
	roles   []trustedRole
}

// trustedKey is a public key, whose it is, and when it counts.
type trustedKey struct {
	*PublicKey
	identity string
	message  *mlspecv1.TrustedKey
}

// LoadTrust reads a trust file.
func LoadTrust(path string) (*Trust, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	trust, err := ParseTrust(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return trust, nil
}

// ParseTrust reads the ProtoJSON of a mlspec.v1.TrustPolicy.
func ParseTrust(data []byte) (*Trust, error) {
	trust, err := parseTrust(data)
	if err != nil {
		return nil, Unreadable.refuse(err)
	}
	return trust, nil
}

func parseTrust(data []byte) (*Trust, error) {
	var policy mlspecv1.TrustPolicy
	if err := protojson.Unmarshal(data, &policy); err != nil {
		return nil, problem("trust.syntax", "", "must be a trust file (%v)", err)
	}
	if err := mustKeepRules(&policy); err != nil {
		return nil, err
	}
	trust := &Trust{
		expires: policy.GetExpireTime().AsTime(),
		keys:    map[string]*trustedKey{},
	}
	for index, message := range policy.GetKeys() {
		key, err := newTrustedKey(fmt.Sprintf("keys[%d]", index), message)
		if err != nil {
			return nil, err
		}
		trust.keys[key.ID] = key
	}
	for index, message := range policy.GetRoles() {
		role, err := trust.newRole(fmt.Sprintf("roles[%d]", index), message)
		if err != nil {
			return nil, err
		}
		trust.roles = append(trust.roles, role)
	}
	return trust, nil
}

func newTrustedKey(path string, message *mlspecv1.TrustedKey) (*trustedKey, error) {
	public, err := ParsePublicKey([]byte(message.GetPublicKey()))
	if found, ok := errors.AsType[*Problem](err); ok {
		return nil, problem(found.ID, path+".public_key", "%s", found.Reason)
	}
	if err != nil {
		return nil, err
	}
	if public.Algorithm != message.GetAlgorithm() {
		return nil, problem("trust.algorithm", path+".algorithm", "must be that of the key (got %s)", message.GetAlgorithm())
	}
	if public.ID != message.GetKeyid() {
		return nil, problem("trust.keyid", path+".keyid", "must be %s, as the key says (got %s)", public.ID, message.GetKeyid())
	}
	return &trustedKey{PublicKey: public, identity: message.GetIdentity(), message: message}, nil
}

// usable is step 1 of verification. What the file requires of namespaces is judged of deployments, not of a record.
func (t *Trust) usable(now time.Time) error {
	if !now.Before(t.expires) {
		return problem("trust.expired", "trust.expire_time", "must not have expired (it did on %s)", t.expires.Format(time.RFC3339))
	}
	return nil
}

// lapse says why the key does not count at a moment. Empty: it does.
func (k *trustedKey) lapse(at time.Time) string {
	reached := func(stamp *timestamppb.Timestamp) bool { return stamp != nil && !at.Before(stamp.AsTime()) }
	switch {
	case reached(k.message.GetRevokeTime()):
		return "was revoked"
	case k.message.GetValidFromTime() != nil && !reached(k.message.GetValidFromTime()):
		return "does not count yet"
	case reached(k.message.GetValidUntilTime()):
		return "has expired"
	}
	return ""
}

// oneSpelling makes names equal that differ in case or Unicode form only: thresholds count people, not spellings.
func oneSpelling(identity string) string { return cases.Fold().String(norm.NFKC.String(identity)) }
