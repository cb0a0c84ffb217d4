"""The compact model of generative retrieval in PyTorch: what bench/recommend.ts times its training steps beside.

Usage: recommend_torch.py ROWS LENGTH LEVELS CODEBOOK DIM LAYERS HEADS HIDDEN DROPOUT
First the batch comes on standard input, as raw int32 [ROWS, LENGTH, 2 + 2 LEVELS] (piece, place, codes, next codes); then a line a
step. Prints {"ms", "loss"} a step.
"""
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

rows, length, levels, codebook, dim, layers, heads, hidden = (int(a) for a in sys.argv[1:9])
dropout = float(sys.argv[9])
features = 2 + 2 * levels
raw = sys.stdin.buffer.read(4 * rows * length * features)
batch = torch.frombuffer(bytearray(raw), dtype=torch.int32).view(rows, length, features).long()
torch.set_num_threads(2)
torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.up, self.down, self.drop = nn.Linear(dim, hidden), nn.Linear(hidden, dim), nn.Dropout(dropout)

    def forward(self, x, mask):
        q, k, v = self.qkv(self.n1(x)).view(rows, length, 3, heads, dim // heads).permute(2, 0, 3, 1, 4)
        weights = self.drop((q @ k.transpose(-1, -2) * (dim // heads) ** -0.5 + mask).softmax(-1))
        x = x + self.drop(self.out((weights @ v).transpose(1, 2).reshape(rows, length, dim)))
        return x + self.drop(self.down(F.relu(self.up(self.n2(x)))))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        uniform = lambda *shape: nn.Parameter(torch.empty(*shape).uniform_(-shape[1] ** -0.5, shape[1] ** -0.5))
        self.codes, self.place = nn.Embedding(levels * codebook, dim), nn.Embedding(length, dim)
        nn.init.normal_(self.codes.weight, 0, 0.02)
        nn.init.normal_(self.place.weight, 0, 0.02)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))
        self.norm, self.drop = nn.LayerNorm(dim), nn.Dropout(dropout)
        self.prefix = nn.Embedding((levels - 1) * codebook, dim)
        self.up, self.down, self.head = uniform(levels, dim, hidden), uniform(levels, hidden, dim), uniform(levels, dim, codebook)
        self.up_bias = nn.Parameter(torch.zeros(levels, 1, hidden))
        self.down_bias = nn.Parameter(torch.zeros(levels, 1, dim))
        self.head_bias = nn.Parameter(torch.zeros(levels, 1, codebook))

    def forward(self, x):
        piece, place = x[..., 0], x[..., 1]
        offset = torch.arange(levels) * codebook
        states = self.drop(self.codes(x[..., 2 : 2 + levels] + offset).sum(2) + self.place(place))
        same = piece[:, :, None] == piece[:, None, :]
        mask = torch.where(same.tril(), 0.0, -1e9)[:, None]
        for block in self.blocks:
            states = block(states, mask)
        flat = self.norm(states).view(-1, dim)
        following = x[..., 2 + levels :].reshape(-1, levels)
        at = [flat]
        for level in range(levels - 1):
            at.append(at[-1] + self.prefix(following[:, level] + level * codebook))
        z = torch.stack(at)
        h = F.relu(F.layer_norm(z, (dim,)) @ self.up + self.up_bias)
        kept = self.drop(torch.ones_like(h[0])) if dropout > 0 else 1
        out = F.layer_norm(z + (h * kept) @ self.down + self.down_bias, (dim,))
        return out @ self.head + self.head_bias


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.05)
weights = (batch[..., 0] > 0).float().flatten()
labels = batch[..., 2 + levels :].reshape(-1, levels).T
while sys.stdin.buffer.readline():
    start = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    losses = F.cross_entropy(model(batch).flatten(0, 1), labels.flatten(), reduction="none").view(levels, -1)
    loss = (losses * weights).sum() / weights.sum()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    print(json.dumps({"ms": (time.perf_counter() - start) * 1e3, "loss": loss.item()}), flush=True)
