"""Losses and gradients of FlagEmbedding's M3 finetuning code on small fixed inputs.

python make_training_goldens.py training-goldens.json

Needs torch, transformers and FlagEmbedding from PyPI. Only the model class is used (finetune/embedder/encoder_only/m3/modeling.py and its base class), loaded
without its package, which would import much more. The encoder is replaced by hidden states that are given. All in float64. Queries have one length and passages
another, so that nothing is padded: in the reference, padding takes part in the ColBERT maximum.
"""
import importlib.metadata, importlib.util, json, os, sys, types
from types import SimpleNamespace

import torch


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def reference_model():
    root = next(os.path.join(folder, "FlagEmbedding") for folder in sys.path if os.path.isdir(os.path.join(folder, "FlagEmbedding")))
    base = load("base", f"{root}/abc/finetune/embedder/AbsModeling.py")
    for package in ("FlagEmbedding", "FlagEmbedding.abc", "FlagEmbedding.abc.finetune"):
        sys.modules[package] = types.ModuleType(package)
    sys.modules["FlagEmbedding.abc.finetune.embedder"] = base
    return load("modeling", f"{root}/finetune/embedder/encoder_only/m3/modeling.py").EncoderOnlyEmbedderM3Model


HIDDEN, DIM, VOCABULARY = 8, 4, 24
QUERIES, GROUP, QUERY_TOKENS, PASSAGE_TOKENS = 4, 2, 6, 9
TEMPERATURE = 0.02


class GivenStates(torch.nn.Module):
    config = SimpleNamespace(vocab_size=VOCABULARY)

    def forward(self, states, **_):
        return SimpleNamespace(last_hidden_state=states)


def rounded(*shape, scale=1.0):
    return (torch.randn(*shape, dtype=torch.float64) * scale * 1000).round() / 1000


def texts(count, tokens):
    ids = torch.randint(4, VOCABULARY, (count, tokens))
    ids[:, 0], ids[:, -1] = 0, 2
    return {"states": rounded(count, tokens, HIDDEN), "input_ids": ids, "attention_mask": torch.ones(count, tokens, dtype=torch.long)}


def linear(outputs, scale):
    layer = torch.nn.Linear(HIDDEN, outputs, dtype=torch.float64)
    layer.weight.data, layer.bias.data = rounded(outputs, HIDDEN, scale=scale), rounded(outputs, scale=scale)
    return layer


def adamw():
    """A few steps of AdamW, with decay and with gradients that are clipped."""
    start, gradients = rounded(5), rounded(6, 5, scale=2.0)
    parameter = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.AdamW([parameter], lr=0.01, weight_decay=0.1)
    values = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        torch.nn.utils.clip_grad_norm_([parameter], 1.0)
        optimizer.step()
        values.append(parameter.detach().tolist())
    return {"start": start.tolist(), "gradients": gradients.tolist(), "values": values}


def main():
    Model = reference_model()
    torch.manual_seed(7)
    queries, passages = texts(QUERIES, QUERY_TOKENS), texts(QUERIES * GROUP, PASSAGE_TOKENS)
    sparse, colbert = linear(1, 0.08), linear(DIM, 0.3)
    scores = rounded(QUERIES, GROUP)
    cases = []
    for distills, teacher in ((False, None), (True, None), (True, scores)):
        model = Model(
            {"model": GivenStates(), "sparse_linear": sparse, "colbert_linear": colbert},
            tokenizer=SimpleNamespace(cls_token_id=0, eos_token_id=2, pad_token_id=1, unk_token_id=3, padding_side="right"),
            temperature=TEMPERATURE, kd_loss_type="kl_div", sentence_pooling_method="mean", normalize_embeddings=True, use_self_distill=distills,
        )
        model.train()
        model.zero_grad()
        loss = model(queries=queries, passages=passages, teacher_scores=None if teacher is None else teacher.flatten().tolist()).loss
        loss.backward()
        gradients = {f"{name}.{part}": getattr(layer, part).grad.flatten().tolist()
                     for name, layer in (("sparse_linear", sparse), ("colbert_linear", colbert)) for part in ("weight", "bias")}
        cases.append({"distills": distills, "teacherScores": teacher.tolist() if teacher is not None else None, "loss": loss.item(), "gradients": gradients})
    plain = lambda side: {"ids": side["input_ids"].tolist(), "states": side["states"].flatten(1).tolist()}
    golden = {
        "made": {package: importlib.metadata.version(package) for package in ("FlagEmbedding", "torch")},
        "hidden": HIDDEN, "dim": DIM, "group": GROUP, "temperature": TEMPERATURE, "queries": plain(queries), "passages": plain(passages),
        "parameters": {f"{name}.{part}": getattr(layer, part).detach().flatten().tolist()
                       for name, layer in (("sparse_linear", sparse), ("colbert_linear", colbert)) for part in ("weight", "bias")},
        "cases": cases, "adamw": adamw(),
    }
    with open(sys.argv[1], "w") as out:
        json.dump(golden, out)
        out.write("\n")


main()
