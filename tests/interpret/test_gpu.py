"""The methods on a GPU give what they give on the CPU."""

from __future__ import annotations

import pytest
import torch

from netlib.interpret.attribution import attribute
from netlib.interpret.grad_cam import grad_cam
from netlib.interpret.occlusion import occlusion
from netlib.interpret.projection import Unit, project
from netlib.interpret.strongest import strongest
from netlib.models.build import build

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("name", ["zfnet-mini", "resnet-mini", "googlenet-mini"])
def test_a_gpu_gives_what_the_cpu_gives(name: str) -> None:
    model = build(name, weights="trained").double()
    images = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(1)).double()
    layer = [path for path, module in model.named_modules() if isinstance(module, torch.nn.ReLU)][2]
    units = [Unit(i, i, i, 2 * i) for i in range(4)]

    def all_of(device: str) -> list[torch.Tensor]:
        there, x = model.to(device), images.to(device)
        *_, found = strongest(there, x.split(2), layer)
        results = [
            occlusion(there, x[0], target=1, patch=16, stride=12),
            *(project(there, x, layer, units, method=method) for method in ("deconvnet", "gradient", "guided")),
            found.values, found.pictures, grad_cam(there, x[0], 1), attribute(there, x[0], 1, "integrated_gradients"),
        ]  # fmt: skip
        return [result.cpu() for result in results]

    for ours, expected in zip(all_of("cuda"), all_of("cpu"), strict=True):
        torch.testing.assert_close(ours, expected)
