"""What the store knows of an experiment, read once for all visitors as long as nothing new has finished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from netlib.figures import experiment_words
from netlib.training import trials, verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlib.training.experiments import Experiment
    from netlib.training.records import Run
    from netlib.training.runs import Store
    from netlib.training.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Found:
    """The runs of each arm, the newest first, and what the finished ones say."""

    runs: Mapping[str, Sequence[Run]]
    verdict: Verdict

    @property
    def every(self) -> list[Run]:
        return [run for mine in self.runs.values() for run in mine]

    @property
    def alive(self) -> bool:
        return bool(experiment_words.going_on(self.runs))

    @property
    def states(self) -> list[tuple[str, str, bool]]:
        """What must change for the page to say something new: a run has begun, or ended."""
        return [(run.id, run.status, run.step > 0) for run in self.every]


def found(store: Store, experiment: Experiment, known: Sequence[Run]) -> Found:
    runs = trials.runs(experiment, known)
    finished = tuple(run.id for mine in runs.values() for run in mine if run.status == "finished")
    return Found(runs, _verdict((store.url, experiment.key, *finished), store, experiment))


@st.cache_resource(max_entries=64, show_spinner=False)
def _verdict(key: tuple[str, ...], _store: Store, _experiment: Experiment) -> Verdict:
    return verdicts.verdict(_experiment, trials.trials(_store, _experiment))
