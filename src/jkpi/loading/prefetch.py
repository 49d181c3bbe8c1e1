"""Work ahead: what an iterator makes is made in a thread, while the one before is still in use."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class _Made(Generic[Item]):
    item: Item


@dataclass(frozen=True)
class _Ended:
    failure: BaseException | None


@contextmanager
def ahead(items: Iterator[Item], depth: int = 1) -> Iterator[Iterator[Item]]:
    """The same items in the same order; at most `depth` of them wait, so memory stays bounded.

    What the iterator raises is raised here, where it would have come. Leaving early stops the thread after its item.
    """
    line: queue.Queue[_Made[Item] | _Ended] = queue.Queue(depth)
    stopped = threading.Event()

    def put(found: _Made[Item] | _Ended) -> None:
        while not stopped.is_set():
            try:
                return line.put(found, timeout=0.1)
            except queue.Full:
                continue

    def make() -> None:
        failure: BaseException | None = None
        try:
            for item in items:
                put(_Made(item))
                if stopped.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 (it is raised again where the items are used)
            failure = error
        put(_Ended(failure))

    def made() -> Iterator[Item]:
        while True:
            found = line.get()
            if isinstance(found, _Ended):
                if found.failure is not None:
                    raise found.failure
                return
            yield found.item

    worker = threading.Thread(target=make, name="jkpi-ahead", daemon=True)
    worker.start()
    try:
        yield made()
    finally:
        stopped.set()
        worker.join()
