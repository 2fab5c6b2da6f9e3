"""LeNet-5's loss by hand, and who wins."""

from __future__ import annotations

from math import exp, log

import pytest
import torch

from netlib.training.losses import RUBBISH, chosen, loss, main_outputs, rbf_loss, total_loss


def test_rbf_loss_by_hand() -> None:
    distances, labels = torch.tensor([[2.0, 0.5, 7.0], [1.0, 3.0, 0.25]]), torch.tensor([1, 0])
    by_hand = [y + log(exp(-RUBBISH) + sum(exp(-d) for d in row)) for y, row in ((0.5, (2, 0.5, 7)), (1, (1, 3, 0.25)))]
    assert rbf_loss(distances, labels).item() == pytest.approx(sum(by_hand) / 2)


def test_a_wrong_class_is_pushed_away_only_while_it_is_near() -> None:
    distances = torch.tensor([[1.0, 2.0, 200.0]], requires_grad=True)
    loss(distances, torch.tensor([0]), "rbf").backward()
    right, near, far = distances.grad[0]
    assert 0 < right < 1  # down, a little less for the class's own share of the second term
    assert near < -0.05
    assert far == 0


def test_the_smallest_distance_or_the_largest_logit_wins() -> None:
    outputs = torch.tensor([[3.0, 1.0, 2.0]])
    assert chosen(outputs, "rbf").item() == 1
    assert chosen(outputs, "cross-entropy").item() == 0


def test_smoothing_by_hand() -> None:
    logits = torch.tensor([[1.0, 0.0]])
    p = torch.softmax(logits, 1)[0].log()
    assert loss(logits, torch.tensor([0]), "cross-entropy", 0.2).item() == pytest.approx(-(0.9 * p[0] + 0.1 * p[1]).item())


def test_auxiliary_losses_by_hand() -> None:
    """−log p of the right class, each auxiliary classifier's times 0.3."""
    outputs = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]]), torch.tensor([[3.0, 0.0]])
    main, *others = (-torch.softmax(out, 1)[0, 0].log().item() for out in outputs)
    labels = torch.tensor([0])
    assert total_loss(outputs, labels, "cross-entropy", 0.0, 0.3).item() == pytest.approx(main + 0.3 * sum(others))
    assert total_loss(outputs[0], labels, "cross-entropy", 0.0, 0.3).item() == pytest.approx(main)
    assert main_outputs(outputs) is main_outputs(outputs[0]) is outputs[0]
