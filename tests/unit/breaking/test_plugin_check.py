"""The plugin compares what buf sends it, and finds what the library finds."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from mlspec.breaking import Finding, compare, plugin_binary
from mlspec.breaking.plugin_messages import CHECK, REQUESTS, Message
from tests.unit.breaking.plugin_calls import call, refused, respond, run
from tools.places import GENERATOR, VALIDATE_PROTO

BEFORE = """\
syntax = "proto3";
package shop.v1;
import "buf/validate/validate.proto";
message Order {
  string id = 1 [(buf.validate.field).string.max_len = 40];
  repeated string lines = 2 [(buf.validate.field).repeated.max_items = 100];
  Currency currency = 3;
}
enum Currency {
  CURRENCY_UNSPECIFIED = 0;
  CURRENCY_EUR = 1;
}
"""
AFTER = BEFORE.replace("max_len = 40", "max_len = 30").replace("max_items = 100", "max_items = 200")

Compile = Callable[[str], FileDescriptorSet]


@pytest.fixture
def compiled(tmp_path: Path) -> Compile:
    """Compiles one .proto file, with what it imports, to an image as buf makes it."""
    rules = tmp_path / "rules" / "buf" / "validate" / "validate.proto"
    rules.parent.mkdir(parents=True)
    rules.write_bytes(VALIDATE_PROTO.read_bytes())
    (tmp_path / "buf.yaml").write_text("version: v2\nmodules: [{path: proto}, {path: rules}]\n")
    source = tmp_path / "proto" / "shop" / "v1" / "order.proto"
    source.parent.mkdir(parents=True)

    def build(text: str) -> FileDescriptorSet:
        source.write_text(text)
        command = [str(GENERATOR / "buf"), "build", "proto", "-o", "-"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
        return FileDescriptorSet.FromString(done.stdout)

    return build


def check_request(new: FileDescriptorSet, old: FileDescriptorSet, **more: Any) -> Message:
    """The request to compare two images, nothing of which is marked as an import."""
    return {
        "file_descriptors": [{"file_descriptor_proto": f.SerializeToString()} for f in new.file],
        "against_file_descriptors": [
            {"file_descriptor_proto": file.SerializeToString()} for file in old.file
        ],
        **more,
    }


def rules_of(response: Message) -> set[str]:
    """The rules that a response says are broken."""
    return {annotation["rule_id"] for annotation in response.get("annotations", [])}


def test_findings_are_those_of_the_library(compiled: Compile) -> None:
    """The plugin reports what `compare` finds, but for what buf finds itself, at the same place."""
    old = compiled(BEFORE)
    new = compiled(AFTER.replace("string id = 1", "string key = 1"))
    annotations = call(CHECK, check_request(new, old))["annotations"]
    assert [annotation["rule_id"] for annotation in annotations] == [
        "RULE_TIGHTENED",
        "RULE_LOOSENED",
    ]
    own = [finding for finding in compare(old, new) if not finding.rule.in_buf]
    assert [annotation["message"] for annotation in annotations] == list(map(words, own))
    # What was read back are the packed numbers of the path.
    assert [place(annotation["file_location"]) for annotation in annotations] == [
        (finding.file, finding.path) for finding in own
    ]


def words(finding: Finding) -> str:
    """What buf prints of a finding."""
    breaks = ", ".join(audience.words for audience in finding.rule.audiences)
    return f"{finding.element}: {finding.message} (breaks {breaks})"


def place(location: Message) -> tuple[str, tuple[int, ...]]:
    """The file and the path of a location."""
    return location["file_name"], tuple(location["source_path"])


def test_json_is_answered_as_binary_is(compiled: Compile) -> None:
    """What JSON cannot carry, options whose schema is not at hand, is refused and not dropped."""
    plain = BEFORE.replace('import "buf/validate/validate.proto";', "")
    plain = plain.replace(" [(buf.validate.field).string.max_len = 40]", "")
    plain = plain.replace(" [(buf.validate.field).repeated.max_items = 100]", "")
    renumbered = plain.replace("Currency currency = 3", "Currency currency = 4")
    old, new = compiled(plain), compiled(renumbered)
    files = [as_json(file) for file in (new, old)]
    value = {"fileDescriptors": files[0], "againstFileDescriptors": files[1]}
    request = {"value": {"@type": f"x/{REQUESTS[CHECK]}", **value}}
    written = run(CHECK, "--format=json", data=json.dumps(request).encode())
    (found,) = json.loads(written)["value"]["annotations"]
    assert found["rule_id"] == "FIELD_RENUMBERED"
    assert place(found["file_location"]) == ("shop/v1/order.proto", (4, 0, 2, 2))

    files[0][0]["fileDescriptorProto"]["options"] = {"[buf.validate.file]": {}}
    code, message = refused(CHECK, json.dumps(request).encode())
    assert code == "CODE_INVALID_ARGUMENT"
    assert message.endswith("send it with --format binary")


def as_json(image: FileDescriptorSet) -> list[Message]:
    """The files of an image as buf would send them in JSON."""
    return [{"fileDescriptorProto": json_format.MessageToDict(file)} for file in image.file]


def test_only_the_rules_asked_for_are_checked(compiled: Compile) -> None:
    """What buf.yaml names under `breaking.use`."""
    request = check_request(compiled(AFTER), compiled(BEFORE))
    assert rules_of(call(CHECK, request)) == {"RULE_TIGHTENED", "RULE_LOOSENED"}
    assert rules_of(call(CHECK, {**request, "rule_ids": ["RULE_LOOSENED"]})) == {"RULE_LOOSENED"}
    assert rules_of(call(CHECK, {**request, "rule_ids": ["ENUM_MOVED"]})) == set()


def test_imports_are_not_compared(compiled: Compile) -> None:
    """A file of others, that only what is compared imports, is for others to keep."""
    request = check_request(compiled(AFTER), compiled(BEFORE))
    for file in request["file_descriptors"] + request["against_file_descriptors"]:
        file["is_import"] = True
    assert call(CHECK, request) == {}


def test_the_first_version_breaks_nothing(compiled: Compile) -> None:
    """Without anything before, there is nothing to compare."""
    request = check_request(compiled(AFTER), FileDescriptorSet())
    assert call(CHECK, request) == {}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"rule_ids": ["NO_SUCH_RULE"]}, "rule_ids must be those of ListRules (got NO_SUCH_RULE)"),
        ({"options": [{"key": "audiences"}]}, "options must be empty (got audiences); choose"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(value: Message, message: str) -> None:
    """With what must hold, and what to do."""
    request = {"value": {"@type": f"x/{REQUESTS[CHECK]}", **value}}
    code, text = refused(CHECK, json.dumps(request).encode())
    assert code == "CODE_INVALID_ARGUMENT"
    assert text.startswith(message)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00garbage",
        plugin_binary.delimited(1, plugin_binary.delimited(1, b"x/another.Message")),
        plugin_binary.encode(
            "pluginrpc.v1.Request",
            {
                "value": {
                    "type_url": f"x/{REQUESTS[CHECK]}",
                    "value": plugin_binary.encode(
                        REQUESTS[CHECK],
                        {
                            name: [{"file_descriptor_proto": b"\xff garbage"}]
                            for name in ("file_descriptors", "against_file_descriptors")
                        },
                    ),
                }
            },
        ),
    ],
    ids=["no request", "another message", "no descriptor"],
)
def test_garbage_is_refused(data: bytes) -> None:
    """In one line, that says what it must be."""
    error = respond(CHECK, data)["error"]
    assert error["code"] == "CODE_INVALID_ARGUMENT"
    assert " must " in error["message"]
    assert "\n" not in error["message"]
