"""What a recipe will take, told before it starts: parameters, MACs, memory with its parts, and the time, measured on its first steps."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from netlib.analysis.store import default_input
from netlib.errors import MissingData, NetlibError
from netlib.figures import run_words, units
from netlib.training.recipe import Recipe
from pages.parts import work
from pages.parts.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlib.training.memory import Estimate

ROOT = Path(__file__).parents[2]
QUICK = 60_000_000_000  # MACs of a step's forward and backward pass up to which the time is measured without asking
BACKWARD = 3  # a step is about three forward passes
SECONDS = 2.0  # of measuring
_UNMEASURED = {"seed", "warm_start", "milestones", "patience", "warmup"}  # which do not change the time
_MEASURE = """
import json, sys
from dataclasses import asdict
from netlib.errors import NetlibError
from netlib.training.recipe import Recipe
from netlib.training.timing import calibrate
try:
    print(json.dumps(asdict(calibrate(Recipe.from_dict(json.load(sys.stdin)), float(sys.argv[1])))))
except NetlibError as error:
    print(json.dumps({"error": str(error)}))
"""


def forecast(recipe: Recipe) -> int | None:
    """Draw all but the time; the MACs of a step, or None, with a sentence, where the run could not start."""
    try:
        with st.skeleton(height=120):
            params, macs, estimate = _costs(json.dumps(recipe.as_dict()))
            trouble = _refused(recipe, estimate)
    except MissingData:
        st.caption("What it takes can be told once its classes are known.")
        return None
    except NetlibError as error:
        st.warning(escape(str(error)))
        return None
    with st.container(horizontal=True, gap="medium"):
        _figure("Parameters", units.count(params), f"{params:,} weights and biases, with the changes and an output for each class.")
        _figure("MACs a picture", units.count(macs), "Multiply-accumulates of a forward pass; a step takes about three of them a picture.")
        _figure("Memory", units.bytes_(estimate.total), _parts(estimate))
    st.caption(_parts(estimate))
    if trouble:
        st.warning(escape(trouble))
        return None
    return BACKWARD * macs * recipe.batch


@st.cache_data(show_spinner=False, max_entries=128)
def _costs(recipe: str) -> tuple[int, int, Estimate]:
    """Parameters, MACs of one picture, and the memory."""
    from netlib.analysis.cost import costs
    from netlib.analysis.tracing import trace
    from netlib.data.sets import about
    from netlib.training.memory import memory
    from netlib.training.network import network

    given = Recipe.from_dict(json.loads(recipe))
    classes = about(given.data).classes
    whole = costs(trace(network(given, classes, meta=True), default_input(given.network)))
    return whole.params, whole.total.macs, memory(given, classes)


def _refused(recipe: Recipe, estimate: Estimate) -> str:
    """Why the run cannot start on this machine, in a sentence; "" if it can."""
    from netlib.training import queueing
    from netlib.training.memory import fits

    slots = queueing.slots()
    able = queueing.devices(recipe.device, slots)
    if not able:
        return f"A run on {recipe.device} was asked for, and runs here may use {', '.join(slots)}; choose one of these, or auto."
    reasons = [fits(estimate, device) for device in able]
    return (reasons[0] or "") if all(reasons) else ""


def _figure(label: str, value: str, help: str) -> None:
    st.metric(label, value, help=help, width="content")


def _parts(estimate: Estimate) -> str:
    parts = (
        ("weights", estimate.parameters), ("gradients", estimate.gradients), ("optimizer", estimate.optimizer),
        ("what a batch leaves for the way back", estimate.activations), ("pictures", estimate.data),
    )  # fmt: skip
    return "Memory: " + ", ".join(f"{name} {units.bytes_(size)}" for name, size in parts if size) + "."


def time(recipe: Recipe, macs: int) -> None:
    """The time, measured: at once where a step of so many MACs is short, else when asked for."""
    values = {name: value for name, value in recipe.as_dict().items() if name not in _UNMEASURED}
    written = json.dumps(values)
    key = ("timing", written)
    asked: set[str] = st.session_state.setdefault("timing_asked", set())
    if macs > QUICK and written not in asked and not work.known(key):
        st.button(
            "Measure the time", icon=":material/timer:", on_click=asked.add, args=(written,),
            help="Makes a few steps and throws them away; with this network and batch they take a while.",
        )  # fmt: skip
        return
    found = work.work(key, lambda: _measured(written), label="Measuring the speed")
    if not found:
        return
    if "error" in found:
        st.warning(escape(found["error"]))
        return
    _say_time(recipe, found)


def _say_time(recipe: Recipe, found: dict[str, Any]) -> None:
    step, speed, total = found["seconds_per_step"], found["images_per_second"], found["total_seconds"]
    how = f"{units.value(1000 * step)} ms a step, {speed:,.0f} pictures a second, measured on this machine just now"
    if recipe.seconds:
        st.markdown(f":material/timer: **{run_words.duration(total)}**, about {round(total / step):,} steps: {how}.")
    else:
        st.markdown(f":material/timer: about **{run_words.duration(total)}**, tests included: {how}.")


def _measured(recipe: str) -> Iterator[tuple[float, str, dict[str, Any] | None]]:
    """In a process of its own: it takes nothing from other visitors but its share of the processor."""
    command = [sys.executable, "-c", _MEASURE, str(SECONDS)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdin
            process.stdin.write(recipe)
            process.stdin.close()
            process.stdin = None
            while True:
                yield 0.5, "a few steps are made and thrown away", None
                try:
                    out, _ = process.communicate(timeout=0.3)
                    break
                except subprocess.TimeoutExpired:
                    continue
        finally:
            process.kill()
    yield 1.0, "", json.loads(out) if out else {"error": "The speed could not be measured; the server's log says more."}
