package sealing

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// SpecVersion is the version of the specification that this program was generated from, and the newest that it knows.
const SpecVersion = "0.2.0"

const maxVersion = 64

var semver = regexp.MustCompile(
	`^(0|[1-9][0-9]*)[.](0|[1-9][0-9]*)[.](0|[1-9][0-9]*)(?:-([0-9A-Za-z.-]+))?(?:[+][0-9A-Za-z.-]+)?$`)

// version is one of Semantic Versioning 2.0.0. Its numbers stay text: 64 characters hold more than an integer.
type version struct {
	core []string
	// pre are the identifiers of a pre-release. Empty: a release.
	pre []string
}

func parseVersion(path, text string) (version, error) {
	parts := semver.FindStringSubmatch(text)
	if parts == nil || len(text) > maxVersion {
		return version{}, problem("version", path, "must be a semantic version (got %.64q)", text)
	}
	parsed := version{core: parts[1:4]}
	if parts[4] != "" {
		parsed.pre = strings.Split(parts[4], ".")
	}
	return parsed, nil
}

// compare orders by precedence (section 11 of SemVer): a pre-release comes before its release.
func (v version) compare(other version) int {
	if order := slices.CompareFunc(v.core, other.core, compareNumbers); order != 0 {
		return order
	}
	if len(v.pre) == 0 || len(other.pre) == 0 {
		return cmp.Compare(len(other.pre), len(v.pre))
	}
	return slices.CompareFunc(v.pre, other.pre, compareIdentifiers)
}

// compareIdentifiers puts numbers before words.
func compareIdentifiers(left, right string) int {
	switch leftNumber, rightNumber := isNumber(left), isNumber(right); {
	case leftNumber && rightNumber:
		return compareNumbers(left, right)
	case leftNumber:
		return -1
	case rightNumber:
		return 1
	default:
		return strings.Compare(left, right)
	}
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

func compareNumbers(left, right string) int {
	left, right = strings.TrimLeft(left, "0"), strings.TrimLeft(right, "0")
	return cmp.Or(cmp.Compare(len(left), len(right)), strings.Compare(left, right))
}
