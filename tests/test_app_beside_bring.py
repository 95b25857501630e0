"""Curves made elsewhere, as the form takes them: what a person says of them, and what their files
hold."""

from typing import Any

import pytest

from app.side_by_side import bring
from app.side_by_side import cache as beside_cache
from resnet import get
from resnet.errors import ResNetLabError
from resnet.imports.imported import Given, ImportedCurve
from resnet.shipped import notebook
from tests.curve_support import EVENTS

UNKNOWN = bring.OfAll("unknown", "conv_kernels", "unknown", "", "")


def of_file(**said: str) -> bring.OfFile:
    curve, *_ = notebook.curves()
    bare = curve.model_copy(update={"given": Given()})
    return bring.OfFile(bare, said.get("name", "mine"), said.get("network"), said.get("decay", ""))


def test_what_nobody_says_stays_unknown() -> None:
    """Catches a form whose first choices become facts."""
    assert bring.told(of_file(), UNKNOWN).given == Given()


def test_a_decay_of_unknown_meaning_is_no_fact() -> None:
    """Its number alone says nothing: Keras's and the paper's differ by two."""
    curve = bring.told(of_file(decay="1e-3"), UNKNOWN)
    assert curve.given.decay is None
    assert "1e-3 is given, but not what it means" in curve.notes[-1]


def test_what_is_said_of_a_curve_is_kept() -> None:
    known = UNKNOWN._replace(
        meaning="l2", inside="no", seeds="0, 1 2", facts="\n batch_size=16 \nshuffle=after_batch\n"
    )
    given = bring.told(of_file(network="resnet20", decay="1e-4"), known).given
    assert (given.network, given.decay, given.decay_meaning, given.penalty_in_loss) == (
        "resnet20",
        1e-4,
        "l2",
        "no",
    )
    assert given.config == get("resnet20").config
    assert given.seeds == (0, 1, 2)
    assert given.recipe == {"batch_size": 16, "shuffle": "after_batch"}


@pytest.mark.parametrize(
    ("said", "all_of_them", "says"),
    [
        ({"decay": "much"}, {}, "λ must be a number"),
        ({"decay": "7"}, {"meaning": "l2"}, "less than 1"),
        ({}, {"seeds": "zero"}, "Seeds must be whole numbers"),
        ({}, {"facts": "batch_size"}, "KEY=VALUE"),
        ({}, {"facts": "optimizer.kind=sgd"}, "did you mean"),
        ({}, {"facts": "epochs=many"}, "epochs"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_kept(
    said: dict[str, str], all_of_them: dict[str, str], says: str
) -> None:
    """Catches a curve that is kept with facts on which every later page stumbles."""
    with pytest.raises(ResNetLabError, match=says):
        bring.told(of_file(**said), UNKNOWN._replace(**all_of_them))


class Upload:
    """What the page is handed for a file."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def getvalue(self) -> bytes:
        return self.content


def test_an_event_file_s_part_is_what_a_person_says() -> None:
    """TensorBoard tells training from validation by the folder's name, which an upload has lost."""
    upload: Any = Upload(EVENTS)
    assert beside_cache.is_events(upload)
    found = [
        beside_cache.uploaded(part, "events.out.tfevents.1", part, upload)
        for part in ("train", "validation")
    ]
    names = []
    for curve in found:
        if isinstance(curve, ImportedCurve):
            names.append([column.name for column in curve.columns])
    assert "loss" in names[0]
    assert "val_loss" in names[1]


def test_an_upload_that_holds_no_curve_is_one_sentence() -> None:
    """Also one whose name would lead out of its folder."""
    upload: Any = Upload(b"\x89PNG")
    assert not beside_cache.is_events(upload)
    said = beside_cache.uploaded("bad", "../../curve.csv", "train", upload)
    assert isinstance(said, str)
    assert "curve.csv" in said
