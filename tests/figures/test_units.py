"""Numbers as a reader writes them by hand, at the borders where rounding carries."""

from __future__ import annotations

import pytest

from netlib.analysis.graph import Layer, Window
from netlib.figures import colors, units


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (34_944, "34.9 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),  # 1000 k would be four digits
        (9_995_000, "10.0 M"),  # not 9.99 or 10.00
        (62_378_344, "62.4 M"),
        (1_135_256_096, "1.14 G"),
        (-34_944, "-34.9 k"),
    ],
)
def test_count_has_three_digits(number: int, text: str) -> None:
    assert units.count(number) == text


def test_units_are_named() -> None:
    assert units.exact(62_378_344) == "62,378,344"
    assert units.macs(105_415_200) == "105 M MACs"
    assert units.params(34_944) == "34.9 k params"


@pytest.mark.parametrize(("number", "text"), [(512, "512 B"), (1024, "1.00 KiB"), (249_513_376, "238 MiB"), (3 * 2**30, "3.00 GiB")])
def test_bytes_are_binary(number: int, text: str) -> None:
    assert units.bytes_(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (-0.031249, "−0.0312"), (9.996, "10.0"), (123.4, "123"), (1234.5, "1,230"), (0.000123456, "0.000123"),
        (1.5e-07, "1.50e−07"), (2e9, "2.00e+09"), (float("-inf"), "−inf"),
    ],
)  # fmt: skip
def test_a_value_has_three_digits_and_a_real_minus(number: float, text: str) -> None:
    assert units.value(number) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (1, "100 %"), (0.4071, "41 %"), (0.0032, "0.3 %"), (0.00004, "under 0.1 %"), (0.9999, "over 99.9 %"), (0.984, "98.4 %")],
)
def test_a_share_is_all_or_nothing_only_where_it_is(share: float, text: str) -> None:
    assert units.percent(share) == text


def test_shares_side_by_side_have_as_many_digits() -> None:
    assert units.percents([0.75, 0.8512]) == ["75 %", "85 %"]
    assert units.percents([0.75, 0.8512, 0.951]) == ["75.0 %", "85.1 %", "95.1 %"]
    assert units.percents([0.5, 0.00004, 1, 0]) == ["50.0 %", "under 0.1 %", "100 %", "0 %"]
    assert units.percents([]) == []


def test_shapes_put_height_first_and_channels_last() -> None:
    assert units.shape((96, 55, 27)) == "55×27×96"
    assert units.shape((28, 128)) == "28×128"
    assert units.shape((4096,)) == "4096"


def test_window_tells_a_stride_that_is_not_square() -> None:
    assert units.window(Layer("c", "conv2d", (), (1, 1, 1), Window((11, 11), (4, 4)))) == "11×11/4"
    assert units.window(Layer("c", "conv2d", (), (1, 1, 1), Window((1, 7)))) == "1×7"
    assert units.window(Layer("c", "conv2d", (), (1, 1, 1), Window((3, 5), (2, 1)))) == "3×5/(2, 1)"
    assert units.window(Layer("f", "linear", (), (10,))) == ""


def test_level_is_a_square_root_scale() -> None:
    assert colors.level(0, 100) == 0
    assert colors.level(1, 10**9) == 1  # there, however small
    assert colors.level(25, 100) == round(0.5 * 9)
    assert colors.level(100, 100) == 9


def _luminance(color: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("category", colors.CATEGORY_COLORS)
def test_categories_stand_out_on_both_backgrounds(category: str) -> None:
    on_white = 1.05 / (_luminance(colors.category_color(category)) + 0.05)
    on_black = (_luminance(colors.category_color(category, dark=True)) + 0.05) / (_luminance("#0e1117") + 0.05)
    assert on_white >= 3 and on_black >= 3
