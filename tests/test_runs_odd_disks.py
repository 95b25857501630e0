"""Runs on disks that lack what most have: fallocate, a flush of folders, locks, locks of
folders."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest


def said(folder: Path, lack: str, number: int) -> str:
    """What a run on such a disk came to."""
    command = [sys.executable, "-m", "tests.odd_disk_process", str(folder), lack, str(number)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("lack", "number"),
    [
        (
            "fallocate",
            errno.EOPNOTSUPP,
        ),  # ext3, NFS before 4.2, most of FUSE: the C library stands in for it
        ("fallocate", errno.ENOSYS),  # a sandbox: the C library does not
        ("fsync", errno.EINVAL),  # CIFS and some of FUSE, for folders
        ("fsync", errno.EOPNOTSUPP),
        ("nfs", 0),
    ],
)
def test_a_run_begins_and_ends_on_a_disk_without(lack: str, number: int, tmp_path: Path) -> None:
    """The reserve was opened for writing only, so without fallocate the C library's own way of
    making room, which reads, failed at every run's start; NFS locks no folder, so there no run
    could be made at all.
    """
    assert said(tmp_path / "runs", lack, number) == "finished True"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_disk_without_locks_is_named_in_a_sentence(number: int, tmp_path: Path) -> None:
    """Locks are the proof that a run lives: without them nothing may start, and nobody should read
    a traceback."""
    assert (
        said(tmp_path / "runs", "flock", number)
        == "Runs need file locks, so that two processes never work on one run; the disk of 'runs'"
        " has none. Choose a folder on another disk, with --runs or RESNET_LAB_RUNS."
    )


def test_a_full_disk_is_not_taken_for_an_odd_one(tmp_path: Path) -> None:
    """Would catch a fallback that swallows what must be said: no room, no right to write."""
    assert "the disk is full" in said(tmp_path / "runs", "fallocate", errno.ENOSPC)
