"""What happens to a picture before a network sees it: cut, scaled, made grey, normalized; each network's own way, and its inverse.

Sources: torchvision.transforms._presets.ImageClassification for its ImageNet weights (the result is the same to the last bit); for the
networks that come with weights, the mean and deviation of the data they learned from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from netlib.analysis.store import default_input
from netlib.models.bundled import BUNDLED
from netlib.models.imagenet import weights_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from netlib.analysis.graph import Pair

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
MARGIN = 256 / 224  # of ImageNet's pictures the middle is cut out: the shorter side is scaled to 256 first
SIGNED = "inception-v3", "inception-v3-aux", "inception-v4", "dcgan-discriminator"  # their papers' pictures go from −1 to 1
LONGEST = 4  # a picture longer than this many times its height is cut to it first: scaled, it would not fit into memory
PAPER = 0.5  # a border brighter than this is taken for paper

BILINEAR, BICUBIC = "bilinear", "bicubic"
_FILTERS = {BILINEAR: Image.Resampling.BILINEAR, BICUBIC: Image.Resampling.BICUBIC}


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a picture becomes a network's input.

    Attributes:
        size: (height, width) of the input.
        grey: the network takes one channel.
        mean, std: subtracted and divided by, for each channel, on a scale where 255 is 1.
        short: what the shorter side is scaled to before the middle is cut out; None: just so that the picture fills the input.
        filter: "bilinear" or "bicubic", as Pillow scales.
        dark_ground: the network knows bright ink on black; a picture with a bright border is turned into its negative.
        as_is: a picture that has the input's size already is neither scaled nor cut: a picture of the training data stays as it was.
    """

    size: Pair
    grey: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]
    short: int | None = None
    filter: str = BILINEAR
    dark_ground: bool = False
    as_is: bool = True

    def fitted(self, image: Image.Image) -> Image.Image:
        """The picture as the network sees it, before it is turned into numbers; mode RGB or L."""
        height, width = self.size
        picture = image.convert("RGB")
        if not (self.as_is and picture.size == (width, height)):
            picture = self._cut(self._scaled(_shortened(picture)))
        if not self.grey:
            return picture
        picture = picture.convert("L")
        return ImageOps.invert(picture) if self.dark_ground and _border(picture) > 255 * PAPER else picture

    def tensor(self, image: Image.Image) -> Tensor:
        """The network's input. Shapes: -> (C, H, W), float32."""
        import torch

        pixels = torch.from_numpy(np.array(self.fitted(image), dtype=np.uint8))  # (H, W) or (H, W, 3)
        x = (pixels[None] if self.grey else pixels.permute(2, 0, 1)).contiguous().float().div_(255)  # (C, H, W)
        mean, std = torch.tensor(self.mean)[:, None, None], torch.tensor(self.std)[:, None, None]
        return x.sub_(mean).div_(std)

    def shown(self, x: Tensor) -> NDArray[np.uint8]:
        """An input, or a picture made in its place, as pixels; what is darker than black is black.

        Shapes: (C, H, W) -> (H, W, 3), uint8.
        """
        import torch

        mean, std = torch.tensor(self.mean)[:, None, None], torch.tensor(self.std)[:, None, None]
        pixels = x.detach().cpu().float().mul(std).add(mean).mul(255).round().clamp(0, 255).to(torch.uint8)  # (C, H, W)
        shown: NDArray[np.uint8] = pixels.expand(3, *pixels.shape[1:]).permute(1, 2, 0).contiguous().numpy()  # (H, W, 3)
        return shown

    def sentences(self) -> tuple[str, ...]:
        """What is done to a picture, in order, in words."""
        height, width = self.size
        said = []
        except_own = f" A picture of {width} × {height} pixels is taken as it is." if self.as_is else ""
        if self.short is None:
            said.append(f"It is scaled ({self.filter}) until it just fills {width} × {height} pixels; the middle is cut out.{except_own}")
        else:
            said.append(f"Its shorter side is scaled ({self.filter}) to {self.short} pixels.")
            said.append(f"The middle {width} × {height} pixels are cut out.{except_own}")
        if self.grey:
            said.append("It is made grey: 0.299 red + 0.587 green + 0.114 blue.")
        if self.dark_ground:
            said.append("If its border is bright, it is turned into its negative: the network learned bright ink on black.")
        said.append(
            f"Its values, from 0 to 1, lose the mean {_numbers(self.mean)} and are divided by the standard deviation {_numbers(self.std)}"
            + (" (of red, green, blue)." if len(self.mean) == 3 else ".")
        )
        return tuple(said)

    def _scaled(self, picture: Image.Image) -> Image.Image:
        """So large that `size` fits into it, by torchvision's rounding."""
        height, width = self.size
        grown = 1 if self.short is None else self.short / min(self.size)
        rows, columns = round(grown * height), round(grown * width)
        if picture.height * columns <= picture.width * rows:  # its height decides
            columns = max(columns, int(rows * picture.width / picture.height))
        else:
            rows = max(rows, int(columns * picture.height / picture.width))
        return picture if picture.size == (columns, rows) else picture.resize((columns, rows), _FILTERS[self.filter])

    def _cut(self, picture: Image.Image) -> Image.Image:
        height, width = self.size
        top, left = round((picture.height - height) / 2), round((picture.width - width) / 2)
        return picture.crop((left, top, left + width, top + height))


def preprocessing(network: str, weights: str) -> Preprocessing:
    """The preprocessing of a network of the registry or of torchvision with `weights`: "imagenet", "trained", "random" or "own:…".

    Weights that are not ImageNet's get the pictures of the weights that netlib brings for the network, so that they can be compared.

    Raises:
        UnknownNetwork: there is no network of that name.
    """
    channels, *size = default_input(network)
    height, width = size
    pair = height, width
    if weights == "imagenet" and (found := weights_of(network)):
        short = round(found.resize * min(pair) / found.crop)
        return Preprocessing(pair, False, found.mean, found.std, short, found.filter, as_is=False)
    if network in BUNDLED:
        record = BUNDLED[network]
        return Preprocessing(pair, channels == 1, record.mean, record.std, dark_ground=channels == 1)
    if channels == 1:
        digits = next((record for record in BUNDLED.values() if len(record.mean) == 1), None)
        mean, std = (digits.mean, digits.std) if digits else ((0.5,), (0.5,))
        return Preprocessing(pair, True, mean, std, dark_ground=True)
    mean, std = ((0.5,) * 3, (0.5,) * 3) if network in SIGNED else (IMAGENET_MEAN, IMAGENET_STD)
    return Preprocessing(pair, False, mean, std, round(MARGIN * min(pair)) if min(pair) > 200 else None)


def _shortened(picture: Image.Image) -> Image.Image:
    """The middle of a picture that is far longer than wide, or wider than long."""
    longest = LONGEST * min(picture.size)
    if max(picture.size) <= longest:
        return picture
    width, height = min(picture.width, longest), min(picture.height, longest)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _border(picture: Image.Image) -> float:
    """Mean brightness of the outermost pixels."""
    pixels = np.asarray(picture)
    return float(np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]]).mean())


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
