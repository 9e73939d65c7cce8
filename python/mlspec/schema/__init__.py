"""The specification as data: its descriptor set with the rules in it, and its .proto files."""

from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["descriptor_set", "proto_files"]


def descriptor_set() -> bytes:
    """Return the serialised `google.protobuf.FileDescriptorSet` of `mlspec.v1`.

    It holds every import, `buf/validate/validate.proto` included, and every validation rule,
    so that a validator in any language can be built from it alone. Comments are not in it.
    """
    return (files(__name__) / "mlspec.binpb").read_bytes()


def proto_files() -> dict[str, str]:
    """Return the source of every .proto file by its import path (`mlspec/v1/digest.proto`)."""
    folder: Traversable = files(__name__) / "mlspec" / "v1"
    return {
        f"mlspec/v1/{entry.name}": entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".proto")
    }
