"""Comparing images: what is compared, with what, and where findings point."""

from __future__ import annotations

import subprocess
import sys

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec.breaking import RULES, Audience, compare
from mlspec.errors import DecodeError
from mlspec.schema import descriptor_set
from tests.unit.breaking.making import HEAD, findings, image, rules_of

SPEC = FileDescriptorSet.FromString(descriptor_set())


@settings(max_examples=20, deadline=None)
@given(st.sets(st.sampled_from([file.name for file in SPEC.file]), min_size=1))
def test_nothing_breaks_when_nothing_changes(names: set[str]) -> None:
    """Whichever files of the specification are looked at."""
    part = FileDescriptorSet(file=[file for file in SPEC.file if file.name in names])
    again = FileDescriptorSet.FromString(part.SerializeToString())
    assert compare(part, again) == []


@settings(max_examples=10, deadline=None)
@given(st.sampled_from([file.name for file in SPEC.file if file.name.startswith("mlspec/")]))
def test_a_file_is_missed_and_a_new_one_is_not(name: str) -> None:
    """Any file of the specification; its messages are not told one by one."""
    less = FileDescriptorSet(file=[file for file in SPEC.file if file.name != name])
    assert [(each.rule_id, each.file) for each in compare(SPEC, less)] == [("FILE_NO_DELETE", name)]
    assert compare(less, SPEC) == []


def test_images_are_left_as_they_were() -> None:
    """Comparing reads only."""
    old, new = image("message A { string a = 1; }"), image("message A { bytes a = 1; }")
    before = old.SerializeToString(), new.SerializeToString()
    assert compare(old, new)
    assert (old.SerializeToString(), new.SerializeToString()) == before


def test_imports_are_not_compared() -> None:
    """Those of protobuf and of the rules, those that buf marks, or those that are named."""
    old, new = image("message A {}"), image("message A {}")
    new.file[-1].ClearField("message_type")
    assert new.file[-1].name == "t.proto"
    assert compare(old, new)
    assert compare(old, new, imports=["t.proto"]) == []
    # The field 8042 of a file is buf's, and in it field 1 says that the file is an import.
    marked = new.file[-1].SerializeToString() + bytes([0xD2, 0xF6, 0x03, 2, 8, 1])
    new.file[-1].ParseFromString(marked)
    assert compare(old, new) == []
    old.file[0].ClearField("message_type")
    assert old.file[0].name.startswith(("google/", "buf/"))


def test_rules_are_read_without_their_schema_in_the_image() -> None:
    """MLSpec brings it, for images that leave imports out."""
    old, new = (
        image(f"message A {{ string a = 1 [(buf.validate.field).string.max_len = {n}]; }}")
        for n in (9, 8)
    )
    for each in (old, new):
        kept = [file for file in each.file if file.name == "t.proto"]
        del each.file[:]
        each.file.extend(kept)
    (found,) = compare(old, new)
    assert (found.rule_id, found.line) == ("RULE_TIGHTENED", 4)
    assert found.message == "string was max_len 9, is max_len 8"


