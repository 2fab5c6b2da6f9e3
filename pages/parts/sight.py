"""One to four networks, each with weights, that look at the same picture: what every page about seeing starts from.

A link holds all of it: ?network=zfnet-mini&network=alexnet-mini&weights_1=trained&weights_2=random&picture=chelsea
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import streamlit as st

from netlib.data.preprocessing import preprocessing
from netlib.errors import NetlibError
from netlib.models import imagenet
from netlib.models.bundled import BUNDLED
from netlib.models.registry import NETWORKS
from pages.parts import networks, picture_picker, run_weights, saving, shared_models, weights_picker
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from PIL import Image
    from streamlit.delta_generator import DeltaGenerator
    from torch import Tensor, nn

    from netlib.analysis.graph import LayerGraph
    from netlib.data.preprocessing import Preprocessing

T = TypeVar("T")
DEFAULT = ("zfnet-mini", "alexnet-mini")
NOT_SEEING = {
    "rnn": "reads a picture row by row and keeps no maps of it",
    "lstm": "reads a picture row by row and keeps no maps of it",
    "dcgan-generator": "makes pictures and looks at none",
}
DIGIT, PHOTO = "digit:17", "chelsea"
CHOSEN = "kept_sights"  # in the session: the networks last looked through, apart from those whose structure was looked at


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One network, with weights, that looks at one picture.

    Attributes:
        name: of the registry or of torchvision.
        title: its name as a heading writes it.
        weights: "trained", "imagenet", "random", "run:…" or "own:…".
        weights_title, picture_title: as a caption writes them.
        number: 1 to 4, its place among the chosen networks; it keeps its colour also where another is missing.
        graph: its layers at the input size that it sees the picture in.
        image: the picture as it was chosen, whole, RGB.
        key: (network, weights, picture), for caches: equal keys see equal things.
        classes: the names of what its output counts.
        label: the true class of the picture as its own data calls it, "" where nobody says.
    """

    name: str
    title: str
    weights: str
    weights_title: str
    picture_title: str
    number: int
    graph: LayerGraph
    preprocessing: Preprocessing
    image: Image.Image
    key: tuple[str, ...]
    classes: tuple[str, ...]
    label: str
    build: Callable[[], nn.Module]

    @property
    def true_class(self) -> int | None:
        """Number of the picture's true class among the network's, if it is one of them."""
        return self.classes.index(self.label) if self.label in self.classes else None

    def input(self) -> Tensor:
        """What goes into the network. Shapes: -> (C, H, W)."""
        return self.preprocessing.tensor(self.image)

    def shown(self) -> NDArray[np.uint8]:
        """What the network sees, as a picture. Shapes: -> (H, W, 3), uint8."""
        return self.preprocessing.shown(self.input())

    @contextmanager
    def model(self) -> Iterator[nn.Module]:
        """The network, for this thread alone, until the block ends; whoever needs it at the same time waits or gets a copy."""
        with shared_models.lend((self.name, self.key[1]), self.build) as module:
            yield module

    def steps(self, work: Callable[[nn.Module], Iterator[T]]) -> Iterator[T]:
        """The steps of `work(network)`: long work, which leaves the network to others between two of them."""
        return shared_models.steps((self.name, self.key[1]), self.build, work)

    def caption(
        self, layer: str | None = None, channel: str | int | None = None, method: str = "", settings: str = "", *, picture: bool = True
    ) -> str:
        """What stands under every picture that is taken away: network, weights, picture, layer, channel, method, settings.

        Without `picture` the chosen picture plays no part in it.
        """
        parts = [
            f"{self.title} ({self.weights_title})", self.picture_title if picture else "", f"layer {layer}" if layer else "",
            f"channel {channel}" if channel is not None else "", method, settings,
        ]  # fmt: skip
        return " · ".join(part for part in parts if part)

    def seen_caption(self) -> str:
        """What stands under the picture as the network sees it."""
        height, width = self.preprocessing.size
        return self.caption(method=f"as it sees the picture, {height}×{width} pixels", settings=" ".join(self.preprocessing.sentences()))


def choose(*, most: int = 4, default: Sequence[str] = DEFAULT, picture: bool = True) -> list[Sight]:
    """The pickers of networks, weights and picture, and what was chosen; a network that cannot be had is left out, with a sentence.

    Without `picture` there is no picker for it, and each network gets its default one.
    """
    asked = weights_picker.linked(default)
    left, right = st.columns([3, 1], vertical_alignment="top") if picture else (st.container(), None)
    notes = st.container()  # for sentences that need more room than a column has
    with left:
        names = _pick(most, default)
    if not names:
        st.info("Choose a network above to look through it.", icon=":material/visibility:")
        return []
    if right is None:
        chosen = None
    else:
        with right:
            chosen = picture_picker.pick(_default_picture(names), notes)
    for number in range(len(names) + 1, 5):
        weights_picker.forget(number)
    sights = []
    with left:  # beside the picture's own widgets, which may be as high as a pad to draw on
        columns = st.columns(len(names))
    for number, (column, name) in enumerate(zip(columns, names, strict=True), start=1):
        with column:
            shown = chosen or picture_picker.bundled(_default_picture([name]))
            if found := _sight(name, number, asked.get(name, ""), shown, notes):
                sights.append(found)
                if picture:
                    _view_of(found)
    if chosen:
        st.caption(f"{escape(chosen.source)}.")
    return sights


