"""Produce the items of an iterator in a thread, while the previous item is in use."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class _Produced(Generic[Item]):
    item: Item


@dataclass(frozen=True)
class _Finished:
    failure: BaseException | None


@contextmanager
def prefetch(items: Iterator[Item], depth: int = 1) -> Iterator[Iterator[Item]]:
    """The same items in the same order; at most `depth` of them wait, so that memory stays bounded.

    Exceptions of the iterator are raised at the same position. Leaving early stops the thread after its current item.
    """
    buffer: queue.Queue[_Produced[Item] | _Finished] = queue.Queue(depth)
    stopped = threading.Event()

    def put(entry: _Produced[Item] | _Finished) -> None:
        while not stopped.is_set():
            try:
                return buffer.put(entry, timeout=0.1)
            except queue.Full:
                continue

    def produce() -> None:
        failure: BaseException | None = None
        try:
            for item in items:
                put(_Produced(item))
                if stopped.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 (it is raised again where the items are used)
            failure = error
        put(_Finished(failure))

    def consume() -> Iterator[Item]:
        while True:
            entry = buffer.get()
            if isinstance(entry, _Finished):
                if entry.failure is not None:
                    raise entry.failure
                return
            yield entry.item

    worker = threading.Thread(target=produce, name="jkpi-prefetch", daemon=True)
    worker.start()
    try:
        yield consume()
    finally:
        stopped.set()
        worker.join()
