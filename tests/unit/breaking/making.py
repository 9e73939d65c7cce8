"""Small images, made from text."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from mlspec.breaking import Finding, compare, load_image

HEAD = """\
syntax = "proto3";
package t;
import "buf/validate/validate.proto";
"""


PROTO = """\
syntax = "proto3";
package shop.v1;
import "buf/validate/validate.proto";
import "google/protobuf/struct.proto";
import "shop/v1/line.proto";
message Order {
  string id = 1 [(buf.validate.field).string.max_len = 40];
  google.protobuf.Struct more = 2;
  Line line = 3;
}
"""
LINE = 'syntax = "proto3";\npackage shop.v1;\nmessage Line {}\n'


def image(text: str, *, head: str = HEAD) -> FileDescriptorSet:
    """The image of one file, t.proto."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "t.proto").write_text(head + text)
        return load_image(folder)


def rules_of(old: str, new: str, *, head: str = HEAD) -> list[str]:
    """The ids of the rules that the edit from `old` to `new` breaks, in order."""
    return sorted({finding.rule_id for finding in findings(old, new, head=head)})


def findings(old: str, new: str, *, head: str = HEAD) -> list[Finding]:
    """The findings of the edit from `old` to `new`."""
    return compare(image(old, head=head), image(new, head=head))


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder, as somebody."""
    who = ["-c", "user.name=Pat", "-c", "user.email=pat@shop.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def write(folder: Path, text: str = PROTO) -> Path:
    """A folder of two .proto files."""
    for name, content in (("order.proto", text), ("line.proto", LINE)):
        target = folder / "shop" / "v1" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    return folder
