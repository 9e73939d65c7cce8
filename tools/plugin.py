"""A protoc plugin that is protoc itself: its built-in `python` and `grpc_python` generators.

buf runs plugins but has no protoc of its own, so this hands its request to the one in grpcio-tools.
Runs only in the generator's environment.
"""

import sys
import tempfile
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc


def generate(generator: str, request: CodeGeneratorRequest) -> CodeGeneratorResponse:
    """Answer a plugin request with what protoc's built-in `generator` writes."""
    services = {file.name for file in request.proto_file if file.service}
    wanted = [
        name for name in request.file_to_generate if generator != "grpc_python" or name in services
    ]
    response = CodeGeneratorResponse(
        supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    )
    if not wanted:
        return response
    with tempfile.TemporaryDirectory() as folder:
        descriptors = Path(folder, "descriptors.binpb")
        descriptors.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
        output = Path(folder, "output")
        output.mkdir()
        flags = [f"--descriptor_set_in={descriptors}", f"--{generator}_out={output}"]
        if protoc.main(["protoc", *flags, *wanted]):
            response.error = f"protoc --{generator}_out failed"
            return response
        for path in sorted(output.rglob("*.py")):
            response.file.add(name=path.relative_to(output).as_posix(), content=path.read_text())
    return response


if __name__ == "__main__":
    asked = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    sys.stdout.buffer.write(generate(sys.argv[1], asked).SerializeToString())
