"""A GPT-2 folder (config.json, model.safetensors) as onnx/model.onnx in the layout that transformers.js decodes from.

    python3 bench/decode_onnx.py FOLDER

Inputs input_ids, attention_mask, position_ids, past_key_values.N.key and .value; outputs logits, present.N.key and .value.
"""

import json
import math
import struct
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

folder = Path(sys.argv[1])
config = json.loads((folder / "config.json").read_text())
dim, layers, heads = config["n_embd"], config["n_layer"], config["n_head"]
epsilon = config["layer_norm_epsilon"]


def read_safetensors(path):
    blob = path.read_bytes()
    (size,) = struct.unpack("<Q", blob[:8])
    header = json.loads(blob[8 : 8 + size])
    header.pop("__metadata__", None)
    part = lambda e: np.frombuffer(blob[8 + size :][e["data_offsets"][0] : e["data_offsets"][1]], np.float32)
    return {name: torch.from_numpy(part(e).reshape(e["shape"]).copy()) for name, e in header.items()}


class Gpt2(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.w = nn.ParameterDict({k.replace(".", "_"): nn.Parameter(v, requires_grad=False) for k, v in weights.items()})

    def linear(self, x, name):
        return x @ self.w[f"{name}_weight"] + self.w[f"{name}_bias"]

    def norm(self, x, name):
        return F.layer_norm(x, (dim,), self.w[f"{name}_weight"], self.w[f"{name}_bias"], epsilon)

    def forward(self, tokens, mask, positions, *past):
        x = self.w["wte_weight"][tokens] + self.w["wpe_weight"][positions]
        # A key is seen from its own place on, and where the mask has it.
        places = torch.cumsum(torch.ones_like(mask), 1) - 1
        sees = places[:, None, None, :] <= positions[:, None, :, None]
        bias = (1 - (sees & (mask[:, None, None, :] > 0)).float()) * -1e9
        present = []
        for i in range(layers):
            split = lambda p: p.reshape(p.shape[0], p.shape[1], heads, dim // heads).transpose(1, 2)
            q, k, v = map(split, self.linear(self.norm(x, f"h_{i}_ln_1"), f"h_{i}_attn_c_attn").split(dim, -1))
            k, v = torch.cat([past[2 * i], k], 2), torch.cat([past[2 * i + 1], v], 2)
            present += [k, v]
            weights = F.softmax(q @ k.transpose(-1, -2) / math.sqrt(dim // heads) + bias, -1)
            x = x + self.linear((weights @ v).transpose(1, 2).reshape(x.shape), f"h_{i}_attn_c_proj")
            h = self.linear(self.norm(x, f"h_{i}_ln_2"), f"h_{i}_mlp_c_fc")
            h = 0.5 * h * (1 + torch.tanh(0.7978845608 * (h + 0.044715 * h * h * h)))
            x = x + self.linear(h, f"h_{i}_mlp_c_proj")
        return (self.norm(x, "ln_f") @ self.w["wte_weight"].T, *present)


names = [f"{i}.{part}" for i in range(layers) for part in ("key", "value")]
inputs = ["input_ids", "attention_mask", "position_ids", *(f"past_key_values.{n}" for n in names)]
outputs = ["logits", *(f"present.{n}" for n in names)]
axes = {n: {0: "batch", 1: "seq"} for n in ("input_ids", "position_ids", "logits")}
axes["attention_mask"] = {0: "batch", 1: "total"}
axes.update({f"past_key_values.{n}": {0: "batch", 2: "past"} for n in names})
axes.update({f"present.{n}": {0: "batch", 2: "total"} for n in names})
past = [torch.zeros(1, heads, 2, dim // heads) for _ in names]
example = (torch.ones(1, 3, dtype=torch.long), torch.ones(1, 5, dtype=torch.long), torch.arange(2, 5)[None], *past)
(folder / "onnx").mkdir(exist_ok=True)
model = Gpt2(read_safetensors(folder / "model.safetensors")).eval()
torch.onnx.export(
    model, example, str(folder / "onnx" / "model.onnx"),
    input_names=inputs, output_names=outputs, dynamic_axes=axes, opset_version=14,
)
