"""Scores against scikit-learn's, several views of a picture by hand, and a model that is left as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, log_loss, top_k_accuracy_score
from torch import Tensor, nn

from netlib.data.split import Split
from netlib.training.evaluation import MISTAKES, Examiner, averaged, evaluation
from netlib.training.recipe import Recipe

N, K = 200, 8


def answers() -> tuple[Tensor, Tensor]:
    """Logits that are right for about half of the pictures."""
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(0, K, (N,), generator=random)
    return torch.randn(N, K, generator=random) + 1.5 * nn.functional.one_hot(labels, K), labels


def test_scores_are_scikit_learns() -> None:
    outputs, labels = answers()
    found = evaluation(outputs, labels, "cross-entropy", K)
    chances, truth = outputs.double().softmax(1).numpy(), labels.numpy()
    assert found.top1 == pytest.approx(top_k_accuracy_score(truth, chances, k=1, labels=range(K)))
    assert found.top5 == pytest.approx(top_k_accuracy_score(truth, chances, k=5, labels=range(K)))
    assert found.loss == pytest.approx(log_loss(truth, chances, labels=range(K)), rel=1e-5)
    np.testing.assert_array_equal(found.confusion, confusion_matrix(truth, chances.argmax(1), labels=range(K)))
    assert found.images == N and 0.3 < found.top1 < 0.9


def test_mistakes_are_the_surest_first() -> None:
    outputs, labels = answers()
    found = evaluation(outputs, labels, "cross-entropy", K).mistakes
    chances = outputs.softmax(1)
    wrong = [(chances[i].max().item(), i) for i in range(N) if chances[i].argmax() != labels[i]]
    expected = sorted(wrong, reverse=True)[:MISTAKES]
    assert [mistake.index for mistake in found] == [i for _, i in expected]
    for mistake, (chance, i) in zip(found, expected, strict=True):
        assert (mistake.label, mistake.said) == (labels[i], chances[i].argmax())
        assert mistake.probability == pytest.approx(chance)


def test_distances_are_read_the_other_way_round() -> None:
    found = evaluation(torch.tensor([[3.0, 1.0, 9.0], [0.5, 2.0, 0.25]]), torch.tensor([1, 0]), "rbf", 3)
    assert (found.top1, found.top5) == (0.5, 1.0)
    np.testing.assert_array_equal(found.confusion, [[0, 0, 1], [0, 1, 0], [0, 0, 0]])
    shares = np.exp([-0.5, -2.0, -0.25])
    assert found.mistakes[0].probability == pytest.approx(shares[2] / shares.sum(), rel=1e-5)


def test_an_answer_beyond_the_classes_is_wrong() -> None:
    found = evaluation(torch.tensor([[0.0, 1.0, 5.0], [3.0, 1.0, 2.0]]), torch.tensor([1, 0]), "cross-entropy", 2)
    assert found.top1 == 0.5 and found.confusion.shape == (3, 3)


def test_the_mean_of_views() -> None:
    outputs = torch.randn(5, 4, K, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(averaged(outputs, "cross-entropy").exp(), outputs.softmax(2).mean(0))
    torch.testing.assert_close(averaged(outputs, "rbf"), outputs.mean(0))
    assert averaged(outputs[:1], "cross-entropy") is not None and torch.equal(averaged(outputs[:1], "cross-entropy"), outputs[0])


class Corner(nn.Module):
    """Says the brightness of the upper left and of the lower right quarter of the (5, 6) picture that it sees, and 0."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack((x[:, :, :2, :3].mean((1, 2, 3)), x[:, :, 2:, 3:].mean((1, 2, 3)), x.new_zeros(len(x))), 1)


@pytest.mark.parametrize("crops", [1, 5, 10])
def test_crops_by_hand(tiny: Split, crops: int) -> None:
    """Pictures of 8×8 with a margin of 3: the network sees 5×5; places by hand, rows and columns."""
    recipe = Recipe("none", "tiny", 1, batch=2, margin=3, crops=crops)
    found = Examiner(tiny, recipe, torch.device("cpu")).evaluate(Corner())
    places = {1: [(2, 2)], 5: [(0, 0), (0, 3), (3, 0), (3, 3), (2, 2)]}[min(crops, 5)]
    chances = np.zeros((3, 3))
    for picture, label in zip(tiny.test_images, range(3), strict=True):
        x = (picture / 255 - np.array(tiny.mean)[:, None, None]) / np.array(tiny.std)[:, None, None]
        for turned in (x, x[:, :, ::-1]) if crops == 10 else (x,):
            for top, left in places:
                part = turned[:, top : top + 5, left : left + 5]
                scores = np.exp([part[:, :2, :3].mean(), part[:, 2:, 3:].mean(), 0])
                chances[label] += scores / scores.sum() / crops
    expected = -np.log(chances[np.arange(3), tiny.test_labels]).mean()
    assert found.loss == pytest.approx(expected, rel=1e-5)


def test_the_model_is_left_as_it_was(tiny: Split) -> None:
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(192), nn.Dropout(0.9), nn.Linear(192, 3)).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    examiner = Examiner(tiny, Recipe("none", "tiny", 1, batch=2), torch.device("cpu"))
    state = torch.get_rng_state()
    first, second = examiner.evaluate(model), examiner.evaluate(model)
    assert first.loss == second.loss  # no dropout
    assert torch.equal(torch.get_rng_state(), state)
    assert all(module.training for module in model.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
