"""Recurrent networks that read a picture row by row: Elman's network and the LSTM.

Sources: Elman, "Finding Structure in Time" (1990), Figure 2; Hochreiter, Schmidhuber, "Long Short-Term Memory" (1997),
section 4; the forget gate: Gers, Schmidhuber, Cummins, "Learning to Forget" (ICANN 1999, Neural Computation
2000).

A row x of the picture comes in at each step, h is what the network remembers, σ the logistic function, ⊙ the product
of matching elements, and W, U, b are learned:

    Elman   h = tanh(W x + U h + b)                       the old h is a copy kept from the step before
    LSTM    i, f, o = σ(W x + U h + b)                    input, forget and output gate, each with its own W, U, b
            c = f ⊙ c + i ⊙ tanh(W x + U h + b)           the cell: what it holds passes unchanged while f = 1 and i = 0
            h = o ⊙ tanh(c)

The cell of 1997 has no forget gate (f = 1, it can only be added to); the gate was added later and is what "LSTM" means today.

With i numbers a row and h hidden units, one bias vector a gate gives h(h + i) + h parameters for Elman's network and
4 (h(h + i) + h) for the LSTM, as textbooks count. PyTorch keeps two bias vectors, one for W x and one for U h, which do
the work of one: h(h + i) + 2h and 4 (h(h + i) + 2h), here 20,224 and 80,896.

Shapes: N pictures, T rows (steps), F numbers a row; (N, 1, T, F) in, (N, num_classes) scores out.
"""

from __future__ import annotations

from torch import Tensor, nn

from netlib.errors import InvalidInput

CELLS: dict[str, type[nn.RNN | nn.LSTM]] = {"rnn": nn.RNN, "lstm": nn.LSTM}


class RowReader(nn.Module):
    """Reads a grey picture of `row_length` columns from the top row down, and names its class after the last one.

    Raises:
        InvalidInput: `cell` is neither "rnn" nor "lstm".
    """

    def __init__(self, cell: str = "rnn", hidden: int = 128, num_classes: int = 10, row_length: int = 28) -> None:
        super().__init__()
        if cell not in CELLS:
            raise InvalidInput(f"There is no recurrent cell called {cell!r}; choose {' or '.join(CELLS)}.")
        self.rows = nn.Flatten(1, 2)
        self.cell = CELLS[cell](row_length, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.rows(x)  # (N, T, F)
        x = self.cell(x)[0]  # (N, T, hidden): h after each row
        return self.fc(x[:, -1])  # (N, num_classes), from h after the last row
