"""What is said of a channel's feature map: one line, one row of a table, one sentence on all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netlib.figures import units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlib.interpret.feature_maps import ChannelStatistics


def sentence(channel: int, found: ChannelStatistics) -> str:
    """One channel in one line."""
    if found.dead:
        return f"Channel {channel}: dead on this picture"
    said = [f"strongest {units.value(found.max)}", f"mean {units.value(found.mean)}", f"{units.percent(found.share_zero)} zero"]
    if found.share_saturated:
        said.append(f"{units.percent(found.share_saturated)} saturated")
    return f"Channel {channel}: {', '.join(said)}"


def summary(found: Sequence[ChannelStatistics]) -> str:
    """How many channels are dead or saturated."""
    dead = sum(one.dead for one in found)
    saturated = sum(one.share_saturated > 0.5 for one in found)
    parts = [f"**{dead}** dead on this picture" if dead else "none dead on this picture"]
    if saturated:
        parts.append(f"**{saturated}** saturated in more than half of their units")
    return ", ".join(parts)


def rows(found: Sequence[ChannelStatistics], order: Sequence[int]) -> list[dict[str, Any]]:
    """The statistics as rows of a table, in that order."""
    return [
        {
            "Channel": channel,
            "Strongest": found[channel].max,
            "Mean": found[channel].mean,
            "Zero, %": 100 * found[channel].share_zero,
            "Saturated, %": 100 * found[channel].share_saturated,
            "Dead": found[channel].dead,
        }
        for channel in order
    ]
