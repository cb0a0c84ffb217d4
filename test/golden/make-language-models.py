"""Tiny random language models of each family and their logits, by forwards written out in PyTorch.

    /usr/bin/python3 test/golden/make-language-models.py FOLDER [stories260K.bin]

writes a folder a model (config.json, safetensors) and logits.json: tokens, and logits of every position. With a llama2.c
checkpoint also stories.json: the tokens that greedy decoding gives, a float32 forward in NumPy's order of operations.
"""

import json
import math
import struct
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

VOCAB, CONTEXT, DIM, LAYERS, HEADS = 40, 24, 16, 2, 4


def save(path, tensors, bf16=False):
    """The safetensors format by hand."""
    header, blobs, at = {}, [], 0
    for name in sorted(tensors):
        value = tensors[name].detach().contiguous()
        if bf16:
            data = (value.numpy().view(np.uint32) >> 16).astype(np.uint16).tobytes()
        else:
            data = value.numpy().tobytes()
        kind = "BF16" if bf16 else "F32"
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [at, at + len(data)]}
        blobs.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def randn(*shape, scale=0.3):
    return torch.randn(*shape) * scale


def to_bf16(tensors):
    """The nearest values towards zero that 16 bits hold, so that both sides compute with the same numbers."""
    return {k: torch.from_numpy(((v.numpy().view(np.uint32) >> 16) << 16).view(np.float32).copy()) for k, v in tensors.items()}


def attention(q, k, v):
    """[batch, head, seq, dim] each, causal."""
    seq = q.shape[2]
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    mask = torch.triu(torch.ones(seq, seq, dtype=torch.bool), 1)
    return F.softmax(scores.masked_fill(mask, float("-inf")), -1) @ v


def heads(x, dim):
    return x.view(x.shape[0], x.shape[1], -1, dim).transpose(1, 2)


