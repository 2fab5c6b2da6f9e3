"""Published figures: each is computed again, each difference has its reason, each correction its arithmetic."""

from __future__ import annotations

import ast
import operator
import re
import subprocess
import sys
from collections import Counter
from math import isclose, prod

import pytest

from netlib.analysis import published
from netlib.analysis.graph import Layer, LayerGraph, Window
from netlib.analysis.published import Fact, check, facts, measure, mistakes, results, sources, verdict
from netlib.analysis.store import graph
from netlib.errors import UnknownLayer
from netlib.models.papers import PAPERS
from netlib.models.registry import NETWORKS

WITH_FACTS = sorted({fact.network for fact in facts()})


@pytest.mark.parametrize("network", WITH_FACTS)
def test_a_figure_is_matched_or_its_difference_explained(network: str) -> None:
    wrong = [
        f"{c.fact.quantity} of {c.fact.layer or network}: printed {c.fact.printed}, computed {c.computed}, reason {c.fact.reason!r}"
        for c in check(graph(network))
        if (c.verdict == "different") != bool(c.fact.reason)
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("network", "quantity", "layer", "printed", "computed", "expected"),
    [
        ("lenet5", "connections", None, "340,908", 340_908, "equal"),
        ("lenet5", "connections", "C3", "156,000", 151_600, "different"),
        ("alexnet", "params", None, "60 million", 60_965_224, "different"),
        ("alexnet", "neurons", "conv1", "253,440", 55 * 55 * 96, "different"),
        ("alexnet", "rf_size", "pool5", "195", 195, "equal"),
        ("vgg16", "params", None, "138 million", 138_357_544, "rounded"),
        ("vgg16", "rf_padding", "pool5", "90", 90, "equal"),
        ("googlenet", "weights", "conv2_reduce + conv2", "112K", 112 * 1024, "equal"),
        ("googlenet", "macs", "inception4d", "119M", 604_672 * 14 * 14, "rounded"),
        ("googlenet", "depth_with_pooling", None, "27 layers if we also count pooling", 27, "equal"),
        ("resnet50", "rf_size", "conv5_x", "483", 483, "equal"),
        ("resnet50-v1.5", "rf_size", "conv5_x", "427", 427, "equal"),
        ("resnet152", "macs", None, "11.3×10⁹", 11_282_415_616, "rounded"),
        ("inception-v3-aux", "params", None, "27,161,264", 27_161_264, "equal"),
    ],
)
def test_known_verdicts(network: str, quantity: str, layer: str | None, printed: str, computed: int, expected: str) -> None:
    (found,) = [c for c in check(graph(network)) if (c.fact.quantity, c.fact.layer, c.fact.printed) == (quantity, layer, printed)]
    assert (found.computed, found.verdict) == (computed, expected)


def test_rounding_is_to_the_nearest_printed_unit() -> None:
    fact = Fact("vgg16", "params", "138 million", 138_000_000, "VGG15", "Table 2", unit_of_rounding=1_000_000)
    figures = (138_000_000, 138_499_999, 137_500_001, 138_500_001, 137_499_999)
    assert [verdict(fact, n) for n in figures] == ["equal", "rounded", "rounded", "different", "different"]
    assert verdict(Fact("vgg16", "shape", "7×7", (7, 7), "VGG15", "Table 1"), (7, 8)) == "different"


