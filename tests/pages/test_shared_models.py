"""Networks are lent to one thread at a time, and no more of them are kept than fit."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from torch import nn

from pages.parts import shared_models
from pages.parts.shared_models import COPIES, MOST, forget, lend, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    before = dict(shared_models._pools)
    shared_models._pools.clear()
    yield
    shared_models._pools.clear()
    shared_models._pools.update(before)


def test_never_one_module_in_two_threads_at_once() -> None:
    made: list[nn.Module] = []
    inside: Counter[int] = Counter()
    wrong: list[int] = []
    guard = threading.Lock()

    def make() -> nn.Module:
        made.append(nn.Linear(2, 2))
        return made[-1]

    def look() -> None:
        for _ in range(50):
            with lend(("net", "random"), make) as module, lend(("net", "random"), make) as again:
                assert again is module  # who has it gets the same
                with guard:
                    inside[id(module)] += 1
                    wrong.extend([1] if inside[id(module)] > 1 else [])
                threading.Event().wait(0.0005)
                with guard:
                    inside[id(module)] -= 1

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not wrong and 1 < len(made) <= COPIES


def test_of_a_large_network_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_models, "COPIED_BYTES", 10)
    entered, done = threading.Event(), threading.Event()
    made: list[nn.Module] = []

    def make() -> nn.Module:
        made.append(nn.Linear(20, 20))
        return made[-1]

    def other() -> None:
        with lend(("large", "random"), make):
            entered.set()

    with lend(("large", "random"), make):
        thread = threading.Thread(target=other)
        thread.start()
        assert not entered.wait(0.1)
        done.set()
    thread.join(5)
    assert entered.is_set() and len(made) == 1


def test_a_network_that_cannot_be_made_is_tried_again() -> None:
    def fail() -> nn.Module:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"), lend(("net", "bad"), fail):
            pass
    with lend(("net", "bad"), lambda: nn.Linear(1, 1)) as module:
        assert isinstance(module, nn.Linear)


def test_an_error_inside_gives_the_network_back() -> None:
    with pytest.raises(RuntimeError, match="inside"), lend(("net", "random"), lambda: nn.Linear(1, 1)) as module:
        raise RuntimeError("inside")
    with lend(("net", "random"), lambda: nn.Linear(1, 1)) as again:
        assert again is module


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for step in range(MOST + 3):
        with lend((f"net{step}", "random"), lambda: nn.Linear(10, 10)):
            pass
    assert list(shared_models._pools) == [(f"net{step}", "random") for step in range(3, MOST + 3)]
    monkeypatch.setattr(shared_models, "MOST_BYTES", 900)
    with lend(("net5", "random"), lambda: nn.Linear(10, 10)):  # 440 bytes each
        assert set(shared_models._pools) == {("net5", "random"), (f"net{MOST + 2}", "random")}
    forget(("net5", "random"))
    assert ("net5", "random") not in shared_models._pools


def test_what_is_let_go_while_lent_is_still_whole() -> None:
    with lend(("net", "random"), lambda: nn.Linear(1, 1)) as module:
        forget(("net", "random"))
        assert module.weight is not None
    with lend(("net", "random"), lambda: nn.Linear(1, 1)) as fresh:
        assert fresh is not module


def test_long_work_has_the_only_copy_for_a_step_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_models, "COPIED_BYTES", 10)
    key, had = ("large", "random"), threading.Event()

    def work(module: nn.Module) -> Iterator[int]:
        for number in range(3):
            assert shared_models._pools[key].lent[threading.get_ident()] is module
            yield number

    def other() -> None:
        with lend(key, lambda: nn.Linear(20, 20)):
            had.set()

    running = steps(key, lambda: nn.Linear(20, 20), work)
    assert next(running) == 0
    thread = threading.Thread(target=other)
    thread.start()
    assert had.wait(2)  # the work stands between two steps
    thread.join(2)
    assert list(running) == [1, 2] and shared_models._pools[key].made == 1


def test_who_waits_for_a_copy_gets_it_after_the_step_that_is_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_models, "COPIED_BYTES", 10)
    key, had, made = ("large", "random"), threading.Event(), [0]

    def work(module: nn.Module) -> Iterator[int]:
        while not had.is_set() and made[0] < 1000:
            made[0] += 1
            threading.Event().wait(0.002)
            yield made[0]

    def other() -> None:
        with lend(key, lambda: nn.Linear(20, 20)):
            waited.append(made[0] - before)
            had.set()

    waited: list[int] = []
    running = steps(key, lambda: nn.Linear(20, 20), work)
    before = next(running)
    thread = threading.Thread(target=other)
    thread.start()
    list(running)  # it never sleeps between two steps
    thread.join(2)
    assert len(waited) == 1 and waited[0] <= 10


def test_the_steps_are_made_on_the_same_copy_although_its_network_was_let_go() -> None:
    seen: list[nn.Module] = []

    def work(module: nn.Module) -> Iterator[int]:
        for number in range(3):
            seen.append(module)
            yield number

    running = steps(("net", "random"), lambda: nn.Linear(1, 1), work)
    next(running)
    forget(("net", "random"))
    with lend(("net", "random"), lambda: nn.Linear(1, 1)) as fresh:
        assert list(running) == [1, 2]  # in a thread that holds another copy
    assert len(set(seen)) == 1 and fresh not in seen
