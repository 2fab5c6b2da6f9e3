"""Which picture the networks look at: a bundled photo, a held-out digit or patch, or one of the visitor's own.

`picture` in the URL: chelsea, digit:17, patch:cat:3, and upload:…, camera:… or drawn:… with the first digits of the picture's SHA-256.
The visitor's own pictures live in the session only; who opens such a link elsewhere is told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from netlib.data import photos
from netlib.data.digits import digits
from netlib.data.drawing import as_digit
from netlib.data.patches import CLASSES, held_back
from netlib.data.photos import PHOTOS
from netlib.data.pictures import MOST_BYTES, SUFFIXES, open_picture
from netlib.errors import InvalidPicture
from pages.parts import view
from pages.parts.draw_pad import draw_pad
from pages.parts.markdown import escape, tidy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streamlit.delta_generator import DeltaGenerator

KEY = "view_picture"  # which photo, or what kind of picture
DIGIT, PATCH_OF, PATCH = "view_digit", "view_patch_of", "view_patch"  # which digit; of which photo a patch, and which of those
OWN = "own_pictures"  # in the session: id -> picture, the visitor's own
CURRENT = "own_picture_now"  # in the session: kind -> id of the one that is looked at
LAST_DEFAULT = "picture_default"  # in the session: who has not chosen a picture gets the default of the networks chosen now
MOST_OWN = 6

DIGIT_SOURCE = "Digit: Alpaydin and Kaynak, with scikit-learn"
PATCH_SOURCE = "Patch of a photo that comes with scikit-image or scikit-learn, from a part that no bundled network learned from"
PHOTO_LABELS: Mapping[str, str] = {"chelsea": "cat", "hubble": "deep field"}  # what the patches' data calls them; else as here
OWN_KINDS: Mapping[str, str] = {"upload": "was uploaded", "camera": "was taken with a camera", "drawn": "was drawn"}
ASKS: Mapping[str, str] = {"upload": "Choose a file", "camera": "Take a picture", "drawn": "Draw a digit"}
_LABELS: Mapping[str, str] = {
    **{name: photo.title for name, photo in PHOTOS.items()},
    "digit": "Handwritten digit", "patch": "Patch of a photo", "upload": "Upload a picture", "camera": "Camera", "drawn": "Draw a digit",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The chosen picture.

    Attributes:
        id: as the URL writes it.
        key: equal for equal pictures only, for caches.
        title: as a caption writes it.
        image: the whole picture, RGB.
        source: where it comes from, in one line.
        label: the name of its class in the data that it comes from, "" where nobody says.
    """

    id: str
    key: str
    title: str
    image: Image.Image
    source: str
    label: str = ""


def pick(default: str, notes: DeltaGenerator) -> Picture:
    """The widgets and what was chosen with them; what is wrong is said in `notes`, where there is room, and the default shown."""
    _prepare(default, notes)
    options = list(_LABELS)
    choice: str = st.selectbox(
        "Picture", options, options.index(st.session_state[KEY]), key=KEY, format_func=lambda option: _LABELS[option]
    )
    found = _chosen(choice, notes)
    if found is None:
        found = bundled(default)
        st.caption(f"{ASKS[choice]}; {escape(found.title)} is shown until then.")
    view.keep("picture", found.id, default)
    return found


def bundled(name: str) -> Picture:
    """A bundled picture without widgets: a photo's name, digit:17 or patch:cat:3."""
    kind, *rest = name.split(":")
    if kind == "digit":
        return _digit(int(rest[0]))
    return _patch(rest[0].replace("-", " "), int(rest[1])) if kind == "patch" else _photo(name)


def id_of(key: str) -> str:
    """How the URL writes the picture that has this key."""
    kind, _, digest = key.partition(":")
    return f"{kind}:{digest[:8]}" if kind in OWN_KINDS else key


def _prepare(default: str, notes: DeltaGenerator) -> None:
    """The widgets' state: from the link, from the page before, or from the default where nothing was chosen."""
    before, kept, now = (st.session_state.get(key) for key in (LAST_DEFAULT, "kept_picture", KEY))
    st.session_state[LAST_DEFAULT] = default
    if now is None:
        _set(st.query_params.get("picture") or (kept if kept and kept != before else default), default, notes)
    elif before is not None and before != default and kept == before and now == before.partition(":")[0]:
        _set(default, default, notes)


def _set(wanted: str, default: str, notes: DeltaGenerator) -> None:
    """Put the widgets' state to a picture that a link asks for."""
    kind, *rest = wanted.split(":")
    if wanted in PHOTOS:
        st.session_state[KEY] = wanted
    elif kind == "digit" and _number(rest, len(digits().test_images)):
        st.session_state[KEY], st.session_state[DIGIT] = "digit", int(rest[0])
    elif kind == "patch" and (of := rest[0].replace("-", " ") if rest else "") in CLASSES and _number(rest[1:], len(_of(of))):
        st.session_state[KEY], st.session_state[PATCH_OF], st.session_state[PATCH] = "patch", of, int(rest[1])
    elif wanted in st.session_state.get(OWN, {}):
        st.session_state[KEY] = kind
        st.session_state.setdefault(CURRENT, {})[kind] = wanted
    else:
        shown = bundled(default).title
        if kind in OWN_KINDS:
            notes.info(f"The picture of this link {OWN_KINDS[kind]} in another session, which alone has it; showing {escape(shown)}.")
        else:
            notes.warning(f"The link asks for the picture “{escape(wanted)}”, which there is not; showing {escape(shown)}.")
        _set(default, default, notes)


