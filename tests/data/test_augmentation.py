"""Augmented pictures against slices cut by hand, torchvision's crops and numpy's eigenvectors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from netlib.data import augmentation
from netlib.data.augmentation import cropped, fancy, five_crops, greyed, middle, mirrored, pca, resized_crops, shifted, ten_crops, tinted
from netlib.models.torchvision_cpu import torchvision


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def numbered() -> Tensor:
    """Every pixel different: pictures of 6 × 7."""
    return torch.arange(5 * 3 * 6 * 7, dtype=torch.float32).reshape(5, 3, 6, 7)


def found(part: Tensor, whole: Tensor) -> list[tuple[int, int]]:
    """Where `part` lies in `whole`: all places that fit."""
    height, width = part.shape[1:]
    places = [(top, left) for top in range(whole.shape[1] - height + 1) for left in range(whole.shape[2] - width + 1)]
    return [(top, left) for top, left in places if torch.equal(whole[:, top : top + height, left : left + width], part)]


@pytest.mark.parametrize(("size", "rows", "columns"), [(4, 3, 4), ((5, 3), 2, 5)])
def test_crops_are_parts_of_their_picture_at_different_places(size: int | tuple[int, int], rows: int, columns: int) -> None:
    x = numbered()
    places = set()
    for seed in range(12):
        for part, whole in zip(cropped(x, size, seeded(seed)), x, strict=True):
            (place,) = found(part, whole)
            places.add(place)
    assert places == {(top, left) for top in range(rows) for left in range(columns)}


@pytest.mark.parametrize("border", ["constant", "reflect"])
def test_shifts_move_the_picture_and_fill_the_border(border: str) -> None:
    x = numbered() + 1
    moved = shifted(x, 2, border, seeded())
    assert moved.shape == x.shape
    for picture, whole in zip(moved, x, strict=True):
        inner = whole[:, 2:4, 2:5]  # what no shift of two pixels loses
        (place,) = found(inner, picture)
        assert all(abs(at - 2) <= 2 for at in place)
        assert (picture == 0).any() == (border == "constant" and place != (2, 2))


def test_mirrored_greyed_and_tinted() -> None:
    x = torch.rand(200, 3, 4, 5, generator=seeded(1))
    turned = mirrored(x, seeded())
    same, other = (turned == x).all(3).all(2).all(1), (turned == x.flip(3)).all(3).all(2).all(1)
    assert (same ^ other).all() and 60 < same.sum() < 140
    grey = greyed(x, 0.25, seeded())
    flat = (grey.amax(1) - grey.amin(1) == 0).all(2).all(1)
    assert 25 < flat.sum() < 75
    assert torch.equal(grey[~flat], x[~flat])
    torch.testing.assert_close(grey[flat][:, 1], (x[flat][:, 0] + x[flat][:, 1] + x[flat][:, 2]) / 3)
    gains = tinted(x, 0.2, seeded()) / x
    assert (gains.amax((2, 3)) - gains.amin((2, 3)) < 1e-5).all()
    assert 0.8 <= gains.min() < 0.85 and 1.15 < gains.max() <= 1.2


def test_an_enlarged_crop_is_a_slice_of_the_enlarged_picture() -> None:
    """At factors for which torch's own enlarging gives whole numbers of pixels."""
    x = torch.rand(4, 3, 6, 8, generator=seeded(2))
    factor, corner = torch.tensor([1.0, 1.5, 2.0, 2.5]), torch.tensor([[1.0, 3], [0, 7], [6, 0], [11, 16]])
    parts = augmentation._sampled(x, (4, 3), factor, corner)
    for number, (scale, (top, left)) in enumerate(zip(factor.tolist(), corner.int().tolist(), strict=True)):
        size = round(6 * scale), round(8 * scale)
        large = F.interpolate(x[number : number + 1], size, mode="bilinear", align_corners=False)[0]
        torch.testing.assert_close(parts[number], large[:, top : top + 4, left : left + 3])


