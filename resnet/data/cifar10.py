"""CIFAR-10: 60,000 colour images in 10 classes, 32×32."""

from resnet.data.cifar import Cifar, Version, where
from resnet.data.cifar_batches import BatchLayout, read_binary, read_pickle
from resnet.data.dataset import DatasetFacts

PYTHON = Version(
    archive="cifar-10-python.tar.gz",
    archive_md5="c58f30108f718f92721af3b95e74349a",
    folder="cifar-10-batches-py",
    batches={
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
    },
    read=read_pickle,
)
BINARY = Version(
    archive="cifar-10-binary.tar.gz",
    archive_md5="c32a1d4ab5d03f1284b67883e8d87530",
    folder="cifar-10-batches-bin",
    batches={
        "data_batch_1.bin": "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
        "data_batch_2.bin": "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
        "data_batch_3.bin": "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
        "data_batch_4.bin": "aab85764eb3584312d3c7f65fd2fd016e36a258e",
        "data_batch_5.bin": "26e2849e66a845b7f1e4614ae70f4889ae604628",
        "test_batch.bin": "67eb016db431130d61cd03c7ad570b013799c88c",
    },
    read=read_binary,
)

FACTS = DatasetFacts(
    name="cifar10",
    title="CIFAR-10",
    image_shape=(32, 32, 3),
    class_names=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    train_images=50_000,
    test_images=10_000,
    source="Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
    where=where(PYTHON, BINARY),
)

BATCH = BatchLayout(FACTS.title, images=10_000, classes=10)

CIFAR10 = Cifar(FACTS, PYTHON, BINARY, train=BATCH, test=BATCH, archive_bytes=170_498_071)
SOURCE = CIFAR10.source
