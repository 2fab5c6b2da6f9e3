from __future__ import annotations

from itertools import combinations
from math import hypot, log10

import pytest

from netlib.figures import history, labels
from netlib.figures.labels import Spot
from netlib.models.papers import PAPERS
from netlib.models.registry import NETWORKS

PHONE, PROJECTOR = 290, 1240  # widths of the plot in windows of 400 - a little more than needed - and 1400 pixels
LETTER, LINE = 6.0, 13.0  # pixels of 12 px text on the screen, as measured in a browser: the longest name, "VGG-11 (A-LRN)", is 77 wide

POINTS = {"authors": [point for point in history.imagenet_points() if point.by_authors], "all": list(history.imagenet_points())}


def luminance(color: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def boxes(figure, width: float) -> dict[str, tuple[float, float, float, float]]:
    """Where the names stand on a plot of that width, read off the figure alone: left, top, right, bottom in pixels."""
    (x0, x1), (y0, y1), height = figure.layout.xaxis.range, figure.layout.yaxis.range, plot_height(figure)
    found = {}
    for note in figure.layout.annotations[1:]:  # the first one is the title of the vertical axis
        if width == PHONE and len(found) == figure.layout.meta - 1:
            break
        x = (note.x - x0) / (x1 - x0) * width + note.xshift
        y = (y1 - note.y) / (y1 - y0) * height - note.yshift
        wide = LETTER * len(note.text)
        left = x - {"left": 0, "center": wide / 2, "right": wide}[note.xanchor]
        top = y - {"top": 0, "middle": LINE / 2, "bottom": LINE}[note.yanchor]
        found[note.text] = (left, top, left + wide, top + LINE)
    return found


def discs(figure, width: float) -> dict[str, tuple[float, float, float]]:
    """Where the bubbles are: x, y and radius in pixels, by network."""
    (x0, x1), (y0, y1) = figure.layout.xaxis.range, figure.layout.yaxis.range
    scale = log10 if figure.layout.xaxis.type == "log" else float
    return {
        name: ((scale(x) - x0) / (x1 - x0) * width, (y1 - y) / (y1 - y0) * plot_height(figure), size / 2)
        for trace in figure.data
        for name, x, y, size in zip(trace.customdata, trace.x, trace.y, trace.marker.size, strict=True)
    }


def plot_height(figure) -> float:
    return figure.layout.height - figure.layout.margin.t - figure.layout.margin.b


@pytest.mark.parametrize("width", [PHONE, 530, 900, PROJECTOR, 1500])
@pytest.mark.parametrize("which", POINTS)
@pytest.mark.parametrize("across", history.AXES)
def test_no_name_lies_on_another_name_or_on_a_foreign_bubble(across, which, width):
    figure = history.bubbles(POINTS[which], across)
    names = boxes(figure, width)
    for (one, a), (other, b) in combinations(names.items(), 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], f"{one} lies on {other}"
    title_of = {point.spec.name: point.name for point in POINTS[which]}
    for network, (x, y, radius) in discs(figure, width).items():
        for name, (left, top, right, bottom) in names.items():
            if name != title_of[network]:
                assert hypot(max(left - x, 0, x - right), max(top - y, 0, y - bottom)) >= radius, f"{name} lies on {network}"
    assert all(left >= 0 and right <= width for left, _, right, _ in names.values())


@pytest.mark.parametrize("across", history.AXES)
def test_nearly_every_network_of_the_papers_is_named(across):
    figure = history.bubbles(POINTS["authors"], across)
    assert len(boxes(figure, PROJECTOR)) >= len(POINTS["authors"]) - 1
    assert len(boxes(figure, PHONE)) >= 0.75 * len(POINTS["authors"])


def test_points_are_the_papers_own_figures():
    point = {point.spec.name: point for point in history.imagenet_points()}
    assert (point["alexnet"].result.value, point["alexnet"].params) == (18.2, 60_965_224)  # Table 2, one network
    assert (point["vgg16"].result.value, round(point["vgg16"].params, -6)) == (8.1, 138e6)  # Tables 2 and 3
    assert point["resnet152"].result.value == 5.71 and round(point["resnet152"].macs, -8) == 11.3e9  # Tables 1 and 4
    assert point["alexnet"].by_authors and not point["resnet50-v1.5"].by_authors


@pytest.mark.parametrize("across, field", [("params", "macs"), ("macs", "params"), ("year", "macs")])
def test_the_area_of_a_bubble_goes_with_macs_or_parameters(across, field):
    figure = history.bubbles(POINTS["authors"], across)
    point = {point.spec.name: point for point in POINTS["authors"]}
    sizes = {name: size for trace in figure.data for name, size in zip(trace.customdata, trace.marker.size, strict=True)}
    for one, other in combinations(sizes, 2):
        assert (sizes[one] / sizes[other]) ** 2 == pytest.approx(getattr(point[one], field) / getattr(point[other], field))


@pytest.mark.parametrize("across", history.AXES)
def test_every_bubble_lies_inside_the_axes_and_tells_its_protocol(across):
    figure = history.bubbles(POINTS["all"], across)
    places = discs(figure, 1000)
    assert len(places) == 27
    assert all(0 <= x <= 1000 and 0 <= y <= plot_height(figure) for x, y, _ in places.values())
    notes = " ".join(note for trace in figure.data for note in trace.text)
    assert all(point.result.protocol in notes for point in POINTS["all"])
    assert figure.layout.xaxis.title.text and "error" in figure.layout.annotations[0].text


def test_the_summary_names_the_ends():
    said = history.bubbles_summary(POINTS["authors"], "params")
    assert "AlexNet (2012: 18.2 %, 61.0 M params, 724 M MACs)" in said
    assert "Inception v4 (2016: 4.2 %, 42.7 M params, 12.3 G MACs)" in said


def test_time_line_has_a_row_a_paper_in_the_order_of_history():
    figure = history.time_line(PAPERS)
    assert [trace.y[0] for trace in figure.data] == list(range(13))
    years = [trace.x[0] for trace in figure.data]
    assert years == sorted(years)
    assert years[3] == pytest.approx(2012 + 11.5 / 12)  # AlexNet: December 2012
    assert [history.heading(paper) for paper in PAPERS] == [
        "Elman RNN", "LSTM", "LeNet-5", "AlexNet", "ZFNet", "Network in Network", "VGG", "GoogLeNet", "BN-Inception", "DCGAN",
        "Inception v3", "ResNet", "Inception v4",
    ]  # fmt: skip


def test_names_on_the_time_line_fit_a_phone():
    figure, width = history.time_line(PAPERS), 340  # of the plot in a window of 400 pixels, less than there is
    first, last = figure.layout.xaxis.range
    rows = (figure.layout.height - figure.layout.margin.t - figure.layout.margin.b) / len(PAPERS)
    assert rows >= 1.5 * LINE
    for trace in figure.data:
        text = trace.text[0].replace("<b>", "").replace("</b>", "").strip()
        x = (trace.x[0] - first) / (last - first) * width
        room = width - x if trace.textposition == "middle right" else x
        assert LETTER * len(text) + trace.marker.size / 2 <= room, text


def test_time_line_in_words():
    assert history.time_line_summary(PAPERS).startswith("Time line of the papers: Elman RNN 1990, LSTM 1997, LeNet-5 1998, AlexNet 2012")
    assert history.month(PAPERS[0]) == "April 1990"
    assert history.writers(PAPERS[7]) == "Szegedy et al." and history.writers(PAPERS[3]) == "Krizhevsky, Sutskever, Hinton"


def test_colours_of_the_families_stand_out_on_both_backgrounds():
    assert {spec.paper.family for spec in NETWORKS.values()} == set(history.FAMILY_COLORS)
    for family in history.FAMILY_COLORS:
        assert contrast(history.family_color(family), "#ffffff") >= 3
        assert contrast(history.family_color(family, dark=True), "#191919") >= 3


def test_a_name_steps_aside():
    right, left = (1, 0), (-1, 0)
    lonely = [Spot("ab", 0.5, 0.5, 5)]
    assert labels.places(lonely, [200], 100) == {"ab": right}
    neighbours = [Spot("ab", 0.5, 0.5, 5), Spot("cd", 0.56, 0.5, 5)]  # 12 px to the right: no room between them
    assert labels.places(neighbours, [200], 100) == {"ab": left, "cd": right}
    edge = [Spot("ab", 0.99, 0.5, 5)]
    assert labels.places(edge, [200], 100) == {"ab": left}
    walled = [Spot("ab", 0.5, 0.5, 5), Spot("a wall", 0.5, 0.5, 60)]
    assert "ab" not in labels.places(walled, [200], 100)


def test_a_place_must_be_free_at_every_width():
    pair = [Spot("abcd", 0.5, 0.5, 5), Spot("x", 0.6, 0.5, 5)]  # 100 px apart on the wide plot, 20 px on the narrow one
    assert labels.places(pair, [1000], 100)["abcd"] == (1, 0)
    assert labels.places(pair, [1000, 200], 100)["abcd"] == (-1, 0)
