"""Which process is which: whether a worker still lives can be told for certain on its own machine."""

from __future__ import annotations

import socket
from pathlib import Path

PROC = Path("/proc")


def host() -> str:
    return socket.gethostname()


def identity(pid: int) -> str | None:
    """A text that no other process has had or will have: "" when no process of that number lives, None when this system cannot tell.

    It joins the machine's start and the process's: numbers are given again, and both begin anew with the machine. A process that has
    ended and waits for its parent to notice does not live.

    Source: proc(5), fields 3 and 22 of /proc/<pid>/stat; they come after the command's name, which may hold spaces and brackets.
    """
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else f"{boot}/{fields[19]}"
