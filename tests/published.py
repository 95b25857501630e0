"""The published counts, as configs that must come out at exactly those numbers."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from resnet import ResNetConfig, get, with_settings

COUNTS = Path(__file__).parent / "golden" / "published_counts.json"
SETTINGS = ("shortcut", "stride_on")
FACTS = ("input_shape", "classes", "conv_bias")


class Published(NamedTuple):
    """One row of the golden file: the config it speaks of, and its counts."""

    label: str
    config: ResNetConfig
    trainable_params: int
    non_trainable_params: int
    macs: int


def published() -> list[Published]:
    """Every row; a config differs from the catalogue's where the row names a shortcut or a
    stride_on of its own."""
    return [_row(row) for row in json.loads(COUNTS.read_text())]


def _row(row: dict[str, Any]) -> Published:
    entry = get(row["network"])
    config = with_settings(entry.config, {key: row[key] for key in SETTINGS if key in row})
    stated = {key: row[key] for key in FACTS if key in row} | {"n": row.get("n")}
    actual = config.model_dump(mode="json") | {"n": entry.n}
    assert {key: actual[key] for key in stated} == stated, (
        f"{row['network']} is not the network the file speaks of"
    )
    assert config.stages[0].stride == row.get("first_stage_stride", 1)
    label = "-".join([row["network"], *(row[key] for key in SETTINGS if key in row)])
    return Published(
        label, config, row["trainable_params"], row["non_trainable_params"], row["macs"]
    )
