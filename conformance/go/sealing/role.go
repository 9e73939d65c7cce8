package sealing

import (
	"slices"
	"strings"

	mlspecv1 "github.com/mlspec/mlspec/conformance/go/gen/mlspec/v1"
)

// trustedRole is what a group of keys may vouch for, and how many of their holders it takes.
type trustedRole struct {
	message *mlspecv1.TrustRole
	trust   *Trust
}

func (t *Trust) newRole(path string, message *mlspecv1.TrustRole) (trustedRole, error) {
	role := trustedRole{message: message, trust: t}
	if count := role.identities(message.GetKeyids()); count < int(message.GetThreshold()) {
		return role, problem("trust.threshold", path+".threshold", "must be at most %d, the distinct identities (got %d)",
			count, message.GetThreshold())
	}
	return role, nil
}

// covers tells whether the role may vouch for a record with this header.
func (r trustedRole) covers(header *mlspecv1.RecordHeader) bool {
	return slices.Contains(r.message.GetStages(), header.GetStage()) &&
		slices.ContainsFunc(r.message.GetNamespaceGlobs(), func(glob string) bool {
			return matches(glob, header.GetNamespaceName())
		})
}

// met tells whether enough of the role's identities are among the signers.
func (r trustedRole) met(signers []*trustedKey) bool {
	var of []string
	for _, signer := range signers {
		if slices.Contains(r.message.GetKeyids(), signer.ID) {
			of = append(of, signer.ID)
		}
	}
	return r.identities(of) >= int(r.message.GetThreshold())
}

// identities counts the distinct holders of keys.
func (r trustedRole) identities(keyids []string) int {
	distinct := map[string]bool{}
	for _, keyid := range keyids {
		distinct[oneSpelling(r.trust.keys[keyid].identity)] = true
	}
	return len(distinct)
}

// matches tells whether a name is as a glob says, in which `*` stands for any characters and nothing else is special. It
// takes no longer for more stars.
func matches(glob, name string) bool {
	parts := strings.Split(glob, "*")
	if len(parts) == 1 {
		return name == glob
	}
	first, middle, last := parts[0], parts[1:len(parts)-1], parts[len(parts)-1]
	rest, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	if rest, ok = strings.CutSuffix(rest, last); !ok {
		return false
	}
	for _, part := range middle {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return true
}
