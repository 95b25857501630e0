"""The validation split and the order of the batches: who sees which image when."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet.data.dataset import Arrays, Dataset, DatasetFacts
from resnet.errors import ConfigError
from resnet.recipes.split import class_shares, draw_split
from resnet.training.batches import batch_indices


def dataset_of(sizes: list[int]) -> Dataset:
    """A data set with so many images of each class, in a fixed random order."""
    labels = (
        np.random.default_rng(1)
        .permutation(np.repeat(np.arange(len(sizes)), sizes))
        .astype(np.int32)
    )
    images = np.zeros((len(labels), 2, 2, 1), np.uint8)
    names = tuple(map(str, range(len(sizes))))
    facts = DatasetFacts("toy", "Toy", (2, 2, 1), names, len(labels), 0, "here", "here")
    return Dataset(facts, Arrays(images, labels, images[:0], labels[:0]))


sizes = st.lists(st.integers(2, 60), min_size=2, max_size=6)


@given(sizes, st.data())
def test_a_split_is_a_partition_in_which_every_class_has_its_share(
    counts: list[int], choose: st.DataObject
) -> None:
    total = sum(counts)
    images = choose.draw(st.integers(1, total - 1))
    seed = choose.draw(st.integers(0, 2**31 - 1))
    dataset = dataset_of(counts)
    shares = class_shares(np.array(counts), images)
    possible = shares.min() >= 1 and (counts - shares).min() >= 1
    if not possible:
        with pytest.raises(ConfigError, match="has none in one of them"):
            draw_split(dataset, images, seed)
        return
    split = draw_split(dataset, images, seed)
    assert len(split.validation) == images
    assert sorted([*split.train, *split.validation]) == list(range(total))
    found = np.bincount(dataset.train_labels[split.validation], minlength=len(counts))
    assert np.abs(found - np.array(counts) * images / total).max() < 1
    assert draw_split(dataset, images, seed).hash == split.hash


def test_another_seed_is_another_split_and_says_so() -> None:
    dataset = dataset_of([50, 50])
    one, other = draw_split(dataset, 20, 0), draw_split(dataset, 20, 1)
    assert set(one.validation) != set(other.validation)
    assert one.hash != other.hash


@given(
    seed=st.integers(0, 2**31 - 1),
    images=st.integers(1, 50),
    steps=st.integers(1, 40),
    cuts=st.lists(st.integers(0, 40), max_size=4),
    portion=st.floats(0.01, 1),
)
def test_batches_depend_on_the_step_alone_and_an_epoch_sees_every_image_once(
    seed: int, images: int, steps: int, cuts: list[int], portion: float
) -> None:
    """However the steps are cut into calls, a resumed run sees the very images an uninterrupted one
    sees."""
    batch_size = max(1, int(images * portion))
    whole = batch_indices(seed, images, batch_size, 0, steps)
    assert whole.shape == (steps, batch_size)
    borders = sorted({0, steps, *(cut for cut in cuts if cut < steps)})
    pieces = [
        batch_indices(seed, images, batch_size, start, stop - start)
        for start, stop in pairwise(borders)
    ]
    assert np.array_equal(np.concatenate(pieces), whole)
    row = whole.ravel()
    for start in range(0, len(row) - images + 1, images):
        assert sorted(row[start : start + images]) == list(range(images))


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    first, second = batch_indices(0, 100, 100, 0, 2)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, batch_indices(1, 100, 100, 0, 1)[0])
