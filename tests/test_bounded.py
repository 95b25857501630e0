"""Text from outside, through every door: it is read, or refused in one sentence, and soon.

No test measures time: a parser without bounds takes minutes or gigabytes over these texts, which
shows by itself.
"""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.side_by_side import cache as beside_cache
from app.study import begin, fields
from resnet import bounded, get
from resnet.checks.facts import Facts
from resnet.errors import ConfigError, ResNetLabError
from resnet.exports import view_from_query
from resnet.imports.imported import read_curve, read_import
from resnet.network.link import from_query
from resnet.network.settings import parse_value, with_settings
from resnet.studies.export.bundle import read_bundle
from tests.cli_support import Shell, assert_refused

LONG = 200_000
MEGABYTE = 1 << 20
HOSTILE = {
    "brackets": "[" * LONG,
    "braces": "{" * LONG,
    "keys in keys": '{"a":' * LONG,
    "dashes": "- " * LONG,
    "indented": "".join(f"{' ' * depth}a:\n" for depth in range(600)),
    "a long list": "[" + "1," * LONG + "1]",
    "many keys": "".join(f"k{number}: 1\n" for number in range(100_000)),
    "references": (
        "a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nd: &d [*c,*c,*c]\ne: [*d,*d,*d]"
    ),
    "a loop": "a: &a [*a]",
    "a long number": "name: " + "9" * LONG,
    "a number by sixties": "name: " + "1:" * LONG + "1",
    "a day that is none": "name: 2020-13-45",
    "a truth that is none": "name: !!bool zz",
    "a time that is none": "name: !!timestamp x",
    "a tag of Python": "name: !!python/name:os.system",
    "half a letter": '{"name": "\\ud800"}',
    "nothing": "\0" * LONG,
    "one long word": "a" * LONG,
    "too long": "#" * (2 * MEGABYTE),
}


FEW = {name: text for name, text in HOSTILE.items() if name not in ("a long list", "many keys")}
"""Those that take no second of a slow parser."""


def assert_read_or_refused(door: Callable[[], object]) -> None:
    try:
        door()
    except ResNetLabError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 500


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_study_s_file(text: str, form: Any) -> None:
    """Catches the 200,000 brackets that kept the web process busy for good, and their kind."""
    with pytest.raises(
        ResNetLabError
    ) as refused:  # refused, so that the visit's state is never reached
        begin.take_file(f"study.{form}", text.encode(errors="surrogatepass"))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_curve_s_file(text: str, tmp_path: Path) -> None:
    """Catches a parser of curves without bounds: read as CSV, as JSON, and as a curve that was
    kept."""
    for name in ("curve.csv", "curve.json", "curve.import.json"):
        path = tmp_path / name
        path.write_text(text)
        assert_read_or_refused(lambda path=path: read_curve(path))  # type: ignore[misc]
    with pytest.raises(ResNetLabError):
        read_import(path)


@pytest.mark.parametrize("text", FEW.values(), ids=FEW)
def test_a_file_to_check(text: str, shell: Shell, tmp_path: Path) -> None:
    """Catches a traceback of `check`."""
    for name in ("facts.json", "study.yaml"):
        (tmp_path / name).write_text(text)
        assert_refused(shell("check", tmp_path / name), "")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_typed_and_what_a_link_says(text: str) -> None:
    """Catches a box, a link or a setting whose text nobody bounds."""
    for door in (
        lambda: parse_value(text),
        lambda: from_query({"network": text}),
        lambda: from_query({"network": "resnet20", "stages": text}),
        lambda: view_from_query({"toggled": text}),
        lambda: with_settings(get("resnet20").config, {"norm.momentum": text}),
        lambda: fields.settings_of(text),
        lambda: fields.arms_of(text),
        lambda: fields.levels_of(text),
    ):
        assert_read_or_refused(door)


@pytest.mark.parametrize("number", [10**400, -(10**400), float("nan"), float("inf")])
def test_a_fact_of_any_size_is_one_sentence(number: Any) -> None:
    """Catches an OverflowError for a number of 400 digits, typed in the import form."""
    with pytest.raises(ConfigError):
        Facts(learning_rate=number)


@pytest.mark.parametrize(
    "name", ["a\0b.csv", "가" * 85 + ".csv", "../../x.csv", "", "/", ".", "..", "a\nb.csv"]
)
def test_an_upload_may_be_called_anything(name: str) -> None:
    """Catches an error box for a name that the disk refuses."""

    class Upload:
        def getvalue(self) -> bytes:
            return b"epoch,loss\n0,1.5\n1,1.2\n"

    upload: Any = Upload()
    curve = beside_cache.uploaded(name, name, "train", upload)
    assert not isinstance(curve, str), curve
    assert [column.name for column in curve.columns] == ["loss"]


def packed(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["", "/", "a/../../b", "C:\\x"])
def test_a_zip_with_an_odd_name(name: str, tmp_path: Path) -> None:
    """Catches an IndexError for an entry without a name."""
    path = packed(tmp_path / "study.zip", {"SHA256SUMS": b"", "x": b"x"})
    raw = path.read_bytes()
    broken = raw.replace(b"x", name.encode()[:1] or b"\0") if name else raw
    path.write_bytes(broken)
    with pytest.raises(ConfigError) as refused:
        read_bundle(path, tmp_path / "new")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "new").exists()


def test_a_zip_that_grows_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a zip bomb: a few kB that unpack to more than the disk has."""
    monkeypatch.setattr("resnet.studies.export.unpacked.MOST_BYTES", 4 * MEGABYTE)
    path = packed(tmp_path / "study.zip", {"SHA256SUMS": b"", "bomb": b"\0" * (5 * MEGABYTE)})
    assert path.stat().st_size < 20_000
    with pytest.raises(ConfigError, match="at most"):
        read_bundle(path, tmp_path / "new")


def test_numbers_and_lists_within_the_limits_are_read() -> None:
    """Catches a limit that an honest file meets."""
    deep: Any = 1
    for _ in range(bounded.MOST_DEPTH - 2):
        deep = [deep]
    for read in (bounded.read_json, bounded.read_yaml):
        assert read(json.dumps(deep)) == deep
        assert read(json.dumps({"a": [1, 1.5, None, True, "é", "\u2028"]})) == {
            "a": [1, 1.5, None, True, "é", "\u2028"]
        }
        assert read(json.dumps(list(range(5000)))) == list(range(5000))
