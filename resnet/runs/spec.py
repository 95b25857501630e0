"""Everything that is needed to repeat a run, as data."""

import re
import secrets
from datetime import UTC, datetime

from pydantic import Field

from resnet import data
from resnet.data.fit import check_fit
from resnet.errors import ConfigError
from resnet.extras import require
from resnet.network.config import ResNetConfig
from resnet.network.settings import Closed
from resnet.recipes.recipe import Recipe, check_against
from resnet.runs import devices, lock

FORMAT_VERSION = 1
RUN_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9_]+-[a-z0-9_]+-[0-9a-f]{4}")
LONGEST_NAME = 40


class RunSpec(Closed):
    """A network, a recipe, a data set and a device. `network` is the name to show; `config` defines
    the network.

    `data_folder` is absolute once the run exists, so the worker finds it from any folder. `device`
    is "cpu" or "gpu" and a number, as in `resnet.runs.devices`, or several joined by "+", which
    share every batch.
    """

    path = "run"
    format_version: int = FORMAT_VERSION
    network: str = Field(min_length=1, max_length=200)
    config: ResNetConfig
    recipe: Recipe
    dataset: str = Field(min_length=1, max_length=200)
    data_folder: str = data.DEFAULT_FOLDER
    device: str = Field(
        default=devices.CPU, pattern=r"^(cpu(\+cpu){0,7}|gpu\d{1,3}(\+gpu\d{1,3}){0,7})$"
    )

    def check(self) -> None:
        """Raise ConfigError where the spec was written by another version of this program."""
        if self.format_version != FORMAT_VERSION:
            raise ConfigError(
                f"run.format_version must be {FORMAT_VERSION}; received {self.format_version}: the"
                " run was made by another version of this program, so open it with that one."
            )


def check_possible(spec: RunSpec) -> None:
    """Raise ConfigError, DataError, UnknownNameError or MissingExtraError where the run cannot
    succeed here, and RunError on Windows.

    Loads no images, but checks that they are here or can be downloaded.
    """
    lock.check_possible()
    require("tensorflow")
    facts = data.facts(spec.dataset, spec.data_folder)
    data.check_obtainable(spec.dataset, spec.data_folder)
    check_against(spec.recipe, facts)
    check_fit(spec.config, facts)
    devices.get_device(spec.device)
    count = len(devices.parts(spec.device))
    if spec.recipe.batch_size % count:
        raise ConfigError(
            f"recipe.batch_size must be a multiple of {count}, since each of {count} devices gets"
            f" an equal share of a batch; received {spec.recipe.batch_size:,}."
        )


def new_id(spec: RunSpec) -> str:
    """An id that sorts by time and is readable: 20261124-062501-resnet20-digits-3fa9. The time is
    UTC."""
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return f"{now}-{_word(spec.network)}-{_word(spec.dataset)}-{secrets.token_hex(2)}"


def _word(name: str) -> str:
    """The name with only letters, digits and "_", which are safe in folders and links."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:LONGEST_NAME] or "unnamed"
