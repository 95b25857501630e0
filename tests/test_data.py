"""What every data set must be, and the network that fits it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from resnet import data
from resnet.data.fit import check_fit
from resnet.errors import ConfigError, UnknownNameError
from resnet.network import catalog
from resnet.network.settings import with_settings

DIGITS_CHECKSUM = "0d10d746f7c2dbee4aeec73fbb6e07e67b2239df6c7f27bdcc49ac2a2b0072f9"


def test_digits_are_the_published_scans_and_their_test_set_never_moves() -> None:
    """The checksum covers order, scale and split; a new scikit-learn must not change them
    unseen."""
    digits = data.load("digits")
    assert digits.checksum == DIGITS_CHECKSUM
    assert digits.train_images.shape == (digits.facts.train_images, *digits.facts.image_shape)
    assert digits.test_images.shape == (digits.facts.test_images, *digits.facts.image_shape)
    assert digits.train_images.dtype == np.uint8
    assert (digits.train_images.min(), digits.train_images.max()) == (0, 255)
    assert set(digits.test_labels.tolist()) == set(range(10))


@pytest.mark.parametrize("name", data.names())
def test_facts_are_known_without_loading_anything(name: str) -> None:
    facts = data.facts(name)
    assert facts.name == name
    assert facts.classes == len(set(facts.class_names)) > 1
    assert facts.source
    assert facts.where


def test_an_unknown_name_suggests_the_nearest() -> None:
    for ask in (data.facts, data.load, data.fetch, data.is_present):
        with pytest.raises(UnknownNameError, match="did you mean 'cifar10'"):
            ask("cifar-10")


def test_facts_and_digits_import_neither_keras_nor_tensorflow() -> None:
    code = (
        "import sys; from resnet import data; data.load('digits'); print({'keras', 'tensorflow'} &"
        " set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_file_that_may_not_be_read_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder / "data_batch_1"))

    monkeypatch.setattr(
        "resnet.data._SOURCES",
        {"cifar10": data.Source(data.facts("cifar10"), refused, lambda _: True, refused)},
    )
    with pytest.raises(data.DataError, match="CIFAR-10 cannot be read: Permission denied"):
        data.load("cifar10", tmp_path)


def test_a_network_takes_the_datas_shape_classes_and_a_head_that_suits_them() -> None:
    fitted = data.fit_config(catalog.get("binary_resnet34").config, data.facts("cifar10"))
    assert (fitted.input_shape, fitted.classes, fitted.head_activation) == (
        (32, 32, 3),
        10,
        "softmax",
    )
    logits = with_settings(catalog.get("resnet20").config, {"head_activation": "none"})
    assert data.fit_config(logits, data.facts("digits")).head_activation == "none"


def test_a_network_that_would_shrink_the_images_to_nothing_is_refused() -> None:
    """resnet50 halves the map five times; digits are 8 pixels wide."""
    with pytest.raises(ConfigError, match="shrink to nothing"):
        data.fit_config(catalog.get("resnet50").config, data.facts("digits"))


def test_a_network_for_other_images_is_refused() -> None:
    resnet20 = catalog.get("resnet20").config
    check_fit(resnet20, data.facts("cifar10"))
    with pytest.raises(ConfigError, match="8×8×1; received a network for 10 classes of 32×32×3"):
        check_fit(resnet20, data.facts("digits"))
