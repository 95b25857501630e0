"""A file is written whole or not at all, and a refusal is one sentence with a way out."""

import errno
import os
from pathlib import Path

import pytest

from resnet import ExportError, files


def test_the_file_holds_what_was_written_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    files.write(path, "×")
    files.write(path, b"again")
    assert [file.name for file in tmp_path.iterdir()] == ["figure.svg"]
    assert path.read_bytes() == b"again"


def test_others_may_read_it_as_far_as_the_umask_allows(tmp_path: Path) -> None:
    """Would catch the 0600 of a temporary file that was moved into place."""
    before = os.umask(0o022)
    try:
        files.write(tmp_path / "figure.svg", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "figure.svg").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("code", sorted(files.REASONS))
def test_whatever_the_disk_refuses_the_old_file_stays(tmp_path: Path, code: int) -> None:
    path = tmp_path / "figure.svg"
    path.write_text("old")
    with pytest.raises(ExportError) as caught, files.replacing(path) as draft:
        draft.write_text("half")
        raise OSError(code, os.strerror(code))
    assert str(caught.value) == f"Cannot write 'figure.svg': {files.REASONS[code]}"
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("figure.svg", "old")]


def test_an_error_inside_the_block_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), files.replacing(tmp_path / "figure.svg") as draft:
        draft.write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_really_full_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The system's own refusal, through the real write: /dev/full stands in for the draft."""
    monkeypatch.setattr(Path, "open", lambda _self, mode: open("/dev/full", mode))  # noqa: PTH123, SIM115
    with pytest.raises(ExportError, match="the disk is full; free some space"):
        files.write(tmp_path / "figure.svg", b"x" * 100_000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing/figure.svg", "its folder does not exist"),
        ("file/figure.svg", "its folder is a file"),
        ("x" * 300 + ".svg", "the name is too long"),
        (".", "not an ordinary file"),
        ("device.svg", "not an ordinary file"),
        ("loop.svg", "Cannot write"),
        ("nul\0.svg", "Cannot write"),
    ],
)
def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path, path: str, reason: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "device.svg").symlink_to("/dev/null")
    (tmp_path / "loop.svg").symlink_to("loop.svg")
    for attempt in (
        lambda: files.write(tmp_path / path, "x"),
        lambda: files.check_writable(tmp_path / path),
    ):
        with pytest.raises(ExportError, match=reason) as caught:
            attempt()
        assert "\n" not in str(caught.value)
    assert Path("/dev/null").is_char_device()


def test_a_link_to_a_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.svg").write_text("old")
    (tmp_path / "link.svg").symlink_to("real.svg")
    files.write(tmp_path / "link.svg", "new")
    assert (tmp_path / "link.svg").is_symlink()
    assert (tmp_path / "real.svg").read_text() == "new"


def test_every_reason_names_a_way_out() -> None:
    assert errno.ENOSPC in files.REASONS
    for reason in files.REASONS.values():
        assert "choose" in reason