def test_quantities_of_a_hand_made_network() -> None:
    kernel, pointwise = {"weight": (2, 3, 3, 5), "bias": (2,)}, {"weight": (4, 2, 1, 1)}
    layers = (
        Layer("input", "input", (), (3, 9, 11)),
        Layer("block.conv", "conv2d", ("input",), (2, 4, 7), Window((3, 5), (2, 1), (0, 0)), params=kernel),
        Layer("block.relu", "relu", ("block.conv",), (2, 4, 7)),
        Layer("skip", "conv2d", ("input",), (2, 4, 7), Window((3, 5), (2, 1), (0, 0)), params=kernel),
        Layer("add", "add", ("block.relu", "skip"), (2, 4, 7)),
        Layer("pool", "max_pool2d", ("add",), (2, 2, 7), Window((2, 1), (2, 1), (0, 0))),
        Layer("blocks", "conv2d", ("pool",), (4, 2, 7), Window((1, 1)), params=pointwise),
    )
    net = LayerGraph("by hand", layers, {"output": "blocks"})
    assert measure(net, "params", "block") == 2 * 3 * 3 * 5 + 2  # "blocks" is another layer
    assert measure(net, "weights", "block + blocks") == 90 + 8
    assert measure(net, "macs", "block") == 90 * 4 * 7
    assert measure(net, "connections", "block") == 92 * 4 * 7
    assert measure(net, "neurons", "input") == 3 * 9 * 11
    assert measure(net, "neurons") == 2 * 2 * 4 * 7 + 4 * 2 * 7
    assert measure(net, "depth") == 2  # the longest way, not the number of convolutions
    assert measure(net, "depth_with_pooling") == 3
    assert measure(net, "shape", "block") == (2, 4, 7)
    assert measure(net, "size", "pool") == (2, 7)
    assert measure(net, "rf_size", "pool") == 5  # (3 + 2, 5): a square is one number
    assert measure(net, "rf_size", "block") == (3, 5)
    assert measure(net, "rf_stride", "pool") == (4, 1)
    assert measure(net, "rf_padding", "pool") == 0
    with pytest.raises(UnknownLayer, match="by hand has no layer called 'block3'"):
        measure(net, "params", "block3")


# --- the file itself ------------------------------------------------------------------------------------------------

SCALE = {
    "": 1, "K": 1024, "M": 10**6, "G": 10**9, "thousand": 10**3, "million": 10**6, "billion": 10**9, "·10⁶": 10**6, "×10⁹": 10**9,
    "variables": 1, "layers": 1, "layer": 1, "weight": 1,
}  # fmt: skip
WORDS = {"seven": 7, "eight": 8}


@pytest.mark.parametrize("network", WITH_FACTS)
def test_the_number_is_the_one_that_is_printed(network: str) -> None:
    for fact in facts(network):
        numbers = [int(digits.replace(",", "")) for digits in re.findall(r"\d[\d,]*(?<!,)", fact.printed)]
        if isinstance(fact.value, tuple):
            assert sorted(numbers) == sorted(fact.value) or numbers == [n for n in fact.value if n != 1], fact
        elif " kernels of " in fact.printed:
            assert prod(numbers) == fact.value, fact
        elif (word := fact.printed.split()[0]) in WORDS:
            assert WORDS[word] == fact.value, fact
        else:
            digits, decimals, name = re.fullmatch(r"([\d,]+)(?:\.(\d+))?[ -]?([^\d\s]\S*)?.*", fact.printed).groups("")  # type: ignore[union-attr]
            scale = SCALE[name] / 10 ** len(decimals)
            digits = (digits + decimals).replace(",", "")
            assert isclose(int(digits) * scale, fact.value), fact
            zeros = 10 ** (len(digits) - len(digits.rstrip("0")))  # may be digits or only fill up: “650,000”
            assert isclose(fact.unit_of_rounding, scale) or scale < fact.unit_of_rounding <= scale * zeros, fact


def test_names_and_keys_are_known() -> None:
    networks = {f.network for f in facts()} | {r.network for r in results()} | {m.network for m in mistakes() if m.network}
    assert networks <= set(NETWORKS)
    assert {f.source for f in facts()} | {r.source for r in results()} | {paper.key for paper in PAPERS} == set(sources())
    assert {fact.quantity for fact in facts()} == set(published.QUANTITIES)
    assert {mistake.kind for mistake in mistakes()} == {"paper", "error", "mislabel", "nuance", "ocr"}


