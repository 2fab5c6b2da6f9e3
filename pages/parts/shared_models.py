"""The networks with their weights, shared by all visitors: never one module in two threads at once.

A method may put hooks into a module, so it is lent to one thread at a time. Of a small network there are a few copies, so that a quick
look need not wait for somebody's long computation; of a large one there is one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

MOST = 8  # networks
MOST_BYTES = 2_000_000_000  # of their parameters, together
COPIES = 3
COPIED_BYTES = 100_000_000  # a network with more parameters than this has no copies

Key = tuple[str, str]  # (network, weights)


@dataclass(slots=True, eq=False)
class _Pool:
    """The copies of one network that exist, and which of them are lent."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    free: list[nn.Module] = field(default_factory=list)
    lent: dict[int, nn.Module] = field(default_factory=dict)  # thread -> its module
    made: int = 0
    copies: int = 1  # until the first is there, nobody knows how large it is
    bytes: int = 0


_pools: OrderedDict[Key, _Pool] = OrderedDict()  # the last used at the end
_guard = threading.Lock()


@contextmanager
def lend(key: Key, make: Callable[[], nn.Module]) -> Iterator[nn.Module]:
    """The network `key` for this thread alone; `make` builds it where there is none, or another copy while all are lent.

    A thread that has it already gets the same one.
    """
    pool = _pool(key)
    thread = threading.get_ident()
    if (held := pool.lent.get(thread)) is not None:
        yield held
        return
    module = _take(pool, thread, make)
    _keep_within_bounds(key)
    try:
        yield module
    finally:
        with pool.changed:
            del pool.lent[thread]
            pool.free.append(module)
            pool.changed.notify()


def forget(key: Key) -> None:
    """Let go of a network: who has it keeps it until done."""
    with _guard:
        _pools.pop(key, None)


def _pool(key: Key) -> _Pool:
    with _guard:
        pool = _pools.setdefault(key, _Pool())
        _pools.move_to_end(key)
        return pool


def _take(pool: _Pool, thread: int, make: Callable[[], nn.Module]) -> nn.Module:
    with pool.changed:
        pool.changed.wait_for(lambda: pool.free or pool.made < pool.copies)
        if pool.free:
            pool.lent[thread] = pool.free.pop()  # the one that was used last: what was computed of it is still there
            return pool.lent[thread]
        pool.made += 1
    try:
        module = make()
    except BaseException:
        with pool.changed:
            pool.made -= 1
            pool.changed.notify()
        raise
    with pool.changed:
        size = sum(tensor.nbytes for tensor in module.state_dict().values())
        pool.copies = COPIES if size <= COPIED_BYTES else 1
        pool.bytes = size * pool.made
        pool.lent[thread] = module
        pool.changed.notify_all()
    return module


def _keep_within_bounds(newest: Key) -> None:
    with _guard:
        while len(_pools) > MOST or sum(pool.bytes for pool in _pools.values()) > MOST_BYTES:
            oldest = next(iter(_pools))
            if oldest == newest:
                return
            del _pools[oldest]
