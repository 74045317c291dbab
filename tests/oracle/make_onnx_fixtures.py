"""Small ONNX files with the inputs and outputs of the published ones: tests/fixtures/onnx, one folder for each layout.

python make_onnx_fixtures.py
Needs torch, transformers, onnx and onnxruntime from PyPI. Weights are the formula's (synthetic_weights.py), so that the tests can build the same model from its checkpoint.

| folder         | as in                                                    | outputs                                                  | besides                                   |
| three-heads    | aapot/bge-m3-onnx                                        | dense_vecs, sparse_vecs, colbert_vecs                    | normalised, ColBERT without the first row |
| three-heads-q8 | gpahal/bge-m3-onnx-int8                                  | the same                                                 | quantize_dynamic                          |
| three-names    | yuniko-software/bge-m3-onnx                              | dense_embeddings, sparse_weights, colbert_vectors        | external data                             |
| hidden         | Xenova/bge-m3, with BAAI's sparse_linear.pt and colbert_linear.pt | last_hidden_state                               | heads from .pt files                      |
| sentence       | BAAI/bge-m3, folder onnx                                 | token_embeddings, sentence_embedding                     | external data, no lexical or ColBERT head |
"""
import json, os, shutil, tempfile, warnings
import onnx, torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import XLMRobertaConfig, XLMRobertaModel
from synthetic_weights import tensor

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fixtures/onnx")
HIDDEN, LAYERS, HEADS, FFN, VOCAB, POSITIONS, COLBERT = 32, 2, 4, 64, 300, 66, 32
CONFIG = {"model_type": "xlm-roberta", "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": FFN,
          "layer_norm_eps": 1e-5, "vocab_size": VOCAB, "max_position_embeddings": POSITIONS, "type_vocab_size": 1, "pad_token_id": 1, "hidden_act": "gelu"}
formula = lambda name, *shape: torch.from_numpy(tensor(name, shape))
normalised = lambda x: torch.nn.functional.normalize(x, dim=-1)


def encoder():
    config = XLMRobertaConfig(**{key: value for key, value in CONFIG.items() if key != "model_type"}, bos_token_id=0, eos_token_id=2)
    config._attn_implementation = "eager"
    model = XLMRobertaModel(config, add_pooling_layer=False).eval()
    model.load_state_dict({k: formula(k, *v.shape) for k, v in model.state_dict().items() if v.is_floating_point()}, strict=False)
    return model


class Layout(torch.nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.encoder, self.outputs = encoder(), outputs
        for name, rows in (("sparse_linear", 1), ("colbert_linear", COLBERT)):
            linear = torch.nn.Linear(HIDDEN, rows)
            linear.load_state_dict({"weight": formula(f"{name}.weight", rows, HIDDEN), "bias": formula(f"{name}.bias", rows)})
            setattr(self, name, linear)

    def forward(self, input_ids, attention_mask):
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        all_of_them = {
            "dense": lambda: normalised(hidden[:, 0]),
            "sparse": lambda: torch.relu(self.sparse_linear(hidden)),
            "colbert": lambda: normalised(self.colbert_linear(hidden[:, 1:]) * attention_mask[:, 1:, None].float()),
            "hidden": lambda: hidden,
        }
        return tuple(all_of_them[output]() for output in self.outputs.values())


def export(folder, file, outputs, external=None):
    path = os.path.join(OUT, folder, file)
    os.makedirs(os.path.dirname(path))
    names = ["input_ids", "attention_mask"]
    axes = {name: {0: "batch_size", 1: "sequence_length"} for name in names}
    axes |= {name: {0: "batch_size"} if kind == "dense" else {0: "batch_size", 1: "tokens"} for name, kind in outputs.items()}
    ids = torch.randint(5, VOCAB, (2, 9))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Layout(outputs), (ids, torch.ones_like(ids)), path, dynamo=False, opset_version=17, input_names=names, output_names=list(outputs), dynamic_axes=axes)
    if external:
        onnx.save_model(onnx.load(path), path, save_as_external_data=True, all_tensors_to_one_file=True, location=external, size_threshold=256)
    with open(os.path.join(OUT, folder, "config.json"), "w") as out:
        json.dump(CONFIG, out, indent=1)


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    vecs = {"dense_vecs": "dense", "sparse_vecs": "sparse", "colbert_vecs": "colbert"}
    export("three-heads", "model.onnx", vecs)
    export("three-heads-q8", "full.onnx", vecs)
    q8 = os.path.join(OUT, "three-heads-q8")
    quantize_dynamic(f"{q8}/full.onnx", f"{q8}/model_quantized.onnx", weight_type=QuantType.QInt8, per_channel=True, reduce_range=True, extra_options={"MatMulConstBOnly": True})
    os.remove(f"{q8}/full.onnx")
    export("three-names", "bge_m3_model.onnx", {"dense_embeddings": "dense", "sparse_weights": "sparse", "colbert_vectors": "colbert"}, "bge_m3_model.onnx_data")
    export("hidden", "onnx/model.onnx", {"last_hidden_state": "hidden"})
    for name, rows in (("sparse_linear", 1), ("colbert_linear", COLBERT)):
        torch.save({"weight": formula(f"{name}.weight", rows, HIDDEN), "bias": formula(f"{name}.bias", rows)}, os.path.join(OUT, "hidden", f"{name}.pt"))
    export("sentence", "onnx/model.onnx", {"token_embeddings": "hidden", "sentence_embedding": "dense"}, "model.onnx_data")


if __name__ == "__main__":
    main()
