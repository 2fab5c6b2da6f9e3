"""Which weights a network has: those that come with netlib, ImageNet's, random ones, those of a training run, or the visitor's own.

In the URL, beside network=a&network=b: weights_1 for the first network, weights_2 for the second; trained, imagenet, random, run:… with
the run's id, or own:… with the first digits of the file's SHA-256. Whose own a checkpoint is, the session knows; who opens such a link
elsewhere is told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import InvalidCheckpoint, WeightsMismatch
from netlib.models import imagenet
from netlib.models.bundled import BUNDLED
from netlib.models.checkpoints import MOST_BYTES
from pages.parts import downloads, networks, own_checkpoints, random_weights, run_weights, view
from pages.parts.markdown import escape, tidy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streamlit.delta_generator import DeltaGenerator
    from streamlit.runtime.uploaded_file_manager import UploadedFile
    from torch import Tensor, nn

    from netlib.training.trained import Trained

KEPT = "kept_weights"  # in the session: network -> what was last chosen for it
OWN = "own_checkpoints"  # in the session: network -> its checkpoint
SAID = "own_checkpoints_said"  # in the session: file -> what is wrong with it, or "": a large one is read once
MOST_OWN = 4
SUFFIXES = ("safetensors", "pt", "pth", "bin", "ckpt")


@dataclass(frozen=True, slots=True, eq=False)
class ChosenWeights:
    """Weights that can be had at once.

    Attributes:
        id: "trained", "imagenet", "random", "run:…" or "own:…", as the URL writes it.
        key: equal for equal weights only, for caches.
        title: as a caption writes it.
        build: makes the network with them; imports torch, calls nothing of Streamlit's.
        own: which of the visitors' checkpoints they are, if they are one.
        run: what a training run has learned, if that is what they are: it has layers and classes of its own.
    """

    id: str
    key: str
    title: str
    build: Callable[[], nn.Module]
    own: own_checkpoints.Key | None = None
    run: Trained | None = None


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


def by_default(network: str) -> ChosenWeights:
    """The weights of `default_for`, where nothing is to be chosen."""
    choice = default_for(network)
    makes = {
        "trained": (f"trained on {BUNDLED[network].data}" if network in BUNDLED else "", _trained),
        "imagenet": ("ImageNet weights", _imagenet),
        "random": (random_weights.title(network), random_weights.build),
    }
    title, make = makes[choice]
    return ChosenWeights(choice, choice, title, partial(make, network))


def pick(network: str, number: int, asked: str, notes: DeltaGenerator) -> ChosenWeights | None:
    """A selectbox of the network's weights; None, with what to do about it, where the chosen ones are not there yet.

    `asked` is what the link asks for. What is wrong is said in `notes`, where there is room.
    """
    default, key = default_for(network), f"view_weights_{network}"
    kept: dict[str, str] = st.session_state.setdefault(KEPT, {})
    wanted = asked or kept.get(network, "")
    options = _options(network, st.session_state.get(key, wanted))
    if st.session_state.get(key) not in options:
        st.session_state[key] = _wanted(network, wanted, options, default, notes)
    choice: str = st.selectbox(
        f"Weights of {networks.title(network)}", options, options.index(st.session_state[key]), key=key,
        format_func=lambda option: _label(network, option),
    )  # fmt: skip
    kept[network] = choice
    found = _own(network, notes) if choice == "own" else _chosen(network, choice, notes)
    view.keep(f"weights_{number}", found.id if found else None if choice == "own" else choice, default)
    return found


def told(network: str, weights: str) -> str:
    """Where the weights come from and what they are worth, in a sentence."""
    if weights == "trained":
        one = BUNDLED[network]
        near = " They show a small part of a photo, near by: choose a patch as the picture to see what it knows best."
        return (
            f"Its weights come with the project: from {one.trained:,} {one.data} it learned to put {one.correct:,} of {one.tested:,} "
            f"held-back ones into their class." + (near if one.data == "patches" else "")
        )
    if weights == "imagenet" and (found := imagenet.weights_of(network)):
        return f"Its weights are torchvision’s {found.weights}: {100 * found.top1:.1f} % of ImageNet’s validation pictures right."
    if weights == "random":
        return random_weights.told(network)
    if weights.startswith(run_weights.PREFIX):
        return run_weights.told(weights)
    return "Its weights came out of your own file."


def _options(network: str, asked: str) -> list[str]:
    there = {"trained": network in BUNDLED, "imagenet": imagenet.weights_of(network) is not None, "random": True}
    return [*(option for option, available in there.items() if available), *run_weights.options(network, asked), "own"]


def _wanted(network: str, wanted: str, options: Sequence[str], default: str, notes: DeltaGenerator) -> str:
    if wanted.startswith("own:"):
        own: ChosenWeights | None = st.session_state.get(OWN, {}).get(network)
        if own is not None and own.id == wanted:
            return "own"
        notes.info(
            "The weights of this link came out of a file in another session, which alone has it; "
            f"showing {escape(_label(network, default))} of {escape(networks.title(network))}."
        )
        return default
    if wanted.startswith(run_weights.PREFIX) and wanted not in options:
        notes.warning(escape(f"{run_weights.why_not(network, wanted)} Showing {_label(network, default)}."))
    elif wanted and wanted not in options:
        notes.warning(
            f"The link asks for the weights “{escape(wanted)}”, which {escape(networks.title(network))} does not have here"
            f"{': torchvision has no such network' if wanted == 'imagenet' else ''}; showing {escape(_label(network, default))}."
        )
    return wanted if wanted in options else default


def _label(network: str, option: str) -> str:
    if option == "trained":
        return f"Trained on {BUNDLED[network].data}"
    if option.startswith(run_weights.PREFIX):
        return run_weights.label(option)
    return {"imagenet": "ImageNet", "random": f"Random (seed {random_weights.SEED})", "own": "Own checkpoint"}[option]


def _chosen(network: str, choice: str, notes: DeltaGenerator) -> ChosenWeights | None:
    if choice == "trained":
        return ChosenWeights(choice, choice, f"trained on {BUNDLED[network].data}", partial(_trained, network))
    if choice == "random":
        return ChosenWeights(choice, choice, random_weights.title(network), partial(random_weights.build, network))
    if choice.startswith(run_weights.PREFIX):
        found = run_weights.weights(choice)
        title = f"run {run_weights.called(found.run)}, step {found.step:,}"
        return ChosenWeights(choice, f"{choice}:{found.step}", title, found.build, run=found)
    if imagenet.where(network) is None:
        with notes:
            downloads.offer(network, partial(_take, network, "random"))
        return None
    return ChosenWeights(choice, choice, "ImageNet weights", partial(_imagenet, network))


def _take(network: str, choice: str) -> None:
    """Choose weights for the network, from a button's callback."""
    st.session_state[f"view_weights_{network}"] = choice


