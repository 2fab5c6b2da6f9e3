"""Pictures on the way to the network: in an order of their own each epoch, a batch at a time, changed as the recipe says."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch

from netlib.data.augmentation import pca
from netlib.training.augmentation import augmented

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from netlib.analysis.graph import Pair
    from netlib.data.split import Pictures, Split
    from netlib.training.recipe import Recipe

ROOM = 0.5  # share of a GPU's free memory that pictures may take; more of them stay outside and come a batch at a time


class Shelf:
    """Pictures on the device; those that are too many for a GPU stay outside, in memory or in a file, and come when they are asked for.

    Shapes: images (N, C, H, W), uint8; shelf[numbers] (len(numbers), C, H, W), uint8, on the device.

    Attributes:
        place: the device where they lie.
    """

    def __init__(self, images: Pictures, device: torch.device) -> None:
        self.device = device
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that they are read-only: nothing here writes to them
            self.images = torch.from_numpy(images)
        if device.type == "cuda" and images.nbytes < ROOM * torch.cuda.mem_get_info(device)[0]:
            self.images = self.images.to(device)
        self.place = self.images.device

    def __getitem__(self, numbers: Tensor) -> Tensor:
        return self.images[numbers.to(self.place)].to(self.device, non_blocking=True)

    def __len__(self) -> int:
        return len(self.images)


class Normalization:
    """uint8 pictures as a network's input: (picture / 255 − mean) / std, in two halves, so that augmentation comes in between."""

    def __init__(self, data: Split, device: torch.device) -> None:
        self.mean, self.std = (torch.tensor(values, device=device)[:, None, None] for values in (data.mean, data.std))

    def __call__(self, x: Tensor) -> Tensor:
        """Pictures from 0 to 1. Shapes: (…, C, H, W), the same."""
        return (x - self.mean) / self.std


class Feed:
    """The training pictures of a run, batch by batch.

    Of a run on several devices each takes its `share` of every batch: (number of this one, how many there are).

    Attributes:
        an_epoch: steps that see each picture once; what does not fill a batch waits for another epoch.
    """

    def __init__(self, data: Split, recipe: Recipe, device: torch.device, *, share: Pair = (0, 1)) -> None:
        self.recipe, self.device = recipe, device
        self.images = Shelf(data.train_images, device)
        self.labels = torch.tensor(data.train_labels, device=device)
        self.normalized = Normalization(data, device)
        self.rank, self.ranks = share
        self.an_epoch = max(1, len(self.images) // recipe.batch)
        self.random = torch.Generator().manual_seed(recipe.seed)
        # Each device draws its own augmentation: one stream for all would have to change every picture everywhere.
        self.chance = self.random if self.ranks == 1 else torch.Generator().manual_seed(recipe.seed + 1 + self.rank)
        self.colours = pca(data.train_images) if recipe.pca else None
        self.order = torch.empty(0, dtype=torch.int64)

    def batch(self, step: int, *, close_up: bool = False) -> tuple[Tensor, Tensor]:
        """The batch of step number `step`, from 0 on; to be asked for in order.

        Shapes: (batch, C, H, W), float32; labels (batch,).
        """
        place, batch = step % self.an_epoch, self.recipe.batch
        if place == 0:
            self.order = torch.randperm(len(self.images), generator=self.random).to(self.images.place)
        numbers = self.order[place * batch : (place + 1) * batch][self.rank :: self.ranks]
        x = augmented(self.images[numbers] / 255, self.recipe, self.chance, colours=self.colours, close_up=close_up)
        x = self.normalized(x)
        if self.recipe.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        return x, self.labels[numbers]

    def saved(self) -> dict[str, Tensor]:
        return {"order": self.order, "random": self.random.get_state(), "chance": self.chance.get_state()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        self.order = tensors["order"].to(self.images.place)
        self.random.set_state(tensors["random"].cpu())
        self.chance.set_state(tensors["chance"].cpu())
