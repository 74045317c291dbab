"""Small files of torch.save for the tests of the builder's PyTorch reader: tests/fixtures/torch.

python make_torch_fixtures.py
Needs torch, numpy and safetensors from PyPI. The values are the formula of synthetic_weights.py, so the tests can compute them.
"""
import os, pickle, zipfile
from collections import OrderedDict
import torch
from safetensors.torch import save_file
from synthetic_weights import tensor

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fixtures/torch")
HIDDEN, FFN, VOCAB, POSITIONS = 32, 64, 40, 16


def formula(name, *shape):
    return torch.from_numpy(tensor(name, shape))


def encoder():
    """A BERT encoder of one layer."""
    shapes = OrderedDict()
    shapes["embeddings.word_embeddings.weight"] = (VOCAB, HIDDEN)
    shapes["embeddings.position_embeddings.weight"] = (POSITIONS, HIDDEN)
    shapes["embeddings.token_type_embeddings.weight"] = (2, HIDDEN)
    norms = ["embeddings.LayerNorm", "encoder.layer.0.attention.output.LayerNorm", "encoder.layer.0.output.LayerNorm"]
    linears = {f"encoder.layer.0.attention.{part}": (HIDDEN, HIDDEN) for part in ("self.query", "self.key", "self.value", "output.dense")}
    linears |= {"encoder.layer.0.intermediate.dense": (FFN, HIDDEN), "encoder.layer.0.output.dense": (HIDDEN, FFN)}
    for name, shape in linears.items():
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = shape, shape[:1]
    for name in norms:
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (HIDDEN,)
    return OrderedDict((name, formula(name, *shape)) for name, shape in shapes.items())


def awkward(state):
    """The same values where they are float32, in every layout that PyTorch saves without being asked."""
    state = OrderedDict(state)
    layer = "encoder.layer.0."
    for name in ("attention.self.query.weight", "output.dense.weight"):
        state[layer + name] = state[layer + name].t().contiguous().t()  # strides (1, rows)
    state[layer + "attention.self.key.weight"] = torch.cat([torch.zeros(3, HIDDEN), state[layer + "attention.self.key.weight"]])[3:]  # starts inside its storage
    wide = torch.zeros(HIDDEN, 2 * HIDDEN)
    wide[:, ::2] = state[layer + "attention.self.value.weight"]
    state[layer + "attention.self.value.weight"] = wide[:, ::2]  # every other column
    state[layer + "attention.output.dense.weight"] = state[layer + "attention.output.dense.weight"].half()
    state[layer + "intermediate.dense.weight"] = state[layer + "intermediate.dense.weight"].bfloat16()
    state[layer + "output.dense.bias"] = state[layer + "output.dense.bias"].double()
    state["embeddings.LayerNorm.bias"] = torch.nn.Parameter(state["embeddings.LayerNorm.bias"])
    state["embeddings.position_ids"] = torch.arange(POSITIONS).expand(1, -1)
    prefixed = OrderedDict((f"bert.{name}", value) for name, value in state.items())
    prefixed["cls.predictions.bias"] = torch.zeros(VOCAB)
    prefixed._metadata = OrderedDict([("", {"version": 1})])
    return prefixed


class Call:
    """Pickles as a call of any function."""
    def __init__(self, function, *args):
        self.function, self.args = function, args
    def __reduce__(self):
        return self.function, self.args


def archive(name, payload, compression=zipfile.ZIP_STORED):
    """A file as torch.save lays it out, around any pickle."""
    with zipfile.ZipFile(f"{OUT}/{name}", "w", compression) as file:
        for record, data in (("archive/data.pkl", pickle.dumps(payload, protocol=2)), ("archive/byteorder", b"little"), ("archive/version", b"3\n")):
            file.writestr(zipfile.ZipInfo(record), data, compression)


def main():
    os.makedirs(OUT, exist_ok=True)
    state = encoder()
    save_file(state, f"{OUT}/bert.safetensors")
    torch.save(awkward(state), f"{OUT}/bert-awkward.bin")
    torch.save(state, f"{OUT}/bert-protocol-4.bin", pickle_protocol=4)
    for name, rows in (("sparse_linear", 1), ("colbert_linear", 16)):
        torch.save(OrderedDict((part, formula(f"{name}.{part}", *shape)) for part, shape in (("weight", (rows, HIDDEN)), ("bias", (rows,)))), f"{OUT}/{name}.pt")
    torch.save({"weight": torch.zeros(2)}, f"{OUT}/legacy.bin", _use_new_zipfile_serialization=False)
    torch.save([torch.zeros(2)], f"{OUT}/list.bin")
    archive("os-system.bin", {"weight": Call(os.system, "touch executed")})
    archive("eval.bin", OrderedDict(weight=Call(eval, "1 + 1")))
    archive("getattr.bin", {"weight": Call(getattr, OrderedDict, "fromkeys")})
    archive("compressed.bin", {"numbers": [1] * 100}, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