def told(error: NetlibError, sights: Sequence[Sight]) -> str:
    """What an error says, each network called as the page calls it."""
    said = str(error)
    for name, title in sorted({(one.graph.name, one.title) for one in sights}, reverse=True):
        said = re.sub(rf"(?<![\w/-]){re.escape(name)}(?![\w/-])", lambda _, title=title: title, said)  # type: ignore[misc]
    return said


def options() -> list[str]:
    """The networks that can look at a picture: those that come with weights first, colour before grey, then those of ImageNet."""
    every = [name for name in networks.every() if name not in NOT_SEEING]

    def rank(name: str) -> int:
        if name in BUNDLED:
            return len(DEFAULT) + (1 if len(BUNDLED[name].mean) == 3 else 2) if name not in DEFAULT else DEFAULT.index(name)
        return 10 if imagenet.weights_of(name) and name in NETWORKS else 11

    return sorted(every, key=rank)


def _pick(most: int, default: Sequence[str]) -> list[str]:
    key = "view_sights" if most > 1 else "view_sight"  # of the page before there may still be more networks than fit here
    if key not in st.session_state and not st.query_params.get_all("network"):
        before = st.session_state.get("kept_networks") or ()
        learned = [name for name in before if weights_picker.default_for(name) != "random"]
        st.session_state["kept_networks"] = (st.session_state.get(CHOSEN) or learned or list(default))[:most]
    label = "Networks" if most > 1 else "Network"
    names = networks.pick_several(label, default=default, most=most, among=options(), why=_why_not, key=key)
    if most > 1:  # a page about one network leaves the others chosen
        st.session_state[CHOSEN] = names
    return names


def _why_not(name: str) -> str:
    """Why a page about seeing cannot show a network, and what to open instead."""
    return f"{networks.title(name)} {NOT_SEEING[name]}, so it cannot be shown here; its layers are on the pages Architecture and Compare."


def _default_picture(names: Sequence[str]) -> str:
    """A digit where all of the networks see grey only, else a photo."""
    return DIGIT if all(preprocessing(name, "random").grey for name in names) else PHOTO


def _sight(name: str, number: int, asked: str, picture: picture_picker.Picture, notes: DeltaGenerator) -> Sight | None:
    try:
        weights = weights_picker.pick(name, number, asked, notes)
        if weights is None:
            return None
        run = weights.run
        graph = run_weights.graph(run) if run else networks.graph(name)
    except NetlibError as error:
        notes.warning(escape(str(error)))
        return None
    seen_as = run_weights.preprocessing(run) if run else preprocessing(name, weights.id)
    classes = run.classes if run else _classes(name, weights.id, graph)
    return Sight(
        name, networks.title(name), weights.id, weights.title, picture.title, number, graph, seen_as, picture.image,
        (name, weights.key, picture.key), classes, picture.label, weights.build,
    )  # fmt: skip


def _classes(name: str, weights: str, graph: LayerGraph) -> tuple[str, ...]:
    """The names of the classes where the network's output is as many numbers; else numbers, as of a stranger's checkpoint."""
    count = graph[next(iter(graph.outputs.values()))].shape[0]
    own = BUNDLED[name].classes if name in BUNDLED and not weights.startswith("own:") else ()
    known = own if len(own) == count else imagenet.CLASSES
    return tuple(known) if len(known) == count else tuple(f"class {i}" for i in range(count))


def _view_of(sight: Sight) -> None:
    """A closed box with what the network sees and how it came about."""
    with st.popover("What it sees", icon=":material/visibility:", width="stretch"):
        fitted = sight.preprocessing.fitted(sight.image).convert("RGB")
        height, width = sight.preprocessing.size
        st.image(
            fitted.resize((width * max(1, 256 // width), height * max(1, 256 // width)), 0), output_format="PNG",
            caption=f"{width} × {height} pixels", alt=f"{sight.picture_title} as {sight.title} sees it.",
        )  # fmt: skip
        saving.download(np.asarray(fitted), sight.seen_caption(), f"{sight.name}-sees", key=f"sees_{sight.name}_png")
        st.markdown("\n".join(f"1. {escape(sentence)}" for sentence in sight.preprocessing.sentences()))
        st.markdown(escape(weights_picker.told(sight.name, sight.weights)))
