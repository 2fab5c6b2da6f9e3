"""Which picture the networks look at; `picture` in the URL: chelsea, digit:17."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image

from netlib.data import photos
from netlib.data.digits import digits
from netlib.data.photos import PHOTOS
from pages.parts import view
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "view_picture"  # what kind of picture, or which photo
DIGIT = "view_digit"
LAST_DEFAULT = "picture_default"  # in the session: who has not chosen a picture gets the default of the networks chosen now


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The chosen picture.

    Attributes:
        id: as the URL writes it; equal for equal pictures.
        title: as a caption writes it.
        image: the whole picture, RGB.
        source: where it comes from, in one line.
    """

    id: str
    title: str
    image: Image.Image
    source: str


def pick(default: str) -> Picture:
    """The widgets and what was chosen with them; what the link asks for wrongly is said, and the default shown."""
    _prepare(default)
    options = list(_LABELS)
    choice: str = st.selectbox(
        "Picture", options, options.index(st.session_state[KEY]), key=KEY, format_func=lambda option: _LABELS[option]
    )
    found = _digit() if choice == "digit" else _photo(choice)
    view.keep("picture", found.id, default)
    return found


def bundled(name: str) -> Picture:
    """A bundled picture without widgets: a photo's name or digit:17."""
    kind, _, rest = name.partition(":")
    return _digit_picture(int(rest)) if kind == "digit" else _photo(name)


def _prepare(default: str) -> None:
    """The widgets' state: from the link, from the page before, or from the default where nothing was chosen."""
    before = st.session_state.get(LAST_DEFAULT)
    st.session_state[LAST_DEFAULT] = default
    if KEY in st.session_state and (before == default or st.session_state.get("kept_picture") != before):
        return
    asked = st.query_params.get("picture") if KEY not in st.session_state else None
    kept = st.session_state.get("kept_picture")
    _set(asked or (kept if kept and kept != before else default), default)


def _set(wanted: str, default: str) -> None:
    kind, _, rest = wanted.partition(":")
    if kind == "digit" and rest.isdecimal() and int(rest) < len(digits().test_images):
        st.session_state[KEY], st.session_state[DIGIT] = "digit", int(rest)
    elif wanted in PHOTOS:
        st.session_state[KEY] = wanted
    else:
        st.warning(f"The link asks for the picture “{escape(wanted)}”, which there is not; another is shown.")
        _set(default, default)


def _photo(name: str) -> Picture:
    return Picture(name, PHOTOS[name].title, _image(name), PHOTOS[name].source)


@st.cache_resource(max_entries=32, show_spinner=False)
def _image(name: str) -> Image.Image:
    return photos.photo(name)


def _digit() -> Picture:
    last = len(digits().test_images) - 1
    return _digit_picture(
        int(st.number_input(f"Which digit, 0 to {last}", 0, last, st.session_state.setdefault(DIGIT, 17), key=DIGIT, step=1))
    )


def _digit_picture(number: int) -> Picture:
    held = digits()
    image = Image.fromarray(held.test_images[number, 0]).convert("RGB")
    label = held.classes[held.test_labels[number]]
    source = "Digit: Alpaydin and Kaynak, with scikit-learn"
    return Picture(f"digit:{number}", f"Digit {number} of the held-out set, a {label}", image, source)


_LABELS: Mapping[str, str] = {**{name: photo.title for name, photo in PHOTOS.items()}, "digit": "Handwritten digit…"}
