"""What torchvision knows of its ImageNet weights, as a file: importing torchvision takes seconds, and a page shows them before.

`python -m netlib.models.imagenet_table` writes assets/imagenet.json; a test makes it again and compares.
"""

from __future__ import annotations

import json
from typing import Any

from netlib.models.imagenet import FILE
from netlib.models.zoo import torchvision_names

OWN_SIZE = 224  # what netlib shows torchvision's networks with; weights for another size have other position tables
TRANSFORMS_INPUT = ("googlenet", "inception_v3")  # with weights, torchvision puts a layer before them that makes −1 to 1 of the pixels


def table() -> dict[str, Any]:
    """The names of the 1,000 classes, and for each network its weights: the plain recipe's where there are several."""
    from torchvision.models import get_model_weights

    networks: dict[str, Any] = {}
    classes: list[str] = []
    for name in torchvision_names():
        several = list(get_model_weights(name))
        weights = next((one for one in several if one.transforms().crop_size[0] == OWN_SIZE), several[0])
        preset = weights.transforms()
        signed = name in TRANSFORMS_INPUT
        classes = classes or list(weights.meta["categories"])
        if weights.meta["categories"] != classes:
            raise ValueError(f"{name} has other classes than the networks before it")
        networks[name] = {
            "weights": weights.name,
            "url": weights.url,
            "megabytes": weights.meta["_file_size"],
            "top1": weights.meta["_metrics"]["ImageNet-1K"]["acc@1"],
            "resize": preset.resize_size[0],
            "crop": preset.crop_size[0],
            "filter": preset.interpolation.value,
            "mean": [0.5] * 3 if signed else list(preset.mean),
            "std": [0.5] * 3 if signed else list(preset.std),
        }
    return {"classes": classes, "networks": networks}


def text() -> str:
    """The table as the file holds it, a network a line."""
    found = table()
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in found["networks"].items())
    return f'{{"classes": {json.dumps(found["classes"], ensure_ascii=False)},\n"networks": {{\n{rows}\n}}}}\n'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8", newline="\n")
