"""`torchvision`, importable next to a CPU-only torch as well.

torchvision's published wheels for Linux are built against CUDA. Beside a CPU-only torch their compiled extension cannot
be loaded, and `import torchvision` stops at "operator torchvision::nms does not exist": it wants to describe two detection
operators that the extension would have declared. Declaring them here, without an implementation, is enough for models,
transforms, data sets and utilities; calling `torchvision.ops.nms` itself still fails.

Where the extension loads, the import succeeds at once and nothing else happens. All of netlib gets torchvision from here:

    from netlib.models.torchvision_cpu import torchvision
"""

from __future__ import annotations

import sys

import torch

__all__ = ["torchvision"]

OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

try:
    import torchvision
except RuntimeError as error:
    if "torchvision::nms" not in str(error):
        raise
    library = torch.library.Library("torchvision", "DEF")  # the name keeps it alive: the operators vanish with it
    for operator in OPERATORS:
        library.define(operator)
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # what the first attempt left half imported
    import torchvision
