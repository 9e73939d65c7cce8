// Command conformance answers the requests of MLSpec's conformance kit: mlspec.conformance.v1.Request on standard input,
// mlspec.conformance.v1.Response on standard output, each after its length.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"

	conformancev1 "github.com/mlspec/mlspec/conformance/go/gen/mlspec/conformance/v1"
	"google.golang.org/protobuf/encoding/protodelim"
)

// The bound that the runner sets on responses; some cases break a rule by their size.
const maxRequest = 128 << 20

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// serve answers until the input ends.
func serve(input io.Reader, output io.Writer) error {
	reader, writer := bufio.NewReader(input), bufio.NewWriter(output)
	for {
		var request conformancev1.Request
		err := protodelim.UnmarshalOptions{MaxSize: maxRequest}.UnmarshalFrom(reader, &request)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a request: %w", err)
		}
		if _, err := protodelim.MarshalTo(writer, answer(&request)); err != nil {
			return fmt.Errorf("answering %s: %w", request.GetCaseId(), err)
		}
		if err := writer.Flush(); err != nil {
			return fmt.Errorf("answering %s: %w", request.GetCaseId(), err)
		}
	}
}

// answer does what a request asks for. What nobody foresaw becomes a failure, so that the next case has its turn.
func answer(request *conformancev1.Request) (response *conformancev1.Response) {
	defer func() {
		if cause := recover(); cause != nil {
			log.Printf("%s: %v\n%s", request.GetCaseId(), cause, debug.Stack())
			response = failure(fmt.Errorf("panic: %v", cause))
		}
		response.CaseId = request.GetCaseId()
	}()
	switch task := request.GetTask().(type) {
	case *conformancev1.Request_Convert:
		return convert(task.Convert)
	case *conformancev1.Request_Seal:
		return seal(task.Seal)
	case *conformancev1.Request_Verify:
		return verify(task.Verify)
	}
	return unsupported("the task of this request is not known here")
}

func unsupported(reason string) *conformancev1.Response {
	return &conformancev1.Response{Result: &conformancev1.Response_Unsupported{Unsupported: reason}}
}

func failure(err error) *conformancev1.Response {
	return &conformancev1.Response{Result: &conformancev1.Response_Failure{Failure: err.Error()}}
}
