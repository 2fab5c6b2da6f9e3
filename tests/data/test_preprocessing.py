"""Against torchvision's own presets bit for bit, against sums done by hand, and there and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from netlib.analysis.store import default_input
from netlib.data.digits import digits
from netlib.data.photos import photo
from netlib.data.preprocessing import Preprocessing, preprocessing
from netlib.errors import UnknownNetwork
from netlib.models import imagenet
from netlib.models.bundled import BUNDLED
from netlib.models.imagenet_table import text
from netlib.models.registry import NETWORKS


def wide() -> Image.Image:
    return photo("chelsea")


def tall() -> Image.Image:
    return photo("coffee").rotate(90, expand=True).crop((0, 0, 401, 599))


def test_the_table_is_what_torchvision_says() -> None:
    assert json.loads(imagenet.FILE.read_text("utf-8")) == json.loads(text())
    assert imagenet.CLASSES[281] == "tabby" and len(imagenet.CLASSES) == 1000
    assert all(len(weights.digest) >= 8 for weights in imagenet.WEIGHTS.values())


@pytest.mark.parametrize("name", ["resnet18", "torchvision/convnext_tiny", "torchvision/efficientnet_b0", "torchvision/swin_v2_t", "vgg16"])
def test_imagenet_weights_see_what_torchvision_shows_them(name: str) -> None:
    from torchvision.models import get_model_weights

    weights = imagenet.weights_of(name)
    assert weights is not None
    preset = get_model_weights(weights.name)[weights.weights].transforms()
    if preset.crop_size[0] != default_input(name)[1]:  # shown smaller than it was trained: the same share of the picture
        preset.resize_size = [round(preset.resize_size[0] * default_input(name)[1] / preset.crop_size[0])]
        preset.crop_size = [default_input(name)[1]]
    own = preprocessing(name, "imagenet")
    for picture in (wide(), tall(), photo("retina"), wide().resize((224, 224)), wide().resize((90, 61))):
        torch.testing.assert_close(own.tensor(picture), preset(picture), rtol=0, atol=0)


def test_inception_v3_gets_what_torchvision_makes_inside_of_it() -> None:
    """With ImageNet weights torchvision's network scales its input again; that is left to preprocessing here."""
    from torchvision.models import Inception_V3_Weights
    from torchvision.models.inception import Inception3

    x = Inception_V3_Weights.IMAGENET1K_V1.transforms()(wide())
    with torch.device("meta"):
        network = Inception3(init_weights=False, transform_input=True)
    wanted = network._transform_input(x[None])[0]
    torch.testing.assert_close(preprocessing("inception-v3", "imagenet").tensor(wide()), wanted)
    assert preprocessing("inception-v3", "imagenet").tensor(wide()).aminmax().max <= 1


def test_numbers_by_hand() -> None:
    steps = Preprocessing((1, 2), False, (0.2, 0.4, 0.6), (0.5, 0.25, 0.1))
    picture = Image.fromarray(np.array([[[51, 102, 153], [255, 0, 255]]], np.uint8))  # 0.2, 0.4, 0.6; 1, 0, 1
    torch.testing.assert_close(steps.tensor(picture), torch.tensor([[[0.0, 1.6]], [[0.0, -1.6]], [[0.0, 4.0]]]))
    grey = Preprocessing((1, 1), True, (0.5,), (0.25,))
    one = Image.new("RGB", (1, 1), (100, 200, 50))  # 0.299 · 100 + 0.587 · 200 + 0.114 · 50 = 153
    torch.testing.assert_close(grey.tensor(one), torch.full((1, 1, 1), (153 / 255 - 0.5) / 0.25))


def test_the_middle_is_cut_out() -> None:
    columns = np.zeros((10, 40, 3), np.uint8)
    columns[:, 15:25] = 255
    steps = Preprocessing((10, 10), False, (0.0,) * 3, (1.0,) * 3)
    assert (steps.shown(steps.tensor(Image.fromarray(columns))) == 255).all()
    assert (steps.shown(steps.tensor(Image.fromarray(columns.swapaxes(0, 1)))) == 255).all()
    margin = Preprocessing((10, 10), False, (0.0,) * 3, (1.0,) * 3, short=20, as_is=False)
    frame = np.zeros((20, 20, 3), np.uint8)
    frame[5:15, 5:15] = 255
    assert (np.asarray(margin.fitted(Image.fromarray(frame))) == 255).all()


@pytest.mark.parametrize("size", [(7, 10), (13, 4)])
def test_an_input_that_is_not_square(size: tuple[int, int]) -> None:
    steps = Preprocessing(size, False, (0.0,) * 3, (1.0,) * 3)
    for picture in (wide(), tall(), Image.new("RGB", (1, 1)), Image.new("RGB", (3, 200))):
        assert steps.tensor(picture).shape == (3, *size)


def test_every_network_gets_its_shape_and_gives_its_picture_back() -> None:
    seeing = {name: row.input_shape for name, row in NETWORKS.items() if name != "dcgan-generator"}
    different = {preprocessing(name, weights): shape for name, shape in seeing.items() for weights in ("random", "imagenet")}
    assert len(different) > 5
    for steps, shape in different.items():
        x = steps.tensor(wide())
        assert x.shape == shape and x.dtype == torch.float32 and x.is_contiguous()
        assert (steps.shown(x) == np.asarray(steps.fitted(wide()).convert("RGB"))).all()
        assert all(sentence.endswith(".") for sentence in steps.sentences())


def test_a_digit_reaches_its_network_as_in_training() -> None:
    held = digits()
    steps, record = preprocessing("lenet5-modern", "trained"), BUNDLED["lenet5-modern"]
    image = Image.fromarray(held.test_images[17, 0]).convert("RGB")
    wanted = (torch.tensor(held.test_images[17]) / 255 - record.mean[0]) / record.std[0]
    torch.testing.assert_close(steps.tensor(image), wanted)
    assert steps == preprocessing("lenet5-modern", "random")  # so that what training changed can be seen


def test_ink_on_paper_is_turned_into_its_negative() -> None:
    digit = Image.fromarray(digits().test_images[17, 0]).convert("RGB")
    steps = preprocessing("lenet5", "trained")
    torch.testing.assert_close(steps.tensor(ImageOps.invert(digit)), steps.tensor(digit))
    assert any("negative" in sentence for sentence in steps.sentences())
    assert not any("negative" in sentence for sentence in preprocessing("zfnet-mini", "trained").sentences())


def test_a_long_strip_takes_no_memory() -> None:
    assert preprocessing("resnet18", "random").tensor(Image.new("RGB", (2048, 1))).shape == (3, 224, 224)
    assert preprocessing("resnet18", "imagenet").tensor(Image.new("RGB", (1, 2048))).shape == (3, 224, 224)


def test_the_sentences_say_the_numbers() -> None:
    scaled, cut, normalized = preprocessing("resnet18", "imagenet").sentences()
    assert scaled == "Its shorter side is scaled (bilinear) to 256 pixels."
    assert cut == "The middle 224 × 224 pixels are cut out."
    assert normalized == (
        "Its values, from 0 to 1, lose the mean 0.485, 0.456, 0.406 and are divided by the standard deviation 0.229, 0.224, 0.225 "
        "(of red, green, blue)."
    )


def test_unknown_networks() -> None:
    with pytest.raises(UnknownNetwork, match="vgg61"):
        preprocessing("vgg61", "random")
