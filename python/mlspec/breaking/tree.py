"""An image as a tree of elements, each with its name, its place and its features."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

from mlspec.breaking.features import (
    DELIMITED,
    IMPLICIT,
    LEGACY_REQUIRED,
    Features,
    inherit,
    of_file,
)

if TYPE_CHECKING:
    from mlspec.breaking.finding import Path

T = TypeVar("T", covariant=True)

_FD = FieldDescriptorProto
MESSAGES = (_FD.TYPE_MESSAGE, _FD.TYPE_GROUP)


@dataclass(frozen=True, slots=True, eq=False)
class Element(Generic[T]):
    """An element of a file.

    Attributes:
        proto: Its descriptor.
        name: Its name with those of the messages around it, without the package.
        path: Its place in the file.
        file: The file that holds it.
        features: What holds for it.
        owner: The message around it, if any.
    """

    proto: T
    name: str
    path: Path
    file: FileDescriptorProto
    features: Features
    owner: Message | None = None

    @property
    def full_name(self) -> str:
        """The name with the package."""
        return f"{self.file.package}.{self.name}" if self.file.package else self.name


Message = Element[DescriptorProto]
Enum = Element[EnumDescriptorProto]
Field = Element[FieldDescriptorProto]
Service = Element[ServiceDescriptorProto]


@dataclass
class Tree:
    """The elements of some files of an image.

    Attributes:
        files: The files by name.
        messages: Messages, nested ones and map entries too, by full name.
        enums: Enums by full name.
        services: Services by full name.
        extensions: Extensions by the message they extend and their number.
    """

    files: dict[str, FileDescriptorProto]
    messages: dict[str, Message] = field(default_factory=dict)
    enums: dict[str, Enum] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    extensions: dict[tuple[str, int], Field] = field(default_factory=dict)

    def grow(self, names: Collection[str]) -> None:
        """Take in the elements of the files with these names."""
        for name in names:
            file = self.files[name]
            features = of_file(file)
            for index, message in enumerate(file.message_type):
                self._message(message, (4, index), file, features, None)
            for index, enum in enumerate(file.enum_type):
                self._enum(enum, (5, index), file, features, None)
            for index, service in enumerate(file.service):
                found = Element(service, service.name, (6, index), file, features)
                self.services[found.full_name] = found
            for index, extension in enumerate(file.extension):
                self._extension(extension, (7, index), file, features, None)

    def _message(
        self,
        proto: DescriptorProto,
        path: Path,
        file: FileDescriptorProto,
        outer: Features,
        owner: Message | None,
    ) -> None:
        features = inherit(outer, proto.options)
        found = Element(proto, _nested(owner, proto.name), path, file, features, owner)
        self.messages[found.full_name] = found
        for index, message in enumerate(proto.nested_type):
            # Nobody writes a map's entry: what is said of it is said of the map.
            at = _map_path(proto, path, message) if message.options.map_entry else ()
            self._message(message, at or (*path, 3, index), file, features, found)
        for index, enum in enumerate(proto.enum_type):
            self._enum(enum, (*path, 4, index), file, features, found)
        for index, extension in enumerate(proto.extension):
            self._extension(extension, (*path, 6, index), file, features, found)

    def _enum(
        self,
        proto: EnumDescriptorProto,
        path: Path,
        file: FileDescriptorProto,
        outer: Features,
        owner: Message | None,
    ) -> None:
        features = inherit(outer, proto.options)
        found = Element(proto, _nested(owner, proto.name), path, file, features, owner)
        self.enums[found.full_name] = found

    def _extension(
        self,
        proto: FieldDescriptorProto,
        path: Path,
        file: FileDescriptorProto,
        outer: Features,
        owner: Message | None,
    ) -> None:
        features = inherit(outer, proto.options)
        found = Element(proto, _nested(owner, proto.name), path, file, features, owner)
        self.extensions[proto.extendee, proto.number] = found


def named(image: FileDescriptorSet) -> Iterator[tuple[str, Any]]:
    """Yield every message and enum of an image, imports and nested ones too, by full name."""
    for file in image.file:
        ahead: list[tuple[str, Any]] = [(f"{file.package}." if file.package else "", file)]
        while ahead:
            scope, holder = ahead.pop()
            yield from ((scope + enum.name, enum) for enum in holder.enum_type)
            for message in holder.message_type if holder is file else holder.nested_type:
                yield scope + message.name, message
                ahead.append((f"{scope}{message.name}.", message))


def _nested(owner: Message | None, name: str) -> str:
    return f"{owner.name}.{name}" if owner else name


def _map_path(outer: DescriptorProto, path: Path, entry: DescriptorProto) -> Path:
    ending = f".{outer.name}.{entry.name}"
    for index, proto in enumerate(outer.field):
        if proto.type_name.endswith(ending):
            return (*path, 2, index)
    return ()


def fields(message: Message) -> dict[int, Field]:
    """Return the fields of a message by number."""
    return {
        proto.number: Element(
            proto,
            f"{message.name}.{proto.name}",
            message.path if message.proto.options.map_entry else (*message.path, 2, index),
            message.file,
            inherit(message.features, proto.options),
            message,
        )
        for index, proto in enumerate(message.proto.field)
    }


def real_oneof(element: Field) -> str | None:
    """Return the name of the oneof that a field is in; the one of an `optional` is none."""
    proto = element.proto
    if element.owner is None or proto.extendee or proto.proto3_optional:
        return None
    if not proto.HasField("oneof_index"):
        return None
    return element.owner.proto.oneof_decl[proto.oneof_index].name


def real_oneofs(message: Message) -> Iterator[tuple[int, str]]:
    """Yield index and name of each oneof of a message that is not that of an `optional`."""
    synthetic = {f.oneof_index for f in message.proto.field if f.proto3_optional}
    for index, oneof in enumerate(message.proto.oneof_decl):
        if index not in synthetic:
            yield index, oneof.name


def is_map(element: Field) -> bool:
    """Tell whether a field is a map."""
    proto = element.proto
    if proto.label != _FD.LABEL_REPEATED or proto.type not in MESSAGES or element.owner is None:
        return False
    return any(
        nested.options.map_entry
        and proto.type_name.endswith(f".{element.owner.name}.{nested.name}")
        for nested in element.owner.proto.nested_type
    )


def kind(element: Field) -> int:
    """Return the type of a field as the wire has it: a delimited message is a group."""
    proto = element.proto
    if proto.type != _FD.TYPE_MESSAGE or element.features.encoding != DELIMITED or is_map(element):
        return proto.type
    return _FD.TYPE_GROUP


def cardinality(element: Field) -> str:
    """Return how many values a field has, and whether unset differs from zero."""
    proto = element.proto
    if proto.label == _FD.LABEL_REPEATED:
        return "map" if is_map(element) else "repeated"
    if proto.label == _FD.LABEL_REQUIRED or element.features.presence == LEGACY_REQUIRED:
        return "required"
    return "optional with presence" if has_presence(element) else "optional without presence"


def has_presence(element: Field) -> bool:
    """Tell whether a field that is set to zero differs from one that is not set."""
    proto = element.proto
    if proto.label == _FD.LABEL_REPEATED:
        return False
    if proto.extendee or proto.HasField("oneof_index") or proto.type in MESSAGES:
        return True
    return element.features.presence != IMPLICIT
