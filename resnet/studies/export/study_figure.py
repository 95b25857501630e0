"""The figure of a study's outcome, in any of its formats."""

from typing import Literal

from resnet import history
from resnet.errors import ConfigError
from resnet.results.published import Published
from resnet.studies.curves.arm_curves import Options, arm_curves
from resnet.studies.outcome import Outcome

FigureFormat = Literal["svg", "pdf"]
FigureWidth = Literal["column", "page"]

FIRST = Options()


def study_figure(
    outcome: Outcome, form: FigureFormat, width: FigureWidth = "column", options: Options = FIRST
) -> bytes:
    """Curves of all arms, with the paper's errors where they may be compared. Raises
    ConfigError where no run has been evaluated yet."""
    if not drawable(outcome):
        raise ConfigError(
            "A figure needs at least one evaluation; none of this study's runs has one yet: run it"
            " first."
        )
    from resnet.studies.curves.figures import figure  # noqa: PLC0415  matplotlib takes a second

    return figure(arm_curves(outcome.arms, options), form, width, published=published(outcome))


def drawable(outcome: Outcome) -> bool:
    """Whether any run has a point to draw; those of failed runs are not drawn."""
    # Evaluations decide and not training records: validation is the bold line of the figure.
    runs = [run for arm in outcome.arms for run in arm.runs if run.ending != "failed"]
    return any(history.all_of(run.records, history.Evaluation) for run in runs)


def published(outcome: Outcome) -> dict[str, Published]:
    """What the paper reports, by the name of the arm that is the same experiment."""
    return {
        name: verdict.published for name, verdict in outcome.verdicts.items() if verdict.published
    }
