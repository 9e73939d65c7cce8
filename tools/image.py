"""Descriptor sets of the specification."""

from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tools.places import PROTO, ROOT, buf

RULES = "buf/validate/validate.proto"


def build(target: Path, *, source_info: bool = False) -> FileDescriptorSet:
    """Compile `proto` with its imports, write the descriptor set to `target` and return it.

    Comments are in it only with `source_info`. Raises ToolError when the files do not compile.
    """
    flags = [] if source_info else ["--exclude-source-info"]
    buf("build", PROTO.relative_to(ROOT), "--as-file-descriptor-set", *flags, "-o", target)
    return FileDescriptorSet.FromString(target.read_bytes())


def without_rules_import(image: FileDescriptorSet) -> FileDescriptorSet:
    """The same files without their import of buf/validate; the rules stay as option bytes.

    Python code that imports `buf.validate` would need a top-level `buf` package, which collides
    with every other one in the process. The validator reads the rules from the option bytes.
    """
    stripped = FileDescriptorSet()
    for file in image.file:
        if file.name == RULES:
            continue
        if file.public_dependency or file.weak_dependency:
            raise ValueError(
                f"{file.name}: must have no public or weak import (indices would shift)"
            )
        copy = stripped.file.add()
        copy.CopyFrom(file)
        kept = [name for name in file.dependency if name != RULES]
        del copy.dependency[:]
        copy.dependency.extend(kept)
    return stripped
