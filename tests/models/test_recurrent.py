"""Row readers against the equations of the papers, written out step by step."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from netlib.errors import InvalidInput
from netlib.models.recurrent import RowReader


def elman(cell: nn.Module, rows: Tensor) -> Tensor:
    h = torch.zeros(cell.hidden_size)
    for x in rows:
        h = torch.tanh(cell.weight_ih_l0 @ x + cell.weight_hh_l0 @ h + cell.bias_ih_l0 + cell.bias_hh_l0)
    return h


def lstm(cell: nn.Module, rows: Tensor) -> Tensor:
    h = c = torch.zeros(cell.hidden_size)
    for x in rows:
        sums = cell.weight_ih_l0 @ x + cell.weight_hh_l0 @ h + cell.bias_ih_l0 + cell.bias_hh_l0
        i, f, g, o = sums.chunk(4)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
    return h


@pytest.mark.parametrize(("name", "recurrence"), [("rnn", elman), ("lstm", lstm)])
def test_reads_the_rows_from_the_top_and_answers_after_the_last(name: str, recurrence) -> None:
    torch.manual_seed(0)
    network = RowReader(name, hidden=6, num_classes=3, row_length=7).eval()
    x = torch.randn(2, 1, 5, 7)
    expected = [network.fc.weight @ recurrence(network.cell, picture[0]) + network.fc.bias for picture in x]
    torch.testing.assert_close(network(x), torch.stack(expected))


# h(h + i) weights and 2h biases a gate; the elementwise products of the LSTM are not multiply-accumulates.
@pytest.mark.parametrize(("name", "gates", "cell_params"), [("rnn", 1, 20_224), ("lstm", 4, 80_896)])
def test_parameters_and_macs(name: str, gates: int, cell_params: int) -> None:
    with torch.device("meta"):
        network = RowReader(name).eval()
        x = torch.empty(1, 1, 28, 28)
    h, i, steps = 128, 28, 28
    assert sum(p.numel() for p in network.cell.parameters()) == gates * (h * (h + i) + 2 * h) == cell_params
    assert sum(p.numel() for p in network.fc.parameters()) == 128 * 10 + 10
    with FlopCounterMode(display=False) as counter:
        assert network(x).shape == (1, 10)
    assert counter.get_total_flops() == 2 * (steps * gates * h * (h + i) + 128 * 10)


def test_unknown_cell() -> None:
    with pytest.raises(InvalidInput, match="no recurrent cell called 'gru'; choose rnn or lstm"):
        RowReader("gru")
