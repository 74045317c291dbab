"""Known answers of m3-mini for its self-test: dense vectors of PyTorch in float32, of the 4-bit weights dequantised.

python make_self_test.py OUT.json          from the repository root; needs torch, transformers, tokenizers, safetensors, numpy

The texts have tokens of the first 2,048 ids only, which every visit reads anyway: each further page of the embedding table would be 0.2 MB to download. The
second one is longer than 32 tokens, where kernels take other paths. Checked against goldens-mini.json, which was made by another script.
"""
import json, sys
import numpy as np, torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

FOLDER = "models/m3-mini"
PROMPT = "query: "
TEXTS = [
    "is it you?",
    "He was not with me in 2018, and you are not with us in this: we can have it all, or you can go to the man, as it is on you.",
]
HOT_IDS = 2048


def dequantised():
    state = {}
    with safe_open(f"{FOLDER}/backbone.q4.safetensors", "np") as file:
        for name in file.keys():
            if name.endswith(".scale"):
                continue
            if not name.endswith(".q4"):
                state[name] = file.get_tensor(name)
                continue
            name = name.removesuffix(".q4")
            packed, scale = file.get_tensor(f"{name}.q4"), file.get_tensor(f"{name}.scale").astype(np.float32)
            nibbles = np.stack([packed & 15, packed >> 4], axis=-1).reshape(packed.shape[0], -1).astype(np.float32) - 8
            state[name] = nibbles * np.repeat(scale, 32, axis=1)
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in state.items()}


def main(out):
    model = BertModel(BertConfig.from_json_file(f"{FOLDER}/config.json"), add_pooling_layer=False).eval()
    missing, unexpected = model.load_state_dict(dequantised(), strict=False)
    assert not unexpected and all("position_ids" in name for name in missing), (missing, unexpected)
    tokenizer = Tokenizer.from_file(f"{FOLDER}/tokenizer.json")

    def dense(ids):
        with torch.no_grad():
            pooled = model(input_ids=torch.tensor([ids])).last_hidden_state[0].mean(0)
        return torch.nn.functional.normalize(pooled, dim=0)

    golden = next(text for text in json.load(open("tests/oracle/goldens-mini.json"))["texts"] if len(text["ids"]) > 30)
    assert np.allclose(dense(golden["ids"]).numpy(), golden["dense"], atol=2e-6)

    answers = []
    for text in TEXTS:
        ids = tokenizer.encode(PROMPT + text).ids
        assert max(ids) < HOT_IDS, (text, max(ids))
        answers.append({"text": text, "kind": "query", "ids": ids, "dense": [round(float(value), 6) for value in dense(ids)]})
    json.dump(answers, open(out, "w"))


if __name__ == "__main__":
    main(sys.argv[1])
