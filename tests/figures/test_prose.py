"""Generated sentences, read against the papers and against the rules of English they have to keep."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest

from netlib.analysis.compare import compare
from netlib.analysis.cost import costs
from netlib.analysis.graph import Layer, LayerGraph
from netlib.analysis.store import graph
from netlib.figures.prose import difference_paragraph, graph_description
from netlib.figures.words import block_noun, counted, listed, number, plural, spread, stages_in_words


def paragraph(before, after):
    return difference_paragraph(compare([graph(before), graph(after)]).differences[0])


PARAGRAPHS = {
    ("vgg16", "vgg19"): (
        "VGG-19 (E) is VGG-16 (D) with three more 3×3 convolutions, one in each of stages 3 to 5: +5.31 M parameters (138 M → "
        "144 M), MACs 15.5 G → 19.6 G, receptive field 212 → 268."
    ),
    ("vgg19", "vgg16"): (
        "VGG-16 (D) is VGG-19 (E) without three of its 3×3 convolutions, one in each of stages 3 to 5: 5.31 M fewer parameters "
        "(144 M → 138 M), MACs 19.6 G → 15.5 G, receptive field 268 → 212."
    ),
    ("vgg11", "vgg11-lrn"): (
        "VGG-11 (A-LRN) is VGG-11 (A) with local response normalization after conv1_1: the same 133 M parameters, MACs still "
        "7.61 G, receptive field still 150."
    ),
    ("vgg13", "vgg16-c"): (
        "VGG-16 (C) is VGG-13 (B) with three added 1×1 convolutions, one in each of stages 3 to 5: +591 k parameters (133 M → "
        "134 M), MACs 11.3 G → 11.8 G, receptive field still 156."
    ),
    ("alexnet", "zfnet"): (
        "AlexNet → ZFNet: conv1 goes from 11×11, stride 4 to 7×7, stride 2; conv2 goes from stride 1 to stride 2 and from two "
        "groups to one; conv4 and conv5 go from two groups to one; a 224×224 input instead of 227×227. +1.39 M parameters "
        "(61.0 M → 62.4 M), MACs 724 M → 1.17 G, receptive field 195 → 171."
    ),
    ("alexnet", "alexnet-single"): (
        "AlexNet → AlexNet, single tower: conv2, conv4 and conv5 go from two groups to one. +1.41 M parameters (61.0 M → 62.4 "
        "M), MACs 724 M → 1.14 G, receptive field still 195."
    ),
    ("resnet18", "resnet34"): (
        "ResNet-34 is ResNet-18 with eight more basic blocks, one in each of stages 2 and 5, two in stage 3 and four in stage "
        "4: +10.1 M parameters (11.7 M → 21.8 M), MACs 1.81 G → 3.66 G, receptive field 435 → 899."
    ),
    ("resnet50", "resnet101"): (
        "ResNet-101 is ResNet-50 with 17 more bottleneck blocks in stage 4: +19.0 M parameters (25.6 M → 44.5 M), MACs 3.86 G "
        "→ 7.57 G, receptive field 483 → 1,027."
    ),
    ("resnet50", "resnet50-v1.5"): (
        "ResNet-50 → ResNet-50 v1.5: in the first block of each of stages 3 to 5 the stride moves from the 1×1 to the 3×3 "
        "convolution. The same 25.6 M parameters, MACs 3.86 G → 4.09 G, receptive field 483 → 427."
    ),
    ("resnet34", "plain34"): (
        "Plain-34 is ResNet-34 without its 16 shortcuts (three with a 1×1 convolution): 174 k fewer parameters (21.8 M → 21.6 "
        "M), MACs 3.66 G → 3.64 G, receptive field still 899."
    ),
    ("resnet20-cifar", "resnet56-cifar"): (
        "ResNet-56 for CIFAR-10 is ResNet-20 for CIFAR-10 with 18 more basic blocks, six in each of stages 1 to 3: +583 k "
        "parameters (270 k → 853 k), MACs 40.6 M → 125 M, receptive field 81 → 249."
    ),
    ("resnet34", "resnet50"): (
        "ResNet-34 → ResNet-50: its 16 basic blocks become bottleneck blocks. +3.76 M parameters (21.8 M → 25.6 M), MACs 3.66 "
        "G → 3.86 G, receptive field 899 → 483."
    ),
    ("googlenet", "googlenet-aux"): (
        "GoogLeNet → GoogLeNet with auxiliary heads: two auxiliary heads. +6.38 M parameters (7.00 M → 13.4 M), MACs 1.58 G → "
        "1.59 G, receptive field still 715."
    ),
    ("vgg16", "vgg16-bn"): (
        "VGG-16 (D) → VGG-16 with batch normalization: batch normalization after each of the 13 convolutions. +8.45 k "
        "parameters (138 M in all), MACs still 15.5 G, receptive field still 212."
    ),
    ("lenet5", "lenet5-modern"): (
        "LeNet-5 → LeNet-5, modern form: C3 goes from a convolution with a connection table to an ordinary convolution; the "
        "output layer goes from radial basis functions to a fully connected layer; ReLU instead of scaled tanh; 2×2 max "
        "pooling instead of 2×2 subsampling in two places. +1.71 k parameters (60.0 k → 61.7 k), MACs 326 k → 417 k, receptive "
        "field still 16."
    ),
    ("googlenet", "googlenet-torchvision"): (
        "GoogLeNet → GoogLeNet, torchvision: in each of its nine Inception modules the 5×5 convolution becomes 3×3; batch "
        "normalization after each of the 57 convolutions; dropout of 0.2 instead of 0.4; a 2×2 max pooling instead of a 3×3, "
        "stride-2 max pooling; without the biases of 57 convolutions; without its local response normalization. 374 k fewer "
        "parameters (7.00 M → 6.62 M), MACs 1.58 G → 1.50 G, receptive field 715 → 379."
    ),
    ("alexnet", "resnet50"): (
        "AlexNet and ResNet-50 are different designs. AlexNet is eight layers deep: five convolutions and three fully "
        "connected layers, one after the other, with local response normalization. ResNet-50 is 50 layers deep: one "
        "convolution, 16 bottleneck blocks and one fully connected layer, with 16 shortcuts and batch normalization. 35.4 M "
        "fewer parameters (61.0 M → 25.6 M), MACs 724 M → 3.86 G, receptive field 195 → 483."
    ),
    ("resnet101", "resnet50"): (
        "ResNet-50 is ResNet-101 without 17 of its 33 bottleneck blocks, all in stage 4: "
        "19.0 M fewer parameters (44.5 M → 25.6 M), MACs 7.57 G → 3.86 G, receptive field 1,027 → 483."
    ),
    ("lenet5-modern", "lstm"): (
        "LeNet-5, modern form and LSTM are different designs. LeNet-5, modern form is five layers deep: three convolutions and "
        "two fully connected layers, one after the other. LSTM is two layers deep: one LSTM layer and one fully connected "
        "layer, one after the other. +20.5 k parameters (61.7 k → 82.2 k), MACs 417 k → 2.24 M."
    ),
    ("zfnet", "zfnet"): ("The two networks are the same, ZFNet: 62.4 M parameters, 1.17 G MACs, receptive field 171."),
}


@pytest.mark.parametrize("pair", PARAGRAPHS)
def test_paragraph(pair):
    assert paragraph(*pair) == PARAGRAPHS[pair]


REPRESENTATIVES = (
    "lstm", "lenet5", "alexnet", "zfnet-mini", "nin-cifar10", "vgg11-lrn", "vgg16-bn", "googlenet-aux", "inception-v3", "dcgan-generator",
    "resnet50", "plain20-cifar",
)  # fmt: skip
FIGURE = r"\d[\d.,]*(?: [kMGT])?"
PARAMS = rf"(?:[Tt]he same {FIGURE} parameters|(?:\+{FIGURE}|{FIGURE} fewer) parameters \({FIGURE} (?:in all|→ {FIGURE})\))"
MACS = rf"MACs (?:still {FIGURE}|{FIGURE} → {FIGURE}|{FIGURE} \((?:\+{FIGURE}|{FIGURE} fewer)\))"
TOTALS = re.compile(rf"{PARAMS}, {MACS}(?:, receptive field (?:still )?{FIGURE}(?: → {FIGURE})?)?\.$")


def test_every_pair_gets_a_sound_paragraph():
    graphs = [graph(name) for name in REPRESENTATIVES]
    for one, other in product(graphs, graphs):
        text = difference_paragraph(compare([one, other]).differences[0])
        assert len(text.split()) < 120, text
        assert text[0].isupper() and "  " not in text and ".." not in text, text
        assert not re.search(r"−|[ (]-\d|\bNone\b|\b(no|zero) more\b|\bone \w+ns\b", text), text
        if one is other:
            assert "are the same" in text
        else:
            assert TOTALS.search(text), text


def test_numbers_that_become_a_picture_are_not_said_to_be_seen():
    assert "receptive field" not in paragraph("dcgan-discriminator", "dcgan-generator")
    assert "receptive field" not in graph_description(graph("dcgan-generator"), costs(graph("dcgan-generator")))


def test_networks_that_differ_in_a_constant_alone_are_not_called_the_same():
    one = graph("vgg11-lrn")
    layers = (replace(layer, options={**layer.options, "k": 1.0}) if layer.kind == "lrn" else layer for layer in one)
    other = replace(one, layers=tuple(layers))
    text = difference_paragraph(compare([one, other]).differences[0])
    same = "the same layers, but in another order or with other paddings or constants"
    assert text.startswith(f"VGG-11 (A-LRN) → VGG-11 (A-LRN): {same}. The same")


def test_an_input_that_is_not_square():
    one = graph("nin-cifar10")
    picture, *layers = one
    wide = replace(one, name="wide", layers=(replace(picture, shape=(3, 32, 48)), *layers))
    assert "with a 32×48 input instead of 32×32:" in difference_paragraph(compare([one, wide]).differences[0])


# --- description -----------------------------------------------------------------------------------------------------------


def test_description_of_alexnet():
    # fc6: (256·6·6 + 1) · 4096 = 37,752,832 of 60,965,224 are 62 %; conv2: 5·5·48·256·27·27 = 223,948,800 of 724,406,816 are 31 %
    assert graph_description(graph("alexnet"), costs(graph("alexnet"))) == (
        "AlexNet: input 227×227×3, eight layers with weights on the longest path. "
        "Stage 1, maps of 55×55: one 11×11 convolution with 96 channels, local response normalization and max pooling. "
        "Stage 2, maps of 27×27: one 5×5 convolution with 256 channels, local response normalization and max pooling. "
        "Stage 3, maps of 13×13: two 3×3 convolutions with 384 channels, one 3×3 convolution with 256 channels and max pooling. "
        "Head: two fully connected layers with 4,096 units and one fully connected layer with 1,000 units. "
        "In all 61.0 M parameters, 724 M MACs, receptive field 195. "
        "Most parameters: fc6, 37.8 M (62 %). Most MACs: conv2, 224 M (31 %)."
    )


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("resnet50", "six bottleneck blocks. Stage 5, maps of 7×7: three bottleneck blocks and global average pooling."),
        ("googlenet-aux", "Auxiliary heads: two convolutions and four fully connected layers."),
        ("inception-v4", "Stage 2, maps of 73×73: layers of a stem. Stage 3, maps of 35×35: one stem and four Inception-A modules."),
        ("lstm", "one LSTM layer with 128 units and one fully connected layer with 10 units. In all 82.2 k parameters, 2.24 M MACs. Most"),
    ],
)
def test_description(name, phrase):
    assert phrase in graph_description(graph(name), costs(graph(name)))


# --- words -----------------------------------------------------------------------------------------------------------------


def test_numbers_and_plurals():
    assert [number(n) for n in (0, 1, 9, 10, 1202)] == ["no", "one", "nine", "10", "1,202"]
    assert [counted(1, "class"), counted(2, "class"), plural("convolution with 64 channels")] == [
        "one class", "two classes", "convolutions with 64 channels",
    ]  # fmt: skip
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_class_names_become_nouns():
    assert block_noun("BasicBlock") == "basic block"
    assert block_noun("Bottleneck") == "bottleneck block"
    assert block_noun("Inception") == "Inception module"
    assert block_noun("InceptionA") == "Inception-A module"
    assert block_noun("ReductionB") == "reduction-B module"
    assert block_noun("Stem") == "stem"
    assert block_noun("_DenseLayer") == "dense layer"
    assert block_noun("MBConv") == "MB conv block"


def test_places():
    three, four, five, head = "stage 3 · 56×56", "stage 4 · 28×28", "stage 5 · 14×14", "head"
    assert stages_in_words([three, four, five]) == "stages 3 to 5"
    assert stages_in_words([three, five, head], each=True) == "each of stages 3 and 5 and the head"
    assert spread([four, four]) == " in stage 4"
    assert spread([three, four, four]) == ", one in stage 3 and two in stage 4"
    assert spread([three, three, five, five]) == ", two in each of stages 3 and 5"


def test_networks_without_weights():
    def network(name, kind):
        layers = Layer("input", "input", (), (3, 8, 12)), Layer("only", kind, ("input",), (3, 8, 12))
        return LayerGraph(name, layers, {"output": "only"})

    text = difference_paragraph(compare([network("a", "relu"), network("b", "tanh")]).differences[0])
    assert text.startswith("b is a with tanh instead of ReLU: the same 0 parameters")
    assert graph_description(network("a", "relu"), costs(network("a", "relu"))).startswith("a: input 8×12×3, no layers with weights")
