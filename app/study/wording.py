"""The words for studies and their parts."""

from collections import Counter
from collections.abc import Iterable, Sequence

from app.runs.wording import STATES, Colour
from resnet import quantity
from resnet.studies.planning import Step

MINUTE_S = 60
SIGNS: dict[str, tuple[Colour, str]] = {
    "to run": ("gray", "radio_button_unchecked"),
    **{str(name): sign for name, sign in STATES.items()},
}
"""A colour and an icon for each state of a run."""


def state_of(step: Step) -> str:
    return step.state.name if step.state else "to run"


def counted(number: int, word: str) -> str:
    """1 arm, 4 arms."""
    return f"{quantity.exact(number)} {word}{'' if number == 1 else 's'}"


def extent(steps: Sequence[Step]) -> str:
    """4 arms × 3 seeds, 12 runs."""
    arms, seeds = (
        len({step.planned.arm.name for step in steps}),
        len({step.planned.seed for step in steps}),
    )
    return f"{counted(arms, 'arm')} × {counted(seeds, 'seed')}, {counted(len(steps), 'run')}"


def states(steps: Iterable[Step]) -> str:
    """3 finished, 1 running, 2 to run."""
    return ", ".join(f"{count} {name}" for name, count in Counter(map(state_of, steps)).items())


def about(duration_s: float) -> str:
    """An estimated time, without start times. It is too rough to show seconds."""
    return f"about {quantity.duration(duration_s)}" if duration_s >= MINUTE_S else "under a minute"
