"""The specification as a tree of elements, each with its comment and its rules.

Read from a descriptor set that has source info; documentation and style tests both use it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    FileOptions,
    ServiceDescriptorProto,
)

Path = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """One value of an enum."""

    name: str
    number: int
    comment: str


@dataclass(frozen=True)
class Enum:
    """An enum with its values in the order of the file."""

    name: str
    comment: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Field:
    """A field; `rules` is its `buf.validate.FieldRules`, or None."""

    name: str
    number: int
    kind: str
    repeated: bool
    optional: bool
    comment: str
    rules: Any
    oneof: str | None


@dataclass(frozen=True)
class Oneof:
    """A group of fields of which one is set; `rules` is its `buf.validate.OneofRules`, or None."""

    name: str
    comment: str
    rules: Any


@dataclass(frozen=True)
class Message:
    """A message; `rules` is its `buf.validate.MessageRules`, or None."""

    name: str
    comment: str
    fields: tuple[Field, ...]
    oneofs: tuple[Oneof, ...]
    messages: tuple["Message", ...]
    enums: tuple[Enum, ...]
    rules: Any
    is_map_entry: bool

    def walk(self) -> Iterator["Message"]:
        """Yield this message and all nested ones."""
        yield self
        for nested in self.messages:
            yield from nested.walk()


@dataclass(frozen=True)
class Method:
    """A call of a service, as its comment and types say."""

    name: str
    comment: str
    request: str
    response: str


@dataclass(frozen=True)
class Service:
    """A gRPC service."""

    name: str
    comment: str
    methods: tuple[Method, ...]


@dataclass(frozen=True)
class File:
    """A .proto file. `name` is its import path."""

    name: str
    options: FileOptions
    messages: tuple[Message, ...]
    enums: tuple[Enum, ...]
    services: tuple[Service, ...]

    def all_messages(self) -> Iterator[Message]:
        """Yield every message of the file, nested ones too."""
        for message in self.messages:
            yield from message.walk()

    def all_enums(self) -> Iterator[Enum]:
        """Yield every enum of the file, nested ones too."""
        yield from self.enums
        for message in self.all_messages():
            yield from message.enums


@dataclass
class _Rules:
    """Reads the rules out of option bytes, with classes made from the image itself."""

    image: FileDescriptorSet
    _pool: Any = field(init=False)

    def __post_init__(self) -> None:
        self._pool = descriptor_pool.DescriptorPool()
        for file in self.image.file:
            self._pool.Add(file)
        names = [file.name for file in self.image.file]
        message_factory.GetMessageClassesForFiles(names, self._pool)

    def of(self, options: Any, extension: str) -> Any:
        """Return the extension `buf.validate.<extension>` of an options message, or None."""
        kind = self._pool.FindMessageTypeByName(options.DESCRIPTOR.full_name)
        known = message_factory.GetMessageClass(kind).FromString(options.SerializeToString())
        handle = self._pool.FindExtensionByName(f"buf.validate.{extension}")
        return known.Extensions[handle] if known.HasExtension(handle) else None


@dataclass
class _Reader:
    """Turns the descriptors of one file into elements."""

    rules: _Rules
    comments: dict[Path, str]

    def enum(self, enum: EnumDescriptorProto, path: Path) -> Enum:
        values = tuple(
            Value(value.name, value.number, self.comments.get((*path, 2, index), ""))
            for index, value in enumerate(enum.value)
        )
        return Enum(enum.name, self.comments.get(path, ""), values)

    def field(self, field: FieldDescriptorProto, path: Path, owner: DescriptorProto) -> Field:
        kind = field.type_name.lstrip(".") or FieldDescriptorProto.Type.Name(field.type)
        grouped = field.HasField("oneof_index") and not field.proto3_optional
        return Field(
            name=field.name,
            number=field.number,
            kind=kind.removeprefix("TYPE_").lower() if kind.startswith("TYPE_") else kind,
            repeated=field.label == FieldDescriptorProto.LABEL_REPEATED,
            optional=field.proto3_optional,
            comment=self.comments.get(path, ""),
            rules=self.rules.of(field.options, "field"),
            oneof=owner.oneof_decl[field.oneof_index].name if grouped else None,
        )

    def message(self, message: DescriptorProto, path: Path, outer: str = "") -> Message:
        name = f"{outer}{message.name}"
        fields = [self.field(f, (*path, 2, i), message) for i, f in enumerate(message.field)]
        grouped = {field.oneof for field in fields}
        oneofs = [
            Oneof(o.name, self.comments.get((*path, 8, i), ""), self.rules.of(o.options, "oneof"))
            for i, o in enumerate(message.oneof_decl)
            if o.name in grouped
        ]
        nested = [
            self.message(m, (*path, 3, i), f"{name}.") for i, m in enumerate(message.nested_type)
        ]
        return Message(
            name=name,
            comment=self.comments.get(path, ""),
            fields=tuple(fields),
            oneofs=tuple(oneofs),
            messages=tuple(nested),
            enums=tuple(self.enum(e, (*path, 4, i)) for i, e in enumerate(message.enum_type)),
            rules=self.rules.of(message.options, "message"),
            is_map_entry=message.options.map_entry,
        )

    def service(self, service: ServiceDescriptorProto, path: Path) -> Service:
        methods = [
            Method(
                method.name,
                self.comments.get((*path, 2, index), ""),
                "stream " * method.client_streaming + method.input_type.lstrip("."),
                "stream " * method.server_streaming + method.output_type.lstrip("."),
            )
            for index, method in enumerate(service.method)
        ]
        return Service(service.name, self.comments.get(path, ""), tuple(methods))

    def file(self, file: FileDescriptorProto) -> File:
        return File(
            name=file.name,
            options=file.options,
            messages=tuple(self.message(m, (4, i)) for i, m in enumerate(file.message_type)),
            enums=tuple(self.enum(e, (5, i)) for i, e in enumerate(file.enum_type)),
            services=tuple(self.service(s, (6, i)) for i, s in enumerate(file.service)),
        )


def _comments(file: FileDescriptorProto) -> dict[Path, str]:
    """The leading comment of each element, without the space after each `//`."""
    return {
        tuple(location.path): "\n".join(
            line.removeprefix(" ") for line in location.leading_comments.rstrip("\n").split("\n")
        )
        for location in file.source_code_info.location
        if location.leading_comments
    }


def read(image: FileDescriptorSet, package: str = "mlspec.v1") -> list[File]:
    """Return the files of `package` found in `image`, by name."""
    rules = _Rules(image)
    files = [file for file in image.file if file.package == package]
    return [
        _Reader(rules, _comments(file)).file(file) for file in sorted(files, key=lambda f: f.name)
    ]
