"""Runs ONNX's own checker over every model in a folder: prints one line a failure and the count of models."""
import pathlib
import sys

import onnx

failures = 0
models = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
for path in models:
    try:
        onnx.checker.check_model(onnx.load(path), full_check=True)
    except Exception as error:  # any failure of the checker is what we look for
        failures += 1
        print(f"{path.stem}: {error}")
print(f"{len(models)} models, {failures} failures")
sys.exit(1 if failures else 0)
