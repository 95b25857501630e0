"""Checkpoints: whole or not at all, the last two kept, a damaged one passed over with a word."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from resnet.errors import RunError
from resnet.runs import checkpoint
from resnet.runs.checkpoint import Checkpoint


def at(step: int) -> Checkpoint:
    weights = {"stage1.block1.conv1/kernel": np.full((3, 3), step, np.float32)}
    return Checkpoint(
        step, weights, {"00000.momentum": np.arange(4.0)}, {"running": {"steps": 3}, "warm": True}
    )


def silent(message: str) -> None:
    raise AssertionError(message)


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, at(5))
    found = checkpoint.load_last(tmp_path, silent)
    assert found is not None
    assert (found.step, found.state) == (5, {"running": {"steps": 3}, "warm": True})
    assert np.array_equal(
        found.weights["stage1.block1.conv1/kernel"], np.full((3, 3), 5, np.float32)
    )
    assert found.weights["stage1.block1.conv1/kernel"].dtype == np.float32
    assert np.array_equal(found.optimiser["00000.momentum"], np.arange(4.0))


def test_the_last_two_are_kept_and_the_newest_is_taken(tmp_path: Path) -> None:
    """By number, not by name: step 1,000 comes after step 999."""
    for step in (9, 99, 999, 1000):
        checkpoint.save(tmp_path, at(step))
    assert [path.name for path in checkpoint.steps(tmp_path)] == ["step-00000999", "step-00001000"]
    found = checkpoint.load_last(tmp_path, silent)
    assert found is not None
    assert found.step == 1000


def test_nothing_saved_is_nothing(tmp_path: Path) -> None:
    assert checkpoint.load_last(tmp_path / "checkpoint", silent) is None


@pytest.mark.parametrize("name", ["weights.npz", "optimiser.npz", "state.json", "SHA256SUMS"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "empty"])
def test_a_damaged_one_is_passed_over_with_a_word(tmp_path: Path, name: str, damage: str) -> None:
    checkpoint.save(tmp_path, at(1))
    file = checkpoint.save(tmp_path, at(2)) / name
    content = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(content[: len(content) // 2])
        case "changed":
            file.write_bytes(content[:20] + bytes([content[20] ^ 1]) + content[21:])
        case "gone":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
    said: list[str] = []
    found = checkpoint.load_last(tmp_path, said.append)
    assert found is not None
    assert found.step == 1
    assert len(said) == 1
    assert "step-00000002 is damaged" in said[0]


def test_a_pickle_inside_is_never_run(tmp_path: Path) -> None:
    weights = {"x": np.array([{"not": "numbers"}], object)}
    with pytest.raises(ValueError, match="allow_pickle"):
        checkpoint.save(tmp_path, at(1)._replace(weights=weights))


def test_one_left_half_written_by_a_death_is_not_seen_and_does_not_stand_in_the_way(
    tmp_path: Path,
) -> None:
    checkpoint.save(tmp_path, at(1))
    (tmp_path / "step-00000002.part").mkdir()
    (tmp_path / "step-00000002.part" / "weights.npz").write_bytes(b"half")
    found = checkpoint.load_last(tmp_path, silent)
    assert found is not None
    assert found.step == 1
    checkpoint.save(tmp_path, at(2))
    assert [path.name for path in tmp_path.iterdir() if path.suffix] == []


def test_a_full_disk_leaves_the_earlier_ones_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.save(tmp_path, at(1))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space left"):
        patched.setattr("os.fsync", full)
        checkpoint.save(tmp_path, at(2))
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    found = checkpoint.load_last(tmp_path, silent)
    assert found is not None
    assert found.step == 1


@pytest.mark.sha256sum
def test_sha256sum_agrees(tmp_path: Path) -> None:
    folder = checkpoint.save(tmp_path, at(1))
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    (folder / "state.json").write_text("{}")
    with pytest.raises(RunError, match=r"state\.json does not match its checksum"):
        checkpoint.load(folder)
