"""The papers the networks come from, in the order of history."""

from __future__ import annotations

from netlib.models.spec import Paper

ELMAN = Paper(
    "ELMAN90", "Recurrent", "Finding Structure in Time", "Elman", "Cognitive Science 14(2)", "1990-04",
    "https://doi.org/10.1207/s15516709cog1402_1",
    "A hidden state that is fed back at the next step: the network remembers what it has read. Here it reads an image row by row.",
)  # fmt: skip
LSTM = Paper(
    "LSTM97", "Recurrent", "Long Short-Term Memory", "Hochreiter, Schmidhuber", "Neural Computation 9(8)", "1997-11",
    "https://doi.org/10.1162/neco.1997.9.8.1735",
    "Gates around a cell whose self-connection has weight one, so that errors travel over hundreds of steps without fading.",
)  # fmt: skip
LENET = Paper(
    "LENET98-IEEE", "LeNet", "Gradient-Based Learning Applied to Document Recognition", "LeCun, Bottou, Bengio, Haffner",
    "Proceedings of the IEEE 86(11)", "1998-11", "https://doi.org/10.1109/5.726791",
    "Local receptive fields, shared weights and subsampling, trained end to end by gradient descent on handwritten digits.",
)  # fmt: skip
ALEXNET = Paper(
    "ALEXNET12", "AlexNet", "ImageNet Classification with Deep Convolutional Neural Networks",
    "Krizhevsky, Sutskever, Hinton", "NIPS 2012", "2012-12",
    "https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks",
    "ReLU, dropout, augmentation, local response normalization and two GPUs: the best top-5 error on ImageNet fell from 26.2 % to 15.3 %.",
)  # fmt: skip
ZFNET = Paper(
    "ZF-ECCV", "ZFNet", "Visualizing and Understanding Convolutional Networks", "Zeiler, Fergus", "ECCV 2014", "2013-11",
    "https://arxiv.org/abs/1311.2901",
    "A deconvolutional network shows what each layer responds to; what it showed led to a 7×7, stride-2 first layer.",
)  # fmt: skip
NIN = Paper(
    "NIN14", "Network in Network", "Network In Network", "Lin, Chen, Yan", "ICLR 2014", "2013-12",
    "https://arxiv.org/abs/1312.4400",
    "1×1 convolutions as a small network at each pixel, and global average pooling in place of fully connected layers.",
)  # fmt: skip
VGG = Paper(
    "VGG15", "VGG", "Very Deep Convolutional Networks for Large-Scale Image Recognition", "Simonyan, Zisserman", "ICLR 2015",
    "2014-09", "https://arxiv.org/abs/1409.1556",
    "Nothing but 3×3 convolutions, stacked: depth is what counts, and three 3×3 see as far as one 7×7 with 55 % of its weights.",
)  # fmt: skip
GOOGLENET = Paper(
    "GOOG15", "Inception", "Going Deeper with Convolutions",
    "Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich", "CVPR 2015", "2014-09",
    "https://arxiv.org/abs/1409.4842",
    "Inception modules: 1×1, 3×3, 5×5 and pooling side by side, made affordable by 1×1 reductions; 22 layers, 7 million parameters.",
)  # fmt: skip
BN_INCEPTION = Paper(
    "BN15", "Inception", "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
    "Ioffe, Szegedy", "ICML 2015", "2015-02", "https://arxiv.org/abs/1502.03167",
    "Normalizing each channel over the batch allows far higher learning rates: the same accuracy in a fourteenth of the steps.",
)  # fmt: skip
DCGAN = Paper(
    "DCGAN16", "GAN", "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
    "Radford, Metz, Chintala", "ICLR 2016", "2015-11", "https://arxiv.org/abs/1511.06434",
    "Strided and transposed convolutions with batch normalization: the recipe that made generative adversarial networks train stably.",
)  # fmt: skip
INCEPTION_V3 = Paper(
    "INCV3", "Inception", "Rethinking the Inception Architecture for Computer Vision",
    "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna", "CVPR 2016", "2015-12", "https://arxiv.org/abs/1512.00567",
    "Large windows factorized into small and asymmetric ones (5×5 into two 3×3, 7×7 into 1×7 and 7×1), and label smoothing.",
)  # fmt: skip
RESNET = Paper(
    "RESNET15", "ResNet", "Deep Residual Learning for Image Recognition", "He, Zhang, Ren, Sun", "CVPR 2016", "2015-12",
    "https://arxiv.org/abs/1512.03385",
    "Shortcuts: a block learns what to add to its input. Depth stopped hurting, at 152 layers on ImageNet and over 1,000 on CIFAR.",
)  # fmt: skip
INCEPTION_V4 = Paper(
    "INCV4", "Inception", "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
    "Szegedy, Ioffe, Vanhoucke, Alemi", "AAAI 2017", "2016-02", "https://arxiv.org/abs/1602.07261",
    "A uniform, wider Inception without residual connections, to find out what the shortcuts are worth.",
)  # fmt: skip

PAPERS: tuple[Paper, ...] = (
    ELMAN, LSTM, LENET, ALEXNET, ZFNET, NIN, VGG, GOOGLENET, BN_INCEPTION, DCGAN, INCEPTION_V3, RESNET, INCEPTION_V4,
)  # fmt: skip
