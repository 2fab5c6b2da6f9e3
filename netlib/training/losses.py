"""What a step makes smaller, and how the network's answer is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor

RUBBISH = 0.1  # j of equation (9): the paper asks for a positive constant and does not give it


def loss(outputs: Tensor, labels: Tensor, kind: str, smoothing: float = 0.0) -> Tensor:
    """Shapes: outputs (N, classes), labels (N,) -> ()."""
    return rbf_loss(outputs, labels) if kind == "rbf" else F.cross_entropy(outputs, labels, label_smoothing=smoothing)


def total_loss(outputs: Tensor | tuple[Tensor, ...], labels: Tensor, kind: str, smoothing: float, auxiliary: float) -> Tensor:
    """The loss of the network's answer, and `auxiliary` times that of each auxiliary classifier's, of which most networks have none.

    Source: Szegedy et al. 2015, section 5 (with a weight of 0.3).
    Shapes: each output (N, classes), labels (N,) -> ().
    """
    total = loss(main_outputs(outputs), labels, kind, smoothing)
    for other in outputs[1:] if isinstance(outputs, tuple) else ():
        total = total + auxiliary * loss(other, labels, kind, smoothing)
    return total


def main_outputs(outputs: Tensor | tuple[Tensor, ...]) -> Tensor:
    """The network's own answer, which comes before those of its auxiliary classifiers."""
    return outputs[0] if isinstance(outputs, tuple) else outputs


def rbf_loss(distances: Tensor, labels: Tensor) -> Tensor:
    """The distance to the right code, plus a term that pushes the codes of other classes away once they are near.

    y_D + log(e^−j + Σ_i e^−y_i), averaged over the batch. The first term alone is equation (8). The second keeps the classes
    apart; e^−j is an unseen rubbish class that stops it from pushing away what is far already.

    Source: LeCun et al. 1998, equation (9).
    Shapes: distances (N, classes), labels (N,) -> ().
    """
    right = distances.gather(1, labels[:, None])[:, 0]  # (N,)
    rubbish = torch.full_like(right, -RUBBISH)[:, None]
    return (right + torch.logsumexp(torch.cat((rubbish, -distances), 1), 1)).mean()


def chosen(outputs: Tensor, kind: str) -> Tensor:
    """The class that each output chooses: the smallest distance, or the largest logit.

    Shapes: (N, classes) -> (N,).
    """
    return outputs.argmin(1) if kind == "rbf" else outputs.argmax(1)
