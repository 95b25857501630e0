"""Studies as files: read back to an equal one, and one sentence for whatever is in a broken one."""

from pathlib import Path

import pytest
from hypothesis import given

from resnet.errors import ConfigError, ExportError, ResNetLabError
from resnet.studies.plan import study_files
from resnet.studies.plan.study import Study
from tests.test_studies_plan import studies, study


def test_files(tmp_path: Path) -> None:
    """A study in a file is the study; another ending, a folder or a binary file is one sentence."""
    for name in ("a.json", "a.yaml", "a.YML"):
        study_files.write(study(), tmp_path / name)
        assert study_files.read(tmp_path / name) == study()
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "c.json").mkdir()
    for name in ("a.toml", "b.json", "c.json", "none.json"):
        with pytest.raises(ConfigError):
            study_files.read(tmp_path / name)
    with pytest.raises(ExportError):
        study_files.write(study(), tmp_path / "no" / "a.json")


@given(studies())
def test_files_give_the_study_back(made: Study) -> None:
    """A number, a null or a foreign letter lost on the way through a file would change the
    study."""
    for form in ("json", "yaml"):
        again = study_files.from_text(study_files.to_text(made, form), form)
        assert again == made
        assert again.fingerprint == made.fingerprint


@pytest.mark.parametrize(
    "sign",
    ["\x85", "\u2028", "\u2029", "\ufeff", "\x7f", "\n \n", "😀", "#: - &x", "~", "1e-4", "no"],
)
def test_no_sign_is_lost_in_a_file(sign: str) -> None:
    """A line break of another alphabet becomes a space in YAML; "no" becomes false."""
    odd = study(question=f"a{sign}b", name=sign, source=f"{sign} ")
    for form in ("json", "yaml"):
        assert study_files.from_text(study_files.to_text(odd, form), form) == odd  # type: ignore[arg-type]


BROKEN = {
    "not a table": ("[1, 2]", "json", "A study is a table"),
    "no JSON": ("{", "json", "This JSON cannot be read"),
    "no YAML": ("a: [", "yaml", "This YAML cannot be read"),
    "a key twice in JSON": ('{"name": "a", "name": "b"}', "json", "received 'name' twice"),
    "a key twice in YAML": (
        "name: a\nbaseline:\n  network: a\n  network: b\n",
        "yaml",
        "received 'network' twice",
    ),
    "an object of Python": (
        "!!python/object/apply:os.system ['true']",
        "yaml",
        "This YAML cannot be read",
    ),
    "an endless loop": ("&a [*a]", "yaml", "must not use YAML references"),
    "a table of millions": (
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "yaml",
        "must not use YAML references",
    ),
    "a date": (
        (
            "name: a\nbaseline: {network: resnet8, recipe: digits_quick, dataset: digits}\n"
            "factors: [{key: network, levels: [2026-01-01]}]"
        ),
        "yaml",
        "A level is text, a number, a list or a table",
    ),
    "not a number": (
        (
            "name: a\nbaseline: {network: resnet8, recipe: digits_quick, dataset: digits, settings:"
            " {x: .nan}}"
        ),
        "yaml",
        "A level is text",
    ),
    "nested too deep": ("[" * 100_000, "json", "nested too deep"),
    "nothing": ("", "yaml", "A study is a table"),
    "no network": ("name: a\n", "yaml", "baseline is required"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_one_sentence(case: str) -> None:
    """A traceback, a program run from a file, or the last of two equal keys taken in silence."""
    text, form, sentence = BROKEN[case]
    with pytest.raises(ResNetLabError) as caught:
        study_files.from_text(text, form)  # type: ignore[arg-type]
    assert sentence in str(caught.value)
