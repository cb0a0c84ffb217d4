"""Trains a workload of the PyTorch peer for some steps: writes its initial weights and its batch as safetensors, prints the losses.

  /usr/bin/python3 torch-losses.py PEER.py WORKLOAD STEPS OUT.safetensors [float64]

The weights are written as float32 in both cases, before the first step.
"""
import json
import struct
import sys

import torch
import torch.nn.functional as F

peer, name, steps, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
source = open(peer).read().rsplit("\nmain()", 1)[0]
scope = {"__name__": "peer"}
exec(compile(source, peer, "exec"), scope)

torch.manual_seed(0)
torch.set_num_threads(2)
model, optimizer, x, y = scope["workload"](name)


def save(path, tensors):
    header, blobs, offset = {}, [], 0
    for key, value in tensors.items():
        integer = not value.is_floating_point()
        blob = value.detach().to(torch.int32 if integer else torch.float32).contiguous().numpy().tobytes()
        header[key] = {"dtype": "I32" if integer else "F32", "shape": list(value.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


if sys.argv[5:] == ["float64"]:
    model = model.double()
    x = x.double() if x.is_floating_point() else x
    settings = optimizer.defaults
    optimizer = type(optimizer)(model.parameters(), **{key: settings[key] for key in ("lr", "momentum", "betas") if key in settings})
weights = {key: value for key, value in model.state_dict().items() if "num_batches" not in key and key != "mask"}
save(out, {"x": x, "y": y, **{f"weights.{key}": value for key, value in weights.items()}})
losses = []
for _ in range(steps):
    optimizer.zero_grad(set_to_none=True)
    logits = model(x)
    loss = F.cross_entropy(logits.flatten(0, -2), y.flatten()) if logits.dim() == 3 else F.cross_entropy(logits, y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
print(json.dumps(losses))
