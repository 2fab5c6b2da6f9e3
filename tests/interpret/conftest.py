"""What the tests of interpretation share: each draws the same random pictures at every run, in whatever order."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True)
def _same_random_pictures() -> None:
    torch.manual_seed(0)
