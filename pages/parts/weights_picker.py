"""Which weights a network has: trained ones that come with netlib, ImageNet's, random ones, or a checkpoint of the visitor's own.

In the URL, beside network=a&network=b: weights_1 for the first network, weights_2 for the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from netlib.models import imagenet
from netlib.models.bundled import BUNDLED
from pages.parts import networks, view
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import nn

SEED = 0
KEPT = "kept_weights"  # in the session: network -> what was last chosen for it


@dataclass(frozen=True, slots=True, eq=False)
class ChosenWeights:
    """Weights that can be had at once.

    Attributes:
        id: "trained", "imagenet", "random" or "own:…" with the first digits of the file's SHA-256.
        title: as a caption writes it.
        build: makes the network with them; imports torch.
    """

    id: str
    title: str
    build: Callable[[], nn.Module]


def linked(default: Sequence[str]) -> Mapping[str, str]:
    """Network -> weights as the URL asks for them; read before the networks are picked, which may change their order."""
    names = view.first_list("network", default)
    return {name: st.query_params.get(f"weights_{i}", "") for i, name in enumerate(names, start=1)}


def forget(number: int) -> None:
    """Take the weights of a network that is not shown out of the URL."""
    view.keep(f"weights_{number}", None)


def default_for(network: str) -> str:
    """Learned weights that are there, else random ones."""
    if network in BUNDLED:
        return "trained"
    return "imagenet" if imagenet.where(network) else "random"


def pick(network: str, number: int, asked: str) -> ChosenWeights | None:
    """A selectbox of the network's weights; None, with a sentence about it, where the chosen ones are not there yet."""
    options, default, key = _options(network), default_for(network), f"view_weights_{network}"
    kept: dict[str, str] = st.session_state.setdefault(KEPT, {})
    if st.session_state.get(key) not in options:
        wanted = asked or kept.get(network, default)
        if wanted not in options:
            st.warning(
                f"The link asks for the weights “{escape(wanted)}”, which {escape(networks.title(network))} does not have here; "
                f"showing {_label(network, default)}."
            )
            wanted = default
        st.session_state[key] = wanted
    choice: str = st.selectbox(
        f"Weights of {networks.title(network)}", options, options.index(st.session_state[key]), key=key,
        format_func=lambda option: _label(network, option),
    )  # fmt: skip
    kept[network] = choice
    view.keep(f"weights_{number}", choice, default)
    if choice == "random":
        return ChosenWeights("random", f"random weights, seed {SEED}", lambda: _random(network))
    return ChosenWeights("trained", f"trained on {BUNDLED[network].data}", lambda: _trained(network))


def _options(network: str) -> list[str]:
    return ["trained", "random"] if network in BUNDLED else ["random"]


def _label(network: str, option: str) -> str:
    if option == "trained":
        return f"Trained on {BUNDLED[network].data}"
    return f"Random (seed {SEED})"


def _random(network: str) -> nn.Module:
    from netlib.models.build import build

    return build(network, seed=SEED)


def _trained(network: str) -> nn.Module:
    from netlib.models.build import build
    from netlib.models.bundled import state_dict

    return build(network, weights=state_dict(network))
