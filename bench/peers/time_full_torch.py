"""How long PyTorch takes for a text of 8,192 tokens through an encoder of BGE-M3's size in float32 on the CPU: what `tools/models/long-in-browser.ts --beside SECONDS` is held against.

    .cache/peers/venv/bin/python bench/peers/time_full_torch.py [--tokens 8192] [--threads 2]

Weights are random, for time does not depend on them; the table of word embeddings is small, which saves a gigabyte and no time. One pass after a short one.
"""

import argparse
import time

import torch
from transformers import XLMRobertaConfig, XLMRobertaModel

arguments = argparse.ArgumentParser()
arguments.add_argument("--tokens", type=int, default=8192)
arguments.add_argument("--threads", type=int, default=2)
given = arguments.parse_args()

torch.set_num_threads(given.threads)
torch.manual_seed(7)
config = XLMRobertaConfig(
    vocab_size=8192,
    hidden_size=1024,
    num_hidden_layers=24,
    num_attention_heads=16,
    intermediate_size=4096,
    max_position_embeddings=8194,
    type_vocab_size=1,
    layer_norm_eps=1e-5,
)
model = XLMRobertaModel(config, add_pooling_layer=False).eval()
ids = torch.randint(5, config.vocab_size, (1, given.tokens))
with torch.inference_mode():
    model(ids[:, :64])
    began = time.perf_counter()
    states = model(ids).last_hidden_state
    seconds = time.perf_counter() - began
assert torch.isfinite(states).all()
print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, attention {model.config._attn_implementation}: {given.tokens} tokens in {seconds:.1f} s")
