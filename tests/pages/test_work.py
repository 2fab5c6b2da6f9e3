"""Long work: done once for two who ask, kept, two at a time, ended when nobody looks on, and what is said when it fails or is stopped."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 20


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(work, "_kept", {})
    yield
    for job in list(work._jobs.values()):
        job.left, job.viewers = -1e9, 0
    wait_for(lambda: not work._jobs)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def app(*, key: str, go: threading.Event | None = None, fails: bool = False) -> AppTest:
    """A page that does one piece of work of three steps, the second of which waits for `go`."""

    def page() -> None:
        import threading

        import streamlit as st

        from netlib.errors import InvalidInput
        from pages.parts import work

        given = st.session_state["given"]

        def make():  # type: ignore[no-untyped-def]
            given["made"].append(threading.current_thread())
            for i in range(1, 4):
                if i == 2 and given["go"]:
                    given["go"].wait(20)
                if i == 3 and given["fails"]:
                    raise InvalidInput("There is no third step.")
                yield i / 3, f"{i} of 3", i

        result = work.work(("test", given["key"]), make, label="Counting", show=lambda value: st.caption(f"so far {value}"))
        st.markdown(f"result {result}")

    at = AppTest.from_function(page, default_timeout=SECONDS)
    at.session_state["given"] = {"key": key, "go": go, "fails": fails, "made": made}
    return at


made: list[threading.Thread] = []


def said(at: AppTest) -> list[str]:
    return [block.value for kind in (at.markdown, at.warning, at.caption) for block in kind]


def test_is_done_once_and_kept() -> None:
    made.clear()
    assert said(app(key="once").run()) == ["result 3"]
    assert said(app(key="once").run()) == ["result 3"]
    assert len(made) == 1 and made[0] is not threading.main_thread() and work.known(("test", "once"))


def test_two_who_ask_at_once_share_it() -> None:
    made.clear()
    go, key, results = threading.Event(), ("test", "shared"), []

    def make() -> Iterator[tuple[float, str, int]]:
        made.append(threading.current_thread())
        go.wait(SECONDS)
        yield 1.0, "", 7

    def ask() -> None:
        place = type("Place", (), {"container": lambda self: pytest.fail("drawn"), "empty": lambda self: None})()
        work._watch(key, make, "Counting", place, None, lambda: None)
        results.append(work._result(key))

    asked = [threading.Thread(target=ask) for _ in range(2)]
    for one in asked:
        one.start()
    wait_for(lambda: key in work._jobs and work._jobs[key].viewers == 2)
    go.set()
    for one in asked:
        one.join(SECONDS)
    assert results == [7, 7] and len(made) == 1


def test_a_third_waits_until_one_of_two_has_ended() -> None:
    go = [threading.Event() for _ in range(3)]

    def steps(i: int) -> Callable[[], Iterator[tuple[float, str, int]]]:
        def make() -> Iterator[tuple[float, str, int]]:
            yield 0.5, "half", 0
            go[i].wait(SECONDS)
            yield 1.0, "", i

        return make

    with work._changed:
        jobs = [work._start(work._Job(("test", "queue", i), steps(i), viewers=1)) for i in range(3)]
    wait_for(lambda: jobs[0].steps == 1 and jobs[1].steps == 1)
    assert jobs[2].steps == 0
    assert work._sentence(jobs[2], "Third") == "Third: 2 computations are ahead; it starts by itself."
    assert work._sentence(jobs[0], "First") == "First: half"
    go[1].set()
    wait_for(lambda: jobs[2].steps == 1)
    for event in go:
        event.set()
    wait_for(lambda: not work._jobs)
    assert [work._kept[("test", "queue", i)] for i in range(3)] == [0, 1, 2]


def test_ends_when_nobody_looks_on_and_closes_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "GRACE", 0.05)
    closed = threading.Event()

    def make() -> Iterator[tuple[float, str, int]]:
        try:
            while True:
                time.sleep(0.01)
                yield 0.1, "", 0
        finally:
            closed.set()

    with work._changed:
        work._start(work._Job(("test", "left"), make))
    assert closed.wait(SECONDS)
    wait_for(lambda: not work._jobs)
    assert not work._kept


def test_a_mistake_is_one_sentence_and_is_not_kept() -> None:
    at = app(key="fails", fails=True).run()
    assert not at.exception and said(at) == ["result None", "There is no third step."]
    assert not work._kept


def test_stopped_work_says_how_far_it_was_and_starts_again() -> None:
    made.clear()
    go = threading.Event()
    at = app(key="stopped", go=go)
    job = work._Job(("test", "stopped"), lambda: iter([(1.0, "", 0)]), share=1 / 3, words="1 of 3", value=1)
    name = work._name(job.key)
    at.session_state["work_stopped"] = {name: (job.share, job.words, job.value)}
    go.set()
    assert said(at.run()) == ["Counting: stopped at 33 % (1 of 3).", "result None", "so far 1"]
    assert not made
    assert said(at.button(key=f"again_{name}").click().run()) == ["result 3"]


def test_the_oldest_results_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST_KEPT", 2)
    for i in range(2):
        work._keep(("test", i), i)
    assert work._result(("test", 0)) == 0
    work._keep(("test", 2), 2)
    assert list(work._kept) == [("test", 0), ("test", 2)]


def test_a_result_that_is_let_go_at_once_is_still_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST_KEPT", 0)
    assert said(app(key="brief").run()) == ["result 3"]
    assert not work._kept and work._result(("test", "brief")) is work.MISSING
