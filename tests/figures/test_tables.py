"""What is taken away holds what is shown: read back by another reader, summed, run."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from netlib.analysis.cost import costs
from netlib.analysis.receptive_field import receptive_fields
from netlib.analysis.store import graph
from netlib.figures import tables

ROOT = Path(__file__).parents[2]


def rows(name: str) -> list[dict[str, object]]:
    network = graph(name)
    return tables.layer_rows(network, costs(network), receptive_fields(network))


@pytest.mark.parametrize(("name", "params", "macs"), [("alexnet", 60_965_224, 724_406_816), ("resnet50", 25_557_032, 3_857_973_248)])
def test_csv_read_back_adds_up_to_the_published_totals(name: str, params: int, macs: int) -> None:
    read = list(csv.DictReader(io.StringIO(tables.to_csv(rows(name)))))
    assert sum(int(row["params"]) for row in read) == params
    assert sum(int(row["macs"]) for row in read) == macs
    assert [row["layer"] for row in read] == list(graph(name).by_name)


def test_json_says_both_units_of_cost() -> None:
    network = graph("vgg16")
    read = json.loads(tables.to_json(network, rows("vgg16"), costs(network)))
    assert read["flops"] == 2 * read["macs"] == 2 * 15_470_264_320
    assert read["layers"][1] == {
        "layer": "conv1_1", "kind": "convolution", "window": "3×3", "output": "224×224×64", "params": 1792,  # (3 · 3 · 3 + 1) · 64
        "macs": 86_704_128, "activation_bytes": 12_845_056, "kept_bytes": 0, "connections": 89_915_392, "receptive_field": 3,
        "stage": "stage 1 · 224×224",
    }  # fmt: skip


def test_latex_has_a_line_a_layer_and_escapes_names() -> None:
    network = graph("vgg16")
    text = tables.to_latex(network, rows("vgg16"), costs(network))
    body = text.split(r"\midrule")[1].strip().splitlines()
    assert len(body) == len(network)
    assert body[1] == r"conv1\_1 & 3$\times$3 & 224$\times$224$\times$64 & 1,792 & 86,704,128 & 3 \\"
    assert all(len(re.findall(r"(?<!\\)&", line)) == 5 for line in body)
    hostile = tables.to_latex(network, [{**rows("vgg16")[0], "layer": r"a{b}^~\_c%"}], costs(network))
    assert r"a\{b\}\textasciicircum{}\textasciitilde{}\textbackslash{}\_c\%" in hostile


@pytest.mark.parametrize(("name", "shape", "last"), [("lenet5", (1, 32, 32), "60000 325680"), ("resnet18", (3, 100, 150), "11689512 ")])
def test_the_python_lines_run_and_give_the_totals(name: str, shape: tuple[int, ...], last: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", tables.python_lines(name, shape)], capture_output=True, text=True, check=True, cwd=ROOT,
        encoding="utf-8",
    )  # fmt: skip
    assert done.stdout.strip().splitlines()[-1].startswith(last)
