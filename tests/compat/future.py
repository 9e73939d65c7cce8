"""A later minor version of the specification, made in a copy of the repository.

It adds what a minor version may add: fields in the header, in a body and in lists inside both, a
message, a value of an enum that may grow, and a stage with its body. Every number is the next
free one, whatever the specification holds by then.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import yaml

from mlspec.records import Version
from tools.places import GENERATOR, ROOT
from tools.release_kit import run

FOLDERS = ("python", "tools", "conformance/schema")
FILES = ("buf.yaml", "buf.gen.yaml", "pyproject.toml", "README.md", "LICENSE")
STAGE = "STAGE_FUTURE_RETIREMENT"
SHARED = (".tools", "third_party")

_NUMBER = re.compile(r"= (\d+)(?=;| \[)")
_BODY = """\
syntax = "proto3";

package mlspec.v1;

import "buf/validate/validate.proto";

option go_package = "github.com/mlspec/mlspec/gen/go/mlspec/v1;mlspecv1";
option java_multiple_files = true;
option java_outer_classname = "FutureRetirementProto";
option java_package = "org.mlspec.v1";

// How a model was taken out of service.
message FutureRetirement {
  // Required. Why. 1 to 255 characters.
  string reason = 1 [(buf.validate.field).string = {
    min_len: 1
    max_len: 255
  }];
}
"""

# As the comment of Record says: rules of the new stage's own, which nothing old can break.
_RULES = """\
  option (buf.validate.message).cel = {{
    id: "record.future_retirement.stage"
    message: "header.stage must name the body"
    expression: "!has(this.future_retirement) || this.header.stage == {stage}"
  }};
  option (buf.validate.message).cel = {{
    id: "record.future_retirement.present"
    message: "a record that SUCCEEDED and was RECORDED must have a body"
    expression:
      "this.header.stage != {stage} || this.header.state != 1 || this.header.capture != 1 "
      "|| has(this.future_retirement)"
  }};
"""


def next_version(version: str) -> str:
    """The next minor version after `version`."""
    parsed = Version.parse(version)
    return f"{parsed.major}.{parsed.minor + 1}.0"


def make(root: Path, version: str) -> Path:
    """Copy the repository to `root` and make it version `version`; return `root`."""
    root.mkdir()
    modules = yaml.safe_load((ROOT / "buf.yaml").read_text())["modules"]
    own = [each["path"] for each in modules if not each["path"].startswith(SHARED)]
    for name in (*FOLDERS, *own):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copyfile(ROOT / name, root / name)
    for name in SHARED:
        (root / name).symlink_to(ROOT / name)
    _grow(root / "proto" / "mlspec" / "v1")
    _grow_package(root, version)
    run(GENERATOR / "python", "-m", "tools.generate", folder=root)
    return root


def number(path: Path, name: str) -> int:
    """Return the number that a value or field has in a .proto file."""
    (found,) = re.findall(rf"\b{name} = (\d+)", path.read_text())
    return int(found)


def _grow(proto: Path) -> None:
    _add(
        proto / "record_header.proto", "message RecordHeader", "optional string future_region = {}"
    )
    _add(proto / "artifact.proto", "message Artifact", "FutureLicence future_licence = {}")
    _append(
        proto / "artifact.proto",
        "// On what terms.\nmessage FutureLicence {\n  // Its name.\n  string name = 1;\n}\n",
    )
    _add(
        proto / "training_progress.proto",
        "message TrainingCheckpoint",
        "optional int64 future_shard_count = {}",
    )
    _add(
        proto / "model_training.proto",
        "message ModelTraining",
        "repeated FutureLicence future_licences = {}",
    )
    _import(proto / "model_training.proto", "artifact")
    _add(proto / "training_progress.proto", "enum StopReason", "STOP_REASON_FUTURE_BUDGET = {}")
    _grow_stages(proto)


def _grow_stages(proto: Path) -> None:
    (proto / "future_retirement.proto").write_text(_BODY)
    stage = _add(proto / "stage.proto", "enum Stage", f"{STAGE} = {{}}")
    record = proto / "record.proto"
    _import(record, "future_retirement")
    field = f"    // It was retired.\n    FutureRetirement future_retirement = {stage + 10};\n"
    _change(record, r"(?<=  oneof body \{\n)", field)
    _change(record, r"(?=^  option \(buf\.validate\.message\)\.cel = )", _RULES.format(stage=stage))


def _grow_package(root: Path, version: str) -> None:
    versions = root / "python" / "mlspec" / "records" / "versions.py"
    for name in ("SPEC_VERSION", "LEAST_READER_VERSION"):
        _change(versions, rf'(?<=^{name}: Final = ").+?(?=")', version)
    _change(root / "python" / "mlspec" / "__init__.py", r'(?<=^__version__ = ").+?(?=")', version)
    _change(root / "pyproject.toml", r'(?<=^version = ").+?(?=")', version)
    labels = root / "python" / "mlspec" / "store" / "labels.py"
    _change(labels, r'(?<=    "run_manifest",\n)(?=\))', '    "future_retirement",\n')


def _add(path: Path, block: str, element: str) -> int:
    """Put an element at the end of a message or enum, under its next free number; return that."""
    found = re.search(rf"^{block} \{{\n(.*?)^\}}", path.read_text(), re.MULTILINE | re.DOTALL)
    assert found, f"{path.name}: must hold {block}"
    number = 1 + max(int(each) for each in _NUMBER.findall(found[1]))
    place = found.end() - 1
    added = f"  // Added.\n  {element.format(number)};\n"
    _rewrite(path, lambda text: text[:place] + added + text[place:])
    return number


def _append(path: Path, text: str) -> None:
    _rewrite(path, lambda before: f"{before}\n{text}")


def _import(path: Path, name: str) -> None:
    line = f'import "mlspec/v1/{name}.proto";\n'
    if line not in path.read_text():
        _change(path, r"(?<=^import \"buf/validate/validate\.proto\";\n)", line)


def _change(path: Path, pattern: str, by: str) -> None:
    """Replace the first place that fits a pattern; there must be one."""
    text, count = re.subn(
        pattern, lambda _: by, path.read_text(), count=1, flags=re.MULTILINE | re.DOTALL
    )
    assert count == 1, f"{path.name}: must hold {pattern}"
    path.write_text(text)


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))
