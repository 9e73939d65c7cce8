"""Calling the plugin as buf does, and reading what it writes with protobuf's runtime."""

import base64
import json
import subprocess
import sys
from typing import Any

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto

from mlspec.breaking import plugin_binary
from mlspec.breaking.plugin_messages import (
    DESCRIPTOR,
    ENUMS,
    MESSAGES,
    REQUESTS,
    RESPONSES,
    Message,
)

SCALARS = ("bool", "bytes", "int32", "string", "uint32")


def _flat(name: str) -> str:
    return name.replace(".", "_")


def _schema() -> FileDescriptorProto:
    """The table of messages as a .proto file would say it, all in one package."""
    file = FileDescriptorProto(name="plugin.proto", package="t", syntax="proto3")
    for name, values in ENUMS.items():
        enum = file.enum_type.add(name=_flat(name))
        enum.value.add(name=f"{_flat(name)}_UNSPECIFIED", number=0)
        for value, number in values.items():
            enum.value.add(name=value, number=number)
    for name, known in MESSAGES.items():
        message = file.message_type.add(name=_flat(name))
        for number, field in known.items():
            made = message.field.add(name=field.name, number=number)
            made.label = made.LABEL_REPEATED if field.repeated else made.LABEL_OPTIONAL
            kind = "bytes" if field.type == DESCRIPTOR else field.type
            if kind in SCALARS:
                made.type = FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}")
            else:
                made.type = made.TYPE_ENUM if kind in ENUMS else made.TYPE_MESSAGE
                made.type_name = f".t.{_flat(kind)}"
    return file


POOL = descriptor_pool.DescriptorPool()
POOL.Add(_schema())


def runtime(kind: str) -> Any:
    """An empty message of a type of the table, as protobuf's runtime makes it."""
    found = POOL.FindMessageTypeByName(f"t.{_flat(kind)}")
    return message_factory.GetMessageClass(found)()


def read(kind: str, data: bytes) -> Message:
    """Read a message of a type of the table with protobuf's runtime."""
    message = runtime(kind)
    message.ParseFromString(data)
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def run(*arguments: str, data: bytes = b"", code: int = 0) -> bytes:
    """Run the plugin; return what it writes, or its complaint if it must exit with `code`."""
    command = [sys.executable, "-m", "mlspec.breaking.plugin", *arguments]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    assert done.returncode == code, done.stderr
    assert bool(done.stderr) == bool(code), done.stderr
    return done.stderr if code else done.stdout


def respond(procedure: str, data: bytes) -> Message:
    """Call a procedure in binary form with these bytes; return the response."""
    return read("pluginrpc.v1.Response", run(procedure, "--format", "binary", data=data))


def call(procedure: str, value: Message | None = None) -> Message:
    """Call a procedure in binary form; return the response's value, which must be one."""
    kind = REQUESTS[procedure]
    content = {"type_url": f"x/{kind}", "value": plugin_binary.encode(kind, value or {})}
    response = respond(procedure, plugin_binary.encode("pluginrpc.v1.Request", {"value": content}))
    assert "error" not in response, response["error"]
    assert response["value"]["type_url"].endswith(f"/{RESPONSES[procedure]}")
    return read(RESPONSES[procedure], base64.b64decode(response["value"].get("value", "")))


def refused(procedure: str, data: bytes) -> tuple[str, str]:
    """Call a procedure in JSON, which must fail; return the code and the message of its error."""
    error = json.loads(run(procedure, "--format", "json", data=data))["error"]
    return error["code"], error["message"]
