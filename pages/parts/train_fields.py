"""The fields of a recipe as widgets: what decides most always, the rest in four groups that open."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.analysis import store
from netlib.data.sets import DATA_SETS, NAMES, folder_names
from netlib.errors import NetlibError
from netlib.figures import run_words, units
from netlib.models.registry import NETWORKS, spec
from netlib.training.recipe import CHANGES, CHOICES, FIELDS, RANGES
from pages.parts import networks, run_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pages.parts.train_choice import Choice

UNITS = ("epochs", "steps", "seconds")
USUAL: dict[str, Any] = {"epochs": 10, "steps": 500, "seconds": 60.0}  # after a change of the unit
STEPS = {"learning_rate": 0.01, "weight_decay": 1e-4, "first_decay": 1e-4, "seconds": 10.0, "dropout": 0.1, "auxiliary": 0.1}
LARGEST = 2**53 - 1  # whole number that a browser can hold
GROUPS = {
    "Augmentation": ("mirror", "shift", "border", "margin", "jitter", "pca", "tint", "crops", "close_ups", "close_up", "grey"),
    "Optimizer and regularization": (
        "momentum", "weight_decay", "first_decay", "smoothing", "dropout", "auxiliary", "kernel_rms", "first_rms", "warmup", "milestones",
        "patience",
    ),
    "Changes to the network": ("changes", "initialization", "first_scale", "warm_start"),
    "Machine, seed and tests": ("seed", "evaluate", "device", "precision", "channels_last", "compile"),
}  # fmt: skip
HIDDEN_SCHEDULE = {"warmup": "cosine", "milestones": "step", "patience": "plateau"}  # each has a meaning with one schedule only


def fields(choice: Choice) -> None:
    """All widgets; what is chosen goes into `choice`."""
    left, right = st.columns(2)
    with left:
        _options(choice, "network", _networks(choice.value("network")), networks.title)
    with right:
        _options(choice, "data", _data(choice.value("data")), data_title)
    choice.set("loss", "rbf" if has_codes(choice.value("network")) else "cross-entropy")  # a network has one of the two outputs
    left, middle, right = st.columns(3)
    with left:
        _length(choice)
    with middle:
        _number(choice, "batch")
    with right:
        _number(choice, "learning_rate")
    left, right = st.columns(2)
    with left:
        _field(choice, "optimizer")
    with right:
        _field(choice, "schedule")
    for title, names in GROUPS.items():
        shown = [name for name in names if HIDDEN_SCHEDULE.get(name, choice.value("schedule")) == choice.value("schedule")]
        count = sum(name in choice.changed for name in shown)
        with st.expander(f"{title} · {count} changed" if count else title, key=f"train_group_{title}"):
            for pair in zip(shown[::2], [*shown[1::2], None], strict=False):
                for column, name in zip(st.columns(2), pair, strict=True):
                    if name:
                        with column:
                            _field(choice, name)


def data_title(name: str) -> str:
    return DATA_SETS[name].title if name in DATA_SETS else name.replace("folder:", "Folder: ")


@lru_cache(maxsize=256)
def has_codes(network: str) -> bool:
    """Whether the network gives distances to codes instead of logits."""
    return network in NETWORKS and any(layer.kind == "rbf" for layer in store.graph(network).layers)


@lru_cache(maxsize=1)
def _trainable() -> tuple[str, ...]:
    """The registry's networks that put pictures into classes: those whose last layer has a number for each class."""
    return tuple(name for name in NETWORKS if "dcgan" not in name and len(spec(name).input_shape) == 3)


def _networks(own: str) -> list[str]:
    return list(dict.fromkeys([*_trainable(), own]))


def _data(own: str) -> list[str]:
    return list(dict.fromkeys([*NAMES, *folder_names(), own]))


