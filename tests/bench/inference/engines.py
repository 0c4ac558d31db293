"""What runs a model: Tenon and its peers, each opened, run and read in the way that is its fastest.

An engine is used in a process of its own (worker.py), so each imports its library when it is opened.
"""

import hashlib
import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import time

import numpy as np
from few_bits import few_bits

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))


class Engine:
    """job: the case, the paths that an engine may need, and how many threads; feeds: all inputs, by name."""

    compile_s = None  # seconds of a step of its own before the model is opened
    note = ""  # what was done otherwise than docs/Speed.md says

    def __init__(self, job, feeds):
        self.job, self.case, self.feeds = job, job.case, feeds

    def compile(self):
        """What is done once for a model, if anything."""

    def compile_once(self, path, command):
        """Runs the command unless `path` is there; beside it stands how long it took."""
        stamp = pathlib.Path(f"{path}.seconds")
        if not stamp.exists():
            start = time.perf_counter()
            run = subprocess.run([str(word) for word in command], capture_output=True, text=True)
            if run.returncode:
                raise RuntimeError(what_failed(run.stderr).replace(str(self.job.model), self.job.model.name))
            stamp.write_text(str(time.perf_counter() - start))
        self.compile_s = float(stamp.read_text())


def what_failed(printed):
    """The first line that has an error, or the last line."""
    lines = printed.strip().splitlines() or ["it says nothing"]
    return next((line for line in lines if "error" in line.lower()), lines[-1])


class Tenon(Engine):
    """One artifact for each model and type, its dims open."""

    def compile(self):
        self.compile_to(f"{self.case.model}-{self.case.precision}")

    def compile_to(self, name, *options):
        self.artifact = self.job.folder / f"{name}.tenon"
        command = [self.job.build / "bin/tenon", "compile", self.job.model, "-o", self.artifact, *options]
        command += ["--dtype=bf16"] if self.case.precision == "bf16" else []
        self.compile_once(self.artifact, command)

    def open(self):
        from tenon_runtime import Model
        self.model = Model(self.job.build / "runtime/libtenon_runtime.so", self.artifact, self.case.threads)
        self.model.bind(self.feeds)

    def run(self):
        self.model.run()

    def output(self):
        return self.model.output(self.model.outputs[0][0])


class TenonFixed(Tenon):
    """Compiled for the case's shape: what open dims cost. No peer."""

    def compile(self):
        import onnx
        taken = [value.name for value in onnx.load(self.job.model, load_external_data=False).graph.input]
        shapes = [f"--shape={name}={'x'.join(map(str, self.feeds[name].shape))}" for name in taken]
        self.compile_to(f"{self.case.name} fixed", *shapes)


class OnnxRuntime(Engine):
    """Threads spin within a run and not after it, which would take the others' turns; inputs and outputs are bound."""

    def open(self):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = self.case.threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        options.add_session_config_entry("session.force_spinning_stop", "1")
        # Before weights of few bits it would take activations to i8, which f32 is not.
        options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "0")
        self.session = onnxruntime.InferenceSession(str(self.job.model), options, providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        for value in self.session.get_inputs():
            self.binding.bind_cpu_input(value.name, self.feeds[value.name])
        self.bind_outputs()

    def bind_outputs(self):
        """To the memory of a first run's outputs: they have the right sizes."""
        names = [value.name for value in self.session.get_outputs()]
        for name in names:
            self.binding.bind_output(name, "cpu")
        self.session.run_with_iobinding(self.binding)
        for name, value in zip(names, self.binding.get_outputs()):
            self.binding.bind_ortvalue_output(name, value)

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def output(self):
        return self.binding.get_outputs()[0].numpy()


class OpenVino(Engine):
    """Compiled for the fixed shape, one stream."""

    def config(self):
        precision = self.case.precision
        config = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": self.case.threads,
                  "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32"}  # fmt: skip
        # Where weights are i8 it would take activations to i8 too, which f32 is not.
        return config if precision == "int8" else config | {"DYNAMIC_QUANTIZATION_GROUP_SIZE": 0}

    def open(self):
        import openvino
        core = openvino.Core()
        model = core.read_model(self.job.model)
        model.reshape({port.any_name: self.feeds[port.any_name].shape for port in model.inputs})
        compiled = core.compile_model(model, "CPU", self.config())
        self.request = compiled.create_infer_request()
        for port in compiled.inputs:
            self.request.set_tensor(port, openvino.Tensor(self.feeds[port.any_name], shared_memory=True))

    def run(self):
        self.request.infer()

    def output(self):
        return self.request.get_output_tensor(0).data


