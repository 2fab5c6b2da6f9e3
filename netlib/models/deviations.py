"""Where each network departs from its paper, and what the paper leaves open: one sentence each, shown beside the network."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DRAWN = "Weights start as PyTorch draws them"
_HE = "Weights start as He et al. (2015) propose, biases at 0, so that training gets going within a few steps."
_ALEXNET_NOTES = (
    "The paper says 224×224 input, but its 55×55 maps need 227×227 without padding; 227 is used.",
    "The paper does not state the paddings of conv2 to conv5; 2, 1, 1 and 1 follow from the sizes of its maps.",
    "Dropout scales up during training instead of halving the outputs at test time, which is the same on average.",
    f"{_DRAWN}, not from a normal distribution of standard deviation 0.01 with some biases at 1.",
)
_MINI_NOTES = (
    "Not a network of the paper: only the windows and strides of the first two convolutions are its own; widths, paddings and the classifier are ours.",
    "The second pooling and fc7 are left out, and an adaptive average pooling to 2×2 lets inputs of 32×32 to 64×64 through.",
    _HE,
)
_NIN_NOTES = (
    "The paper does not print the widths; they are those of the authors' published configuration files.",
    "The pools round up (32 → 16 → 8; MNIST 28 → 14 → 7), as the authors' code does.",
    "As in the authors' configuration, the last 1×1 convolution has a ReLU too, so scores are never negative.",
    f"{_DRAWN}, not with the authors' standard deviation of 0.05.",
)
_MINI_VGG_NOTES = ("One hidden fully connected layer of 128 instead of two of 4,096.", _HE)
_VGG_NOTES = (f"{_DRAWN}; the paper draws them with variance 0.01 and starts the deeper networks from a trained A.",)

_GOOGLENET_NOTES = (
    "The paper gives no paddings: 3 for conv1 and the rounding-up of the strided pools are taken from Caffe's bvlc_googlenet, which has the same 6,998,552 parameters.",
    "The paper names local response normalization without its constants; n = 5, alpha = 0.0001, beta = 0.75, k = 1 are Caffe's.",
    "Table 1 prints 2.7K weights and 34M operations for conv1; a full 7×7 has 9,408 and 118M, and the printed figures fit a separable convolution (2,712 and 34.0M).",
    "Table 1 is off for 4c (463K printed, 497.5K by its own widths) and for 5a (1072K and 54M printed, 1018K and 51.1M), counting K = 1024.",
    "The paper says 12 times fewer parameters than AlexNet; it is 60,965,224 / 6,998,552 = 8.7 times.",
    "The final softmax is left to the loss; the network gives logits.",
)
_INCEPTION_V3_NOTES = (
    "Built as Google's released code and torchvision have it; the paper's Table 1 has another stem: 3×3 to 80 maps, 3×3 stride 2 to 192 and 3×3 to 288, where the code has 1×1, 3×3 and a max pool.",
    "Table 1 lists five blocks of Figure 6; the code has four, after a reduction block of its own.",
    "The 35×35 blocks keep a real 5×5 convolution where Figure 5 draws a 3×3.",
    "In the long branch of the 17×17 blocks 7×1 comes before 1×7; Figure 6 draws the other order.",
    "The reduction blocks are variations of Figure 10, which the paper allows.",
    "The paper counts 42 layers; the longest way through the released network has 48 with weights.",
    "Average pools count the padding zeros, as torchvision does; Google's code does not.",
    "Dropout before the classifier is not in the paper; 0.5 is torchvision's, Google's code drops 0.2.",
    "torchvision's transform_input belongs to preprocessing and is not part of the network.",
)
_POOL1 = "Table 1 does not give pool1's padding; here 1 on each side, so that 112×112 becomes 56×56."

DEVIATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "lenet5": (
        "The paper describes S2 and S4 both as an average and as a sum of four inputs; here the sum is multiplied by a trained coefficient that starts at 1/4, so training begins with an average.",
        "Figure 3 shows the 7×12 codes of the output units only as small pictures; the ten digits used here are drawn in the same style and are not the paper's exact pixels.",
        f"{_DRAWN}, not uniformly between ±2.4 / fan-in as in appendix A.",
        "The output is a squared distance to each digit's code, not a score: the smallest value wins.",
    ),
    "lenet5-modern": (
        "ReLU instead of the scaled tanh, and only after the convolutions and F6.",
        "Max pooling without parameters instead of trainable subsampling.",
        "Every map of C3 reads all six maps of S2: 2,416 parameters instead of 1,516.",
        "A fully connected output layer with softmax (850 parameters) instead of fixed RBF codes (none).",
    ),
    "alexnet": (
        *_ALEXNET_NOTES,
        "The two GPUs are drawn as convolutions in two groups (conv2, conv4, conv5).",
        "The paper does not say whether normalization crosses the border between the two GPUs; here it runs over all maps.",
    ),
    "alexnet-single": (*_ALEXNET_NOTES, "Every kernel sees all maps of the layer below; the paper's conv2, conv4 and conv5 see half of them."),
    "alexnet-torchvision": (
        "Widths 64, 192, 384, 256 and 256 come from “One weird trick” (2014), not from the AlexNet paper.",
        "No local response normalization, although both papers have it.",
        "conv1 is padded by 2, so that a 224×224 input gives 55×55 maps.",
        "Dropout stands before fc6 and fc7 instead of after them.",
        "An adaptive average pooling before fc6 lets other input sizes through; at 224×224 it changes nothing.",
    ),
    "alexnet-mini": _MINI_NOTES,
    "zfnet-mini": (*_MINI_NOTES, "Normalization stands before the pool, as in AlexNet, so that only conv1 and the stride of conv2 differ from alexnet-mini."),
    "vgg-mini": (
        "Not a configuration of the paper: the first three stages of its configuration B, widths 24, 48 and 64, for 32×32 pictures.",
        *_MINI_VGG_NOTES,
    ),
    **{
        f"vgg-mini-{config.lower()}": (
            f"Not a configuration of the paper: the first three stages of its configuration {config}, widths 24, 48 and 64, for 32×32 pictures.",
            *_MINI_VGG_NOTES,
        )
        for config in "ACDE"
    },
    "nin-mini": (
        "Not a network of the paper: windows, poolings and blocks are those of its CIFAR-10 network, the widths are ours, about a quarter of it.",
        "conv1 has stride 2 instead of 1, so that a 64×64 picture gives the maps that the paper has for 32×32.",
        "The last 1×1 convolution has no ReLU, so that the scores of classes may be negative.",
        "Dropout drops a fifth instead of half: a network this narrow has less to spare.",
        _HE,
    ),
    "googlenet-mini": (
        "Not the paper's network: its stem at half the widths, modules 3a, 3b, 4a and 4b at a quarter or less, for 64×64 pictures.",
        "The second pooling is left out, so that 3a and 3b see 16×16 maps.",
        "Paddings and normalization are Caffe's, as in googlenet.",
        _HE,
    ),
    "resnet-mini": (
        "Not a network of the paper: its stem at half the width, then three stages of two basic blocks with 32, 48 and 64 maps, for 64×64 pictures.",
        "Pool1's padding is 1 on each side, so that 32×32 becomes 16×16.",
    ),
    "zfnet": (
        "The paper states no paddings: padding 1 in conv1, none in conv2, and 1 in conv3 to conv5 give the sizes of Figure 3.",
        "The pools round up, because 110 → 55 and 26 → 13 need it; the paper does not say so.",
        "The paper says only “contrast normalized across feature maps”; AlexNet's local response normalization and constants are used, after the pool as Figure 3 shows.",
        f"{_DRAWN}, not at the paper's scale of 0.01, and the filters are not renormalized in training.",
    ),
    **dict.fromkeys(("nin-cifar10", "nin-cifar100", "nin-mnist", "nin-svhn"), _NIN_NOTES),
    "nin-notes": (
        "Not the paper's network: one 1×1 convolution after each 3×3 (the paper has two after each 5×5 or 3×3), widths 16, 64 and 100, no pooling, no dropout.",
        "The notes do not state the padding; without any, the last map is the 26×26 that they average.",
        "The notes do not say where ReLUs stand; there is one after every convolution, as in the paper.",
    ),
    **dict.fromkeys(("vgg11", "vgg13", "vgg16", "vgg19"), _VGG_NOTES),
    "vgg11-lrn": (*_VGG_NOTES, "The paper does not say whether normalization comes before or after the ReLU; it stands after it, as in AlexNet, with AlexNet's constants."),
    "vgg16-c": (*_VGG_NOTES, "Spatial padding of the 1×1 convolutions is 0, which keeps the size of the map."),
    **dict.fromkeys(
        ("vgg11-bn", "vgg13-bn", "vgg16-bn", "vgg19-bn"),
        (*_VGG_NOTES, "The paper has no batch normalization; torchvision puts it between each convolution and its ReLU and keeps the convolutions' biases."),
    ),
    "rnn": (
        "The paper predicts the next element of a sequence of letters or words; reading a picture row by row is a later exercise.",
        "Elman's units are logistic; here they are tanh, PyTorch's default.",
        "PyTorch keeps two bias vectors where one would do: 128 parameters more than a textbook counts.",
        "Elman copies the hidden units to context units and stops the error there; here the error flows back through all 28 steps.",
    ),
    "lstm": (
        "The cell of 1997 has no forget gate; it was added later and is part of what LSTM means today.",
        "PyTorch keeps two bias vectors a gate where one would do: 512 parameters more than a textbook counts.",
        "The paper cuts the error off outside the cell and uses other squashing functions (output between -1 and 1, input between -2 and 2); here tanh and the whole gradient through time.",
        "The paper's tasks are sequences of symbols and numbers; reading a picture row by row is a later exercise.",
    ),
    "googlenet": _GOOGLENET_NOTES,
    "googlenet-aux": (*_GOOGLENET_NOTES, "In training each auxiliary loss counts 0.3; the heads are dropped at test time."),
    "googlenet-torchvision": (
        "The branch that the paper gives a 5×5 window has 3×3 here, a known slip in torchvision that its weights depend on; the layer is still called branch5x5.",
        "Every convolution is batch-normalized and has no bias, and there is no local response normalization.",
        "pool4 is 2×2 where the paper has 3×3, and dropout is 0.2 where the paper has 0.4.",
        "torchvision's auxiliary heads are left out.",
    ),
    "bn-inception": (
        "Figure 5 prints 576 maps after 4c and 4d, but its own widths add up to 608 (and then 1056, not 1024, after 4e); built with the widths as printed, while a projection of 96 instead of 128 would give 576 and 1024.",
        "Figure 5 prints the input grids (28×28, 14×14) for 3c and 4e, although both have stride 2 and give 14×14 and 7×7.",
        "The first layer is a plain 7×7 convolution; the paper's is separable with depth multiplier 8 (2,712 weights instead of 9,408).",
        "The paper says 13.6 million parameters; Figure 5 as printed has 11,285,224.",
        "Dropout and local response normalization are left out, as in the accelerated networks of section 4.2.1.",
        "Section 4.2 speaks of up to 128 filters in the double 3×3; Figure 5 goes up to 256.",
        "Open in the paper: paddings, which of the two 3×3 in 3c and 4e has the stride (here the second), whether average pools count padding (here not), and the epsilon of batch normalization (here 0.001).",
    ),
    "inception-v3": _INCEPTION_V3_NOTES,
    "inception-v3-aux": (
        *_INCEPTION_V3_NOTES,
        "Figure 8's auxiliary head has a fully connected layer of 1024; the code has a 5×5 convolution to 768 maps.",
        "The paper also batch-normalizes the head's fully connected layer; here that is the 5×5 convolution, and the last linear layer has none.",
    ),
    "inception-v4": (
        "Figure 3 omits stride 2 on the last 3×3 convolution (192 V), without which 71×71 cannot become 35×35.",
        "Figure 5 prints 1×7 twice in the three-layer branch; the second must be 7×1.",
        "In the stem, the long branch of Inception-B and the long branch of Inception-C the figures draw the other order of 1×n and n×1; the order here is the released code's, with the same parameters and multiply-accumulates.",
        "Figure 9 draws no linear layer, but its softmax turns 1536 into 1000 values; the linear layer is the released code's.",
        "Google's code trains with an auxiliary head at 17×17 that the paper does not draw; it is left out.",
        "Open in the paper: whether average pools count padding (here not, as in Google's code), the window of the stem's last pool (3×3) and the epsilon of batch normalization (0.001).",
    ),
    "dcgan-generator": (
        "The biases, the padding and the batch normalization of each single output of the projection follow the authors' code; the paper leaves them open.",
        "A 5×5 transposed convolution with stride 2 needs one extra row and column (output_padding) to double the size exactly.",
        "PyTorch's example and many lecture notes use 4×4 kernels and half as many maps (3,576,704 parameters).",
    ),
    "dcgan-discriminator": (
        "The paper draws only the generator; the discriminator's widths (128, 256, 512, 1024) and 5×5 kernels follow the authors' code.",
        "PyTorch's example and many lecture notes use 4×4 kernels and half as many maps (2,765,568 parameters).",
    ),
    **dict.fromkeys(
        ("resnet18", "resnet34"),
        (_POOL1, "Where the shape changes the shortcut is a 1×1 projection with batch normalization (option B); for 34 layers the paper also reports options A and C."),
    ),
    **dict.fromkeys(
        ("resnet50", "resnet101", "resnet152"),
        (
            _POOL1,
            "The stride is on the first 1×1 of a block, as in the authors' released models; Table 1 only says which blocks halve the map.",
            "The authors' released ResNet-50 has 64 biases in conv1 that batch normalization makes useless; they are left out.",
        ),
    ),
    **dict.fromkeys(
        ("resnet50-v1.5", "resnet101-v1.5", "resnet152-v1.5"),
        (_POOL1, "The stride is on the 3×3 instead of the first 1×1: as many parameters, about 0.23 billion multiply-accumulates more, and a smaller receptive field."),
    ),
    **dict.fromkeys(
        ("plain18", "plain34"),
        (_POOL1, "Batch normalization and initialization are those of the ResNets, as in the paper; only the shortcuts and their projections are gone."),
    ),
    **{
        f"resnet{depth}-cifar": ("The paper does not say on which side option A puts its zero maps; here half before and half after, as in most code.",)
        for depth in (20, 32, 44, 56, 110, 1202)
    },
    "plain1202-cifar": ("The paper's plain networks end at 110 layers; this one is our extension.",),
})
