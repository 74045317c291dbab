"""A checkpoint folder of BGE-M3's layout as it is published, with the weights of synthetic_weights.py: for tools/models/convert-full.ts.

python make_checkpoint.py OUT --tokenizer DIR [--format bin|safetensors] [--dtype fp32|fp16] [--layers 24 --hidden 1024 --heads 16 --ffn 4096]
Needs torch, numpy and safetensors from PyPI. The full size takes 2.3 GB on disk and as much memory. DIR has a tokenizer.json.
"""
import argparse, json, os, shutil
from collections import OrderedDict
import numpy as np, torch
from safetensors.torch import save_file
from synthetic_weights import elements, tensor

CHUNK = 2**24


def large(name, shape, dtype):
    count = int(np.prod(shape))
    whole = torch.empty(count, dtype=dtype)
    for first in range(0, count, CHUNK):
        some = min(CHUNK, count - first)
        whole[first : first + some] = torch.from_numpy(elements(name, shape, first, some))
    return whole.reshape(shape)


def shapes(a):
    h, f = a.hidden, a.ffn
    linear = lambda name, rows, cols: [(f"{name}.weight", (rows, cols)), (f"{name}.bias", (rows,))]
    norm = lambda name: [(f"{name}.LayerNorm.weight", (h,)), (f"{name}.LayerNorm.bias", (h,))]
    yield from [("embeddings.word_embeddings.weight", (250002, h)), ("embeddings.position_embeddings.weight", (8194, h))]
    yield from [("embeddings.token_type_embeddings.weight", (1, h)), *norm("embeddings")]
    for layer in (f"encoder.layer.{i}" for i in range(a.layers)):
        for part in ("query", "key", "value"):
            yield from linear(f"{layer}.attention.self.{part}", h, h)
        yield from [*linear(f"{layer}.attention.output.dense", h, h), *norm(f"{layer}.attention.output")]
        yield from [*linear(f"{layer}.intermediate.dense", f, h), *linear(f"{layer}.output.dense", h, f), *norm(f"{layer}.output")]
    yield from linear("pooler.dense", h, h)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("out"); ap.add_argument("--tokenizer", required=True)
    ap.add_argument("--format", choices=["bin", "safetensors"], default="bin"); ap.add_argument("--dtype", choices=["fp32", "fp16"], default="fp32")
    ap.add_argument("--layers", type=int, default=24); ap.add_argument("--hidden", type=int, default=1024)
    ap.add_argument("--heads", type=int, default=16); ap.add_argument("--ffn", type=int, default=4096)
    a = ap.parse_args()
    os.makedirs(a.out)
    dtype = torch.float16 if a.dtype == "fp16" else torch.float32
    state = OrderedDict((name, large(name, shape, dtype)) for name, shape in shapes(a))
    if a.format == "bin":
        torch.save(state, f"{a.out}/pytorch_model.bin")
    else:
        save_file(state, f"{a.out}/model.safetensors")
    for head, rows in (("sparse_linear", 1), ("colbert_linear", a.hidden)):
        parts = (("weight", (rows, a.hidden)), ("bias", (rows,)))
        torch.save({part: torch.from_numpy(tensor(f"{head}.{part}", shape)).to(dtype) for part, shape in parts}, f"{a.out}/{head}.pt")
    config = {"model_type": "xlm-roberta", "hidden_size": a.hidden, "num_hidden_layers": a.layers, "num_attention_heads": a.heads,
              "intermediate_size": a.ffn, "layer_norm_eps": 1e-5, "vocab_size": 250002, "max_position_embeddings": 8194, "type_vocab_size": 1,
              "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "hidden_act": "gelu", "position_embedding_type": "absolute"}
    with open(f"{a.out}/config.json", "w") as file:
        json.dump(config, file, indent=2)
    shutil.copy(f"{a.tokenizer}/tokenizer.json", a.out)


if __name__ == "__main__":
    main()
