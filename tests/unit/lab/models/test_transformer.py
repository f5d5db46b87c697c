"""Transformers of stacks: what they compute, what they may see, what is watched."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from actlab.lab.arm import Arm, Init
from actlab.lab.models.attention import Attention
from actlab.lab.models.embedding import Embedding
from actlab.lab.models.start import Start
from actlab.lab.models.transformer import Transformer

RELU = Arm("relu", {}, "relu", Init("he", 2**0.5, 0.1))
START = Start(RELU, (0, 1))


def transformer() -> Transformer:
    return Transformer(START, tokens=7, length=5, outputs=6, width=8, heads=2, depth=2)


def tokens(count: int = 3) -> torch.Tensor:
    return torch.randint(0, 7, (2, count, 5), generator=torch.Generator().manual_seed(0))


def test_each_run_looks_up_its_own_table():
    table = Embedding(START, "tokens", 7, 4)
    some = tokens()
    for run in range(2):
        expected = functional.embedding(some[run], table.weight[run])
        torch.testing.assert_close(table(some)[run], expected)
    assert not torch.equal(table.weight[0], table.weight[1])


def test_attention_is_pytorchs():
    stack = Attention(START, "attention", 8, 2)
    x = torch.randn(2, 3, 5, 8, generator=torch.Generator().manual_seed(0))
    assert stack.enter.bias is not None
    assert stack.leave.bias is not None
    future = torch.ones(5, 5, dtype=torch.bool).triu(1)
    for run in range(2):
        single = nn.MultiheadAttention(8, 2, batch_first=True)
        with torch.no_grad():
            single.in_proj_weight.copy_(stack.enter.weight[run].t())
            single.in_proj_bias.copy_(stack.enter.bias[run, 0])
            single.out_proj.weight.copy_(stack.leave.weight[run].t())
            single.out_proj.bias.copy_(stack.leave.bias[run, 0])
        expected, weights = single(x[run], x[run], x[run], attn_mask=future)
        torch.testing.assert_close(stack(x)[run], expected)
        # PyTorch's weights are means over heads: no less spread than each head's.
        logs = weights.clamp(min=1e-30).log()
        assert stack.watched(x).entropy[run] <= -(weights * logs).sum(-1).mean() + 1e-5


def test_the_last_token_alone_is_the_last_of_all():
    net = transformer()
    torch.testing.assert_close(net(tokens(), last=True), net(tokens())[:, :, -1:])


def test_no_token_sees_a_later_one():
    net, some = transformer(), tokens()
    other = some.clone()
    other[:, :, 3:] = (some[:, :, 3:] + 1) % 7
    torch.testing.assert_close(net(other)[:, :, :3], net(some)[:, :, :3])
    assert not torch.allclose(net(other)[:, :, 3:], net(some)[:, :, 3:])


def test_even_attention_has_the_entropy_of_even_weights():
    attention = Attention(START, "attention", 8, 2)
    with torch.no_grad():
        attention.enter.weight.zero_()
    seen = attention.watched(torch.ones(2, 3, 5, 8))
    expected = sum(math.log(places) for places in range(1, 6)) / 5
    torch.testing.assert_close(seen.entropy, torch.full((2,), expected))
    # Biases alone make every score of a query the same.
    assert torch.isfinite(seen.largest).all()


def test_attention_to_one_token_has_no_entropy_and_a_large_score():
    attention = Attention(START, "attention", 8, 1)
    with torch.no_grad():
        attention.enter.weight.zero_()
        attention.enter.bias.zero_()
        attention.enter.weight[:, :, :16] = torch.eye(8).repeat(1, 2)  # queries and keys are x
    x = 10 * torch.eye(8)[:5].expand(2, 3, 5, 8)
    seen = attention.watched(x)
    torch.testing.assert_close(seen.entropy, torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(seen.largest, torch.full((2,), 100 / math.sqrt(8)))


def test_watching_takes_the_mean_entropy_and_the_largest_score_over_blocks():
    net, some = transformer(), tokens()
    x = net.tokens(some) + net.places
    each = []
    for block in net.blocks:
        each.append(block.attention.watched(block.before_attention(x)))
        x = block(x)
    seen = net.watched(some)
    torch.testing.assert_close(seen.entropy, (each[0].entropy + each[1].entropy) / 2)
    torch.testing.assert_close(seen.largest, torch.maximum(each[0].largest, each[1].largest))


def test_a_scheme_scales_only_weights_that_the_function_feeds():
    plain = transformer()
    other = Transformer(
        Start(Arm("elu", {"alpha": 1.0}, "elu", Init("own", 1.2, 0.2)), (0, 1)),
        tokens=7, length=5, outputs=6, width=8, heads=2, depth=2,
    )  # fmt: skip
    theirs = dict(other.named_parameters())
    changed = {name for name, p in plain.named_parameters() if not torch.equal(p, theirs[name])}
    assert changed == {f"blocks.{i}.fall.{what}" for i in range(2) for what in ("weight", "bias")}


def test_a_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(ValueError, match="width must be a multiple of heads, got 8 and 3"):
        Attention(START, "attention", 8, 3)
