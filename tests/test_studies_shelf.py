"""The shelf: studies kept by any name, whole or not at all, and never outside their folder."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet.errors import ConfigError, ExportError, ResNetLabError, RunError, UnknownNameError
from resnet.studies.plan.factors import Baseline, Factor
from resnet.studies.plan.shelf import Shelf
from resnet.studies.plan.study import Study


def study(name: str = "shortcuts", levels: tuple[str, ...] = ("none",)) -> Study:
    base = Baseline.model_validate(
        {"network": "resnet20", "recipe": "digits_quick", "dataset": "digits"}
    )
    return Study(name=name, baseline=base, factors=(Factor(key="network.shortcut", levels=levels),))


def test_what_is_kept_comes_back_and_goes(tmp_path: Path) -> None:
    """A study lost on the shelf is an evening's thought lost."""
    shelf = Shelf(tmp_path / "not" / "yet")
    assert shelf.names() == ()
    shelf.save(study())
    shelf.save(study("another one"))
    assert shelf.names() == ("another one", "shortcuts")
    assert Shelf(shelf.folder).get("shortcuts") == study()
    shelf.save(study(levels=("none", "projection")))
    assert shelf.get("shortcuts").factors[0].levels == ("none", "projection")
    shelf.delete("shortcuts")
    assert shelf.names() == ("another one",)
    with pytest.raises(UnknownNameError, match=r"There is no study 'shortcuts'"):
        shelf.get("shortcuts")
    with pytest.raises(UnknownNameError):
        shelf.delete("shortcuts")


HOSTILE = [
    "../out",
    "..",
    ".",
    "/etc/x",
    ".hidden",
    "a/b",
    "100%",
    "%2E",
    "a\nb",
    "ünïcode 图",
    "con:aux",
    "a" * 150,
    "~",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    """A study named ../../.bashrc."""
    shelf = Shelf(tmp_path / "shelf")
    shelf.save(study(name))
    assert shelf.names() == (name,)
    assert shelf.get(name).name == name
    (file,) = shelf.folder.iterdir()
    assert file.parent == shelf.folder
    assert not file.name.startswith(".")
    assert [path.name for path in tmp_path.iterdir()] == ["shelf"]
    shelf.delete(name)
    assert list(shelf.folder.iterdir()) == []


@settings(max_examples=20)
@given(st.lists(st.text(min_size=1, max_size=15), min_size=1, max_size=4, unique=True))
def test_any_names_stay_apart(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """Two names that become one file: the second study would take the first one's place."""
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    for name in names:
        shelf.save(study(name))
    assert shelf.names() == tuple(sorted(names))
    assert [shelf.get(name).name for name in names] == names


def test_what_a_hand_put_there(tmp_path: Path) -> None:
    """A copied file is a study of its own; a damaged one is one sentence and hides no other; the
    rest is no study."""
    shelf = Shelf(tmp_path)
    shelf.save(study())
    (tmp_path / "copy.yaml").write_bytes((tmp_path / "shortcuts.yaml").read_bytes())
    (tmp_path / "broken.yaml").write_text("name: [")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    assert shelf.names() == ("broken", "copy", "shortcuts")
    assert shelf.get("copy") == study("copy")
    with pytest.raises(ConfigError, match="This YAML cannot be read"):
        shelf.get("broken")
    shelf.delete("broken")
    assert shelf.names() == ("copy", "shortcuts")


def test_a_name_too_long_for_a_file_and_a_folder_that_is_none(tmp_path: Path) -> None:
    """One sentence, and the shelf as it was."""
    shelf = Shelf(tmp_path / "shelf")
    with pytest.raises(ConfigError, match="shorten it"):
        shelf.save(study("图" * 60))
    (tmp_path / "file").write_text("")
    for deed in (Shelf(tmp_path / "file").names, lambda: Shelf(tmp_path / "file").save(study())):
        with pytest.raises((RunError, ExportError)):
            deed()
    assert issubclass(RunError, ResNetLabError)
