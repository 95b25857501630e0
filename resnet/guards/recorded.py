"""The records of runs about their start and machine, compared with their specs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from resnet.errors import RunError
from resnet.guards.differences import canonical, listed
from resnet.guards.sharing import Environments, SameStart, Stream, same_start
from resnet.runs import Run

# Keys of environment.json that can change the last bits of a result, or its speed.
SOFTWARE = ("python", "packages", "platform", "device_name", "driver", "git_commit")
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Recorded:
    """`start` is the proof by hash that arms began with the same weights and images. `broken` has a
    sentence for each contradiction between recorded images and specs; the page shows it as a
    warning. `mixed` has a sentence for other differences between runs.
    """

    start: SameStart
    broken: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()


NOTHING_RECORDED = Recorded(SameStart(()))


def environments(runs: Mapping[tuple[str, int], Run]) -> Environments:
    """The environment.json of each run, by arm and seed. None where it is missing or damaged."""
    by_arm: dict[str, dict[int, Mapping[str, Any] | None]] = {}
    for (arm, seed), run in runs.items():
        # Set first, so that a damaged record counts as "not recorded" and not as a missing run.
        by_arm.setdefault(arm, {})[seed] = None
        with suppress(RunError):
            by_arm[arm][seed] = run.environment()
    return by_arm


def recorded(
    by_arm: Environments, streams: Sequence[Stream], datasets: Mapping[str, str]
) -> Recorded:
    """Compare the environments of all runs. `datasets` has the data set of each arm."""
    start = same_start(by_arm)
    # Only what the specs promise to be equal can be broken. Arms with another batch size have
    # another first batch on purpose.
    shared = {stream.name for stream in streams if len(stream.groups) == 1}
    odd = list(_other_images(by_arm, datasets))
    if "split" in shared and "not equal" in [seed.split for seed in start.seeds]:
        odd.append("split")
    if "augmentation" in shared and "not equal" in [seed.first_batch for seed in start.seeds]:
        odd.append("first augmented batch")
    broken = (
        (f"Not the same data: runs of some arms recorded another {listed(odd)}.",) if odd else ()
    )
    return Recorded(start, broken, tuple(_mixed(by_arm)))


def _other_images(by_arm: Environments, datasets: Mapping[str, str]) -> Iterator[str]:
    """Whether one data set name was used for different images."""
    sums: dict[str, set[str]] = {}
    for arm, environment in _all(by_arm):
        # By the name of the data set: arms on different data have different checksums on purpose.
        if (checksum := environment.get("dataset_checksum")) is not None:
            sums.setdefault(datasets[arm], set()).add(canonical(checksum))
    if any(len(checksums) > 1 for checksums in sums.values()):
        yield "set of images"


def _mixed(by_arm: Environments) -> Iterator[str]:
    """Versions, machine or code that differ between runs. Then results may differ in their last
    bits, and speeds cannot be compared."""
    values: dict[str, dict[str, None]] = {}
    for _, environment in _all(by_arm):
        for key, value in software(environment):
            values.setdefault(key, {})[value] = None
    several = {key: list(versions) for key, versions in values.items() if len(versions) > 1}
    if several:
        parts = [
            f"{key.replace('_', ' ')} ({', '.join(versions[:SHOWN])})"
            for key, versions in several.items()
        ]
        yield f"Not all runs were made with the same software and machine: {listed(parts)}."


def software(environment: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Versions, machine and code as text, by name. Unknown ones are left out."""
    for key in SOFTWARE:
        value = environment.get(key)
        # "packages" is a table with a version for each package; the others are single values.
        pairs = value.items() if isinstance(value, dict) else [(key, value)]
        yield from ((name, str(one)) for name, one in pairs if one is not None)


def _all(by_arm: Environments) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for arm, by_seed in by_arm.items():
        yield from ((arm, environment) for environment in by_seed.values() if environment)