def _field(choice: Choice, name: str) -> None:
    kind = FIELDS[name]
    if name == "warm_start":
        runs = _runs_with_weights()
        _options(choice, name, list(dict.fromkeys(["", *runs, choice.value(name)])), lambda id: runs.get(id, id or "none"))
    elif name == "changes":
        found = st.multiselect(
            _label(name), CHANGES, choice.value(name), key=choice.widget(name), format_func=run_words.CHOICE["changes"].__getitem__,
            help=run_words.FIELD[name].help, placeholder="as published",
        )  # fmt: skip
        choice.set(name, tuple(sorted(found, key=CHANGES.index)))
    elif name == "milestones":
        _shares(choice, name)
    elif name == "device":
        _options(choice, name, list(dict.fromkeys(["auto", "cpu", "cuda", choice.value(name)])), str)
    elif name in CHOICES:
        _options(choice, name, CHOICES[name], lambda value: run_words.value(name, value))
    elif kind == "bool":
        choice.set(name, st.toggle(_label(name), choice.value(name), key=choice.widget(name), help=run_words.FIELD[name].help or None))
    else:
        _number(choice, name)


def _options(choice: Choice, name: str, options: Sequence[Any], write: Any) -> None:
    index = list(options).index(choice.value(name))
    help = run_words.FIELD[name].help or None
    choice.set(name, st.selectbox(_label(name), options, index, key=choice.widget(name), format_func=write, help=help))


def _number(choice: Choice, name: str) -> None:
    """A whole number, a number, or nothing where the field may be left to the network."""
    least, most = RANGES[name]
    if FIELDS[name] == "int":
        value: Any = st.number_input(
            _label(name), int(least or 0), min(int(most or LARGEST), LARGEST), choice.value(name), key=choice.widget(name),
            help=run_words.FIELD[name].help or None,
        )  # fmt: skip
    else:
        own = FIELDS[name].endswith("None")
        value = st.number_input(
            _label(name), float(least or 0), most and float(most), choice.value(name), STEPS.get(name, 0.05), format="%g",
            key=choice.widget(name), help=run_words.FIELD[name].help or None, placeholder="the network’s own" if own else None,
        )  # fmt: skip
    choice.set(name, value)


def _length(choice: Choice) -> None:
    """How many of one of three units; the other two are 0."""
    own = next((unit for unit in UNITS if choice.value(unit)), UNITS[0])
    count, unit_place = st.columns([3, 4], vertical_alignment="bottom")
    with unit_place:
        unit: str = st.selectbox("Unit of the length", UNITS, UNITS.index(own), key=choice.widget("unit"), label_visibility="collapsed")
    with count:
        value = choice.value(unit) if unit == own else USUAL[unit]
        kind = type(USUAL[unit])
        found = st.number_input(
            "Length", kind(1), None, kind(value), kind(STEPS.get(unit, 1)), key=choice.widget(unit), format="%g" if kind is float else "%d",
            help=f"How long it trains. {run_words.FIELD[unit].help}",
        )  # fmt: skip
    for other in UNITS:
        choice.set(other, type(USUAL[other])(found if other == unit else 0))


def _shares(choice: Choice, name: str) -> None:
    shown = ", ".join(f"{share:.4g}" for share in choice.value(name))
    written = st.text_input(_label(name), shown, key=choice.widget(name), help=run_words.FIELD[name].help)
    if written == shown:  # a share may have more digits than are shown
        choice.set(name, choice.value(name))
        return
    try:
        choice.set(name, tuple(float(part) for part in written.split(",")))
    except ValueError:
        st.warning("Write shares of the run with commas between them, such as 0.5, 0.75.")


def _runs_with_weights() -> dict[str, str]:
    """Id -> words of the runs that have been tested, so that they have weights to start from."""
    try:
        runs = run_store.store().runs()
    except NetlibError:
        return {}
    return {
        run.id: f"{run.id} · {networks.title(run.recipe.network)} on {data_title(run.recipe.data)} · {units.percent(run.best)}"
        for run in runs if run.best is not None
    }  # fmt: skip


def _label(name: str) -> str:
    return run_words.FIELD[name].label
