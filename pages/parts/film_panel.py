"""A projection as a film: the signal as it stands at each layer on the way down to the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from netlib.errors import NetlibError
from netlib.figures import units
from netlib.figures.mosaic import mosaic as grid
from pages.parts import projection_panel, seen, view
from pages.parts.markdown import escape
from pages.parts.mosaic import mosaic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.interpret.backwards import Method
    from pages.parts.look import Look
    from pages.parts.seen import Still

PICTURE = 200  # pixels that the last frame is wide, at least
RECTIFIES = {
    "deconvnet": "the ReLU keeps what is positive now", "gradient": "the ReLU keeps what was positive on the way up",
    "guided": "the ReLU keeps what is positive now and was on the way up",
}  # fmt: skip
# What happens to the signal below a layer of a kind, by every method.
GOES = {
    "conv2d": "its filters, transposed", "table_conv2d": "its filters, transposed", "linear": "its weights, transposed",
    "max_pool2d": "each value goes to where its maximum came from, the switch", "avg_pool2d": "each value is spread over its window",
    "subsample": "each value is spread over its window", "batch_norm": "each channel is scaled as on the way up",
    "concat": "it is divided among the branches", "add": "it goes into both summands", "flatten": "it takes the shape of the maps again",
    "dropout": "nothing happens",
}  # fmt: skip


def film_panel(look: Look, method: Method) -> None:
    """A slider over the layers, and the signal at the one it stands at."""
    if projection_panel.silent(look):
        return
    try:
        with st.skeleton(height=240):
            film = seen.film(look.sight, look.layer, look.channel, look.unit, method)
    except NetlibError as error:
        st.warning(escape(str(error)))
        return
    step = _step(look, film)
    frame = film[step]
    scale = -(-PICTURE // max(frame.tiles.shape[1:3])) if frame.at_picture else None
    shown = grid(frame.tiles, palette=frame.palette or "signed", scale=scale)
    mosaic(
        shown, key=f"film_{look.sight.name}", low=[-frame.limit or 0.0], high=[frame.limit],
        names=["The picture"] if frame.at_picture else [f"Channel {channel}" for channel in frame.channels],
        labels=["The projection"] if frame.at_picture else [
            f"Channel {channel}: at most {units.value(strength)}" for channel, strength in zip(frame.channels, frame.strengths, strict=True)
        ],
        alt=f"The signal of {look.words} of {look.layer} when it has come down to {frame.layer}, by channel, strongest first.",
        caption=look.caption(method, f"step {step} of {len(film) - 1}, signal at {frame.layer}, {projection_panel.span(frame.limit)}"),
        filename=look.file(f"{method}-step-{step}"), idle=_idle(frame),
    )  # fmt: skip
    st.markdown(_words(frame, method, look.sight.graph.input_shape[-2:]))


def _words(frame: Still, method: Method, picture: Sequence[int]) -> str:
    where = ""
    if frame.box is not None and (frame.box.height, frame.box.width) != (1, 1):
        spans = ((frame.box.top, frame.box.bottom), (frame.box.left, frame.box.right))
        rows, columns = (f"{start} to {stop - 1}".replace("-", "−") for start, stop in spans)
        where = f", rows {rows}, columns {columns}"
        if frame.at_picture and (outside := projection_panel.beyond(frame.box, picture)):
            where += f"; {outside}"
    kind = "the picture" if frame.at_picture else units.kind(frame.kind)
    channels = "channel" if frame.count == 1 else "channels"
    said = f"**{escape(frame.layer)}** ({kind}{where}): in {frame.alive} of {frame.count} {channels}, at most {units.value(frame.limit)}."
    if frame.at_picture:
        return said
    if frame.kind in ("relu", "relu6"):
        goes = RECTIFIES[method]
    else:
        goes = GOES.get(frame.kind, "it passes unchanged" if method == "deconvnet" else "it is differentiated")
    return f"{said} Next: {goes}."


def _idle(frame: Still) -> str:
    if frame.at_picture:
        return "At the picture: the projection."
    if not frame.alive:
        return "Nothing of the signal is left."
    shown = len(frame.channels)
    return f"The {shown} strongest channels." if frame.alive > shown else "Every channel that the signal has reached, strongest first."


def _step(look: Look, film: Sequence[Still]) -> int:
    """Which frame is shown; step_1 in the URL."""
    name, number, last = look.sight.name, look.sight.number, len(film) - 1
    if not last:
        return 0
    key, middle = f"view_step_{name}", (last + 1) // 2
    if key not in st.session_state:
        options = [str(step) for step in range(last + 1)]
        st.session_state[key] = int(view.first_of(options, f"step_{number}", str(middle), lambda step: f"step {step}"))
    st.session_state[key] = min(st.session_state[key], last)
    step = int(
        st.select_slider(
            f"Way down in {look.sight.title}", range(last + 1), st.session_state[key], key=key,
            format_func=lambda i: f"{i} · {film[i].layer}", label_visibility="collapsed",
        )
    )  # fmt: skip
    view.keep(f"step_{number}", str(step), str(middle))
    return step
