"""A study as one page to read, print and keep: nothing is fetched, so it looks the same in ten
years."""

import hashlib
from collections.abc import Iterator

from resnet import quantity
from resnet.errors import ResNetLabError
from resnet.exports import written_drawing
from resnet.figure import draw
from resnet.guards.differences import leaves
from resnet.guards.recorded import environments, software
from resnet.guards.sharing import selection
from resnet.network.link import written
from resnet.network.numbers import NUMBERS
from resnet.results.arms import TITLES, Measure, measured
from resnet.results.statistics import fixed
from resnet.results.tables import read_cell
from resnet.runs import Run
from resnet.runs.directory import METRICS
from resnet.runs.disk import one_sentence
from resnet.studies.export import report_page, study_commands
from resnet.studies.export.study_figure import drawable, study_figure
from resnet.studies.outcome import READ, Outcome, reading
from resnet.studies.plan.study import Arm, run_fingerprint
from resnet.tables.text_table import TextTable

LONGEST_CHANGE = 60
NEVER = "Best on test is never computed."


def report(outcome: Outcome) -> str:
    """The whole page as HTML: question, findings, figure, table, method, guards, paper, every run,
    commands, checksums.

    Works before any run has finished. Raises RunError where a run's files cannot be read.
    """
    study = outcome.study
    table = reading(outcome)
    return report_page.page(
        f"{study.name}: report",
        [
            f"<header>{_header(outcome)}</header>",
            *map(report_page.banner, outcome.banners),
            report_page.section("Findings", report_page.items(_findings(outcome))),
            report_page.section("Curves", _figure(outcome)),
            report_page.section(
                "Results",
                _table(outcome, table),
                report_page.items(_notes(outcome, table), "notes"),
            ),
            report_page.section("Against the paper", _paper(outcome)),
            report_page.section("Method", *_method(outcome)),
            report_page.section(
                "What is equal, and what is not", _equal(outcome), *_twins(outcome)
            ),
            report_page.section("Every run", _every_run(outcome)),
            report_page.section("Do it again", *_again(outcome)),
            report_page.section("Checksums", _checksums(outcome)),
        ],
    )


def _header(outcome: Outcome) -> str:
    study = outcome.study
    stand = (
        f"{outcome.finished} of {len(outcome.steps)} runs are finished. Study {study.fingerprint}."
    )
    source = f"Source: {study.source}" if study.source else ""
    return "".join(
        [
            report_page.headline(study.name, "h1"),
            report_page.paragraph(study.question, "question"),
            report_page.paragraph(source, "quiet"),
            report_page.paragraph(stand, "quiet"),
        ]
    )


def _findings(outcome: Outcome) -> list[str]:
    return [
        f"{text}." for result in outcome.results for text in (result.sentence, *result.left_out)
    ]


def _figure(outcome: Outcome) -> str:
    if not drawable(outcome):
        return report_page.paragraph("No run has been evaluated yet; its curve will be here.")
    count = max(len(arm.runs) for arm in outcome.arms)
    caption = (
        f"Error in % against steps: mean and standard deviation over up to {count} seeds. Test is"
        " one point."
    )
    return report_page.image(
        study_figure(outcome, "svg", "page"), "Curves of all arms", caption, "page"
    )


def _table(outcome: Outcome, table: TextTable) -> str:
    """The table has one word about the paper; the sentence is in a separate section."""
    heads = [(column.heading, column.side) for column in table.columns]
    lines = []
    for line, arm in zip(table.lines, outcome.arms, strict=True):
        verdict = outcome.verdicts.get(arm.name)
        # The last column of the table for people is the paper's sentence. Here one word replaces
        # it.
        lines.append([*map(read_cell, line[:-1]), verdict.kind if verdict else ""])
    return report_page.table(heads, lines)


def _notes(outcome: Outcome, table: TextTable) -> list[str]:
    """What the findings have not said already."""
    # The table has the sentences of the findings as its notes, for readers who see only the table.
    said = {*_findings(outcome)}
    return [note for note in table.notes if note not in said]


def _paper(outcome: Outcome) -> str:
    rows = []
    for arm in outcome.arms:
        if verdict := outcome.verdicts.get(arm.name):
            source = f" ({verdict.published.source})" if verdict.published else ""
            rows.append(f"{arm.name}: {verdict.text}{source}.")
    return report_page.items(rows) or report_page.paragraph(
        "Nothing can be held against the paper before a run has read its test set."
    )


def _method(outcome: Outcome) -> Iterator[str]:
    study, arms = outcome.study, outcome.planned
    seeds = ", ".join(map(str, study.seeds))
    yield report_page.paragraph(
        f"{len(arms)} arm{'s' * (len(arms) != 1)}, each with the"
        f" seed{'s' * (len(study.seeds) != 1)} {seeds}, on {study.baseline.device}; design:"
        f" {study.design.replace('_', ' ')}; declared factors: {', '.join(study.keys) or 'none'}."
    )
    heads = [
        ("Arm", "l"),
        ("Network", "l"),
        *[(NUMBERS[key].heading, "r") for key in ("depth", "trainable_params", "macs")],
        ("Changed about the baseline", "l"),
    ]
    yield report_page.table(heads, [_arm_line(outcome, arm) for arm in arms])
    # One drawing is enough on paper: the table above gives the differences of the other arms.
    yield _drawing(arms[0])
    yield report_page.headline("Data", "h3") + report_page.items(_data(outcome))
    # The recipe of the first arm; changes of the others are in the table.
    rest = leaves(arms[0].config, arms[0].recipe, arms[0].dataset)
    recipe = {
        key.removeprefix("recipe."): written(value)
        for key, value in rest.items()
        if key.startswith("recipe.")
    }
    yield report_page.headline(f"Recipe of {arms[0].name}", "h3") + report_page.settings(
        recipe.items()
    )
    if lines := list(_software(outcome)):
        yield report_page.headline("Software and machine", "h3") + report_page.items(lines)


