"""goldens-wide.json: two layers of BGE-M3's width with a text long enough for attention in chunks, by transformers' XLMRobertaModel in float32.

python make_wide_goldens.py [--check]      --check compares with goldens-tiny.json instead, which FlagEmbedding made: the heads below are its own
Needs torch and transformers from PyPI.
"""
import argparse, gzip, json, os
from collections import defaultdict
import numpy as np, torch
from transformers import XLMRobertaConfig, XLMRobertaModel
from synthetic_weights import tensor

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = 2  # ColBERT vectors from the beginning of each text; besides them its last one


def model_of(config):
    cfg = XLMRobertaConfig(vocab_size=config["vocab"], hidden_size=config["hidden"], num_hidden_layers=config["layers"], num_attention_heads=config["heads"],
                           intermediate_size=config["ffn"], max_position_embeddings=config["max_position_embeddings"], type_vocab_size=1,
                           layer_norm_eps=config["layer_norm_eps"], pad_token_id=1, bos_token_id=0, eos_token_id=2, hidden_act="gelu")
    model = XLMRobertaModel(cfg, add_pooling_layer=False).eval()
    model.load_state_dict({k: torch.from_numpy(tensor(k, tuple(v.shape))) for k, v in model.state_dict().items() if v.is_floating_point()}, strict=False)
    return model


def heads(config, model, ids):
    linear = lambda name, rows, x: x @ torch.from_numpy(tensor(f"{name}.weight", (rows, config["hidden"]))).T + torch.from_numpy(tensor(f"{name}.bias", (rows,)))
    with torch.no_grad():
        hidden = model(torch.tensor([ids])).last_hidden_state[0]
        lexical = defaultdict(float)
        for token, weight in zip(ids, torch.relu(linear("sparse_linear", 1, hidden)[:, 0]).tolist()):
            if token > 3 and weight > lexical[token]:
                lexical[token] = weight
        colbert = torch.nn.functional.normalize(linear("colbert_linear", config["colbert_dim"], hidden[1:]), dim=-1)
        dense = torch.nn.functional.normalize(hidden[0], dim=-1)
    return dense.numpy(), dict(lexical), colbert.numpy()


def check():
    golden = json.load(open(f"{HERE}/goldens-tiny.json"))
    model = model_of(golden["config"])
    worst = 0.0
    for text in golden["texts"]:
        dense, lexical, colbert = heads(golden["config"], model, text["ids"])
        worst = max(worst, np.abs(dense - text["dense"]).max(), np.abs(colbert[: len(text["colbert"])] - np.array(text["colbert"])).max() if text["colbert"] else 0)
        keys = set(text["lexical"]) | {str(k) for k in lexical}
        worst = max([worst, *(abs(text["lexical"].get(k, 0) - lexical.get(int(k), 0)) for k in keys)])
    print("largest difference from FlagEmbedding:", worst)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--check", action="store_true")
    if ap.parse_args().check:
        return check()
    full = json.load(gzip.open(f"{HERE}/goldens-full.json.gz"))
    config = {**full["config"], "layers": 2}
    model = model_of(config)
    long = next(text for text in full["texts"] if len(text["ids"]) > 4096)
    ids = [text["ids"] for text in full["texts"][:3]] + [long["ids"][:1299] + [2]]
    rnd = lambda x: [round(float(v), 5) for v in x]
    out = []
    for text in ids:
        dense, lexical, colbert = heads(config, model, text)
        out.append({"ids": text, "dense": rnd(dense), "lexical": {str(k): round(v, 5) for k, v in lexical.items()}, "colbert": [rnd(row) for row in colbert[:ROWS]],
                    "colbert_last": rnd(colbert[-1])})
    with open(f"{HERE}/goldens-wide.json", "w") as file:
        json.dump({"config": config, "texts": out}, file)


if __name__ == "__main__":
    main()
