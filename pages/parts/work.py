"""Long work on a page: done once for all who ask for it, first come first served, with a bar, a button to stop, and what is there so far.

It is done in a thread of its own while the page's run looks on. A click elsewhere on the page starts a new run, which finds
the work where it is by then; who stops it or leaves the page ends it, unless others look on as well.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from netlib.errors import NetlibError
from pages.parts import view
from pages.parts.markdown import escape

T = TypeVar("T")
Steps = Callable[[], Iterator[tuple[float, str, T]]]
Key = tuple[Hashable, ...]

AT_ONCE = 2  # a deep network at 224×224 takes about 1 GB while it is measured
GRACE = 4.0  # seconds that work goes on with nobody looking: as long as a click needs to bring the page back
UNSEEN = 0.25  # seconds within which work that ends needs no bar
PAUSE = 0.1  # seconds between two looks
SHOWN = 0.6  # seconds between two pictures of what is there so far
MOST_KEPT = 256
MISSING = object()  # instead of a result
MOST_BYTES = 300_000_000  # of arrays and tensors in what is kept


@dataclass(slots=True, eq=False)
class _Job:
    key: Key
    make: Steps[Any]
    share: float = 0.0
    words: str = ""
    value: Any = None
    steps: int = 0  # that have been made
    ended: bool = False
    complete: bool = False
    error: BaseException | None = None
    viewers: int = 0
    left: float = field(default_factory=time.monotonic)  # when the last viewer went

    @property
    def abandoned(self) -> bool:
        return not self.viewers and time.monotonic() - self.left > GRACE


_kept: dict[Key, Any] = {}  # results, the last used at the end
_jobs: dict[Key, _Job] = {}  # what is being done or waits
_queue: list[_Job] = []  # the same in order: the first AT_ONCE are being done
_changed = threading.Condition()


def work(key: Key, make: Steps[T], *, label: str, show: Callable[[T], object] | None = None) -> T | None:
    """The last value that the steps of `make()` give; None if it was stopped, or failed with a NetlibError, which is then said.

    A step is (how much is done, 0 … 1, the same in words, the result so far). `make` runs in a thread of its own and calls nothing
    of Streamlit's. What a step gives is shared by all visitors: nobody changes it but the work itself, which may go on filling it.

    Args:
        key: of the result, for all visitors: names and numbers that say all it depends on, the kind of work first.
        label: what is being done, such as "Occlusion of AlexNet"; stands before the words of a step.
        show: draws what is there so far, again and again, so without widgets that have a key; what it drew is gone at the end.
    """
    found = _result(key)
    if found is not MISSING:
        return found
    name = _name(key)
    stopped: dict[str, tuple[float, str, T | None]] = st.session_state.setdefault("work_stopped", {})
    if name in stopped:
        return _say_stopped(stopped, name, label, show)
    place = st.empty()
    try:
        found = _watch(key, make, label, place, show, partial(_stop, key, name))
    except NetlibError as error:
        place.empty()
        st.warning(escape(str(error)))
        return None
    place.empty()
    return found


def known(key: Key) -> bool:
    """Whether the result is there already, so that `work` gives it at once."""
    return key in _kept


def kept(key: Key) -> Any:
    """The result if it is there already, else None."""
    found = _result(key)
    return None if found is MISSING else found


def _result(key: Key) -> Any:
    """What is kept, or MISSING. Any other thread may let go of it a moment later."""
    with _changed:
        value = _kept.pop(key, MISSING)
        if value is not MISSING:
            _kept[key] = value  # the last used is the last to go
    return value


def _watch(key: Key, make: Steps[Any], label: str, place: Any, show: Callable[[Any], object] | None, stop: Callable[[], None]) -> Any:
    """Look on until it is complete; its value. Streamlit ends this from inside by raising, when the visitor left or clicked."""
    while True:
        with _changed:
            found = _result(key)
            if found is not MISSING:
                return found
            job = _jobs.get(key) or _start(_Job(key, make))
            job.viewers += 1
        try:
            with _changed:
                quick = _changed.wait_for(lambda job=job: job.ended, UNSEEN)  # type: ignore[misc]
            if not quick:
                _show(job, label, place, show, stop)
        finally:
            with _changed:
                job.viewers, job.left = job.viewers - 1, time.monotonic()
        if job.error is not None:
            raise job.error
        if job.complete:
            return job.value


def _show(job: _Job, label: str, place: Any, show: Callable[[Any], object] | None, stop: Callable[[], None]) -> None:
    with place.container():
        with st.container(horizontal=True, vertical_alignment="center"):
            bar = st.progress(0.0, _sentence(job, label))
            st.button("Stop", on_click=stop, icon=":material/stop_circle:", key=f"stop_{_name(job.key)}")
        area = st.empty()
        view.show_address(_name(job.key))
    drawn, at = 0, 0.0
    while not job.ended:
        bar.progress(min(1.0, max(0.0, job.share)), _sentence(job, label))
        if show and job.value is not None and job.steps != drawn and time.monotonic() - at > SHOWN:
            drawn = job.steps
            with area.container():
                show(job.value)
            at = time.monotonic()
        with _changed:
            _changed.wait_for(lambda: job.ended, PAUSE)


def _sentence(job: _Job, label: str) -> str:
    with _changed:
        ahead = _queue.index(job) if job in _queue else 0
    if ahead >= AT_ONCE:
        return f"{label}: {ahead} computations are ahead; it starts by itself."
    return f"{label}: {job.words}" if job.words else f"{label} …"


# ---------------------------------------------------------------- stopping


def _stop(key: Key, name: str) -> None:
    with _changed:
        job = _jobs.get(key)
        if job and not job.viewers:
            job.left = -math.inf  # it ends with its next step
            _changed.notify_all()
    st.session_state["work_stopped"][name] = (job.share, job.words, job.value) if job else (0.0, "", None)


def _say_stopped(stopped: dict[str, tuple[float, str, T | None]], name: str, label: str, show: Callable[[T], object] | None) -> T | None:
    share, words, value = stopped[name]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{label}: stopped at {100 * share:.0f} %{f' ({words})' if words else ''}.")
        st.button("Start again", on_click=stopped.__delitem__, args=(name,), icon=":material/replay:", key=f"again_{name}")
    if show and value is not None:
        show(value)
    return None


# ---------------------------------------------------------------- in the thread


def _start(job: _Job) -> _Job:
    _jobs[job.key] = job
    _queue.append(job)
    threading.Thread(target=_run, args=(job,), name="work", daemon=True).start()
    return job


def _run(job: _Job) -> None:
    try:
        with _changed:
            while _queue.index(job) >= AT_ONCE:
                _changed.wait(GRACE)
                if job.abandoned:
                    return
        _step(job)
    except BaseException as error:  # whoever looks on gets it
        job.error = error
    finally:
        with _changed:
            _queue.remove(job)
            del _jobs[job.key]
            if job.complete:
                _keep(job.key, job.value)
            job.ended = True
            _changed.notify_all()


def _step(job: _Job) -> None:
    steps = job.make()
    try:
        for share, words, value in steps:
            with _changed:
                job.share, job.words, job.value, job.steps = share, words, value, job.steps + 1
            if job.abandoned:
                return
        job.complete = True
    finally:
        close = getattr(steps, "close", None)
        if close:
            close()


def _keep(key: Key, value: Any) -> None:
    _kept[key] = value
    while len(_kept) > MOST_KEPT or (len(_kept) > 1 and sum(map(_bytes, _kept.values())) > MOST_BYTES):
        del _kept[next(iter(_kept))]


def _bytes(value: Any) -> int:
    """Of the arrays and tensors in it."""
    if isinstance(value, list | tuple):
        return sum(map(_bytes, value))
    if isinstance(value, dict):
        return sum(map(_bytes, value.values()))
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    names = getattr(value, "__dataclass_fields__", ())
    return sum(_bytes(getattr(value, name)) for name in names)


def _name(key: Key) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()[:16]