def test_scale_jitter_stays_inside_the_picture_and_uses_all_of_its_range() -> None:
    """On a picture whose values are its own coordinates, a crop tells its corners and its scale."""
    rows, columns = torch.meshgrid(torch.arange(20.0), torch.arange(30.0), indexing="ij")
    x = torch.stack((rows, columns))[None].expand(400, -1, -1, -1) + 0.5
    parts = resized_crops(x, (9, 12), 1.0, seeded())  # (400, 2, 9, 12)
    step = (parts[:, 0, 7, 0] - parts[:, 0, 1, 0]) / 6  # pixels of the picture to one of the crop
    torch.testing.assert_close((parts[:, 1, 0, 10] - parts[:, 1, 0, 1]) / 9, step, atol=0.02, rtol=0.02)  # the same along the other axis
    assert 0.499 < step.min() < 0.52 and 0.97 < step.max() < 1.001
    top, left = parts[:, 0, 0, 0] - step / 2, parts[:, 1, 0, 0] - step / 2
    bottom, right = top + 9 * step, left + 12 * step
    assert min(top.min(), left.min()) > -0.01 and bottom.max() < 20.01 and right.max() < 30.01
    assert top.min() < 0.5 and left.min() < 0.5 and bottom.max() > 19.5 and right.max() > 29.5
    plain = numbered()
    torch.testing.assert_close(resized_crops(plain, (6, 7), 0.0, seeded()), plain)


def test_principal_components_are_numpys_and_explain_themselves() -> None:
    images = np.random.RandomState(0).randint(0, 256, (7, 3, 5, 4)).astype(np.uint8)
    images[:, 1] = images[:, 0] // 2 + images[:, 1] // 2  # red and green go together
    colours = images.transpose(1, 0, 2, 3).reshape(3, -1) / 255
    values, vectors = np.linalg.eigh(np.cov(colours, bias=True))
    for given in (images, torch.tensor(images), torch.tensor(images) / 255):
        ours, directions = pca(given)
        np.testing.assert_allclose(ours, values[::-1], rtol=1e-5)
        np.testing.assert_allclose(np.abs(directions.numpy().T @ vectors[:, ::-1]), np.eye(3), atol=1e-4)
        assert (directions.gather(0, directions.abs().argmax(0, keepdim=True)) > 0).all()
    assert pca(images[:, :1])[1].tolist() == [[1.0]]


def test_principal_components_are_summed_up_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.RandomState(0).randint(0, 256, (7, 3, 5, 4)).astype(np.uint8)
    whole = pca(images)
    monkeypatch.setattr(augmentation, "AT_A_TIME", 40)
    torch.testing.assert_close(pca(images), whole)


def test_fancy_colours_move_each_picture_along_the_components_by_so_much() -> None:
    """One value added to all pixels of a picture; over many pictures its covariance is V diag(σ²λ²) Vᵀ."""
    values, vectors = torch.tensor([0.2, 0.05, 0.01]), torch.linalg.qr(torch.randn(3, 3, generator=seeded(5)))[0]
    x = torch.rand(20_000, 3, 2, 2, generator=seeded(1))
    added = fancy(x, values, vectors, 0.1, seeded()) - x
    assert (added.amax((2, 3)) - added.amin((2, 3))).max() < 1e-6
    spread = np.cov(added[:, :, 0, 0].numpy().T)
    wanted = vectors.numpy() @ np.diag((0.1 * values.numpy()) ** 2) @ vectors.numpy().T
    np.testing.assert_allclose(spread, wanted, atol=0.03 * wanted.max())
    assert abs(added.mean()) < 1e-3


@pytest.mark.parametrize("size", [4, (3, 4), (5, 2), (6, 7)])
def test_five_and_ten_crops_are_torchvisions(size: int | tuple[int, int]) -> None:
    x = numbered()
    functional = torchvision.transforms.functional
    wanted = (size, size) if isinstance(size, int) else size
    assert torch.equal(five_crops(x, size), torch.stack(functional.five_crop(x, list(wanted))))
    assert torch.equal(ten_crops(x, size), torch.stack(functional.ten_crop(x, list(wanted))))
    assert torch.equal(middle(x, size), functional.center_crop(x, list(wanted)))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_same_is_drawn_on_every_device() -> None:
    x = torch.rand(8, 3, 12, 14, generator=seeded())
    values, vectors = pca(x)
    steps = (
        lambda x, random: shifted(x, 2, "reflect", random), lambda x, random: cropped(x, (7, 9), random),
        lambda x, random: resized_crops(x, 8, 0.7, random), mirrored, lambda x, random: greyed(x, 0.4, random),
        lambda x, random: tinted(x, 0.3, random), lambda x, random: fancy(x, values, vectors, 0.1, random),
    )  # fmt: skip
    for step in steps:
        torch.testing.assert_close(step(x.cuda(), seeded(3)).cpu(), step(x, seeded(3)))
