"""How many published figures come out, and the mistakes that papers and lecture notes make."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from netlib.analysis import published
from netlib.models.registry import NETWORKS
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.analysis.published import Check, Mistake

KINDS = {
    "paper": "the paper is wrong",
    "error": "wrong",
    "mislabel": "true of something else",
    "nuance": "true in part",
    "ocr": "a slip of typing",
}
INSTRUCTIVE = ("alexnet-253440-neurons", "alexnet-single-tower-total", "googlenet-twelve-times", "resnet-357-single")
ROW = 72  # pixels a row is high: three lines of text


def trust(checks: Sequence[Check]) -> None:
    """One line on the published figures, and the mistakes behind a heading."""
    verdicts = Counter(check.verdict for check in checks)
    st.markdown(
        f"Of **{verdicts.total()}** published figures that we compute again, **{verdicts['equal']}** come out to the digit, "
        f"**{verdicts['rounded']}** within their rounding, and **{verdicts['different']}** differ, for reasons that the cards above state."
    )
    found = published.mistakes()
    with st.expander(f"{len(found)} mistakes of papers and lecture notes, set right"):
        for mistake in (mistake for mistake in found if mistake.id in INSTRUCTIVE):
            heading = f"**{escape(_about(mistake))}** · {escape(mistake.where)}"
            st.markdown(f"{heading}: “{escape(mistake.printed)}”  \n{escape(f'{mistake.right} {mistake.arithmetic}')}")
        _table(found)


@st.fragment
def _table(mistakes: Sequence[Mistake]) -> None:
    wanted = st.text_input("Search", placeholder="parameters, VGG, dropout …", icon=":material/search:", key="mistakes_search")
    rows = [
        {
            "About": _about(mistake),
            "Where": mistake.where,
            "Printed": mistake.printed,
            "Right": mistake.right,
            "How it comes about": mistake.arithmetic,
            "Kind": KINDS[mistake.kind],
        }
        for mistake in mistakes
    ]
    rows = [row for row in rows if all(word in _plain(" ".join(row.values())) for word in _plain(wanted).split())]
    if not rows:
        st.info("No mistake has all of these words. Try fewer of them.", icon=":material/search_off:")
        return
    medium, large = st.column_config.TextColumn(width="medium"), st.column_config.TextColumn(width="large")
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, row_height=ROW, height=min(470, 38 + ROW * len(rows)), key="mistakes",
        column_config={"Where": medium, "Printed": medium, "Right": large, "How it comes about": large},
        alt="Table of wrong figures and the right ones, with their place and kind.",
    )  # fmt: skip


def _plain(text: str) -> str:
    """Text as people type it: 1x1 for 1×1."""
    return text.casefold().replace("×", "x")


def _about(mistake: Mistake) -> str:
    return NETWORKS[mistake.network].title if mistake.network else "In general"
