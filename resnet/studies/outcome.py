"""The results of a study so far: its runs, gathered by arm, compared with each other and with the
paper, and put into tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from resnet.guards import guard, sharing
from resnet.guards.guard import OneFactor
from resnet.guards.recorded import NOTHING_RECORDED, Recorded, environments, recorded
from resnet.guards.sharing import Stream
from resnet.guards.twins import TwinProof, proofs
from resnet.network.metrics import describe
from resnet.results.arms import ArmResult, ArmRuns, ErrorMeasure, Measure, arm_of, results
from resnet.results.published import Verdict, against_paper
from resnet.results.tables import LINE, TableFormat, numbers_table, reading_table, written
from resnet.runs import Run, RunSpec
from resnet.studies import compared
from resnet.studies.plan.study import Arm, Study, arms_of, specs_of
from resnet.studies.planning import Step, moved, runs_of, steps_of
from resnet.tables.text_table import TextTable, in_markdown, named

READ: tuple[Measure, ...] = (
    "test_error",
    "best_validation_error",
    "last_validation_error",
    "train_error",
    "duration_s",
)
"""The measures in the table for people. Data losses are in the table for programs."""

NO_TEST = "not compared: no finished run has read the test set"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A study with its runs, in the order of its arms. `verdicts` has an entry for each arm with a
    test error.

    `steps` are all runs the study asks for, each with the run that is there, or None. `several`
    names each comparison that changes more than one factor.
    """

    study: Study
    steps: tuple[Step, ...]
    arms: tuple[ArmRuns, ...]
    results: tuple[ArmResult, ...]
    one_factor: OneFactor
    streams: tuple[Stream, ...]
    twins: tuple[TwinProof, ...]
    verdicts: Mapping[str, Verdict]
    recorded: Recorded = NOTHING_RECORDED
    several: tuple[str, ...] = ()

    @property
    def planned(self) -> tuple[Arm, ...]:
        """The arms as the study means them, in order."""
        return arms_of(step.planned for step in self.steps)

    @property
    def specs(self) -> Mapping[str, Sequence[RunSpec]]:
        """By arm, a spec for each seed."""
        return specs_of(step.planned for step in self.steps)

    @property
    def runs(self) -> Mapping[tuple[str, int], Run]:
        """By arm and seed, the runs that are there, finished or not."""
        return runs_of(self.steps)

    @property
    def finished(self) -> int:
        """How many runs are finished."""
        return sum(step.action == "reuse" for step in self.steps)

    @property
    def banners(self) -> tuple[str, ...]:
        """Sentences to show first: each is a reason to doubt the comparison."""
        loose = [self.one_factor.sentence] if self.one_factor.purity == "undeclared" else []
        return (*loose, *self.several, *self.recorded.broken)

    @property
    def guards(self) -> tuple[str, ...]:
        """One sentence for each thing that is known to be equal, or that differs on purpose."""
        purity = () if self.one_factor.purity == "undeclared" else (self.one_factor.sentence,)
        if len(self.arms) == 1:  # one arm has nothing to share with
            return purity
        return (
            *purity,
            *[stream.sentence for stream in self.streams],
            *self.recorded.start.sentences,
        )


def outcome(study: Study, there: Sequence[Run], measure: ErrorMeasure | None = None) -> Outcome:
    """The study's runs among those that are there, and what they say. Reads every record of the
    runs that belong to it.

    Compared is `measure`, by default as in `results`. Raises ConfigError, DataError, RunError or
    UnknownNameError.
    """
    # By the records and not by the images of today, so that old results stay what they are.
    steps = steps_of(study, there)
    asked = [step.planned for step in steps]
    planned, specs = arms_of(asked), specs_of(asked)
    names = compared.references(study, planned)
    arms = tuple(_arm(study, arm, names[arm.name], steps) for arm in planned)
    arm_results = tuple(results(arms, measure=measure))
    streams = sharing.streams(specs)
    datasets = {arm.name: arm.dataset for arm in planned}
    return Outcome(
        study,
        steps,
        arms,
        arm_results,
        one_factor=guard.one_factor(specs, study.keys),
        streams=streams,
        twins=proofs(arm.config for arm in planned),
        verdicts=_verdicts(planned, arm_results),
        recorded=recorded(environments(runs_of(steps)), streams, datasets),
        several=compared.several(study, planned, specs),
    )