def gpt2():
    w = {"wte.weight": randn(VOCAB, DIM), "wpe.weight": randn(CONTEXT, DIM)}
    for i in range(LAYERS):
        for name, fan_in, fan_out in [
            ("attn.c_attn", DIM, 3 * DIM), ("attn.c_proj", DIM, DIM), ("mlp.c_fc", DIM, 4 * DIM), ("mlp.c_proj", 4 * DIM, DIM)
        ]:
            w[f"h.{i}.{name}.weight"], w[f"h.{i}.{name}.bias"] = randn(fan_in, fan_out), randn(fan_out)
        for name in ["ln_1", "ln_2"]:
            w[f"h.{i}.{name}.weight"], w[f"h.{i}.{name}.bias"] = 1 + randn(DIM), randn(DIM)
    w["ln_f.weight"], w["ln_f.bias"] = 1 + randn(DIM), randn(DIM)

    def forward(tokens):
        x = w["wte.weight"][tokens] + w["wpe.weight"][: tokens.shape[1]]
        for i in range(LAYERS):
            g = lambda name: w[f"h.{i}.{name}"]
            conv = lambda y, name: y @ g(name + ".weight") + g(name + ".bias")
            norm = lambda y, name: F.layer_norm(y, (DIM,), g(name + ".weight"), g(name + ".bias"), 1e-5)
            q, k, v = (heads(part, DIM // HEADS) for part in conv(norm(x, "ln_1"), "attn.c_attn").split(DIM, -1))
            y = attention(q, k, v).transpose(1, 2).reshape(x.shape)
            x = x + conv(y, "attn.c_proj")
            h = conv(norm(x, "ln_2"), "mlp.c_fc")
            h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
            x = x + conv(h, "mlp.c_proj")
        x = F.layer_norm(x, (DIM,), w["ln_f.weight"], w["ln_f.bias"], 1e-5)
        return x @ w["wte.weight"].T

    config = {
        "model_type": "gpt2", "vocab_size": VOCAB, "n_positions": CONTEXT, "n_embd": DIM, "n_layer": LAYERS, "n_head": HEADS,
        "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "eos_token_id": 0,
    }
    # As transformers saves it: with a prefix, and buffers that are no parameters.
    files = {f"transformer.{k}": v for k, v in w.items()}
    files["transformer.h.0.attn.masked_bias"] = torch.tensor(-1e4)
    return config, files, forward


def rotate(x, angles):
    half = x.shape[-1] // 2
    turned = torch.cat([-x[..., half:], x[..., :half]], -1)
    return x * torch.cos(angles) + turned * torch.sin(angles)


def frequencies(head_dim, theta, scaling):
    rates = theta ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    if not scaling:
        return rates
    factor, low, high = scaling["factor"], scaling["low_freq_factor"], scaling["high_freq_factor"]
    old = scaling["original_max_position_embeddings"]
    wavelength = 2 * math.pi / rates
    smooth = (old / wavelength - low) / (high - low)
    blended = (1 - smooth) * rates / factor + smooth * rates
    out = torch.where(wavelength > old / low, rates / factor, rates)
    middle = (wavelength <= old / low) & (wavelength >= old / high)
    return torch.where(middle, blended, out)


def llama(kind, kv_heads, head_dim, theta, tied, scaling=None, bf16=False):
    w = {"model.embed_tokens.weight": randn(VOCAB, DIM)}
    hidden = 24
    for i in range(LAYERS):
        p = f"model.layers.{i}."
        for name, fan_in, fan_out in [
            ("self_attn.q_proj", DIM, HEADS * head_dim), ("self_attn.k_proj", DIM, kv_heads * head_dim),
            ("self_attn.v_proj", DIM, kv_heads * head_dim), ("self_attn.o_proj", HEADS * head_dim, DIM),
            ("mlp.gate_proj", DIM, hidden), ("mlp.up_proj", DIM, hidden), ("mlp.down_proj", hidden, DIM),
        ]:
            w[p + name + ".weight"] = randn(fan_out, fan_in)
            if kind == "qwen2" and name[-6:] in ("q_proj", "k_proj", "v_proj"):
                w[p + name + ".bias"] = randn(fan_out)
        for name in ["input_layernorm", "post_attention_layernorm"]:
            w[p + name + ".weight"] = 1 + randn(DIM)
        if kind == "qwen3":
            w[p + "self_attn.q_norm.weight"], w[p + "self_attn.k_norm.weight"] = 1 + randn(head_dim), 1 + randn(head_dim)
    w["model.norm.weight"] = 1 + randn(DIM)
    if not tied:
        w["lm_head.weight"] = randn(VOCAB, DIM)
    if bf16:
        w = to_bf16(w)

    def rms(x, weight):
        return weight * x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)

    def forward(tokens):
        x = w["model.embed_tokens.weight"][tokens]
        places = torch.arange(tokens.shape[1], dtype=torch.float64)[:, None]
        angles = (places * frequencies(head_dim, theta, scaling)).float().repeat(1, 2)
        for i in range(LAYERS):
            g = lambda name: w[f"model.layers.{i}.{name}.weight"]
            lin = lambda y, name: F.linear(y, g(name), w.get(f"model.layers.{i}.{name}.bias"))
            y = rms(x, g("input_layernorm"))
            q, k, v = (heads(lin(y, f"self_attn.{n}_proj"), head_dim) for n in "qkv")
            if kind == "qwen3":
                q, k = rms(q, g("self_attn.q_norm")), rms(k, g("self_attn.k_norm"))
            q, k = rotate(q, angles), rotate(k, angles)
            k, v = (z.repeat_interleave(HEADS // kv_heads, 1) for z in (k, v))
            y = attention(q, k, v).transpose(1, 2).reshape(x.shape[0], x.shape[1], -1)
            x = x + lin(y, "self_attn.o_proj")
            y = rms(x, g("post_attention_layernorm"))
            x = x + lin(F.silu(lin(y, "mlp.gate_proj")) * lin(y, "mlp.up_proj"), "mlp.down_proj")
        return rms(x, w["model.norm.weight"]) @ w["model.embed_tokens.weight" if tied else "lm_head.weight"].T

    config = {
        "model_type": kind, "vocab_size": VOCAB, "max_position_embeddings": CONTEXT, "hidden_size": DIM, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "num_key_value_heads": kv_heads, "head_dim": head_dim, "intermediate_size": hidden,
        "rms_norm_eps": 1e-6, "rope_theta": theta, "tie_word_embeddings": tied, "eos_token_id": 0,
    }
    if scaling:
        config["rope_scaling"] = {"rope_type": "llama3", **scaling}
    return config, w, forward


def stories(path, steps=200):
    """Greedy tokens of a llama2.c checkpoint, a position at a time."""
    raw = Path(path).read_bytes()
    dim, hidden, layers, n_heads, kv, vocab, seq = struct.unpack("7i", raw[:28])
    w, at = np.frombuffer(raw[28:], np.float32), 0

    def take(*shape):
        nonlocal at
        size = int(np.prod(shape))
        at += size
        return w[at - size : at].reshape(shape)

    hd = dim // n_heads
    emb, rms_att = take(abs(vocab), dim), take(layers, dim)
    wq, wk, wv, wo = take(layers, dim, dim), take(layers, kv * hd, dim), take(layers, kv * hd, dim), take(layers, dim, dim)
    rms_ffn, w1, w2, w3 = take(layers, dim), take(layers, hidden, dim), take(layers, dim, hidden), take(layers, hidden, dim)
    last = take(dim)
    keys, values = [[] for _ in range(layers)], [[] for _ in range(layers)]
    norm = lambda x, g: g * x / np.sqrt((x * x).mean() + 1e-5)
    tokens = [1]
    for pos in range(steps - 1):
        x = emb[tokens[-1]]
        turn = pos * 10000.0 ** (-np.arange(0, hd, 2) / hd)

        def rope(y):
            y = y.reshape(-1, hd // 2, 2)
            c, s = np.cos(turn), np.sin(turn)
            return np.stack([y[..., 0] * c - y[..., 1] * s, y[..., 0] * s + y[..., 1] * c], -1).reshape(-1, hd)

        for i in range(layers):
            y = norm(x, rms_att[i])
            q, k = rope(wq[i] @ y), rope(wk[i] @ y)
            keys[i].append(k)
            values[i].append((wv[i] @ y).reshape(-1, hd))
            K, V = (np.repeat(np.stack(z[i]), n_heads // kv, 1) for z in (keys, values))
            s = np.einsum("hd,thd->ht", q, K) / math.sqrt(hd)
            a = np.exp(s - s.max(1, keepdims=True))
            a /= a.sum(1, keepdims=True)
            x = x + wo[i] @ np.einsum("ht,thd->hd", a, V).reshape(-1)
            y = norm(x, rms_ffn[i])
            g = w1[i] @ y
            x = x + w2[i] @ (g / (1 + np.exp(-g)) * (w3[i] @ y))
        tokens.append(int((emb @ norm(x, last)).argmax()))
    return tokens


def main():
    folder = Path(sys.argv[1])
    torch.manual_seed(7)
    scaling = {"factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}
    models = {
        "gpt2": gpt2(),
        "llama": llama("llama", 2, 4, 10000.0, False),
        "llama3": llama("llama", 1, 8, 500.0, True, scaling),
        "qwen2": llama("qwen2", 2, 4, 1e6, True, bf16=True),
        "qwen3": llama("qwen3", 2, 6, 1e6, True),
    }
    tokens = torch.randint(0, VOCAB, (2, 11))
    logits = {}
    for name, (config, weights, forward) in models.items():
        target = folder / name
        target.mkdir(parents=True, exist_ok=True)
        (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        if name == "llama":
            # Two shards and their index.
            names = sorted(weights)
            halves = [names[: len(names) // 2], names[len(names) // 2 :]]
            files = [f"model-0000{i + 1}-of-00002.safetensors" for i in range(2)]
            for file, half in zip(files, halves):
                save(target / file, {k: weights[k] for k in half})
            weight_map = {k: file for file, half in zip(files, halves) for k in half}
            (target / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}, indent=1) + "\n")
        else:
            save(target / "model.safetensors", weights, bf16=name == "qwen2")
        with torch.no_grad():
            logits[name] = [round(v, 6) for v in forward(tokens).flatten().tolist()]
    content = {"tokens": tokens.tolist(), "logits": logits}
    (folder / "logits.json").write_text(json.dumps(content) + "\n")
    if len(sys.argv) > 2:
        (folder / "stories.json").write_text(json.dumps(stories(sys.argv[2])) + "\n")


main()
