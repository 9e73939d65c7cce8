"""Run by a clean environment's Python, with only the installed wheel: what must hold there.

Arguments: a valid record and an invalid one, both in text format.
"""

import sys
from pathlib import Path

import google.protobuf
from google.protobuf import descriptor_pb2, text_format

import mlspec
from mlspec import schema, v1
from mlspec.breaking import compare
from mlspec.validation import violations


def main(valid: Path, invalid: Path) -> None:
    """Check the installed package; print the protobuf version it was checked beside."""
    assert "site-packages" in mlspec.__file__, mlspec.__file__
    assert "buf" not in sys.modules
    package = Path(mlspec.__file__).parent
    assert (package / "py.typed").is_file()

    accepted = text_format.Parse(valid.read_text(), v1.Record())
    assert list(violations(accepted)) == [], list(violations(accepted))
    refused = text_format.Parse(invalid.read_text(), v1.Record())
    assert list(violations(refused)) != []
    assert list(violations(v1.Record())) != []

    described = descriptor_pb2.FileDescriptorSet.FromString(schema.descriptor_set())
    names = {file.name for file in described.file}
    assert "buf/validate/validate.proto" in names
    assert set(schema.proto_files()) <= names
    assert set(schema.proto_files()) == {n for n in names if n.startswith("mlspec/")}
    shorter = descriptor_pb2.FileDescriptorSet(file=described.file)
    del next(file for file in shorter.file if file.name == "mlspec/v1/digest.proto").message_type[:]
    assert compare(described, described) == []
    assert {found.rule_id for found in compare(described, shorter)} == {"MESSAGE_NO_DELETE"}
    print(google.protobuf.__version__)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
