package sealing

import (
	"cmp"
	"fmt"
	"strings"

	mlspecv1 "github.com/mlspec/mlspec/conformance/go/gen/mlspec/v1"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// The field of a stage's body in Record has the number of the stage and this; docs/spec says so in stage.proto.
const firstBody = 10

// reader is the program that a record is judged for.
type reader struct {
	// version is that of the specification that it knows. Empty: SpecVersion.
	version string
	// understands tells whether it acts on a must-understand annotation of this name.
	understands func(name string) bool
}

// accepted is a record that may be used.
type accepted struct {
	record *mlspecv1.Record
	// newer: it is of a newer version than the reader.
	newer bool
	// doubts say why the reader does not understand it in full. Empty: it does.
	doubts []string
}

// accept applies steps 5 to 8 of verification to the bytes of a record.
func (r reader) accept(payload []byte) (*accepted, error) {
	var record mlspecv1.Record
	if err := decode(payload, maxPayload, &record); err != nil {
		return nil, err
	}
	if record.GetHeader() == nil {
		if err := mustKeepRules(&record); err != nil {
			return nil, err
		}
	}
	if err := r.checkAnnotations(record.GetHeader()); err != nil {
		return nil, err
	}
	found, err := r.checkVersions(&record)
	if err != nil {
		return nil, err
	}
	if err := checkStage(&record); err != nil {
		return nil, err
	}
	if !found.newer {
		return found, mustKeepRules(&record)
	}
	broken, err := Violations(&record)
	if err != nil {
		return nil, err
	}
	for _, each := range broken {
		found.doubts = append(found.doubts, fmt.Sprintf("%s: %s, by this reader's rules", each.Path, each.Message))
	}
	return found, nil
}

// checkVersions is the table of docs/spec/versions.md.
func (r reader) checkVersions(record *mlspecv1.Record) (*accepted, error) {
	header := record.GetHeader()
	least, err := parseVersion("header.least_reader_version", header.GetLeastReaderVersion())
	if err != nil {
		return nil, err
	}
	written, err := parseVersion("header.spec_version", header.GetSpecVersion())
	if err != nil {
		return nil, err
	}
	known, err := parseVersion("reader_version", cmp.Or(r.version, SpecVersion))
	if err != nil {
		return nil, err
	}
	if least.compare(written) > 0 {
		return nil, problem("version.order", "header.least_reader_version",
			"must not be newer than spec_version (got %s)", header.GetLeastReaderVersion())
	}
	found := &accepted{record: record, newer: written.compare(known) > 0}
	if least.compare(known) > 0 {
		found.doubts = append(found.doubts, "needs a reader of version "+header.GetLeastReaderVersion())
	}
	path := unknownField(record)
	if path == "" {
		return found, nil
	}
	if !found.newer {
		return nil, problem("decode.unknown_fields", path,
			"must hold no field that version %s, which it names, lacks", header.GetSpecVersion())
	}
	found.doubts = append(found.doubts, path+": holds a field of a newer version")
	return found, nil
}

func (r reader) checkAnnotations(header *mlspecv1.RecordHeader) error {
	for index, each := range header.GetAnnotations() {
		ignorable := each.GetDuty() == mlspecv1.AnnotationDuty_ANNOTATION_DUTY_IGNORABLE
		if !ignorable && !r.understands(each.GetName()) {
			return problem("record.annotation", fmt.Sprintf("header.annotations[%d]", index),
				"must be understood, and is not (got %.255q)", each.GetName())
		}
	}
	return nil
}

// checkStage refuses a header and a body that were put together from two records.
func checkStage(record *mlspecv1.Record) error {
	body := record.ProtoReflect().WhichOneof(bodies())
	said := record.GetHeader().GetStage()
	if body != nil && int32(body.Number()) != int32(said)+firstBody {
		return problem("record.stage", "header.stage", "must be that of the body, %s (got %s)", body.Name(), stageName(said))
	}
	return nil
}

// stageName returns a stage's name as the field of its body has it, for example "model_training".
func stageName(stage mlspecv1.Stage) string {
	if field := bodies().Fields().ByNumber(protoreflect.FieldNumber(stage) + firstBody); field != nil {
		return string(field.Name())
	}
	return strings.ToLower("stage " + stage.String())
}

func bodies() protoreflect.OneofDescriptor {
	return (*mlspecv1.Record)(nil).ProtoReflect().Descriptor().Oneofs().ByName("body")
}
