"""What a network looks like at one step of its training: its first kernels, and its feature maps for a few pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from netlib.data.augmentation import middle
from netlib.models.layers import ScaledTanh
from netlib.training.augmentation import inner
from netlib.training.evaluation import at_rest
from netlib.training.optimizers import first_kernels
from netlib.training.records import Snapshot

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray
    from torch import Tensor

    from netlib.training.loop import Trainer

PICTURES = 4  # each of another class, as far as there are as many
LAYERS = 4  # from the first to the last that has maps
MAPS = 8  # of each layer: the first
SIDE = 48  # pixels; a larger map is averaged down to it
ACTIVATIONS = nn.ReLU, nn.Tanh, ScaledTanh


class Photographer:
    """Takes snapshots of a trainer's network, always of the same layers and for the same held-back pictures.

    Arrays of a snapshot: "kernels" (K, C, h, w), float16, if the first layer is a convolution; "pictures" (4,), the numbers of the
    pictures; for each layer "maps/<layer>" (4, maps, H, W), uint8, and "range/<layer>" (2,), what 0 and 255 stand for.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        labels = trainer.data.test_labels
        firsts = sorted(int((labels == label).argmax()) for label in np.unique(labels)[:PICTURES])
        self.pictures = np.array(firsts, dtype=np.int64)
        examiner = trainer.examiner
        x = examiner.normalized(examiner.images[torch.tensor(firsts, device=trainer.device)] / 255)
        self.x = middle(x, inner(x, trainer.recipe))  # (4, C, H, W)
        self.layers = self._chosen()

    def snapshot(self, step: int) -> Snapshot:
        """The network as it is now, after `step` steps; it is left as it was."""
        arrays: dict[str, NDArray[Any]] = {"pictures": self.pictures}
        kernels = first_kernels(self.trainer.model).detach()
        if kernels.ndim == 4:
            arrays["kernels"] = kernels.half().cpu().numpy()
        for name, maps in self._maps(self.layers).items():
            shown = F.adaptive_avg_pool2d(maps[:, :MAPS].float(), [min(SIDE, side) for side in maps.shape[2:]])  # type: ignore[arg-type]
            low, high = shown.aminmax()
            scaled = (shown - low) * (255 / (high - low).clamp_min(1e-12))
            arrays[f"maps/{name}"] = scaled.round().to(torch.uint8).cpu().numpy()
            arrays[f"range/{name}"] = torch.stack((low, high)).cpu().numpy()
        return Snapshot(step, arrays)

    def _maps(self, layers: list[str]) -> dict[str, Tensor]:
        """What these layers give for the pictures: (4, K, H, W) each."""
        found: dict[str, Tensor] = {}
        hooks = [
            self.trainer.model.get_submodule(name).register_forward_hook(lambda _, __, out, name=name: found.update({name: out}))
            for name in layers
        ]
        try:
            with at_rest(self.trainer.model), self.trainer.precision():
                self.trainer.model(self.x)
        finally:
            for hook in hooks:
                hook.remove()
        return found

    def _chosen(self) -> list[str]:
        """Activations that are maps, evenly from the first to the last."""
        activations = [name for name, module in self.trainer.model.named_modules() if isinstance(module, ACTIVATIONS)]
        found = self._maps(activations)
        maps = [name for name, out in found.items() if out.ndim == 4 and min(out.shape[2:]) > 1]
        places = np.linspace(0, len(maps) - 1, min(LAYERS, len(maps))).round().astype(int)
        return [maps[place] for place in places]
