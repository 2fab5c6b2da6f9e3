"""`python -m netlib.analysis` writes the graph of every registry network to assets/graphs/."""

from netlib.analysis.store import save_all

save_all()
