"""What a network's output says of the classes: scores of which the largest wins, and probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from netlib.analysis.graph import LayerGraph


def scores(graph: LayerGraph, output: Tensor) -> Tensor:
    """The main output as scores: logits as they are, of probabilities the logarithm, of LeNet-5's distances to its codes the negative.

    Shapes: (N, K) -> (N, K).
    """
    kind = graph[next(iter(graph.outputs.values()))].kind
    if kind == "rbf":
        return -output
    return output.clamp_min(1e-30).log() if kind == "softmax" else output


def probabilities(graph: LayerGraph, output: Tensor) -> Tensor:
    """The softmax of the scores.

    For LeNet-5 that is the posterior of its output units' Gaussians, e^−y over the sum of them, without the paper's constant for
    rubbish (LeCun et al. 1998, equation 9, e^−j).

    Shapes: (N, K) -> (N, K).
    """
    return scores(graph, output).softmax(-1)
