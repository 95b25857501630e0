"""The labels of the network form, and the help texts."""

from resnet.network.config import Shortcut

FAMILIES = {
    "cifar": "CIFAR",
    "bottleneck": "CIFAR 9n+2",
    "imagenet": "ImageNet",
    "binary": "Cats vs dogs",
}
FAMILY_HELP = (
    "CIFAR: section 4.2 of He et al. 2015, depth 6n+2. CIFAR 9n+2: the bottleneck networks of He"
    " et al. 2016. ImageNet: Table 1 of He et al. 2015. Cats vs dogs: the four networks of the"
    " notebook that this project started from."
)
KINDS = {"resnet": "Residual", "plain": "Plain"}
OPTIONS: dict[Shortcut, str] = {"padded_identity": "A", "projection": "B", "projection_always": "C"}
OPTION_HELP = (
    "How a shortcut changes the shape. A: subsampled and padded with zero channels, no parameters."
    " B: a 1×1 projection where the shape changes. C: a 1×1 projection in every block."
)
KIND_HELP = "Plain: the same network without shortcuts."
DEPTH_HELP = "Number of layers with weights, without projections. He et al. 2015, Table 1."
HEADS = {"softmax": "Softmax", "sigmoid": "Sigmoid", "none": "Logits"}
STEMS = {"cifar": "CIFAR", "imagenet": "ImageNet", "deep": "Deep"}
STEM_HELP = (
    "CIFAR: one 3×3 convolution. ImageNet: a 7×7 convolution with stride 2, then 3×3 max-pooling"
    " with stride 2. Deep: three 3×3 convolutions in place of the 7×7 (He et al. 2019)."
)
ORDERS = {"post": "After", "pre": "Before"}
ORDER_HELP = (
    "After: norm and ReLU follow each convolution (He et al. 2015). Before: they come before it,"
    " called pre-activation (He et al. 2016)."
)
BLOCKS = {"basic": "Basic", "bottleneck": "Bottleneck"}
STRIDES = {"1x1": "1×1", "3x3": "3×3"}
STRIDE_HELP = (
    "Which convolution of a bottleneck has the stride: the first 1×1, as in the paper, or the 3×3,"
    " as in later code (v1.5)."
)
STEM_FILTERS_HELP = "Filters of the stem. The default is the width of the first stage."
DOWNSAMPLINGS = {"convolution": "Convolution", "average_pool": "Average pool"}
DOWNSAMPLING_HELP = (
    "How a projection halves the feature map: with a stride in its 1×1 convolution, or with"
    " average pooling before it (ResNet-D, He et al. 2019)."
)
PROJECTION_NORM_HELP = "Off: projections have no norm, as in Keras's CIFAR example."
PLACES = {"start": "First block", "end": "Last block"}
PLACE_HELP = (
    "Which block of a stage has the stride. The first in He et al., the last in Keras's ResNet50V2."
)
PADDINGS = {"same": "Same", "symmetric": "Symmetric"}
PADDING_HELP = (
    "How layers with a stride are padded at the edges. Same: as in TensorFlow, with more zeros at"
    " the end than at the start. Symmetric: as in Caffe, PyTorch and fb.resnet.torch. The paper's"
    " weights and most published weights were trained with symmetric padding; with the wrong"
    " padding they lose 4 to 6 points of accuracy. Counts do not change."
)
BIASES = {"all": "All", "trunk": "Trunk only"}
BIAS_HELP = (
    "All: every convolution. Trunk only: the stem, the last convolution of each branch, and"
    " projections, as in Keras's ResNet50V2."
)
SE_HELP = (
    "Squeeze-and-excitation at the end of each residual branch (Hu et al. 2018). The gate has a"
    " hidden layer; its number of units is the channels of the branch divided by this value. The"
    " paper uses 16; 0 means no gate."
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
    "Over what mean and variance are computed. Batch: all images of the batch and all positions."
    " Group: all positions and one group of channels. Layer HWC: all positions and all channels"
    " (Ba et al. 2016, Wu and He 2018). Layer C: the channels of one position, as in Keras's"
    " LayerNormalization."
)
MOMENTUM_HELP = (
    "Share of the old moving average that each step keeps, as in Keras. PyTorch's 0.1 is 0.9 here."
)
EPSILON_HELP = (
    "Added to the variance before the square root, so that a constant channel is not divided by"
    " zero."
)
GAMMA_HELP = (
    "Initial scale (gamma) of the last norm in each residual branch. With zero, every block starts"
    " as the identity."
)
