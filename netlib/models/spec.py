"""What the registry knows of a network before one line of torch is imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Paper:
    """A publication.

    Attributes:
        key: the key of the source in assets/published.json.
        family: what the networks of the paper are called together, such as "VGG".
        date: year and month of the first public version, "1998-11".
        brought: what the paper brought, in one or two sentences.
    """

    key: str
    family: str
    title: str
    authors: str
    venue: str
    date: str
    url: str
    brought: str

    @property
    def short_authors(self) -> str:
        """The authors as a text cites them: "He et al.", "Zeiler and Fergus"."""
        names = self.authors.split(", ")
        return f"{names[0]} et al." if len(names) > 2 else " and ".join(names)

    @property
    def year(self) -> int:
        return int(self.date[:4])


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A network of the registry.

    Attributes:
        name: registry key: the plain name is the paper's own network, a variant follows after a hyphen.
        title: as a heading writes it.
        paper: where it comes from.
        builder: "module:function" that makes the nn.Module from `options`.
        input_shape: (C, H, W) that the paper uses.
        summary: one sentence: what is special about this one.
        variant_of: registry key of the paper's own network, None for that network itself.
        deviations: where it differs from the paper, and what the paper leaves open; one sentence each.
        torchvision: name of the torchvision network that is truly the same, if there is one.
    """

    name: str
    title: str
    paper: Paper
    builder: str
    input_shape: tuple[int, int, int]
    summary: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    variant_of: str | None = None
    deviations: tuple[str, ...] = ()
    torchvision: str | None = None