def _number(rest: list[str], count: int) -> bool:
    return len(rest) == 1 and rest[0].isascii() and rest[0].isdecimal() and int(rest[0]) < count


def _chosen(choice: str, notes: DeltaGenerator) -> Picture | None:
    if choice == "digit":
        last = len(digits().test_images) - 1
        number = st.number_input(f"Which one, 0 to {last}", 0, last, st.session_state.setdefault(DIGIT, 17), key=DIGIT, step=1)
        return _digit(int(number))
    if choice == "patch":
        left, right = st.columns(2)
        options = list(CLASSES)
        of: str = left.selectbox("Photo", options, options.index(st.session_state.setdefault(PATCH_OF, "cat")), key=PATCH_OF)
        last = len(_of(of)) - 1
        st.session_state[PATCH] = min(st.session_state.get(PATCH, 0), last)
        return _patch(of, int(right.number_input(f"Patch, 0 to {last}", 0, last, st.session_state[PATCH], key=PATCH, step=1)))
    if choice in OWN_KINDS:
        return _own(choice, notes)
    return _photo(choice)


# ---------------------------------------------------------------- bundled ones


def _photo(name: str) -> Picture:
    return Picture(name, name, PHOTOS[name].title, _image(name), PHOTOS[name].source, PHOTO_LABELS.get(name, name))


@st.cache_resource(max_entries=8, show_spinner=False)
def _image(name: str) -> Image.Image:
    return photos.photo(name)


def _digit(number: int) -> Picture:
    held = digits()
    image = Image.fromarray(held.test_images[number, 0]).convert("RGB")
    label, name = held.classes[held.test_labels[number]], f"digit:{number}"
    return Picture(name, name, f"held-out digit {number}, a {label}", image, DIGIT_SOURCE, label)


def _patch(of: str, number: int) -> Picture:
    pixels = held_back()[0][_of(of)[number]]  # (3, H, W)
    name = f"patch:{of.replace(' ', '-')}:{number}"
    return Picture(name, name, f"held-out patch {number} of the photo “{of}”", Image.fromarray(pixels.transpose(1, 2, 0)), PATCH_SOURCE, of)


def _of(name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Which of the held-out patches are of the photo called `name`."""
    return np.flatnonzero(held_back()[1] == CLASSES.index(name))


# ---------------------------------------------------------------- the visitor's own


def _own(kind: str, notes: DeltaGenerator) -> Picture | None:
    """The widget and the picture that came out of it now, or the last time; None, perhaps with a sentence, while there is none."""
    now: dict[str, str] = st.session_state.setdefault(CURRENT, {})
    try:
        if kind == "drawn":
            drawing = draw_pad(key="draw_pad", on_clear=lambda: now.pop(kind, None))
            if drawing is not None:
                _keep(kind, drawing.tobytes(), lambda: as_digit(drawing), "drawn digit")
        elif file := _file(kind):
            data = file.getvalue()
            title = "camera picture" if kind == "camera" else tidy(file.name)
            _keep(kind, data, lambda: open_picture(data), title)
    except InvalidPicture as error:
        now.pop(kind, None)
        notes.error(escape(str(error)))
    found: Picture | None = st.session_state.get(OWN, {}).get(now.get(kind))
    if found is not None and kind != "drawn" and st.session_state.get(f"view_{kind}") is None:
        st.caption(f"{escape(found.title)} is in use; a new {'file' if kind == 'upload' else 'picture'} replaces it.")
    if found is not None and kind == "drawn":
        left, right = st.columns([1, 3], vertical_alignment="center")
        left.image(found.image, output_format="PNG", width=64, alt="The drawing as a digit of 32 × 32 pixels.")
        right.caption("As a digit: it fills the picture, as those do that the networks learned from.")
    return found


def _file(kind: str) -> Any:
    if kind == "camera":
        key = "view_camera"
        return st.camera_input("Take a picture", key=key, on_change=_changed, args=(kind, key), help="It stays in this session.")
    key = "view_upload"
    most = MOST_BYTES // 1_000_000
    return st.file_uploader(
        "Your picture", type=list(SUFFIXES), key=key, on_change=_changed, args=(kind, key), max_upload_size=most,
        help=f"PNG, JPEG, GIF, WebP, BMP or TIFF, up to {most} MB and 40 million pixels. It stays in this session.",
    )  # fmt: skip


def _changed(kind: str, key: str) -> None:
    """What the visitor takes away is not looked at any longer."""
    if st.session_state.get(key) is None:
        st.session_state.get(CURRENT, {}).pop(kind, None)


def _keep(kind: str, data: bytes, make: Callable[[], Image.Image], title: str) -> None:
    key = f"{kind}:{sha256(data).hexdigest()}"
    name = id_of(key)
    kept: dict[str, Picture] = st.session_state.setdefault(OWN, {})
    if name not in kept:
        shown = title if kind == "upload" else f"{title[:1].upper()}{title[1:]}"  # a file is called as it is called
        source = f"{shown}: your own, known to this session only"
        kept[name] = Picture(name, key, title, make(), source)
        while len(kept) > MOST_OWN:
            kept.pop(next(iter(kept)))
    st.session_state[CURRENT][kind] = name
