"""Models of transformers with ``hidden_act="actlab/..."``: built, saved, loaded, generating."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

transformers = pytest.importorskip("transformers", reason="needs transformers, extra 'hf'")

from transformers.activations import ACT2FN, get_activation  # noqa: E402

import actlab  # noqa: E402
import actlab.hf  # noqa: E402

OWN_NAMES = [
    "gelu", "gelu_10", "gelu_fast", "gelu_new", "gelu_python", "gelu_pytorch_tanh", "linear",
    "mish", "quick_gelu", "relu", "relu2", "relu6", "sigmoid", "silu", "swish", "tanh",
]  # fmt: skip
"""Some of what transformers has by itself."""

SIZES = {
    "vocab_size": 64, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
    "num_attention_heads": 2,
}  # fmt: skip


def llama(hidden_act: str):
    torch.manual_seed(0)
    config = transformers.LlamaConfig(hidden_act=hidden_act, num_key_value_heads=1, **SIZES)
    return transformers.LlamaForCausalLM(config).eval()


def answer(model) -> list[int]:
    asked = torch.tensor([[1, 2, 3]])
    return model.generate(asked, max_new_tokens=8, do_sample=False, pad_token_id=0)[0].tolist()


def learned(model) -> dict[str, torch.Tensor]:
    return {name: p for name, p in model.named_parameters() if "act_fn" in name}


@pytest.mark.parametrize("name", actlab.names())
def test_every_activation_is_registered(name: str) -> None:
    module = get_activation(f"actlab/{name}")
    assert module.definition is actlab.get(name)
    x = torch.linspace(-3, 3, 50)
    want = actlab.functional.call(name, x, **module.values())
    torch.testing.assert_close(module(x), want, rtol=0, atol=0)
    assert get_activation(f"actlab/{name}") is not module


def test_what_transformers_has_stays_as_it_was() -> None:
    # As the library's own tests have it.
    modules = {name: get_activation(name) for name in OWN_NAMES}
    x = torch.tensor([-100, -1, -0.1, 0, 0.1, 1.0, 100])
    gelu = modules["gelu"](x)
    torch.testing.assert_close(modules["gelu_python"](x), gelu)
    assert not torch.allclose(modules["gelu_new"](x), gelu)
    clipped = modules["gelu_10"](x)
    assert clipped.max() == 10
    torch.testing.assert_close(clipped[gelu < 10], gelu[gelu < 10])
    assert not any(type(module).__module__.startswith("actlab") for module in modules.values())
    for unknown in ("bogus", None, "actlab/bogus"):
        with pytest.raises(KeyError):
            get_activation(unknown)


@pytest.mark.parametrize("name", ["powerlu", "ralu", "mish"])
def test_save_load_generate(name: str, tmp_path) -> None:
    model = llama(f"actlab/{name}")
    for number, parameter in enumerate(learned(model).values()):
        parameter.data.fill_(2.0 + number)
    model.save_pretrained(tmp_path)
    again = transformers.AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    assert again.config.hidden_act == f"actlab/{name}"
    assert again.model.layers[0].mlp.act_fn.definition is actlab.get(name)
    assert {k: v.item() for k, v in learned(again).items()} == {
        k: v.item() for k, v in learned(model).items()
    }
    assert answer(again) == answer(model)


def test_another_family_of_models(tmp_path) -> None:
    config = transformers.BertConfig(hidden_act="actlab/powerlu", **SIZES)
    model = transformers.BertModel(config).eval()
    model.save_pretrained(tmp_path)
    again = transformers.AutoModel.from_pretrained(tmp_path).eval()
    asked = torch.tensor([[1, 2, 3]])
    torch.testing.assert_close(again(asked)[0], model(asked)[0], rtol=0, atol=0)
    model.train()(asked)[0].sum().backward()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize(
    ("options", "value"),
    [({"activation": "ralu"}, 3.0), ({"activation": "elu", "alpha": 0.5, "learnable": True}, 0.5)],
    ids=["ralu", "elu"],
)
def test_what_a_checkpoint_lacks_is_set(options, value, dtype, tmp_path) -> None:
    # transformers builds on the meta device, and knows how to fill its own modules only.
    llama("silu").save_pretrained(tmp_path)
    name = actlab.hf.register(**options)
    model = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, hidden_act=name, dtype=dtype
    )
    assert learned(model)
    for layer in model.model.layers:
        torch.testing.assert_close(
            layer.mlp.act_fn.alpha, torch.tensor([value], dtype=dtype), rtol=2e-3, atol=0
        )
    with torch.no_grad():
        model.model.layers[0].mlp.act_fn.alpha = 1.5
    model.init_weights()
    assert model.model.layers[0].mlp.act_fn.alpha.item() == pytest.approx(1.5, rel=2e-3)


def test_parameters_are_part_of_the_name(tmp_path) -> None:
    name = actlab.hf.register("elu", alpha=0.5)
    assert name == "actlab/elu?alpha=0.5" == actlab.hf.register("elu", 0.5)
    assert get_activation(name).alpha == 0.5
    assert actlab.hf.register("powerlu") == "actlab/powerlu"
    model = llama(name)
    model.save_pretrained(tmp_path)
    again = transformers.AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    assert again.model.layers[1].mlp.act_fn.alpha == 0.5
    assert answer(again) == answer(model)


def test_registering_again_changes_nothing() -> None:
    before = list(ACT2FN)
    for name in actlab.names():
        actlab.hf.register(name)
    assert list(ACT2FN) == before


def test_modules_can_be_copied_and_pickled() -> None:
    for name in ("actlab/powerlu", "actlab/mish", actlab.hf.register("elu", learnable=True)):
        module = get_activation(name)
        x = torch.linspace(-2, 2, 9)
        for copied in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
            assert type(copied).__name__ == type(module).__name__
            torch.testing.assert_close(copied(x), module(x), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"activation": "elu", "alpha": -1.0}, ValueError, r"alpha .* in \(0, inf\)"),
        ({"activation": "elu", "beta": 1.0}, TypeError, "beta"),
        ({"activation": "powerul"}, ValueError, "did you mean 'powerlu'"),
    ],
)
def test_what_is_refused(given, error, message) -> None:
    before = list(ACT2FN)
    with pytest.raises(error, match=message):
        actlab.hf.register(**given)
    assert list(ACT2FN) == before