def _own(network: str, notes: DeltaGenerator) -> ChosenWeights | None:
    """The field for the file, and what was in it now or the last time; what is wrong with it is said."""
    own: dict[str, ChosenWeights] = st.session_state.setdefault(OWN, {})
    key = f"view_checkpoint_{network}"
    file = st.file_uploader(
        "Its checkpoint", type=list(SUFFIXES), key=key, on_change=_changed, args=(network, key), max_upload_size=MOST_BYTES // 1_000_000,
        help="A state dict as safetensors, or as torch.save writes it. Nobody else sees it; nothing in it is executed.",
    )  # fmt: skip
    said: dict[str, str] = st.session_state.setdefault(SAID, {})
    if network in own and not own_checkpoints.there(own[network].own):  # type: ignore[arg-type]
        title = own.pop(network).title
        if file is None:
            notes.info(escape(own_checkpoints.gone(f"{title[:1].upper()}{title[1:]}")))
        else:
            said.pop(file.file_id, None)
    if file is not None:
        if file.file_id not in said:
            waits = "Waits until another file is read…" if own_checkpoints.busy() else f"Reading {escape(tidy(file.name))}…"
            with st.spinner(waits):
                said[file.file_id] = _read(network, file, own)
        if said[file.file_id]:
            notes.error(escape(said[file.file_id]))
    elif network not in own:
        st.caption(f"Choose a file with the weights of {escape(networks.title(network))}.")
    return own.get(network)


def _read(network: str, file: UploadedFile, own: dict[str, ChosenWeights]) -> str:
    """Put the file's weights to the visitor's own; what is wrong with them, in a sentence."""
    own.pop(network, None)
    try:
        key = own_checkpoints.take(network, file.getvalue())
    except (InvalidCheckpoint, WeightsMismatch) as error:
        return str(error)
    digest, title = key[1], f"own checkpoint {tidy(file.name)}"
    own[network] = ChosenWeights(f"own:{digest[:8]}", f"own:{digest}", title, partial(own_checkpoints.build, key), key)
    while len(own) > MOST_OWN:
        own.pop(next(iter(own)))
    return ""


def _changed(network: str, key: str) -> None:
    """What the visitor takes away is not looked through any longer."""
    if st.session_state.get(key) is None:
        st.session_state.get(OWN, {}).pop(network, None)


def _trained(network: str) -> nn.Module:
    from netlib.models.bundled import state_dict

    return _loaded(network, state_dict(network))


def _imagenet(network: str) -> nn.Module:
    return _loaded(network, imagenet.state_dict(network))


def _loaded(network: str, state: Mapping[str, Tensor]) -> nn.Module:
    from netlib.models.build import build

    return build(network, weights=state)