def _arm_line(outcome: Outcome, arm: Arm) -> list[str]:
    # Counted once for the outcome. `arms` there has the same names as `planned`.
    counts = next(each for each in outcome.arms if each.name == arm.name)
    numbers = [
        quantity.exact(number)
        for number in (counts.trainable_params, counts.macs)
        if number is not None
    ]
    said = {key: f"{written(was)} to {written(now)}" for key, (was, now) in arm.changes.items()}
    changes = [
        f"{key}: {text if len(text) <= LONGEST_CHANGE else 'another'}" for key, text in said.items()
    ]
    return [arm.name, arm.network, str(arm.config.depth), *numbers, "\n".join(changes)]


def _drawing(arm: Arm) -> str:
    """The first arm's network; nothing where it cannot be drawn, which is no reason to refuse the
    page."""
    try:
        figure = draw(arm.config, level="network")
        svg = written_drawing(figure.drawing, "svg", "").decode()
    except ResNetLabError:
        return ""
    return report_page.image(svg, f"Drawing of {arm.network}", f"The network of {arm.name}.")


def _data(outcome: Outcome) -> Iterator[str]:
    for facts in {arm.dataset: arm.images for arm in outcome.planned}.values():
        yield (
            f"{facts.title}: {facts.train_images:,} images for training and {facts.test_images:,}"
            f" for the test, each {quantity.shape(facts.image_shape)}. {facts.source}."
        )
    parts = sorted({arm.recipe.validation_images for arm in outcome.planned})
    yield (
        f"For validation {' or '.join(f'{count:,}' for count in parts)} of the training images are"
        " set aside."
    )


def _software(outcome: Outcome) -> Iterator[str]:
    # A dict for its order: each value once, as first seen.
    values: dict[str, dict[str, None]] = {}
    for by_seed in environments(outcome.runs).values():
        for environment in filter(None, by_seed.values()):
            for key, value in software(environment):
                values.setdefault(key, {})[value] = None
    for key, found in values.items():
        yield f"{key.replace('_', ' ')}: {', '.join(found)}"


def _equal(outcome: Outcome) -> str:
    return report_page.items([*outcome.guards, selection(outcome.specs), NEVER])


def _twins(outcome: Outcome) -> Iterator[str]:
    for proof in outcome.twins:
        exact = "exact twins" if proof.exact else "twins, but not exact ones"
        depth = proof.residual.depth
        yield report_page.headline(
            f"Residual and plain, {depth} layers: {exact}", "h3"
        ) + report_page.items(proof.sentences())


def _every_run(outcome: Outcome) -> str:
    heads = [
        ("Arm", "l"),
        ("Seed", "r"),
        ("State", "l"),
        *[(TITLES[measure], "r") for measure in READ],
        ("Run", "l"),
    ]
    lines = []
    records = {
        (arm.name, run.seed): measured(run.records) for arm in outcome.arms for run in arm.runs
    }
    for step in outcome.steps:
        arm, seed = step.planned.arm.name, step.planned.seed
        found = records.get((arm, seed), {})
        numbers = [_number(measure, found.get(measure)) for measure in READ]
        state = step.state.name if step.state else "not begun"
        lines.append([arm, str(seed), state, *numbers, step.run.id if step.run else ""])
    return report_page.table(heads, lines)


def _number(measure: Measure, value: float | None) -> str:
    if value is None:
        return ""
    return quantity.duration(value) if measure == "duration_s" else fixed(value, 2)


def _again(outcome: Outcome) -> Iterator[str]:
    yield report_page.paragraph(
        "All of it, from the study's file; runs that are there already are used again:"
    )
    yield report_page.code(study_commands.whole())
    if lines := list(study_commands.one_by_one(outcome, "study.zip")):
        yield report_page.paragraph(
            "One run from the study's zip, compared with the run in it, bit for bit on the CPU:"
        )
        yield report_page.code(lines[0].again)
        yield report_page.paragraph("Each run by itself:")
        yield report_page.code(
            "\n".join(f"# {line.arm}, seed {line.seed}\n{line.train}" for line in lines), "long"
        )


def _checksums(outcome: Outcome) -> str:
    lines = [
        [
            step.planned.arm.name,
            str(step.planned.seed),
            run_fingerprint(step.planned.spec),
            sha256(step.run, METRICS),
        ]
        for step in outcome.steps
        # The file of an active run still grows, so its checksum would be wrong a second later.
        if step.run and step.action == "reuse"
    ]
    heads = [("Arm", "l"), ("Seed", "r"), ("Spec", "l"), (f"SHA-256 of {METRICS}", "l")]
    return report_page.table(heads, lines) if lines else ""


def sha256(run: Run, name: str) -> str:
    """Of one of its files, 64 hex digits. Raises RunError."""
    with one_sentence(run.path / name):
        return hashlib.sha256((run.path / name).read_bytes()).hexdigest()
