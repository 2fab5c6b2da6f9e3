"""The networks with their weights, shared by all visitors: never one module in two threads at once.

A method may put hooks into a module, so it is lent to one thread at a time. Of a small network there are a few copies, so that a quick
look need not wait for somebody's long computation; of a large one there is one, which long work has for a step at a time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

MOST = 8  # networks
MOST_BYTES = 2_000_000_000  # of their parameters, together
COPIES = 3
COPIED_BYTES = 100_000_000  # a network with more parameters than this has no copies

Key = tuple[str, str]  # (network, weights)
T = TypeVar("T")


class _End:
    """Comes after the last step."""


_END = _End()


@dataclass(slots=True, eq=False)
class _Wish:
    """Of a thread that waits for a copy: for this one, or for any."""

    only: nn.Module | None = None
    given: nn.Module | None = None


@dataclass(slots=True, eq=False)
class _Pool:
    """The copies of one network that exist, and which of them are lent."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    free: list[nn.Module] = field(default_factory=list)
    wishes: list[_Wish] = field(default_factory=list)  # the first that came at the start
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
    with _lent(_pool(key), make) as module:
        _keep_within_bounds(key)
        yield module


def steps(key: Key, make: Callable[[], nn.Module], work: Callable[[nn.Module], Iterator[T]]) -> Iterator[T]:
    """The steps of `work(network)`, for which the network is lent a step at a time: between two of them others may have it.

    It is the same module each time, which the work must leave as it was between two steps.
    """
    pool = _pool(key)
    with _lent(pool, make) as module:
        _keep_within_bounds(key)
        running = work(module)
    while True:
        with _lent(pool, make, module):
            step = next(running, _END)
        if isinstance(step, _End):
            return
        yield step


def forget(key: Key) -> None:
    """Let go of a network: who has it keeps it until done."""
    with _guard:
        _pools.pop(key, None)


def _pool(key: Key) -> _Pool:
    with _guard:
        pool = _pools.setdefault(key, _Pool())
        _pools.move_to_end(key)
        return pool


@contextmanager
def _lent(pool: _Pool, make: Callable[[], nn.Module], only: nn.Module | None = None) -> Iterator[nn.Module]:
    """A copy for this thread: any, or `only` this one. A thread has one at a time."""
    if (held := pool.lent.get(threading.get_ident())) is not None and only in (None, held):
        yield held
        return
    module = _take(pool, make, only)
    try:
        yield module
    finally:
        with pool.changed:
            del pool.lent[threading.get_ident()]
            pool.free.append(module)
            _hand_out(pool)


def _take(pool: _Pool, make: Callable[[], nn.Module], only: nn.Module | None = None) -> nn.Module:
    """A copy that is free, a new one where there may be more, or `only` this one; who came first gets it first."""
    wish = _Wish(only)
    with pool.changed:
        pool.wishes.append(wish)
        _hand_out(pool)
        pool.changed.wait_for(lambda: wish.given is not None or (only is None and pool.made < pool.copies))
        if wish.given is not None:
            pool.lent[threading.get_ident()] = wish.given
            return wish.given
        pool.wishes.remove(wish)
        pool.made += 1
    try:
        module = make()
    except BaseException:
        with pool.changed:
            pool.made -= 1
            pool.changed.notify_all()
        raise
    with pool.changed:
        size = sum(tensor.nbytes for tensor in module.state_dict().values())
        pool.copies = COPIES if size <= COPIED_BYTES else 1
        pool.bytes = size * pool.made
        pool.lent[threading.get_ident()] = module
        pool.changed.notify_all()
    return module


def _hand_out(pool: _Pool) -> None:
    """Give what is free to those who wait for it. They need not be awake: who gives back and asks again at once stands behind them."""
    for wish in list(pool.wishes):
        suitable = [module for module in pool.free if wish.only in (None, module)]
        if suitable:
            wish.given = suitable[-1]  # the one that was used last: what was computed of it is still there
            pool.free.remove(wish.given)
            pool.wishes.remove(wish)
    pool.changed.notify_all()


def _keep_within_bounds(newest: Key) -> None:
    with _guard:
        while len(_pools) > MOST or sum(pool.bytes for pool in _pools.values()) > MOST_BYTES:
            oldest = next(iter(_pools))
            if oldest == newest:
                return
            del _pools[oldest]
