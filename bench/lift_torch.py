"""Seconds a training step of a GPT-2-like model in PyTorch: the peer of `npm run bench -- lift`.

    python3 bench/lift_torch.py VOCAB DIM LAYERS HEADS HIDDEN SEQ BATCH READS STEPS

Prints {"seconds": [a step each], "loss": last}. Logits are computed at READS places a row only, as ours does.
"""

import json
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

vocab, dim, layers, heads, hidden, seq, batch, reads, steps = map(int, sys.argv[1:10])
torch.manual_seed(0)
torch.set_num_threads(torch.get_num_threads())


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.up, self.down = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x, mask):
        b, s, _ = x.shape
        q, k, v = (p.view(b, s, heads, -1).transpose(1, 2) for p in self.qkv(self.ln1(x)).split(dim, -1))
        scores = q @ k.transpose(-1, -2) / math.sqrt(dim // heads) + mask
        x = x + self.out((F.softmax(scores, -1) @ v).transpose(1, 2).reshape(b, s, dim))
        h = self.up(self.ln2(x))
        h = 0.5 * h * (1 + torch.tanh(0.7978845608 * (h + 0.044715 * h * h * h)))
        return x + self.down(h)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocab, dim), nn.Embedding(seq, dim)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))
        self.norm = nn.LayerNorm(dim)

    def forward(self, tokens, read_at):
        x = self.tokens(tokens) + self.places(torch.arange(tokens.shape[1]))
        mask = torch.triu(torch.full((tokens.shape[1],) * 2, -1e9), 1)
        for block in self.blocks:
            x = block(x, mask)
        x = torch.gather(x, 1, read_at[..., None].expand(-1, -1, dim))
        return self.norm(x) @ self.tokens.weight.T


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
tokens = torch.randint(0, vocab, (batch, seq))
read_at = torch.arange(seq - reads, seq).expand(batch, reads)
targets = torch.randint(0, vocab, (batch, reads))
seconds, loss = [], None
for step in range(steps):
    began = time.perf_counter()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(tokens, read_at).flatten(0, 1), targets.flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    seconds.append(time.perf_counter() - began)
print(json.dumps({"seconds": seconds, "loss": loss.item()}))
