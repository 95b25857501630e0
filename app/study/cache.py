"""Results about studies, kept between reruns and shared by all visitors.

The cache is never the source: a study is a file, its progress comes from its runs, and both are
read again each time. The cache key of a result holds everything it depends on. For a study that is
its whole text, because two studies with the same fingerprint may have different names.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from resnet import shipped
from resnet.checks import rules
from resnet.checks.rule import Finding
from resnet.guards import guard
from resnet.network.metrics import Metrics, describe
from resnet.results.arms import ArmRuns
from resnet.runs import Run
from resnet.runs.directory import EXIT, METRICS
from resnet.runs.run import by_coming, runs_in
from resnet.studies import checked, planning
from resnet.studies.compared import several
from resnet.studies.outcome import Outcome, outcome
from resnet.studies.plan.shelf import Shelf
from resnet.studies.plan.study import Study
from resnet.studies.plan.study_files import read
from resnet.studies.planning import Plan, Step

DEFAULT_FOLDER = "studies"
Signature = tuple[tuple[str, str, int, int], ...]


class Example(NamedTuple):
    """The study that comes with the project. `runs` are its runs, which are in no store; `readme`
    says how it was made, as Markdown."""

    study: Study
    runs: tuple[Run, ...]
    readme: str


class Outlook(NamedTuple):
    """What is known before a study runs. `doubts` are sentences on unfair comparisons; `counts` are
    the numbers of each arm, by name."""

    doubts: tuple[str, ...]
    counts: Mapping[str, Metrics]


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """The studies of this server. The shelf holds no studies; it reads their files again at each
    call."""
    return Shelf(Path(os.environ.get("RESNET_LAB_STUDIES", DEFAULT_FOLDER)))


@st.cache_resource(show_spinner=False)
def example() -> Example:
    """The example study. Raises ConfigError if its files are missing."""
    folder = shipped.folder()
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    return Example(read(folder / "study.yaml"), tuple(by_coming(runs_in(folder / "runs"))), text)


# A function in front of each cached one: it collects everything the result depends on, as a key
# that Streamlit can hash.
def plan(study: Study, runs: Sequence[Run]) -> Plan:
    """Which runs of a study exist, and which are missing. Raises ConfigError, DataError or
    UnknownNameError."""
    return _plan(study.model_dump_json(), study, tuple(runs), _states(runs))


def outlook(planned: Plan) -> Outlook:
    """What is known of a plan before it runs. It is kept, so that arms are not compared again after
    each click."""
    return _outlook(planned.study.model_dump_json(), planned)


def outcome_of(planned: Plan) -> Outcome:
    """The results of the runs of a plan. Raises ConfigError or RunError if one cannot be read."""
    runs = tuple([step.run for step in planned.steps if step.run])
    return _outcome(planned.study.model_dump_json(), planned.study, runs, _written(planned.steps))


def findings(study: Study, steps: Sequence[Step], arms: Sequence[ArmRuns]) -> tuple[Finding, ...]:
    """The findings of the recipe check for a study. `arms` are the runs so far. Raises
    ConfigError."""
    return _findings(
        study.model_dump_json(), study, tuple(steps), tuple(arms), (len(arms), _written(steps))
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _plan(
    text: str, _study: Study, _there: tuple[Run, ...], states: tuple[tuple[str, str], ...]
) -> Plan:
    return planning.plan(_study, _there)


@st.cache_resource(max_entries=16, show_spinner=False)
def _outlook(text: str, _made: Plan) -> Outlook:
    purity = guard.one_factor(_made.specs, _made.study.keys)
    loose = (purity.sentence,) if purity.purity == "undeclared" else ()
    # "undeclared" is worse than several factors, so it stands first.
    doubts = (*loose, *several(_made.study, _made.arms, _made.specs))
    return Outlook(doubts, {arm.name: describe(arm.config) for arm in _made.arms})


@st.cache_resource(max_entries=16, show_spinner=False)
def _findings(
    text: str,
    _study: Study,
    _steps: tuple[Step, ...],
    _arms: tuple[ArmRuns, ...],
    written: tuple[int, Signature],
) -> tuple[Finding, ...]:
    return rules.check(*checked.facts_of_study(_study, _steps, checked.records_of_arms(_arms)))


@st.cache_resource(max_entries=16, show_spinner=False)
def _outcome(text: str, _study: Study, _runs: tuple[Run, ...], written: Signature) -> Outcome:
    return outcome(_study, _runs)


def _states(runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    """The runs and their states: a plan depends on these."""
    return tuple([(str(run.path), _state(run)) for run in runs])


def _state(run: Run) -> str:
    """The state of a run. It is read only if it can still change, because reading two hundred would
    be slow."""
    if run.unfinished:
        return run.state().name
    # The time of exit.json. A run that was resumed and ended again has another one.
    return f"over {_size(run, EXIT)[1]}"


def _written(steps: Sequence[Step]) -> Signature:
    """For each run of a study: its state, and the size and time of its records."""
    return tuple(
        [
            (step.run.id, step.state.name if step.state else "", *_size(step.run, METRICS))
            for step in steps
            if step.run
        ]
    )


def _size(run: Run, name: str) -> tuple[int, int]:
    try:
        status = run.directory.file(name).stat()
    # A file that does not exist yet, or that was deleted between listing and reading.
    except OSError:
        return (0, 0)
    return (status.st_size, status.st_mtime_ns)
