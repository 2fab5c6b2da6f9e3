"""The share charts: every quantity is whole, and the parts are the ones worked out by hand."""

from __future__ import annotations

import pytest

from netlib.analysis.cost import costs
from netlib.analysis.store import graph
from netlib.figures import breakdown


@pytest.mark.parametrize("by", ["kind", "stage"])
@pytest.mark.parametrize("name", ["alexnet", "googlenet-aux", "resnet20-cifar", "lstm", "dcgan-generator"])
def test_the_parts_of_each_quantity_make_the_whole(name: str, by: str) -> None:
    network = graph(name)
    figure = breakdown.shares(network, costs(network), by=by)
    for index, quantity in enumerate(figure.data[0].y):
        whole = sum(bar.x[index] for bar in figure.data)
        stray = sum(costs(network)[layer.name].activation_bytes for layer in network.inputs) if by == "stage" else 0
        assert whole == pytest.approx(100) or (stray and whole < 100), quantity  # the picture itself is in no stage


def test_alexnets_convolutions_have_the_macs_and_its_head_the_parameters() -> None:
    network = graph("alexnet")
    shares = {bar.name: dict(zip(bar.y, bar.x, strict=True)) for bar in breakdown.shares(network, costs(network), by="kind").data}
    head = (9216 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 1000  # fc6, fc7, fc8
    assert shares["fully connected"]["Parameters"] == pytest.approx(100 * head / 60_965_224)
    assert shares["convolution"]["MACs"] == pytest.approx(100 * (1 - (9216 * 4096 + 4096 * 4096 + 4096 * 1000) / 724_406_816))
    told = breakdown.summary(network, costs(network), by="kind")
    assert told.startswith("96 % of the parameters in fully connected; 92 % of the MACs in convolution;")


def test_bars_by_layer_hold_the_layers_own_numbers() -> None:
    network = graph("lenet5")
    figure = breakdown.by_layer(network, costs(network), selected="C3")
    params = {name: value for bar in figure.data if bar.yaxis == "y" for name, value in zip(bar.x, bar.y, strict=True)}
    # Source: LeCun et al. 1998, section II-B
    assert params == {"C1": 156, "S2": 12, "C3": 1516, "S4": 32, "C5": 48_120, "F6": 10_164}
