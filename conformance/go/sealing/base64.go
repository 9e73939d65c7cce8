package sealing

import (
	"encoding/base64"
	"errors"
	"strings"
)

var errBase64 = errors.New("must be base64 (RFC 4648) of one alphabet, padded, with unused bits zero")

// decodeBase64 takes either alphabet, but exactly one spelling of the bytes in each.
func decodeBase64(text string) ([]byte, error) {
	encoding := base64.StdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.URLEncoding
	}
	// The decoder would skip line ends.
	if strings.ContainsAny(text, "\r\n") {
		return nil, errBase64
	}
	data, err := encoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errBase64
	}
	return data, nil
}