class Torch(Engine):
    """The module itself: all weights, floats and activations in the case's type."""

    def open(self):
        import torch
        from modules import make_module
        if self.case.form or self.case.sizes.weights == "onnx":
            raise RuntimeError("there is no PyTorch module of this file")
        self.torch = torch
        torch.set_num_threads(self.case.threads)
        dtype = torch.bfloat16 if self.case.precision == "bf16" else torch.float32
        module = make_module(self.case.architecture, self.case.past, self.job.safetensors)
        inputs = [torch.from_numpy(self.feeds[name]) for name in module.names]
        self.inputs = [tensor.to(dtype) if tensor.is_floating_point() else tensor for tensor in inputs]
        self.module = self.prepare(module.to(dtype))

    def prepare(self, module):
        return module

    def run(self):
        with self.torch.no_grad():
            self.result = self.module(*self.inputs)

    def output(self):
        first = self.result[0] if isinstance(self.result, tuple) else self.result
        return first.float().numpy()


class TorchCompile(Torch):
    """TorchInductor, the weights being constants; it compiles in the first run."""

    def prepare(self, module):
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(self.job.cache / "inductor")
        import torch._inductor.config
        torch._inductor.config.freezing = True
        return self.torch.compile(module, dynamic=False)


class Iree(Engine):
    """Compiled for the fixed shape and this CPU, by a process of its own: its memory is not that of a run."""

    def compile(self):
        shape = f"b{self.case.batch}-s{self.case.length}-p{self.case.past}"
        self.binary = self.job.cache / f"iree-{self.key()}" / f"{self.case.model}-{shape}.vmfb"
        self.binary.parent.mkdir(parents=True, exist_ok=True)
        sizes = [f"{name}={'x'.join(map(str, feed.shape))}" for name, feed in self.feeds.items()]
        script = pathlib.Path(__file__).with_name("iree_compile.py")
        self.compile_once(self.binary, [sys.executable, script, self.job.model, self.binary, *sizes])
        self.note = self.beside("note")

    def key(self):
        """Of all that a binary follows from beside its name."""
        cpu = re.search(r"^flags.*$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)[0]
        version = importlib.metadata.version("iree-base-compiler")
        return hashlib.sha256(f"{cpu} {version} {self.job.model.parent}".encode()).hexdigest()[:12]

    def beside(self, kind):
        return pathlib.Path(f"{self.binary}.{kind}").read_text()

    def open(self):
        import iree.runtime as iree
        iree.flags.parse_flags(f"--task_topology_group_count={self.case.threads}")
        config = iree.Config("local-task")
        module = iree.load_vm_module(iree.VmModule.mmap(config.vm_instance, str(self.binary)), config)
        names = [name for name in module.vm_module.function_names if not name.startswith("__")]
        self.function = module[next(name for name in names if not name.endswith("$async"))]
        order = self.beside("inputs").splitlines()
        self.inputs = [iree.asdevicearray(config.device, self.feeds[name]) for name in order]

    def run(self):
        self.result = self.function(*self.inputs)

    def output(self):
        first = self.result[0] if isinstance(self.result, (tuple, list)) else self.result
        return np.asarray(first.to_host())


ENGINES = {"tenon": Tenon, "onnxruntime": OnnxRuntime, "openvino": OpenVino, "iree": Iree, "torch": Torch,
           "torch-compile": TorchCompile, "tenon-fixed": TenonFixed}  # fmt: skip
# Not measured unless they are asked for.
EXTRA = ["tenon-fixed"]

# The peers that compute in a precision.
PEERS = {
    "f32": ["onnxruntime", "openvino", "iree", "torch", "torch-compile"],
    "bf16": ["openvino", "torch", "torch-compile"],
    "int8": ["onnxruntime", "openvino"],
}
READ_FEW_BITS = "onnxruntime", "openvino"


def peers_of(case):
    """Those that compute in the case's precision and read its file."""
    return [name for name in PEERS[case.precision] if name in READ_FEW_BITS or not few_bits(case.form)]
