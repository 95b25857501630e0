"""What the network form calls its fields and their values, and the help behind each."""

from resnet.network.config import Shortcut

FAMILIES = {
    "cifar": "CIFAR",
    "bottleneck": "CIFAR 9n+2",
    "imagenet": "ImageNet",
    "binary": "Notebook",
}
FAMILY_HELP = (
    "CIFAR: section 4.2 of He et al. 2015, depth 6n+2. CIFAR 9n+2: the bottleneck networks of He et"
    " al. 2016. ImageNet: their Table 1. "
    "Notebook: the four cats-or-dogs networks of the ablation notebook this project grew from."
)
KINDS = {"resnet": "Residual", "plain": "Plain"}
OPTIONS: dict[Shortcut, str] = {"padded_identity": "A", "projection": "B", "projection_always": "C"}
OPTION_HELP = (
    "How a shortcut changes shape. A: subsampled and padded with zero channels, no parameters. "
    "B: a 1×1 projection where shapes differ. C: a projection in every block."
)
KIND_HELP = "Plain is the same network without shortcuts."
DEPTH_HELP = "Layers with weights; projections are not counted. He et al. 2015, Table 1."
HEADS = {"softmax": "Softmax", "sigmoid": "Sigmoid", "none": "Logits"}
STEMS = {"cifar": "CIFAR", "imagenet": "ImageNet", "deep": "Deep"}
STEM_HELP = (
    "CIFAR: one 3×3 convolution. ImageNet: a 7×7 that strides, then 3×3 max-pooling that strides."
    " Deep: three 3×3 in place of the 7×7 (He et al. 2019)."
)
ORDERS = {"post": "After", "pre": "Before"}
ORDER_HELP = "Norm and ReLU after each convolution (2015), or before it (He et al. 2016)."
BLOCKS = {"basic": "Basic", "bottleneck": "Bottleneck"}
STRIDES = {"1x1": "1×1", "3x3": "3×3"}
STRIDE_HELP = (
    "Which convolution of a bottleneck strides: the paper's first 1×1, or the 3×3 of later code"
    " (v1.5)."
)
STEM_FILTERS_HELP = "Filters of the stem. As wide as the first stage unless set."
DOWNSAMPLINGS = {"convolution": "Convolution", "average_pool": "Average pool"}
DOWNSAMPLING_HELP = (
    "How a projection halves the map: its 1×1 convolution strides, or an average pooling before it"
    " (ResNet-D, He et al. 2019)."
)
PROJECTION_NORM_HELP = "Keras's CIFAR example has none."
PLACES = {"start": "First block", "end": "Last block"}
PLACE_HELP = "Which block of a stage strides. He et al.: the first. Keras's ResNet50V2: the last."
PADDINGS = {"same": "Same", "symmetric": "Symmetric"}
PADDING_HELP = (
    "What a window that strides reads at the edges. Same: TensorFlow's, more behind than before."
    " Symmetric: that of Caffe, PyTorch and fb.resnet.torch, with which the paper's and most"
    " published weights were trained; under the wrong one they lose 4 to 6 points. Counts do not"
    " change."
)
BIASES = {"all": "All", "trunk": "On the trunk"}
BIAS_HELP = (
    "All convolutions, or those that write on the trunk only: the stem's, each branch's last and"
    " projections (Keras's ResNet50V2)."
)
SE_HELP = (
    "Squeeze-and-excitation at the end of each residual branch (Hu et al. 2018): the gate's hidden"
    " layer has this many times fewer units than the branch has channels. 16 in the paper; 0 for"
    " no gate."
)
GAMMAS = {"one": "One", "zero": "Zero"}
NORMS = {
    "batch": "Batch",
    "group": "Group",
    "layer": "Layer C",
    "layer_hwc": "Layer HWC",
    "none": "None",
}
NORM_HELP = (
    "What mean and variance are taken over. Batch: the images of a batch and all positions. Group:"
    " all positions of a group of channels. Layer HWC: all positions and channels (Ba et al. 2016,"
    " Wu and He 2018). Layer C: the channels of each position by itself, Keras's"
    " LayerNormalization."
)
MOMENTUM_HELP = (
    "Share of the old moving average kept at each step, as Keras counts it. PyTorch's 0.1 is 0.9"
    " here."
)
EPSILON_HELP = (
    "Added to the variance before the square root, so that a constant channel divides by more than"
    " zero."
)
GAMMA_HELP = (
    "Initial scale of the last norm in each residual branch; zero starts every block as the"
    " identity."
)
