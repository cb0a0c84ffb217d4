"""Writes a CLIP of a few numbers: texts and images are points of the colour space red, green, blue.

Usage: tiny-clip.py FOLDER; makes FOLDER/model (as transformers.js reads it) and FOLDER/images (one-coloured PNGs).
"""
import json
import os
import struct
import sys
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
model = os.path.join(folder, "model")
images = os.path.join(folder, "images")
os.makedirs(os.path.join(model, "onnx"))
os.makedirs(images)

words = ["<pad>", "red", "green", "blue", "rot", "gruen", "blau", "a", "photo", "of", "<unk>"]
colours = {"red": 0, "green": 1, "blue": 2, "rot": 0, "gruen": 1, "blau": 2}
table = np.zeros((len(words), 3), np.float32)
for word, at in colours.items():
    table[words.index(word), at] = 1


def save(name, nodes, inputs, outputs, constants):
    graph = helper.make_graph(nodes, name, inputs, outputs, [numpy_helper.from_array(v, k) for k, v in constants.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(made)
    onnx.save(made, os.path.join(model, "onnx", name + ".onnx"))


ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "seq"])
mask = helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch", "seq"])
save(
    "text_model",
    [
        helper.make_node("Gather", ["table", "input_ids"], ["tokens"]),
        helper.make_node("ReduceMean", ["tokens"], ["text_embeds"], axes=[1], keepdims=0),
    ],
    [ids, mask],
    [helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["batch", 3])],
    {"table": table},
)
save(
    "vision_model",
    [helper.make_node("ReduceMean", ["pixel_values"], ["image_embeds"], axes=[2, 3], keepdims=0)],
    [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, 8, 8])],
    [helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["batch", 3])],
    {},
)


def write(name, document):
    with open(os.path.join(model, name), "w") as file:
        json.dump(document, file)


write("config.json", {"model_type": "clip", "text_config": {"model_type": "clip_text_model"}, "vision_config": {"model_type": "clip_vision_model"}})
write(
    "tokenizer.json",
    {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: i for i, word in enumerate(words)}, "unk_token": "<unk>"},
    },
)
write("tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "<pad>", "unk_token": "<unk>", "model_max_length": 77})
write(
    "preprocessor_config.json",
    {
        "image_processor_type": "CLIPImageProcessor",
        "do_resize": True,
        "size": {"height": 8, "width": 8},
        "do_center_crop": False,
        "do_normalize": False,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_convert_rgb": True,
    },
)


def png(path, colour):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\x00" + bytes(colour) * 8
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row * 8)) + chunk(b"IEND", b""))


png(os.path.join(images, "1-red.png"), (255, 0, 0))
png(os.path.join(images, "2-green.png"), (0, 255, 0))
png(os.path.join(images, "3-blue.png"), (0, 0, 255))
png(os.path.join(images, "4-yellow.png"), (255, 255, 0))
with open(os.path.join(images, "notes.txt"), "w") as file:
    file.write("not an image")
