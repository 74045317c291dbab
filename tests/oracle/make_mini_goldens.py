"""goldens-mini.json anew, for other heads: three heads of m3-mini by PyTorch in float32, of the 4-bit weights dequantised and models/m3-mini/heads.safetensors.

python make_mini_goldens.py            from the repository root; needs torch, transformers, safetensors, numpy

Texts and ids are those of the file, whose dense vectors must come out as they are there: they do not depend on the heads, and another script made them.
A head is a chain of linear layers: <head>_hidden with relu where it is there, then <head>_linear. A first layer of twice the width reads a token's first
hidden state (the embedding after its LayerNorm) after the last one.
"""
import json
import numpy as np, torch
from safetensors import safe_open
from transformers import BertConfig, BertModel
from make_self_test import FOLDER, dequantised

FILE = "tests/oracle/goldens-mini.json"
ROWS = 4
SPECIAL_IDS = range(4)


def heads():
    with safe_open(f"{FOLDER}/heads.safetensors", "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}

    def apply(head, last, first):
        names = [name for name in (f"{head}_hidden", f"{head}_linear") if f"{name}.weight" in tensors]
        x = torch.cat([last, first], 1) if tensors[f"{names[0]}.weight"].shape[1] == 2 * last.shape[1] else last
        for name in names:
            x = torch.nn.functional.linear(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"])
            if name != "colbert_linear":
                x = torch.relu(x)
        return x

    return apply


def rounded(values):
    return [round(float(value), 6) for value in values]


def main():
    model = BertModel(BertConfig.from_json_file(f"{FOLDER}/config.json"), add_pooling_layer=False).eval()
    model.load_state_dict(dequantised(), strict=False)
    apply = heads()
    goldens = json.load(open(FILE))
    for text in goldens["texts"]:
        ids, begin = text["ids"], 1 + text["prompt_tokens"]
        with torch.no_grad():
            states = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
            last, first = states[-1][0], states[0][0]
            dense = torch.nn.functional.normalize(last.mean(0), dim=0).numpy()
            weights = apply("sparse", last, first)[:, 0]
            colbert = torch.nn.functional.normalize(apply("colbert", last, first)[begin:], dim=1)
        assert np.allclose(dense, text["dense"], atol=2e-6), text["text"]
        lexical = {}
        for id, weight in list(zip(ids, weights.tolist()))[begin:-1]:
            if id not in SPECIAL_IDS and weight > 0:
                lexical[str(id)] = max(lexical.get(str(id), 0), weight)
        text["lexical"] = {id: round(weight, 6) for id, weight in lexical.items()}
        text["colbert_rows"], text["colbert"] = len(colbert), [rounded(row) for row in colbert[:ROWS]]
    json.dump(goldens, open(FILE, "w"), ensure_ascii=False)


if __name__ == "__main__":
    main()
