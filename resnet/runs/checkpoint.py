"""Checkpoints: everything a run needs to continue as if it had not been interrupted.

checkpoint/step-00000200/
    weights.npz      every variable of the model by its path, "stage1.block1.conv1/kernel";
                     moving averages included
    optimiser.npz    the optimiser's variables, by number and path
    best.npz         the weights with the lowest validation error so far, once there are any
    state.json       step, running sums, and the rest of the loop's state
    SHA256SUMS       checksums of these files, for `sha256sum -c`

A checkpoint is written to a temporary folder, flushed to the disk and renamed, so it is complete or
missing. The last two are kept.
"""

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from resnet.errors import RunError, echo
from resnet.files import sync, sync_folder
from resnet.network.config import ResNetConfig

KEPT = 2
SUMS = "SHA256SUMS"
ASIDE = ".part"

Arrays = Mapping[str, NDArray[Any]]


class Checkpoint(NamedTuple):
    """The content of a checkpoint. `state` is JSON."""

    step: int
    weights: Arrays
    optimiser: Arrays
    state: Mapping[str, Any]
    best: Arrays | None = None


def save(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint and delete all but the last two. Raises OSError, and then changes
    nothing."""
    target = folder / f"step-{checkpoint.step:08d}"
    aside = target.with_suffix(ASIDE)
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        _fill(aside, checkpoint)
        # A checkpoint of this step exists already only where it is damaged or the same.
        shutil.rmtree(target, ignore_errors=True)
        aside.rename(target)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    sync_folder(folder)  # a rename survives a power cut only after this
    # Older ones are deleted last: at every moment a complete checkpoint exists.
    for old in steps(folder)[:-KEPT]:
        shutil.rmtree(old)
    return target


def steps(folder: Path) -> list[Path]:
    """The checkpoints in a folder, oldest first, good or broken."""
    return sorted(path for path in folder.glob("step-*") if path.is_dir() and path.suffix != ASIDE)


def load_last(folder: Path, say: Callable[[str], None]) -> Checkpoint | None:
    """The newest complete checkpoint; None where there is none. Damaged ones are skipped and
    reported to `say`."""
    for path in reversed(steps(folder)):
        try:
            return load(path)
        except RunError as error:
            say(f"{error} An earlier checkpoint is used.")
    return None


def load(path: Path) -> Checkpoint:
    """Read one checkpoint. Raises RunError where a file is missing, cut short or altered."""
    try:
        files = {}
        for line in (path / SUMS).read_text().splitlines():
            # "<digest>  <name>", as sha256sum writes it.
            digest, _, name = line.partition("  ")
            files[name] = (path / name).read_bytes()
            if hashlib.sha256(files[name]).hexdigest() != digest:
                raise RunError(
                    f"Checkpoint {path.name} is damaged: {name} does not match its checksum."
                )
        state = json.loads(files["state.json"])
        best = _unpack(files["best.npz"]) if "best.npz" in files else None
        weights, optimiser = _unpack(files["weights.npz"]), _unpack(files["optimiser.npz"])
        return Checkpoint(state.pop("step"), weights, optimiser, state, best)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise RunError(f"Checkpoint {path.name} is damaged: {echo(str(error))}.") from None


def check_network(checkpoint: Checkpoint, config: ResNetConfig) -> None:
    """Raise RunError where the checkpoint belongs to another network."""
    made_for = checkpoint.state.get("config")
    if made_for != config.fingerprint:
        raise RunError(
            "The checkpoint belongs to another network: it was made for the config"
            f" {echo(made_for)}, and the run's is {config.fingerprint!r}; start a new run."
        )


def _fill(aside: Path, checkpoint: Checkpoint) -> None:
    state = json.dumps({"step": checkpoint.step, **checkpoint.state}, indent=2)
    files = {
        "weights.npz": _pack(checkpoint.weights),
        "optimiser.npz": _pack(checkpoint.optimiser),
        "state.json": state.encode(),
    }
    if checkpoint.best is not None:
        files["best.npz"] = _pack(checkpoint.best)
    files[SUMS] = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()
    ).encode()
    for name, data in files.items():
        with (aside / name).open("wb") as file:
            file.write(data)
            file.flush()
            sync(file.fileno())
    # The names in the folder too, not only the files' contents.
    sync_folder(aside)


def _pack(arrays: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpack(data: bytes) -> Arrays:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)
