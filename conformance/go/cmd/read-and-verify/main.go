// Command read-and-verify reads an envelope and a trust file, and says what was verified.
package main

import (
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/mlspec/mlspec/conformance/go/sealing"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: read-and-verify ENVELOPE TRUST")
	}
	envelope, err := sealing.LoadEnvelope(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	trust, err := sealing.LoadTrust(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	record, err := sealing.Verifier{Trust: trust}.Verify(envelope)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("verified: %s in %s, signed by %s\n", record.Stage(), record.Namespace(), strings.Join(record.Identities(), ", "))
	fmt.Printf("sha256:%x\n", record.SHA256())
}
