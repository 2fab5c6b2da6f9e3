"""Visitors' own checkpoints: one budget of memory for all who use this server, and one file read at a time.

A visit knows of a checkpoint its network and its file; the numbers are here, once for equal files. When they are more than fit, those
that were not looked at for longest go, and whoever comes back to one is told to choose the file again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING

from netlib.errors import MissingWeights, WeightsMismatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

MOST_BYTES = 2_000_000_000  # of all visitors' together

Key = tuple[str, str]  # (network, SHA-256 of the file)

_states: OrderedDict[Key, Mapping[str, Tensor]] = OrderedDict()  # the last looked at at the end
_guard = threading.Lock()
_reading = threading.Lock()  # held while a file is read: more than its size is in memory then


def busy() -> bool:
    """Whether a file is being read, for which the next one waits."""
    return _reading.locked()


def take(network: str, data: bytes) -> Key:
    """Read a file, when its turn has come, and keep what is in it.

    Raises:
        InvalidCheckpoint: the file is no state dict, or cannot be read safely.
        WeightsMismatch: it is of another network; the message is the report.
    """
    from netlib.analysis.fitting import report
    from netlib.models.checkpoints import read

    with _reading:
        found = report(network, read(data))
        key = network, sha256(data).hexdigest()
    if not found.fits:
        raise WeightsMismatch(found.sentence)
    with _guard:
        _states[key] = found.state
        _states.move_to_end(key)
        while len(_states) > 1 and sum(map(_bytes, _states.values())) > MOST_BYTES:
            _states.popitem(last=False)
    return key


def there(key: Key) -> bool:
    """Whether the checkpoint is still kept; who asks looks at it."""
    with _guard:
        if key in _states:
            _states.move_to_end(key)
        return key in _states


def build(key: Key) -> nn.Module:
    """The network with the checkpoint.

    Raises:
        MissingWeights: it had to make room for others meanwhile.
    """
    from netlib.models.build import build as built

    with _guard:
        state = _states.get(key)
    if state is None:
        raise MissingWeights(gone("This checkpoint"))
    return built(key[0], weights=state)


def gone(called: str) -> str:
    """The sentence for who comes back to a checkpoint that is not kept any more."""
    return (
        f"{called} had to make room for newer ones: this server keeps {MOST_BYTES / 1e9:,.1f} GB of its visitors’ checkpoints; "
        "choose the file again."
    )


def _bytes(state: Mapping[str, Tensor]) -> int:
    return sum({tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in state.values()}.values())
