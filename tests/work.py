"""Bounded work: calls are counted, not seconds, so that a busy machine changes nothing."""

from __future__ import annotations

import sys
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Bounded"]


class Bounded:
    """Fails when the code inside makes more than so many calls; ends what would otherwise run on."""

    def __init__(self, calls: int) -> None:
        self.limit = calls
        self.made = 0

    def __enter__(self) -> Bounded:
        self._before = sys.getprofile()
        sys.setprofile(self._count)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        sys.setprofile(self._before)
        assert self.made <= self.limit, f"more than {self.limit} calls"

    def _count(self, frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            self.made += 1
            if self.made > self.limit:
                raise KeyboardInterrupt("too much work")
