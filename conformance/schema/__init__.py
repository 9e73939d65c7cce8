"""The messages of `mlspec.conformance.v1`, made from their descriptor set.

Nothing of that package is shipped, so there is no generated code: `make generate` writes the
descriptor set beside this file, and the classes are made of it here.
"""

from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorSet

_NAMESPACE = "mlspec.conformance.v1"


def _pool() -> descriptor_pool.DescriptorPool:
    described = FileDescriptorSet.FromString(
        Path(__file__).with_name("conformance.binpb").read_bytes()
    )
    pool = descriptor_pool.DescriptorPool()
    for file in described.file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _pool()


def _class(name: str) -> Any:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_NAMESPACE}.{name}"))


def refusal(value: int | str) -> Any:
    """Return the name of a `Refusal` by its number, or its number by its name."""
    described = _POOL.FindEnumTypeByName(f"{_NAMESPACE}.Refusal")
    if isinstance(value, str):
        return described.values_by_name[value].number
    found = described.values_by_number.get(value)
    return found.name if found else str(value)


CaseSet = _class("CaseSet")
Case = _class("Case")
Content = _class("Content")
RuleViolation = _class("RuleViolation")
Request = _class("Request")
Response = _class("Response")
