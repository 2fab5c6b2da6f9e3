"""What `import netlib` offers, and what it does without torch."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import netlib

ROOT = Path(__file__).parents[1]


def test_the_public_names() -> None:
    assert netlib.__all__ == [
        "NETWORKS", "NetlibError", "Recipe", "attribute", "build", "compare", "costs", "deconvnet", "effective_field", "grad_cam", "graph",
        "input_box", "occlusion", "reach", "receptive_fields", "strongest", "trace", "train",
    ]  # fmt: skip
    assert dir(netlib) == netlib.__all__


@pytest.mark.parametrize("name", [name for name in netlib.__all__ if name != "NETWORKS"])
def test_each_public_name_is_documented(name: str) -> None:
    assert getattr(netlib, name).__doc__


def test_a_name_it_does_not_have() -> None:
    with pytest.raises(AttributeError, match="netlib has no 'grahp'; it offers NETWORKS, "):
        netlib.grahp  # noqa: B018


def test_the_docstring_tells_the_truth() -> None:
    found = doctest.testmod(netlib)
    assert found.attempted >= 5
    assert found.failed == 0


@pytest.mark.parametrize(
    "code",
    [
        "import netlib",
        "import netlib; netlib.NETWORKS['alexnet'].title",
        "import netlib; netlib.graph('resnet152')",
        "import netlib; graph = netlib.graph('vgg19'); netlib.costs(graph).macs; netlib.receptive_fields(graph)['pool5'].size",
        "import netlib; graph = netlib.graph('alexnet'); netlib.input_box(graph, 'conv5', (3, 4)).clipped()",
        "import netlib; netlib.compare([netlib.graph('vgg16'), netlib.graph('vgg19')])",
        "import netlib; netlib.Recipe('lenet5', 'digits', epochs=2, loss='rbf').as_dict()",
        "from netlib.analysis.cost_formulas import formulas; import netlib; formulas(netlib.graph('lenet5'), 'C3')",
        "from netlib.analysis.stages import stages; import netlib; stages(netlib.graph('googlenet'))",
    ],
)
def test_structure_needs_no_torch(code: str) -> None:
    check = "import sys; assert 'torch' not in sys.modules and 'numpy' not in sys.modules, sorted(sys.modules)"
    done = subprocess.run([sys.executable, "-c", f"{code}; {check}"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
