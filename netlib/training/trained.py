"""What a run has learned, to be looked at: its network with the weights of a checkpoint, its own layers and classes.

    >>> from netlib.training.runs import Store
    >>> found = trained(Store(), "0a1b2c3d")   # doctest: +SKIP
    >>> found.build()(found.normalized(picture))   # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netlib.analysis.store import default_input
from netlib.errors import InvalidInput, MissingWeights
from netlib.training import checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from netlib.analysis.graph import LayerGraph
    from netlib.training.records import Run
    from netlib.training.runs import Store


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """The weights of one checkpoint of a run.

    Attributes:
        path: the file, which makes room for a better one while the run goes on.
        step: at which it was saved.
        classes: their names, by number.
        mean, std: of the training pictures, for each channel: the network takes (picture / 255 − mean) / std.
    """

    run: Run
    path: Path
    step: int
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def graph(self) -> LayerGraph:
        """The network's layers, with the recipe's changes and an output for each class."""
        from netlib.analysis.tracing import trace
        from netlib.training.network import network

        recipe = self.run.recipe
        return trace(network(recipe, len(self.classes), meta=True), default_input(recipe.network), name=recipe.network)

    def build(self) -> nn.Module:
        """The network with the weights, in eval mode.

        Raises:
            MissingWeights: the run has a better checkpoint by now, or was deleted.
            InvalidCheckpoint, WeightsMismatch: the file is damaged, or of another network.
        """
        from netlib.models.weights import load
        from netlib.training.network import network

        if not self.path.is_file():
            raise MissingWeights(f"Run {self.run.id} has a better checkpoint than that of step {self.step}, which is gone; open it anew.")
        state = checkpoint.load(self.path, "model/").tensors
        recipe = replace(self.run.recipe, warm_start="", initialization="")  # its first weights do not matter any more
        model = network(recipe, len(self.classes))
        load(model, {name.removeprefix("model/"): tensor for name, tensor in state.items()}, recipe.network)
        return model.eval()


def trained(store: Store, id: str) -> Trained:
    """The best weights of a run or, before its first test, the last.

    Raises:
        UnknownRun: there is no such run.
        InvalidInput: it has no checkpoint yet.
        InvalidCheckpoint: its checkpoint is damaged.
    """
    path = store.checkpoint(id, "best") or store.checkpoint(id, "last")
    if path is None:
        raise InvalidInput(f"Run {id} has no checkpoint yet; wait until it has one.")
    values = checkpoint.load(path, "nothing").values
    sees = values["data"]
    return Trained(store.get(id), path, values["step"], tuple(sees["classes"]), tuple(sees["mean"]), tuple(sees["std"]))
