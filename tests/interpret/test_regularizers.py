"""Blur and total variation against scipy and by hand."""

from __future__ import annotations

import pytest
import torch
from scipy.ndimage import gaussian_filter

from netlib.interpret.regularizers import blurred, total_variation


@pytest.mark.parametrize("sigma", [0.4, 1.0, 5.0])
def test_blur_is_scipys(sigma: float) -> None:
    x = torch.randn(2, 3, 9, 12, dtype=torch.double)
    theirs = gaussian_filter(x.numpy(), (0, 0, sigma, sigma), mode="nearest", radius=(0, 0, *[-int(-3 * sigma // 1)] * 2))
    torch.testing.assert_close(blurred(x, sigma), torch.from_numpy(theirs))
    assert blurred(x, 0) is x


def test_total_variation_by_hand() -> None:
    x = torch.tensor([[1.0, 4], [5, 5]])  # 1: right 3, down 4; 4: down 1; 5: right 0
    assert float(total_variation(x)) == 9 + 16 + 1
    assert float(total_variation(x, 1.0)) == pytest.approx(5 + 1, abs=1e-2)
    flat = torch.ones(1, 3, 3, requires_grad=True)
    total_variation(flat, 1.0).backward()
    assert flat.grad is not None and not flat.grad.any()
