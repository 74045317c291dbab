"""m3-mini's backbone as a user of transformers.js would have it: a stock ONNX export, quantised by quantize_dynamic.

    python bench/peers/export_stock_onnx.py OUT_DIR [--checkpoint models/m3-mini] [--goldens tests/oracle/goldens-mini.json] [--per-tensor]

Writes the layout that transformers.js loads: config.json, tokenizer.json, tokenizer_config.json, onnx/model_quantized.onnx (dtype "q8"), and
report.json with the cosines of both the fp32 and the q8 graph against the goldens. Fails when the fp32 graph is not the model (cosine < 0.9999).

The choices, all in the peer's favour:
- Export: torch.onnx.export of transformers' BertModel with last_hidden_state and dynamic batch and sequence axes, opset 14, as optimum does it.
  Attention "eager": its graph is twice as fast in ONNX Runtime as the one that torch's fused attention traces to.
- Quantisation: weights int8 per channel in 7 bits (reduce_range), activations uint8 per tensor at run time, nodes with constant weights only: what
  transformers.js' own conversion script asks for with a BERT model. --per-tensor gives quantize_dynamic's bare defaults instead: the same speed,
  but a dense cosine of 0.988 instead of 0.997.

It is not a part of the package: it needs the packages of requirements.txt.
"""
import argparse
import json
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file
from transformers import BertConfig, BertModel

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
BLOCK = 32


def dequantise(path):
    """Tensors of a checkpoint with `.q4` (two per byte, low nibble first, minus 8) and `.scale` (one per 32 inputs) pairs, as float32."""
    stored = load_file(path)
    weights = {}
    for name, values in stored.items():
        if name.endswith(".q4"):
            scale = stored[name[:-3] + ".scale"].astype(np.float32)
            nibbles = np.stack([values & 15, values >> 4], -1).astype(np.float32) - 8
            weights[name[:-3]] = (nibbles.reshape(len(values), -1, BLOCK) * scale[..., None]).reshape(len(values), -1)
        elif not name.endswith(".scale"):
            weights[name] = values.astype(np.float32)
    return weights


class LastHiddenState(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state


def export(checkpoint, file):
    config = BertConfig.from_json_file(checkpoint / "config.json")
    config._attn_implementation = "eager"
    model = BertModel(config, add_pooling_layer=False).eval()
    state = {name: torch.from_numpy(values) for name, values in dequantise(checkpoint / "backbone.q4.safetensors").items()}
    model.load_state_dict(state, strict=True)
    ids = torch.randint(5, 1000, (2, 16))
    axes = {0: "batch_size", 1: "sequence_length"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            LastHiddenState(model), (ids, torch.ones_like(ids), torch.zeros_like(ids)), str(file), dynamo=False, opset_version=14,
            do_constant_folding=True, input_names=INPUTS, output_names=["last_hidden_state"],
            dynamic_axes={name: axes for name in [*INPUTS, "last_hidden_state"]},
        )


def cosines(file, goldens):
    """Dense cosine (mean pooling) of each golden text, by ONNX Runtime on the CPU."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    found = []
    for text in goldens["texts"]:
        ids = np.array([text["ids"]], dtype=np.int64)
        hidden = session.run(None, dict(zip(INPUTS, [ids, np.ones_like(ids), np.zeros_like(ids)])))[0][0]
        pooled, wanted = hidden.mean(0), np.array(text["dense"])
        found.append(float(pooled @ wanted / np.linalg.norm(pooled) / np.linalg.norm(wanted)))
    return {"mean": float(np.mean(found)), "min": float(np.min(found))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--checkpoint", type=Path, default=Path("models/m3-mini"))
    parser.add_argument("--goldens", type=Path, default=Path("tests/oracle/goldens-mini.json"))
    parser.add_argument("--per-tensor", action="store_true", help="quantize_dynamic's bare defaults")
    args = parser.parse_args()
    goldens = json.loads(args.goldens.read_text())
    (args.out / "onnx").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "model.onnx"
        export(args.checkpoint, full)
        report = {"fp32": cosines(full, goldens)}
        if report["fp32"]["min"] < 0.9999:
            raise SystemExit(f"The fp32 export is not the model: {report['fp32']}")
        quantised = args.out / "onnx" / "model_quantized.onnx"
        fine = not args.per_tensor
        quantize_dynamic(
            full, quantised, weight_type=QuantType.QInt8, per_channel=fine, reduce_range=fine,
            extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True},
        )
    report["q8"] = {**cosines(quantised, goldens), "bytes": quantised.stat().st_size, "perChannel": fine, "reduceRange": fine}
    shutil.copy(args.checkpoint / "tokenizer.json", args.out / "tokenizer.json")
    shutil.copy(args.checkpoint / "config.json", args.out / "config.json")
    special = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
    settings = {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 512, "clean_up_tokenization_spaces": True, **special}
    (args.out / "tokenizer_config.json").write_text(json.dumps(settings, indent=2))
    # Last, so that a folder with a report is complete.
    (args.out / "report.json").write_text(json.dumps(report, indent=2))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