def test_nothing_stands_twice() -> None:
    for keys in (
        [(f.network, f.quantity, f.layer, f.source, f.where, f.printed) for f in facts()],
        [(r.network, r.metric, r.data, r.protocol, r.models, r.source, r.where) for r in results()],
        [m.id for m in mistakes()],
    ):
        assert not [key for key, times in Counter(keys).items() if times > 1]


# --- results --------------------------------------------------------------------------------------------------------


def test_one_comparable_result_a_network() -> None:
    chosen = {r.network: r for r in results() if r.comparable}
    assert len(chosen) == sum(r.comparable for r in results())
    for result in chosen.values():
        assert (result.metric, result.models) == ("top-5 error", 1)
        assert result.data.startswith("ImageNet 2012 validation")
    # Copied by hand from the tables of the papers.
    expected = {"alexnet": 18.2, "zfnet": 16.5, "vgg16": 8.1, "vgg19": 8.0, "googlenet": 9.15, "bn-inception": 7.82, "resnet50": 6.71}
    assert {name: chosen[name].value for name in expected} == expected
    assert {"inception-v3", "inception-v4"} <= set(chosen)


def test_top5_error_is_below_top1_error() -> None:
    by_case: dict[tuple[object, ...], dict[str, float]] = {}
    for r in results():
        by_case.setdefault((r.network, r.data, r.protocol, r.models, r.source, r.where), {})[r.metric] = r.value
    pairs = [case for case in by_case.values() if len(case) == 2]
    assert len(pairs) > 40
    assert all(case["top-5 error"] < case["top-1 error"] for case in pairs)


# --- mistakes -------------------------------------------------------------------------------------------------------

OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Pow: operator.pow,
}  # fmt: skip


def evaluate(node: ast.AST) -> float:
    """Integers, + - * / // ** and parentheses; anything else is an error."""
    match node:
        case ast.Expression(body):
            return evaluate(body)
        case ast.Constant(int(value)):
            return value
        case ast.UnaryOp(ast.USub(), operand):
            return -evaluate(operand)
        case ast.BinOp(left, op, right):
            return OPERATORS[type(op)](evaluate(left), evaluate(right))
    raise ValueError(ast.dump(node))


EXPRESSIONS = [(m.id, c["expression"], c["equals"]) for m in mistakes() for c in m.checks if "expression" in c]
FIGURES = [(m.id, c) for m in mistakes() for c in m.checks if "network" in c]


def test_the_arithmetic_of_the_corrections() -> None:
    assert len(EXPRESSIONS) > 120
    for name, expression, expected in EXPRESSIONS:
        decimals = len(str(expected).partition(".")[2])
        assert round(evaluate(ast.parse(expression, mode="eval")), decimals) == expected, (name, expression)


def test_the_right_figures_are_the_computed_ones() -> None:
    assert len(FIGURES) > 70
    for name, row in FIGURES:
        expected = tuple(row["equals"]) if isinstance(row["equals"], list) else row["equals"]
        assert measure(graph(row["network"]), row["quantity"], row.get("layer")) == expected, (name, row)


def test_every_check_is_one_of_the_two() -> None:
    assert len(EXPRESSIONS) + len(FIGURES) == sum(len(m.checks) for m in mistakes())


def test_a_mistake_says_what_is_wrong_and_what_is_right() -> None:
    for mistake in mistakes():
        assert mistake.printed and mistake.right and mistake.where
        assert mistake.printed != mistake.right
        assert mistake.arithmetic or not mistake.checks


def test_mistakes_of_one_network() -> None:
    of_lenet = mistakes("lenet5")
    assert 5 < len(of_lenet) < len(mistakes())
    assert {m.network for m in of_lenet} == {"lenet5"}


def test_needs_no_torch() -> None:
    code = "import sys, netlib.analysis.published as p; p.facts(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
