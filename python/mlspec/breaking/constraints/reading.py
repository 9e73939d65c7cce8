"""Options as plain data, read with the schema that the image itself brings.

Classes come from a private pool: the rules' own package, `buf`, is never loaded into the process,
where it would collide with that of another library.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

if TYPE_CHECKING:
    from google.protobuf.descriptor_pool import DescriptorPool

Tree = dict[str, Any]
"""A message as data: what is set, by name; an extension's name is in brackets."""

VALIDATE: Final = "buf/validate/validate.proto"
FIELD: Final = "[buf.validate.field]"
ONEOF: Final = "[buf.validate.oneof]"
MESSAGE: Final = "[buf.validate.message]"
PREDEFINED: Final = "[buf.validate.predefined]"

_NANOS: Final = 1_000_000_000
_TIMES: Final = ("google.protobuf.Duration", "google.protobuf.Timestamp")
_EXTENDED: Final = (".buf.validate.", ".google.protobuf.")


class Reader:
    """Reads the options of one image."""

    def __init__(self, image: FileDescriptorSet) -> None:
        self._files = {file.name: file for file in image.file}
        self._classes: dict[str, Any] = {}

    def read(self, options: Any) -> Tree:
        """Return the options of an element, extensions too."""
        if not (data := options.SerializeToString()):
            return {}
        name = options.DESCRIPTOR.full_name
        if name not in self._classes:
            from google.protobuf import message_factory

            kind = self._pool.FindMessageTypeByName(name)
            self._classes[name] = message_factory.GetMessageClass(kind)
        return tree(self._classes[name].FromString(data))

    @cached_property
    def _pool(self) -> DescriptorPool:
        from google.protobuf import message_factory
        from google.protobuf.descriptor_pool import DescriptorPool

        pool = DescriptorPool()
        added: dict[str, bool] = {}
        names = [VALIDATE, *(f.name for f in self._files.values() if _extends(f))]
        loaded = [name for name in names if self._add(pool, name, added)]
        # Extensions are known to a class only once their files have been gone through.
        message_factory.GetMessageClassesForFiles(loaded, pool)
        return pool

    def _add(self, pool: DescriptorPool, name: str, added: dict[str, bool]) -> bool:
        """Add a file after its imports; tell whether it could be."""
        if name not in added:
            added[name] = False
            copies = (self._files.get(name), _known().get(name))
            added[name] = any(self._try(pool, copy, added) for copy in copies if copy is not None)
        return added[name]

    def _try(self, pool: DescriptorPool, file: FileDescriptorProto, added: dict[str, bool]) -> bool:
        if not all(self._add(pool, each, added) for each in file.dependency):
            return False
        try:
            pool.Add(file)
        except (TypeError, ValueError):
            # Newer than this runtime. What it extends stays unread, and is compared as bytes.
            return False
        return True


@lru_cache(maxsize=1)
def _known() -> dict[str, FileDescriptorProto]:
    """The files that come with MLSpec: for images that leave their imports out."""
    from mlspec.schema import descriptor_set

    known = FileDescriptorSet.FromString(descriptor_set())
    return {file.name: file for file in known.file if not file.name.startswith("mlspec/")}


def _extends(file: FileDescriptorProto) -> bool:
    """Tell whether a file extends options or rules."""
    messages = list(file.message_type)
    extensions = list(file.extension)
    while messages:
        message = messages.pop()
        extensions += message.extension
        messages += message.nested_type
    return any(each.extendee.startswith(_EXTENDED) for each in extensions)


def tree(message: Any) -> Tree:
    """Return a message as data; times and durations become nanoseconds."""
    found = {_name(field): _value(field, value) for field, value in message.ListFields()}
    if unread := _unread(message):
        found["unread"] = unread
    return found


def _name(field: Any) -> str:
    return f"[{field.full_name}]" if field.is_extension else str(field.name)


def _value(field: Any, value: Any) -> Any:
    if field.message_type is None:
        repeated = not isinstance(value, bool | int | float | str | bytes)
        return tuple(value) if repeated else value
    if field.message_type.GetOptions().map_entry:
        return {str(key): value[key] for key in sorted(value)}
    if field.message_type.full_name in _TIMES:
        return tuple(map(_nanos, value)) if _many(value) else _nanos(value)
    return tuple(map(tree, value)) if _many(value) else tree(value)


def _many(value: Any) -> bool:
    return not hasattr(value, "ListFields")


class Nanoseconds(int):
    """A time or a duration. People see seconds."""

    def __str__(self) -> str:
        whole, part = divmod(abs(self), _NANOS)
        digits = f".{part:09}".rstrip("0").rstrip(".")
        return f"{'-' * (self < 0)}{whole}{digits}s"


def _nanos(value: Any) -> Nanoseconds:
    return Nanoseconds(value.seconds * _NANOS + value.nanos)


def _unread(message: Any) -> tuple[str, ...]:
    """Return the fields that the schema does not know."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    unknown: Any = UnknownFieldSet(message)
    return tuple(sorted(_words(unknown)))


def _words(fields: Iterable[Any]) -> Iterable[str]:
    for field in fields:
        data = field.data
        if isinstance(data, bytes | int):
            yield f"{field.field_number}: {data!r}"
        else:
            yield f"{field.field_number}: {sorted(_words(data))}"
