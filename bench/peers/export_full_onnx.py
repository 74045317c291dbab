"""A model of BGE-M3's shape (24 layers of 1,024) as a user of transformers.js would have it: a stock ONNX export, quantised by quantize_dynamic.

    python bench/peers/export_full_onnx.py OUT_DIR [--layers 24] [--words 8192]

Writes the layout that transformers.js loads (dtype "q8"), and report.json. The weights are the formula's (tests/oracle/synthetic_weights.py). Of the table of 250,002 word
embeddings only the first rows are kept, and the bench's texts use no other words: the whole would not fit into one protobuf before it is quantised. It costs no time, and spares the peer
some 250 MB. The other choices are those of export_stock_onnx.py, in the peer's favour.
"""
import argparse
import json
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import XLMRobertaConfig, XLMRobertaModel

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/oracle"))
from synthetic_weights import elements, tensor  # noqa: E402

INPUTS = ["input_ids", "attention_mask"]


class LastHiddenState(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def weights_of(name, shape):
    if "word_embeddings" not in name:
        return torch.from_numpy(tensor(name, shape))
    return torch.from_numpy(elements(name, shape, 0, int(np.prod(shape))).reshape(shape))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--words", type=int, default=8192)
    args = parser.parse_args()
    (args.out / "onnx").mkdir(parents=True, exist_ok=True)
    shape = {"vocab_size": args.words, "hidden_size": 1024, "num_hidden_layers": args.layers, "num_attention_heads": 16, "intermediate_size": 4096,
             "max_position_embeddings": 8194, "type_vocab_size": 1, "layer_norm_eps": 1e-5, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "hidden_act": "gelu"}
    config = XLMRobertaConfig(**shape)
    config._attn_implementation = "eager"
    model = XLMRobertaModel(config, add_pooling_layer=False).eval()
    model.load_state_dict({name: weights_of(name, tuple(value.shape)) for name, value in model.state_dict().items() if value.is_floating_point()}, strict=False)
    ids = torch.randint(5, args.words, (2, 16))
    axes = {0: "batch_size", 1: "sequence_length"}
    with tempfile.TemporaryDirectory(dir=args.out) as folder, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        full = Path(folder) / "model.onnx"
        torch.onnx.export(LastHiddenState(model), (ids, torch.ones_like(ids)), str(full), dynamo=False, opset_version=14, do_constant_folding=True,
                          input_names=INPUTS, output_names=["last_hidden_state"], dynamic_axes={name: axes for name in [*INPUTS, "last_hidden_state"]})
        expected = model(input_ids=ids[:1]).last_hidden_state[0, 0].numpy()
        del model
        quantised = args.out / "onnx" / "model_quantized.onnx"
        quantize_dynamic(full, quantised, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True, extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True})
    session = onnxruntime.InferenceSession(str(quantised), providers=["CPUExecutionProvider"])
    found = session.run(None, {"input_ids": ids[:1].numpy(), "attention_mask": np.ones((1, 16), np.int64)})[0][0, 0]
    cosine = float(found @ expected / np.linalg.norm(found) / np.linalg.norm(expected))
    checkpoint = Path(__file__).resolve().parents[2] / "models/m3-mini"
    shutil.copy(checkpoint / "tokenizer.json", args.out / "tokenizer.json")
    (args.out / "config.json").write_text(json.dumps({"model_type": "xlm-roberta", **shape}, indent=2))
    special = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
    (args.out / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 8192, **special}, indent=2))
    # Last, so that a folder with a report is complete.
    report = {"cosine": cosine, "bytes": quantised.stat().st_size, "words": args.words, "layers": args.layers}
    (args.out / "report.json").write_text(json.dumps(report, indent=2))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