def _arm(study: Study, arm: Arm, against: str | None, steps: Sequence[Step]) -> ArmRuns:
    runs = [step.run for step in steps if step.planned.arm.name == arm.name and step.run]
    # Words for the sentence about this arm: what was changed, and in which part of a grid.
    change, where = compared.change(study, arm), compared.where(study, arm)
    made = arm_of(arm.name, runs, against=against, change=change, where=where)
    counts = describe(arm.config)
    return replace(
        made, trainable_params=counts.trainable_params, macs=counts.macs
    )  # known before any run is there


def _verdicts(planned: Sequence[Arm], arm_results: Sequence[ArmResult]) -> dict[str, Verdict]:
    return {
        arm.name: against_paper(arm.config, arm.dataset, arm.recipe, tested)
        for arm, result in zip(planned, arm_results, strict=True)
        # The paper reports test errors, so validation errors are not compared with it.
        if (tested := result.summaries.get("test_error"))
    }


def reading(outcome: Outcome) -> TextTable:
    """For people: a line for each arm, and below a sentence for each. The banners have to stand
    above: `exported`."""
    paper = {arm.name: _paper(outcome, arm.name) for arm in outcome.arms}
    table = reading_table(outcome.results, READ, paper)
    how = [compared.how_compared(outcome.study, outcome.planned)]
    rest = [
        sharing.selection(outcome.specs),
        *filter(None, how),
        *outcome.recorded.mixed,
        *moved(outcome.steps),
    ]
    notes = [*_not_begun(outcome), *table.notes, *rest]
    return TextTable(table.columns, table.lines, [" ".join(note.split()) for note in notes])


def exported(outcome: Outcome, form: TableFormat) -> str:
    """The table as a file: "csv" is for programs, the others are for people, and as text or
    Markdown they begin with the banners. In LaTeX these are the first notes. Raises
    UnknownNameError."""
    # A CSV is read by programs, so it has unrounded numbers and a column for banners, not lines
    # above the table.
    if form == "csv":
        return written(numbers(outcome), form)
    table, banners = reading(outcome), [" ".join(banner.split()) for banner in outcome.banners]
    if form == "latex":
        return written(replace(table, notes=[*banners, *table.notes]), form)
    if form == "markdown":
        above = [f"**{in_markdown(banner)}**\n" for banner in banners]
    else:
        above = ["\n".join([*wrap(banner, LINE), ""]) for banner in banners]
    return "\n".join([*above, written(table, form)])


def _not_begun(outcome: Outcome) -> list[str]:
    """Says how many runs are missing; else only a number in brackets would show it."""
    count, of = sum(step.run is None for step in outcome.steps), len(outcome.steps)
    return (
        [f"{count} of {of} runs {'has' if count == 1 else 'have'} not begun."]
        if 0 < count < of
        else []
    )


def _paper(outcome: Outcome, name: str) -> str:
    if verdict := outcome.verdicts.get(name):
        return verdict.text
    return NO_TEST if outcome.finished else ""


def numbers(outcome: Outcome) -> TextTable:
    """For programs, as CSV: every number of `numbers_table`, how each arm stands against the paper,
    and any banner."""
    table = numbers_table(outcome.results)
    keys = [
        "paper_verdict",
        "paper_difference",
        "paper_half_width",
        "paper_error",
        "paper_text",
        "banner",
    ]
    lines = []
    for line, arm in zip(table.lines, outcome.arms, strict=True):
        verdict = outcome.verdicts.get(arm.name)
        # A verdict without a published row says why the arm cannot be compared, so its text is
        # kept.
        row = verdict.published if verdict else None
        compared_with = (
            (verdict.kind, verdict.difference, verdict.half_width)
            if verdict
            else (None, None, None)
        )
        facts = (*compared_with, row and row.error, _paper(outcome, arm.name) or None)
        texts = [
            None if fact is None else str(fact)
            for fact in (*facts, " ".join(outcome.banners) or None)
        ]
        lines.append([*line, *texts])
    return TextTable([*table.columns, *[named(key, key) for key in keys]], lines)
