"""The data of a recipe: what they are, some of them with their classes, and how to get them where they are not here."""

from __future__ import annotations

from contextlib import closing
from math import prod
from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.data.sets import IN_MEMORY, about, available, data_set, download, how
from netlib.errors import NetlibError
from netlib.figures import units
from netlib.figures.samples import samples
from pages.parts import saving, work
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlib.analysis.graph import Shape
    from netlib.data.catalogue import DataSet
    from netlib.figures.samples import Samples

    Seen = tuple[Samples, tuple[float, ...], tuple[float, ...]]

EACH = 8  # pictures of a class


def here(name: str) -> bool:
    """Whether the data can be read; `data_panel` says why not."""
    try:
        return available(name) and bool(about(name))
    except NetlibError:
        return False


def data_panel(name: str, shape: Shape) -> None:
    """What the data are, and some of them; where they are not here, what to do."""
    st.header("The pictures it learns from", anchor="data")
    try:
        row = about(name)
    except NetlibError as error:
        st.info(escape(str(error)), icon=":material/folder_open:")
        return
    st.markdown(
        f"**{escape(row.title)}**: {escape(row.source)}. **{row.train:,}** pictures of **{row.classes}** classes to learn from, and "
        f"**{row.test:,}** held back to test with ({escape(row.held_back)}). {how(name, shape)}"
    )
    if not available(name):
        _offer(row)
        return
    found = work.work(("samples", name, shape), lambda: _look(row, shape), label=f"Pictures of {row.title}")
    if found:
        shown, mean, std = found
        st.html(shown.html())
        if shown.left_out:
            st.caption(f"And {shown.left_out} more classes.")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_normalized(mean, std) + f" Licence: {escape(row.licence)}.")
            caption = f"{row.title}: {EACH} training pictures of each class. Source: {row.source}. Licence: {row.licence}."
            saving.download(lambda: shown.picture, caption, f"{name}-samples", key="samples_png")


def _look(row: DataSet, shape: Shape) -> Iterator[tuple[float, str, Any]]:
    """Some pictures of each class, and the mean and deviation where that needs no preparation."""
    from netlib.data.examples import examples

    yield 0.0, "reading", None
    found = examples(row.name, shape, each=EACH, most=10)
    seen = samples(found.images, found.labels, found.classes, each=EACH)
    yield 0.5, "measuring", None
    small = row.name.partition(":")[0] != "folder" and (row.train + row.test) * prod(shape) <= IN_MEMORY
    whole = data_set(row.name, shape) if small else None
    yield 1.0, "done", (seen, whole.mean if whole else (), whole.std if whole else ())


def _normalized(mean: tuple[float, ...], std: tuple[float, ...]) -> str:
    if not mean:
        return "Each channel is brought to mean 0 and deviation 1 over the training pictures."
    means, deviations = (" / ".join(f"{value:.3f}" for value in values) for values in (mean, std))
    return f"Brought to mean 0 and deviation 1: pixels of 0 to 1 less {means}, divided by {deviations}."


def _offer(row: DataSet) -> None:
    """A button that fetches the data, a bar while it does, and the sentence that says where else they may come from."""
    wanted: set[str] = st.session_state.setdefault("data_wanted", set())
    if row.name not in wanted:
        st.info(f"{escape(row.title)} is not on this computer yet.", icon=":material/download:")
        st.button(
            f"Download {units.bytes_(row.bytes)}", icon=":material/download:", type="primary", on_click=wanted.add, args=(row.name,),
            help="Kept for all who use this server.", key=f"download_{row.name}",
        )  # fmt: skip
        return
    if work.work(("download", row.name), lambda: _fetch(row.name), label=f"Download of {row.title}"):
        wanted.discard(row.name)
        st.rerun()


def _fetch(name: str) -> Iterator[tuple[float, str, bool]]:
    with closing(download(name)) as steps:  # type: ignore[type-var]
        for done, total in steps:
            yield done / max(1, total), f"{units.bytes_(done)} of {units.bytes_(total)}", True
