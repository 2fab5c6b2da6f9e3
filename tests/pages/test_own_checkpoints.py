"""Visitors' checkpoints: what is kept of real files within a small budget, who has to go, and one file read at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save

import netlib
from netlib.errors import MissingWeights, WeightsMismatch
from netlib.models import checkpoints
from pages.parts import own_checkpoints

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORK = "lenet5-modern"
BYTES = 4 * sum(parameter.numel() for parameter in netlib.build(NETWORK).parameters())


@pytest.fixture(autouse=True)
def _room_for_two(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(own_checkpoints, "MOST_BYTES", 2 * BYTES)
    own_checkpoints._states.clear()
    yield
    own_checkpoints._states.clear()


def file(seed: int) -> bytes:
    return save(netlib.build(NETWORK, seed=seed).state_dict())


def test_the_one_that_was_not_looked_at_for_longest_goes() -> None:
    first, second = (own_checkpoints.take(NETWORK, file(seed)) for seed in (1, 2))
    assert own_checkpoints.take(NETWORK, file(2)) == second  # an equal file takes no room
    assert own_checkpoints.there(first)
    third = own_checkpoints.take(NETWORK, file(3))
    assert [own_checkpoints.there(key) for key in (first, second, third)] == [True, False, True]
    found = own_checkpoints.build(first).state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in netlib.build(NETWORK, seed=1).state_dict().items())
    with pytest.raises(MissingWeights, match=r"had to make room for newer ones: .*; choose the file again"):
        own_checkpoints.build(second)


def test_one_that_is_larger_than_the_budget_is_kept_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    first = own_checkpoints.take(NETWORK, file(1))
    monkeypatch.setattr(own_checkpoints, "MOST_BYTES", BYTES // 2)
    second = own_checkpoints.take(NETWORK, file(2))
    assert list(own_checkpoints._states) == [second] and not own_checkpoints.there(first)


def test_what_does_not_fit_takes_no_room() -> None:
    kept = own_checkpoints.take(NETWORK, file(1))
    with pytest.raises(WeightsMismatch, match="They look like the weights of lenet5-modern"):
        own_checkpoints.take("lenet5", file(1))
    assert list(own_checkpoints._states) == [kept]


def test_one_file_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader is the real one, which is held up in the middle."""
    go_on, inside, most, read = threading.Event(), [0], [0], checkpoints.read

    def slow(data: bytes) -> dict[str, torch.Tensor]:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        go_on.wait(5)
        try:
            return read(data)
        finally:
            inside[0] -= 1

    monkeypatch.setattr(checkpoints, "read", slow)
    threads = [threading.Thread(target=own_checkpoints.take, args=(NETWORK, file(seed))) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    threading.Event().wait(0.1)
    assert own_checkpoints.busy()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert most == [1] and len(own_checkpoints._states) == 2 and not own_checkpoints.busy()