def test_the_rules_package_is_not_loaded() -> None:
    """A private pool keeps `buf.validate` out of the process, and the library light."""
    code = """
import sys
from mlspec.breaking import compare
from mlspec.schema import descriptor_set
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorSet
old, new = (FileDescriptorSet.FromString(descriptor_set()) for _ in "ab")
(digest,) = (f for f in new.file if f.name == "mlspec/v1/digest.proto")
digest.message_type[0].field[0].options.Clear()
assert compare(old, new)
try:
    descriptor_pool.Default().FindFileByName("buf/validate/validate.proto")
except KeyError:
    print(*(m for m in ("click", "protovalidate", "buf", "subprocess") if m in sys.modules))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_a_message_set_comes_or_goes() -> None:
    """Its extensions are encoded in another way. buf reads no such image."""
    old, new = (
        image(f"message A {{ {option} extensions 4 to 99; }}", head='syntax = "proto2";')
        for option in ("option message_set_wire_format = true;", "")
    )
    assert [each.rule_id for each in compare(old, new)] == ["MESSAGE_SET_CHANGED"]
    assert [each.rule_id for each in compare(new, old)] == ["MESSAGE_SET_CHANGED"]


def test_a_default_moves_with_its_enum() -> None:
    """The field is in a file that did not change; what it means when unset did."""
    head = 'syntax = "proto2"; package t; '
    old = image("enum E { A = 1; B = 2; }", head=head)
    new = image("enum E { B = 2; A = 1; }", head=head)
    for each in (old, new):
        other = each.file.add(name="u.proto", package="t", syntax="proto2", dependency=["t.proto"])
        field = other.message_type.add(name="M").field.add(name="e", number=1, label=1, type=14)
        field.type_name = ".t.E"
    assert [(each.file, each.rule_id) for each in compare(old, new)] == [
        ("u.proto", "FIELD_SAME_DEFAULT")
    ]


def test_ids_of_ours_are_not_those_of_buf() -> None:
    """They end in what has happened; buf's say what must stay so."""
    for rule in RULES.values():
        assert rule.breaks
        assert rule.in_buf == any(word in rule.id for word in ("_SAME_", "_NO_"))


def test_findings_say_who_breaks() -> None:
    """The worst first, in words and as data."""
    (found,) = findings("message A { optional string a = 1 [json_name = \"b\"]; }",
                        "message A { optional string a = 1; }")  # fmt: skip
    assert found.rule.audiences == (Audience.JSON_USERS,)
    assert str(found) == "t.proto:4: FIELD_SAME_JSON_NAME t.A.a: was b, is a (breaks JSON users)"
    assert found.to_dict() == {
        "rule": "FIELD_SAME_JSON_NAME",
        "file": "t.proto",
        "line": 4,
        "element": "t.A.a",
        "message": "was b, is a",
        "remedy": found.remedy,
        "breaks": ["json-users"],
    }


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # A oneof that was renamed was required before.
        (
            "message A { oneof x { option (buf.validate.oneof).required = true; int32 a = 1; } }",
            "message A { oneof y { option (buf.validate.oneof).required = true; int32 a = 1; } }",
            ["FIELD_SAME_ONEOF", "ONEOF_NO_DELETE"],
        ),
        # A member of a oneof tells unset from zero, and may have any rule but `required`.
        (
            "message A { oneof x { int32 a = 1; } }",
            "message A { oneof x { int32 a = 1;"
            " int32 b = 2 [(buf.validate.field).int32.gt = 1]; } }",
            [],
        ),
        (
            "message A { oneof x { int32 a = 1; } }",
            "message A { oneof x { int32 a = 1;"
            " int32 b = 2 [(buf.validate.field).required = true]; } }",
            ["FIELD_NEWLY_REQUIRED"],
        ),
        # Leaving a group of the message, zero is judged again.
        (
            "message A { option (buf.validate.message).oneof = { fields: ['a', 'b'] };"
            " string a = 1 [(buf.validate.field).string.min_len = 1]; string b = 2; }",
            "message A { string a = 1 [(buf.validate.field).string.min_len = 1]; string b = 2; }",
            ["RULE_LOOSENED", "RULE_TIGHTENED"],
        ),
        # Rules on a message that is new bind nobody yet.
        ("", "message A { string a = 1 [(buf.validate.field).required = true]; }", []),
    ],
)  # fmt: skip
def test_rules_that_depend_on_what_is_around(old: str, new: str, expected: list[str]) -> None:
    """Oneofs, groups and new messages."""
    assert rules_of(old, new) == expected


def test_an_image_that_contradicts_itself_is_refused() -> None:
    """It names an import that it does not have; no foreign exception comes out."""
    old, new = image("message A { int32 a = 1; }"), image("message A { int32 a = 2; }")
    new.file[-1].public_dependency.append(99)
    with pytest.raises(DecodeError, match="must be images that a compiler made"):
        compare(old, new)


def test_comments_and_places_do_not_count() -> None:
    """The same text with other comments and empty lines."""
    assert HEAD.count("\n") == 3
    assert rules_of("message A {}", "\n// A.\n\nmessage A {}") == []
