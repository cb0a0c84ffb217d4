"""CSLS top-10 in NumPy: what bench/translate.ts times beside its own. Blocks of rows, argpartition, as VecMap and MUSE do it.

Usage: translate_numpy.py WORDS DIM NEIGHBOURS < two float32 matrices, one after the other; prints JSON.
"""
import json
import sys
import time

import numpy as np

words, dim, neighbours = (int(argument) for argument in sys.argv[1:4])
raw = np.frombuffer(sys.stdin.buffer.read(), np.float32).reshape(2, words, dim)
source, target = raw[0], raw[1]
BLOCK = 1024


def mean_nearest(a, b):
    out = np.empty(len(a), np.float32)
    for start in range(0, len(a), BLOCK):
        similarities = a[start : start + BLOCK] @ b.T
        nearest = np.partition(similarities, -neighbours, axis=1)[:, -neighbours:]
        out[start : start + BLOCK] = nearest.mean(axis=1)
    return out


start = time.perf_counter()
density = mean_nearest(target, source)
mean_nearest(source, target)
best = np.empty((words, 10), np.int64)
for first in range(0, words, BLOCK):
    scores = 2 * (source[first : first + BLOCK] @ target.T) - density
    top = np.argpartition(scores, -10, axis=1)[:, -10:]
    order = np.argsort(-np.take_along_axis(scores, top, 1), axis=1)
    best[first : first + BLOCK] = np.take_along_axis(top, order, 1)
seconds = time.perf_counter() - start
json.dump({"seconds": seconds, "best": best[:, 0].tolist()}, sys.stdout)
