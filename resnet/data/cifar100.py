"""CIFAR-100: 60,000 colour images in 100 classes, 32×32. The fine labels; the 20 coarse ones are
left aside."""

from dataclasses import replace

from resnet.data.cifar import Cifar, Version, where
from resnet.data.cifar_batches import BatchLayout, read_binary, read_pickle
from resnet.data.dataset import DatasetFacts

PYTHON = Version(
    archive="cifar-100-python.tar.gz",
    archive_md5="eb9058c3a382ffc7106e4002c42a8d85",
    folder="cifar-100-python",
    batches={
        "train": "16019d7e3df5f24257cddd939b257f8d",
        "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
    },
    read=read_pickle,
)
BINARY = Version(
    archive="cifar-100-binary.tar.gz",
    archive_md5="03b5dce01913d631647c71ecec9e9cb8",
    folder="cifar-100-binary",
    batches={
        "train.bin": "6172c7755cfe09b2fe270c85cebc1b15",
        "test.bin": "4499cfba6c016c1be1438163640a0898",
    },
    read=read_binary,
)

# A hundred quoted words would be harder to read.
CLASS_NAMES = tuple(
    """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
    butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch
    crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house
    kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
    mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
    plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew
    skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank
    telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf
    woman worm
    """.split()  # noqa: SIM905
)

FACTS = DatasetFacts(
    name="cifar100",
    title="CIFAR-100",
    image_shape=(32, 32, 3),
    class_names=CLASS_NAMES,
    train_images=50_000,
    test_images=10_000,
    source=(
        "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images; the fine labels"
    ),
    where=where(PYTHON, BINARY),
)

TRAIN = BatchLayout(
    FACTS.title, images=50_000, classes=100, label_key=b"fine_labels", label_bytes=2
)

CIFAR100 = Cifar(
    FACTS,
    PYTHON,
    BINARY,
    train=TRAIN,
    test=replace(TRAIN, images=10_000),
    archive_bytes=169_001_437,
)
SOURCE = CIFAR100.source
