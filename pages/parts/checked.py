"""A map whose trust is checked, and in a line what is known of it by now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netlib.figures import trust_curves
from pages.parts.work import kept

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from numpy.typing import NDArray

    from pages.parts.sight import Sight

CURVES = ("deletion", "insertion", "random deletion", "random insertion")


@dataclass(frozen=True, slots=True)
class Checked:
    """The map that is checked: (H, W), larger where it says that the class hangs on the place more.

    Attributes:
        name: of the map in the URL.
        method, settings: of the attribution; None for a map that is not made again with random weights, such as an occlusion map.
        key: all that the map depends on.
    """

    sight: Sight
    target: int
    name: str
    title: str
    values: NDArray[Any]
    key: tuple[Hashable, ...]
    method: str | None = None
    settings: Mapping[str, Any] | None = None

    @property
    def randomized_key(self) -> tuple[Hashable, ...]:
        """Of its maps with random weights, for `work`."""
        return ("randomized", *self.key)

    @property
    def curves_key(self) -> tuple[Hashable, ...]:
        """Of its curves of deletion and insertion, for `work`."""
        return ("deletion", *self.key)

    def line(self) -> str:
        """What its check has found; empty where nobody has asked for it."""
        stops, curves = kept(self.randomized_key), kept(self.curves_key)
        areas = curves and (curves[CURVES[0]], curves[CURVES[2]])
        return trust_curves.checked_words(stops[-1].spearman if stops else None, areas)
