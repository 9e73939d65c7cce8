"""What is closed at the end of a `with` block, however that ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """Something that is open until `close`, or until the end of the `with` block over it."""

    __slots__ = ()

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held. Closing twice does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
