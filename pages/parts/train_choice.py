"""The recipe that is being put together: what it starts from, a preset or an earlier run, and what was changed of it.

Both are in the URL, as far as they are not as by default: ?preset=lenet5-modern-minute&batch=32, or ?preset=run:0a1b2c3d.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import run_words
from netlib.training.presets import PRESETS
from netlib.training.recipe import FIELDS, Recipe
from pages.parts import run_store, view
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = next(iter(PRESETS))
RUN = "run:"
KINDS = {"minute": "One minute", "paper": "Paper", "laptop": "Laptop"}
KEPT = "train_choice"  # in the session: what the recipe starts from, and what was changed


@dataclass(slots=True)
class Choice:
    """What the recipe starts from, and the fields that differ.

    Attributes:
        key: of a preset, or "run:…" with the id of a run.
        title: what it is called.
        about: where it stands and what is reduced, in sentences; "" for a run.
        changed: field -> value, checked together only in `recipe`.
    """

    key: str
    title: str
    recipe: Recipe
    about: str = ""
    changed: dict[str, Any] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        return self.changed.get(name, getattr(self.recipe, name))

    def set(self, name: str, value: Any) -> None:
        """Change a field, or put it back; the URL follows."""
        if value == getattr(self.recipe, name):
            self.changed.pop(name, None)
            view.write(name, None)
        else:
            self.changed[name] = value
            view.write(name, text(value))

    def widget(self, name: str) -> str:
        """The key of the field's widget: another start has other widgets."""
        return f"train_{self.key}_{name}"

    @property
    def after(self) -> str:
        """The run that this one repeats with changes, or ""."""
        return self.key.removeprefix(RUN) if self.key.startswith(RUN) else ""

    def made(self) -> Recipe:
        """
        Raises:
            InvalidInput: the values make no sense together.
        """
        return Recipe.from_dict(self.recipe.as_dict() | {name: _listed(value) for name, value in self.changed.items()})


def start() -> Choice:
    """What the recipe starts from: chosen here, or by the link; with the changes that the link or the session has."""
    first = "train_start" not in st.session_state
    linked = first and any(name in st.query_params for name in ("preset", *FIELDS))
    kept: tuple[str, dict[str, Any]] = st.session_state.get(KEPT, (DEFAULT, {}))
    if first:
        asked = st.query_params.get("preset", DEFAULT) if linked else kept[0]
        st.session_state["train_start"] = asked if _found(asked) else DEFAULT
    options = list(PRESETS)
    if (own := st.session_state["train_start"]) not in options:
        options.insert(0, own)
    key: str = st.selectbox(
        "Start from", options, options.index(own), key="train_start", format_func=_title,
        help="Everything below can be changed after that; another choice here puts it all back.",
    )  # fmt: skip
    choice = _found(key) or _of_preset(DEFAULT)
    choice.changed = _from_link(choice) if linked else dict(kept[1]) if kept[0] == key else {}
    st.session_state[KEPT] = key, choice.changed
    view.write("preset", key, DEFAULT)
    for name in FIELDS:  # what the link had, and another start has not
        view.write(name, text(choice.changed[name]) if name in choice.changed else None)
    return choice


def link(choice: str, changed: Mapping[str, Any]) -> dict[str, str]:
    """The query of a link to the page with this start and these changes."""
    return {"preset": choice} | {name: text(value) for name, value in changed.items()}


def text(value: Any) -> str:
    """A field's value as the URL writes it."""
    if value is None:
        return "own"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(text(one) for one in value) or "none"
    return str(value) or "none"


def parsed(name: str, written: str) -> Any:
    """The value that `text` wrote.

    Raises:
        ValueError: it is no such value.
    """
    kind = FIELDS[name]
    if kind.startswith("tuple"):
        parts = [] if written == "none" else written.split(",")
        return tuple(float(part) for part in parts) if "float" in kind else tuple(parts)
    if kind == "bool":
        return {"yes": True, "no": False}[written]
    if kind.endswith("None") and written == "own":
        return None
    if kind == "str":
        return "" if written == "none" else written
    return int(written) if kind == "int" else float(written)


def _from_link(choice: Choice) -> dict[str, Any]:
    """What the URL asks for; what is no value of its field is said and left out."""
    found: dict[str, Any] = {}
    for name in FIELDS:
        if (written := st.query_params.get(name)) is None:
            continue
        try:
            value = parsed(name, written)
            Recipe.from_dict(choice.recipe.as_dict() | _alone(name, value))
        except (ValueError, KeyError, NetlibError):
            label = run_words.FIELD[name].label.lower()
            view.not_here(label, written, run_words.value(name, getattr(choice.recipe, name)))
            continue
        if value != getattr(choice.recipe, name):
            found[name] = value
    return found


def _alone(name: str, value: Any) -> dict[str, Any]:
    """The field with what it takes to be looked at by itself: of three lengths one is above 0, and crops need a margin."""
    if name in ("epochs", "steps", "seconds"):
        return {"epochs": 0, "steps": 0, "seconds": 0.0} | ({name: value} if value else {"epochs": 1})
    return {name: _listed(value)} | ({"margin": 8} if name == "crops" else {})


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _title(key: str) -> str:
    if key.startswith(RUN):
        return f"Run {key.removeprefix(RUN)}"
    preset = PRESETS[key]
    return preset.title if preset.kind == "minute" else f"{KINDS[preset.kind]}: {preset.title}"


def _found(key: str) -> Choice | None:
    """The start of that name; if there is none, a sentence on the page."""
    if key in PRESETS:
        return _of_preset(key)
    if key.startswith(RUN):
        try:
            return Choice(key, _title(key), run_store.store().get(key.removeprefix(RUN)).recipe)
        except NetlibError as error:
            st.warning(f"{escape(str(error))} Showing “{escape(_title(DEFAULT))}”.")
            return None
    view.not_here("preset", key, f"“{escape(_title(DEFAULT))}”")
    return None


def _of_preset(key: str) -> Choice:
    preset = PRESETS[key]
    return Choice(key, preset.title, preset.recipe, f"Source: {preset.source}. {preset.reduced}".strip())
