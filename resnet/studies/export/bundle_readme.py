"""What a study's zip says of itself: README.md and commands.sh."""

from collections.abc import Sequence

from resnet.runs.directory import EXIT
from resnet.studies.export import study_commands
from resnet.studies.outcome import Outcome, reading
from resnet.tables.text_table import in_markdown

WHAT: dict[str, str] = {
    "study.yaml": "the study: what is compared, with which recipe, on which data, with which seeds",
    "study.json": "the same, for programs",
    "commands.sh": "the commands above, to be run in a checkout of this project",
    "report.html": "everything on one page, to read and to print; it needs no network",
    "results.csv": "every number, unrounded, for programs",
    "results.md": "the table above",
    "results.tex": "the table for LaTeX",
    "figures/": "the curves at the width of a column",
    "runs/": (
        "a folder for each run: spec.json (all that is needed to do it again), environment.json"
        " (versions, machine, checksums of data and initial weights), metrics.jsonl (its records),"
        " exit.json (how it ended)"
    ),
    "SHA256SUMS": "checksums of all files: `sha256sum --check SHA256SUMS`",
}


def readme(outcome: Outcome, names: Sequence[str]) -> str:
    """What is in the zip, what was found, and how to do it again from a fresh checkout."""
    study = outcome.study
    lines = [f"# {in_markdown(study.name)}", ""]
    lines += [f"**{in_markdown(text)}**\n" for text in outcome.banners]
    lines += [f"{in_markdown(study.question)}\n"] if study.question else []
    lines += [f"Source: {in_markdown(study.source)}\n"] if study.source else []
    lines += [
        f"{outcome.finished} of {len(outcome.steps)} runs are finished. Study {study.fingerprint}.",
        "",
    ]
    # Such a run has no exit.json, so the zip does not contain it.
    if left := [
        step for step in outcome.steps if not (step.run and (step.run.path / EXIT).exists())
    ]:
        count = f"{len(left)} of {len(outcome.steps)} runs"
        lines += [
            (
                "Not in here, since they died without a last word, are not over or have not begun:"
                f" {count}."
            ),
            "",
        ]
    lines += [
        "## Result",
        "",
        reading(outcome).markdown(),
        "## Do it again",
        "",
        *_again(outcome),
        "## Files",
        "",
    ]
    for name, what in WHAT.items():
        # Only what is in this zip: a study without evaluations has no figures. "figures/" and
        # "runs/" stand for all files in a folder.
        if any(file.startswith(name) for file in names):
            lines.append(f"- `{name}`: {what}")
    return "\n".join([*lines, ""])


def _again(outcome: Outcome) -> list[str]:
    """Commands for a shell in a fresh checkout, beside which this zip was unpacked to `study/`."""
    lines = [
        (
            "In a checkout of the project, with its requirements installed and this zip unpacked to"
            " `study/`, all runs:"
        ),
        "",
        *_block(study_commands.whole("study/study.yaml")),
    ]
    if runs := list(study_commands.one_by_one(outcome, "study")):
        lines += [
            (
                "One run, compared with the one here, record by record; on a CPU of its kind, with"
                " the versions of environment.json, it is equal bit for bit:"
            ),
            "",
            *_block(runs[0].again),
            "A single run without a comparison; `commands.sh` has this line for each:",
            "",
            *_block(runs[0].train),
        ]
    return lines


def _block(command: str) -> list[str]:
    return ["```sh", command, "```", ""]


def commands(outcome: Outcome) -> str:
    """A shell script that makes all runs; how to make one by itself stands below as comments."""
    lines = [
        "#!/bin/sh",
        (
            f"# {_line(outcome.study.name)}: run this in a checkout of the project, as `sh"
            " study/commands.sh`."
        ),
        # The script stops at the first error and at an unknown variable.
        "set -eu",
        # So that it finds study.yaml from any current folder.
        'here=$(dirname "$0")',
        study_commands.whole("study.yaml").replace("study.yaml", '"$here/study.yaml"'),
        "",
        "# One run at a time instead:",
    ]
    for run in study_commands.one_by_one(outcome, "study"):
        lines += [
            f"# {_line(run.arm)}, seed {run.seed}",
            f"#   {_line(run.train)}",
            f"#   {_line(run.again)}",
        ]
    return "\n".join([*lines, ""])


def _line(text: str) -> str:
    """On one line: a line break would end a comment."""
    return " ".join(text.split())
