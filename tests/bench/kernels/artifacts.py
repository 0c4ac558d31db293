"""Tenon's side of a row: its model compiled once, and opened by the C API."""

import subprocess

import onnx
from row import Runner
from tensors import as_numpy

from tenon_runtime import Model


class Artifacts:
    """build: where Tenon was built; folder: what is made stands there."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder

    def find(self, name, make_model, options):
        path = self.folder / f"{name}.tenon"
        if not path.exists():
            model = self.folder / f"{name}.onnx"
            onnx.save(make_model(), model)
            command = [self.build / "bin/tenon", "compile", model, "-o", path, *options]
            run = subprocess.run(command, capture_output=True, text=True)
            if run.returncode:
                raise RuntimeError(run.stderr.strip() or "tenon compile says nothing")
        return path

    def model_path(self, row):
        return self.folder / f"{row.artifact}.onnx"

    def forget(self, name):
        for kind in ("onnx", "tenon"):
            (self.folder / f"{name}.{kind}").unlink(missing_ok=True)

    def open(self, name, make_model, feeds, threads, options=()):
        """Not pinned: peers have threads in this process too, and the same cores."""
        path = self.find(name, make_model, options)
        model = Model(self.build / "runtime/libtenon_runtime.so", path, threads, pin=False)
        model.bind({name: as_numpy(feed) for name, feed in feeds.items()})
        return Runner(model.run, lambda: model.output(model.outputs[0][0]), model.close)

    def open_row(self, row, feeds):
        runner = self.open(row.artifact, row.model, feeds, row.threads, row.compile_options)
        read = runner.output
        runner.output = lambda: row.floats(read())
        return runner
