"""What the tests of training share: a data set small enough to look through."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.data.split import Split, split


@pytest.fixture
def tiny() -> Split:
    """Twelve noisy 8×8 colour pictures of three classes: a bright top, a bright bottom, a red picture."""
    random = np.random.RandomState(0)
    images = random.randint(0, 60, (12, 3, 8, 8)).astype(np.uint8)
    labels = np.arange(12) % 3
    images[labels == 0, :, :4] += 150
    images[labels == 1, :, 4:] += 150
    images[labels == 2, 0] += 150
    return split("tiny", ("top", "bottom", "red"), (images[:9], labels[:9]), (images[9:], labels[9:]))
