"""Which class the maps are about, and what each network says of the picture as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import units
from pages.parts import view
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pages.parts.sight import Sight

PREDICTED, TRUE = "predicted", "true"


@st.cache_data(max_entries=256, show_spinner=False)
def _probabilities(key: tuple[str, ...], _sight: Sight) -> NDArray[np.floating]:
    import torch

    from netlib.interpret.scores import probabilities

    with _sight.model() as model, torch.inference_mode():
        output = model(_sight.input()[None])
        scores = output if isinstance(output, torch.Tensor) else output[0]
        return probabilities(_sight.graph, scores)[0].double().numpy()


def clean(sight: Sight) -> NDArray[np.floating]:
    """The probabilities of the picture as it is, (K,).

    Raises:
        NetlibError: the network has no classes, or cannot be had.
    """
    return _probabilities(sight.key, sight)


def choose(sights: Sequence[Sight]) -> list[tuple[Sight, int]]:
    """A picker for each set of classes among the networks, and the class of each network; a network without classes says so."""
    known: dict[tuple[str, ...], list[tuple[Sight, NDArray[np.floating]]]] = {}
    for sight in sights:
        try:
            with st.spinner(f"{sight.title} looks at the picture…"):
                known.setdefault(sight.classes, []).append((sight, clean(sight)))
        except NetlibError as error:
            st.warning(escape(str(error)))
    chosen: dict[int, tuple[Sight, int]] = {}
    place = st.container(horizontal=True, gap="medium")
    for number, (names, group) in enumerate(known.items(), start=1):
        of = f" of {', '.join(sight.title for sight, _ in group)}" if len(known) > 1 else ""
        true = group[0][0].true_class
        default = PREDICTED if true is None else TRUE
        options = [*([] if true is None else [TRUE]), PREDICTED, *map(str, range(len(names)))]
        with place:
            choice = view.selectbox(
                f"Class{of}", options, name="class" if number == 1 else f"class_{number}", default=default,
                format_func=lambda option, names=names, group=group: _words(option, names, group),  # type: ignore[misc]
            )  # fmt: skip
        for sight, found in group:
            target = sight.true_class if choice == TRUE else int(found.argmax()) if choice == PREDICTED else int(choice)
            chosen[sight.number] = (sight, target or 0)
    return [chosen[number] for number in sorted(chosen)]


def _words(option: str, names: Sequence[str], group: Sequence[tuple[Sight, NDArray[np.floating]]]) -> str:
    if option == PREDICTED:
        winners = {int(found.argmax()) for _, found in group}
        if len(winners) > 1:
            return "what each network predicts"
        return f"the predicted one: {names[winners.pop()]}"
    if option == TRUE:
        return f"the true one: {names[group[0][0].true_class or 0]}"
    shares = units.percents([float(found[int(option)]) for _, found in group])
    return f"{names[int(option)]} ({', '.join(shares)})"
