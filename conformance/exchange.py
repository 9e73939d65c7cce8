"""Driving a program: requests to its standard input, responses from its standard output."""

import queue
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from google.protobuf.message import DecodeError

from conformance.schema import Request, Response
from tools.places import ROOT, ToolError
from tools.vectors.wire import varint

# The largest message of the specification is 16 MiB; its JSON is longer.
_MAX_RESPONSE = 128 * 1024 * 1024
_MAX_STARTS = 20


class ProgramError(Exception):
    """A program that did not answer as it must: it ended, it hung, or what came is no response."""


def _read_length(stream: IO[bytes]) -> int | None:
    """Return the length of the next message, or None at the end of the stream."""
    number = shift = 0
    while byte := stream.read(1):
        number |= (byte[0] & 0x7F) << shift
        if not byte[0] & 0x80:
            return number
        shift += 7
        if shift > 28:
            raise ProgramError("standard output must hold responses, each after its length")
    if shift:
        raise ProgramError("standard output must not end within a length")
    return None


def read_messages(stream: IO[bytes], kind: Any) -> Iterator[Any]:
    """Yield the messages of a stream, each of which stands after its length.

    Raises:
        ProgramError: What came is not that.
    """
    while (length := _read_length(stream)) is not None:
        if length > _MAX_RESPONSE:
            raise ProgramError(f"a message must be at most {_MAX_RESPONSE} bytes (got {length})")
        data = stream.read(length)
        if len(data) < length:
            raise ProgramError(f"a message must have its {length} bytes (got {len(data)})")
        try:
            yield kind.FromString(data)
        except DecodeError as error:
            raise ProgramError(f"a message must be a {kind.DESCRIPTOR.name}: {error}") from error


def write_message(stream: IO[bytes], message: Any) -> None:
    """Write one message after its length."""
    data = message.SerializeToString()
    stream.write(varint(len(data)) + data)
    stream.flush()


class Program:
    """A running program. It is started at the first question, and anew after it failed."""

    def __init__(self, command: Sequence[str], log: Path, timeout: float = 300) -> None:
        """Keep what is needed to start it; `log` gets what it says on standard error."""
        self._command = list(command)
        self._log = log
        self._timeout = timeout
        self._starts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._answers: queue.Queue[Any] = queue.Queue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def ask(self, request: Any) -> Any:
        """Return the program's response to one request.

        Raises:
            ProgramError: It gave none, or another one. The next question starts it anew.
        """
        process = self._process or self._start()
        assert process.stdin is not None
        # A program that reads no more has ended, or will: what is heard from it says why.
        with suppress(BrokenPipeError):
            write_message(process.stdin, request)
        try:
            answer = self._answers.get(timeout=self._timeout)
        except queue.Empty:
            answer = ProgramError(f"the program must answer within {self._timeout:g} s")
        if isinstance(answer, ProgramError):
            raise self._failed(answer)
        if answer.case_id != request.case_id:
            raise self._failed(
                ProgramError(f"must answer {request.case_id} (got {answer.case_id})")
            )
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        self._starts += 1
        if self._starts > _MAX_STARTS:
            raise ProgramError(f"the program failed {_MAX_STARTS} times and is not started again")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._answers = queue.Queue()
        try:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command,
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                )
        except OSError as error:
            raise ToolError(f"{self._command[0]}: must be there to be run ({error})") from error
        self._listener = threading.Thread(
            target=self._listen, args=(self._process, self._answers), daemon=True
        )
        self._listener.start()
        return self._process

    @staticmethod
    def _listen(process: subprocess.Popen[bytes], answers: "queue.Queue[Any]") -> None:
        assert process.stdout is not None
        try:
            for answer in read_messages(process.stdout, Response):
                answers.put(answer)
            answers.put(ProgramError(f"the program must not end (exit code {process.wait()})"))
        except ProgramError as error:
            answers.put(error)

    def _failed(self, error: ProgramError) -> ProgramError:
        self._stop()
        return error

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._listener:
            self._listener.join()
        process.stdout.close()


def serve(answer: Any, source: IO[bytes], target: IO[bytes]) -> None:
    """Be a program: answer each request of `source` with what `answer` fills into a response."""
    for request in read_messages(source, Request):
        response = Response(case_id=request.case_id)
        answer(request, response)
        write_message(target, response)
