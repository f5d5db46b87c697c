"""Tiny models of transformers with random weights; nothing is downloaded.

transformers is imported inside the builders, so that the list is there without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.seeding import normal, seeded


@dataclass(frozen=True, slots=True)
class Hosted:
    """A model of transformers and where it applies activations.

    Attributes:
        name: of the architecture.
        build: makes it; ImportError where transformers is missing.
        example: its inputs, as keyword arguments.
        sites: in the order of execution, with the entry of the configuration that each is built
            from; an empty one where the function is fixed in the code.
        functions: what each site applies, by its name in the catalogue.
    """

    name: str
    build: Callable[[], nn.Module]
    example: Callable[[], dict[str, Tensor]]
    sites: tuple[tuple[str, str], ...]
    functions: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


SMALL = {
    "vocab_size": 40,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 32,
}


def tokens(seed: int = 1) -> Tensor:
    """Two sequences of seven tokens; 0 to 2 are special in some vocabularies."""
    return torch.randint(3, 40, (2, 7), generator=torch.Generator().manual_seed(seed))


def text() -> dict[str, Tensor]:
    mask = torch.ones(2, 7, dtype=torch.long)
    mask[1, 5:] = 0
    return {"input_ids": tokens(), "attention_mask": mask}


def both_texts() -> dict[str, Tensor]:
    return {"input_ids": tokens(), "decoder_input_ids": tokens(2)[:, :4]}


def images() -> dict[str, Tensor]:
    return {"pixel_values": normal(2, 3, 8, 8)}


def bert() -> nn.Module:
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig(**SMALL)).train()


def bert_masked() -> nn.Module:
    from transformers import BertConfig, BertForMaskedLM

    return BertForMaskedLM(BertConfig(**SMALL, hidden_act="relu")).train()


def roberta() -> nn.Module:
    from transformers import RobertaConfig, RobertaForSequenceClassification

    return RobertaForSequenceClassification(RobertaConfig(**SMALL, pad_token_id=1)).train()


def distilbert() -> nn.Module:
    from transformers import DistilBertConfig, DistilBertModel

    config = DistilBertConfig(
        vocab_size=40, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=32
    )
    return DistilBertModel(config).train()


def gpt2() -> nn.Module:
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=40,
        n_embd=16,
        n_layer=2,
        n_head=2,
        n_positions=32,
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPT2LMHeadModel(config).train()


def llama() -> nn.Module:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(**SMALL)).train()


def vit() -> nn.Module:
    from transformers import ViTConfig, ViTModel

    sizes = {
        key: SMALL[key] for key in SMALL if key not in ("vocab_size", "max_position_embeddings")
    }
    return ViTModel(ViTConfig(**sizes, image_size=8, patch_size=4)).train()


def t5(feed_forward: str) -> nn.Module:
    from transformers import T5Config, T5Model

    config = T5Config(
        vocab_size=40,
        d_model=16,
        d_kv=8,
        d_ff=24,
        num_layers=2,
        num_heads=2,
        feed_forward_proj=feed_forward,
        decoder_start_token_id=0,
    )
    return T5Model(config).train()


def layers(pattern: str, entry: str) -> tuple[tuple[str, str], ...]:
    """The same place in both layers."""
    return tuple((pattern.format(layer), entry) for layer in range(2))


T5_SITES = (
    *layers("encoder.block.{}.layer.1.DenseReluDense.act", "dense_act_fn"),
    *layers("decoder.block.{}.layer.2.DenseReluDense.act", "dense_act_fn"),
)
OF_BERT = "encoder.layer.{}.intermediate.intermediate_act_fn"

HOSTED: tuple[Hosted, ...] = (
    Hosted(
        "BERT",
        seeded(bert),
        text,
        (*layers(OF_BERT, "hidden_act"), ("pooler.activation", "")),
        ("gelu", "gelu", "tanh"),
    ),
    Hosted(
        "BERT for masked tokens, relu",
        seeded(bert_masked),
        text,
        (
            *layers(f"bert.{OF_BERT}", "hidden_act"),
            ("cls.predictions.transform.transform_act_fn", "hidden_act"),
        ),
        ("relu", "relu", "relu"),
    ),
    Hosted(
        "RoBERTa for classes",
        seeded(roberta),
        text,
        (*layers(f"roberta.{OF_BERT}", "hidden_act"), ("classifier:tanh", "")),
        ("gelu", "gelu", "tanh"),
    ),
    Hosted(
        "DistilBERT",
        seeded(distilbert),
        text,
        layers("transformer.layer.{}.ffn.activation", "activation"),
        ("gelu", "gelu"),
    ),
    Hosted(
        "GPT-2",
        seeded(gpt2),
        text,
        layers("transformer.h.{}.mlp.act", "activation_function"),
        ("gelu_tanh", "gelu_tanh"),
    ),
    Hosted(
        "Llama",
        seeded(llama),
        text,
        layers("model.layers.{}.mlp.act_fn", "hidden_act"),
        ("silu", "silu"),
    ),
    Hosted(
        "ViT",
        seeded(vit),
        images,
        (*layers("layers.{}.mlp.activation_fn", "hidden_act"), ("pooler.activation", "pooler_act")),
        ("gelu", "gelu", "tanh"),
    ),
    Hosted("T5, relu", seeded(lambda: t5("relu")), both_texts, T5_SITES, ("relu",) * 4),
    Hosted(
        "T5, gated gelu",
        seeded(lambda: t5("gated-gelu")),
        both_texts,
        T5_SITES,
        ("gelu_tanh",) * 4,
    ),
)
