"""What training runs have learned, as weights on the pages about seeing: run:… with the run's id, its best checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.analysis.store import default_input
from netlib.data.catalogue import DATA_SETS
from netlib.data.preprocessing import Preprocessing
from netlib.errors import NetlibError, StoreUnavailable
from netlib.figures import run_list, units
from netlib.training import checkpoint
from netlib.training.trained import Trained, trained
from pages.parts import run_store

if TYPE_CHECKING:
    from netlib.analysis.graph import LayerGraph
    from netlib.training.records import Run

PREFIX = "run:"
MOST = 12  # runs of a network that are offered, the newest


def options(network: str, asked: str = "") -> list[str]:
    """The network's runs that have a checkpoint, the newest first; `asked` too, if it is one of them and older."""
    found = [f"{PREFIX}{run.id}" for run in _runs(network) if checkpoint.newest(run.folder)]
    return found[:MOST] + [one for one in found[MOST:] if one == asked]


def label(option: str) -> str:
    """ "Run ReLU, 98.0 % right"."""
    try:
        run = run_store.store().get(option.removeprefix(PREFIX))
    except NetlibError:  # deleted just now
        return f"Run {option.removeprefix(PREFIX)}"
    right = f", {units.percent(run.best)} right" if run.best is not None else ""
    return f"Run {called(run)}{right}"


def called(run: Run) -> str:
    return f"{run.name} ({run.id})" if run.name else run.id


def why_not(network: str, option: str) -> str:
    """Why a link's run cannot be looked through here, in a sentence."""
    if not run_store.there():
        return "The weights of this link are of a training run, and this server has none."
    try:
        run = run_store.store().get(option.removeprefix(PREFIX))
    except NetlibError as error:
        return str(error)
    if run.recipe.network != network:
        return f"Run {run.id} trained {run_list.network_title(run.recipe.network)}, not {run_list.network_title(network)}."
    return f"Run {run.id} has no checkpoint yet, so there are no weights to look at; wait until it has one."


def weights(option: str) -> Trained:
    """
    Raises:
        NetlibError: the run was deleted, or its checkpoint is damaged.
    """
    return trained(run_store.store(), option.removeprefix(PREFIX))


def graph(found: Trained) -> LayerGraph:
    """The run's own layers: its recipe may have changed some, and its data have classes of their own."""
    return _graph((found.run.id, found.step), found)


@st.cache_resource(max_entries=32, show_spinner=False)
def _graph(key: tuple[str, int], _found: Trained) -> LayerGraph:
    return _found.graph()


def preprocessing(found: Trained) -> Preprocessing:
    """As the run's training pictures were given to it."""
    recipe = found.run.recipe
    channels, height, width = default_input(recipe.network)
    ink = recipe.data in DATA_SETS and DATA_SETS[recipe.data].ink
    return Preprocessing((height, width), channels == 1, found.mean, found.std, dark_ground=ink and channels == 1)


def told(option: str) -> str:
    """Where the weights come from and what they are worth, in a sentence."""
    try:
        found = weights(option)
    except NetlibError as error:
        return str(error)
    run = found.run
    right = f"; at best it put {units.percent(run.best)} of the held-back pictures into their class" if run.best is not None else ""
    data = run_list.data_title(run.recipe.data)
    return f"Its weights are those of step {found.step:,} of the run {called(run)}, which learned from {data} here{right}."


def _runs(network: str) -> list[Run]:
    if not run_store.there():
        return []
    try:
        return run_store.store().runs(network=network)
    except StoreUnavailable:  # the page goes on with other weights
        return []
