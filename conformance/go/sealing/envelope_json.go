package sealing

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/cases"
)

// Members of an envelope, by what is left of their names without underscores and capitals.
var members = map[string]string{
	"payload": "payload", "payloadtype": "payloadType", "signatures": "signatures", "sig": "sig", "keyid": "keyid",
}

// jsonReader reads one JSON text. The decoder refuses duplicate names, bad UTF-8, lone surrogates and byte-order marks by itself.
type jsonReader struct{ *jsontext.Decoder }

// ParseEnvelopeJSON reads the JSON form. Members that DSSE does not know are ignored, as it asks, unless they are another
// spelling of one that it knows: a reader that folds case would take those for the real one.
func ParseEnvelopeJSON(data []byte) (*Envelope, error) {
	if len(data) > maxEnvelope {
		return nil, Unreadable.refuse(problem("limit.size", "", "must be at most %d bytes (got %d)", maxEnvelope, len(data)))
	}
	reader := jsonReader{jsontext.NewDecoder(bytes.NewBuffer(data))}
	envelope, err := reader.envelope()
	if err == nil {
		err = envelope.check()
	}
	if err != nil {
		return nil, Unreadable.refuse(err)
	}
	return envelope, nil
}

func (r jsonReader) envelope() (*Envelope, error) {
	var envelope Envelope
	err := r.object("", func(name string) (err error) {
		switch name {
		case "payload":
			envelope.Payload, err = r.base64(name)
		case "payloadType":
			envelope.PayloadType, err = r.text(name)
		case "signatures":
			envelope.Signatures, err = r.signatures()
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := r.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, problem("json.syntax", "", "must end after the envelope")
	}
	return &envelope, nil
}

func (r jsonReader) signatures() ([]Signature, error) {
	if err := r.open('[', "signatures", "a list"); err != nil {
		return nil, err
	}
	var found []Signature
	for r.PeekKind() != ']' {
		if len(found) == maxSignatures {
			return nil, problem("limit.count", "signatures", "must be at most %d", maxSignatures)
		}
		signature, err := r.signature(fmt.Sprintf("signatures[%d]", len(found)))
		if err != nil {
			return nil, err
		}
		found = append(found, signature)
	}
	_, err := r.token()
	return found, err
}

func (r jsonReader) signature(path string) (Signature, error) {
	var signature Signature
	err := r.object(path, func(name string) (err error) {
		switch name {
		case "keyid":
			signature.KeyID, err = r.text(path + ".keyid")
		case "sig":
			signature.Sig, err = r.base64(path + ".sig")
		default:
			err = r.skip()
		}
		return err
	})
	return signature, err
}

// object reads an object; member reads the value of each name.
func (r jsonReader) object(path string, member func(name string) error) error {
	if err := r.open('{', path, "an object"); err != nil {
		return err
	}
	for r.PeekKind() != '}' {
		token, err := r.token()
		if err != nil {
			return err
		}
		name := token.String()
		known := members[cases.Fold().String(strings.ReplaceAll(name, "_", ""))]
		if known != "" && known != name {
			return problem("json.twins", path, "must be spelled %q (got %q)", known, name)
		}
		if err := member(name); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

// skip reads a value of any kind, but not of any depth.
func (r jsonReader) skip() error {
	depth := r.StackDepth()
	for {
		if _, err := r.token(); err != nil {
			return err
		}
		if r.StackDepth() > maxDepth {
			return problem("limit.depth", "", "must nest at most %d deep", maxDepth)
		}
		if r.StackDepth() == depth {
			return nil
		}
	}
}

func (r jsonReader) base64(path string) ([]byte, error) {
	text, err := r.text(path)
	if err != nil {
		return nil, err
	}
	data, err := decodeBase64(text)
	if err != nil {
		return nil, problem("envelope.base64", path, "%v", err)
	}
	return data, nil
}

func (r jsonReader) text(path string) (string, error) {
	token, err := r.token()
	if err != nil {
		return "", err
	}
	if token.Kind() != '"' {
		return "", problem("envelope.shape", path, "must be a string")
	}
	return token.String(), nil
}

func (r jsonReader) open(kind jsontext.Kind, path, words string) error {
	token, err := r.token()
	if err != nil {
		return err
	}
	if token.Kind() != kind {
		return problem("envelope.shape", path, "must be %s", words)
	}
	return nil
}

func (r jsonReader) token() (jsontext.Token, error) {
	token, err := r.ReadToken()
	if err != nil {
		return token, problem("json.syntax", "", "must be JSON (%v)", err)
	}
	return token, nil
}
