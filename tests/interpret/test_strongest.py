"""The strongest units in one sweep, against a brute force over all activations at once."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from netlib.errors import InvalidInput, UnknownLayer
from netlib.interpret.stepwise import stepwise
from netlib.interpret.strongest import strongest
from netlib.models.build import build


@pytest.mark.parametrize(("layer", "map_size"), [("conv2", (10, 10)), ("fc6", (1, 1))])
def test_equals_brute_force(layer: str, map_size: tuple[int, int]) -> None:
    model, data = build("zfnet-mini"), torch.randn(50, 3, 64, 80, generator=torch.Generator().manual_seed(3))
    steps = list(strongest(model, data.split(17), layer, count=9))
    assert [step.seen for step in steps] == [17, 34, 50]
    with torch.no_grad():
        maps = stepwise(model, (3, 64, 80)).activations(data, [layer])[layer]
    maps = maps.view(50, maps.shape[1], -1)
    width = 1 if maps.shape[2] == 1 else stepwise(model, (3, 64, 80)).graph[layer].shape[2]
    for channel in range(0, maps.shape[1], 7):
        peaks = [(-float(maps[i, channel].max()), i) for i in range(50)]
        for rank, (value, picture) in enumerate(sorted(peaks)[:9]):
            assert float(steps[-1].values[channel, rank]) == pytest.approx(-value, rel=1e-5, abs=1e-6)
            assert int(steps[-1].pictures[channel, rank]) == picture
            place = int(steps[-1].rows[channel, rank]) * width + int(steps[-1].columns[channel, rank])
            assert float(maps[picture, channel, place]) == pytest.approx(-value, rel=1e-5, abs=1e-6)


def test_with_few_pictures_the_rest_stays_empty() -> None:
    *_, found = strongest(nn.Sequential(nn.Conv2d(1, 2, 1)), [torch.rand(2, 1, 3, 3)], "0", count=4)
    assert (found.pictures[:, :2] >= 0).all() and (found.pictures[:, 2:] == -1).all()
    assert torch.isinf(found.values[:, 2:]).all()


def test_of_equal_activations_the_first_met_is_kept() -> None:
    *_, found = strongest(nn.Sequential(nn.Conv2d(1, 1, 1)), torch.ones(6, 1, 2, 2).split(2), "0", count=3)
    assert found.pictures.tolist() == [[0, 1, 2]]


def test_says_what_does_not_fit() -> None:
    model = build("zfnet-mini")
    with pytest.raises(UnknownLayer, match="conv9"):
        next(strongest(model, [torch.zeros(1, 3, 64, 64)], "conv9"))
    with pytest.raises(InvalidInput, match="No picture came in"):
        next(strongest(model, [], "conv1"))
    with pytest.raises(InvalidInput, match="not 0"):
        next(strongest(model, [torch.zeros(1, 3, 64, 64)], "conv1", count=0))
