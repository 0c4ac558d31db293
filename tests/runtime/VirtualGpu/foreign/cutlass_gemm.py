"""Products by CUTLASS, compiled by nvcc from the headers of its wheel, launched through the driver API."""

import ctypes
import pathlib
import re
import subprocess
import tempfile

from scripts_path import gpu_sass

HERE = pathlib.Path(__file__).resolve().parent
MOST_PARAMETER_BYTES = 4096
ALIGNMENT = 128     # of parameters that hold tensor maps


class Launch(ctypes.Structure):
    _fields_ = [("grid", ctypes.c_uint * 3), ("numThreads", ctypes.c_uint), ("sharedBytes", ctypes.c_uint),
                ("cluster", ctypes.c_uint * 3)]


def nvcc(arch, source, output, *options):
    """Compiles with the headers of the wheels nvidia-cutlass and nvidia-cuda-cccl."""
    import cutlass_library
    library = pathlib.Path(cutlass_library.__file__).parent
    compiler = pathlib.Path(gpu_sass.tool("nvcc"))
    cccl = library.parent / "nvidia/cu13/include"
    includes = [HERE.parents[3], library / "source/include", library / "source/tools/util/include", cccl, cccl / "cccl"]
    # The driver is called as such, with no runtime between.
    command = [compiler, "-std=c++17", "-O3", "-DNDEBUG", "-DCUTLASS_ENABLE_DIRECT_CUDA_DRIVER_CALL", "--expt-relaxed-constexpr",
               f"-arch=sm_{arch}{'a' if arch >= 90 else ''}", *(f"-I{each}" for each in includes),
               *options, source, "-o", output]
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"nvcc: {done.stderr}")


class Gemm:
    """One kernel: `constants` are its tile's extents, as the .cu file of the architecture names them."""

    def __init__(self, runner, constants):
        self.runner, self.folder = runner, tempfile.TemporaryDirectory()
        text, library = pathlib.Path(self.folder.name, "gemm.ptx"), pathlib.Path(self.folder.name, "libgemm.so")
        source = HERE / f"Cutlass{runner.arch}.cu"
        defined = [f"-D{name}={value}" for name, value in constants.items()]
        nvcc(runner.arch, source, text, "-ptx", "-DDEVICE", *defined)
        compiled_libraries = pathlib.Path(gpu_sass.tool("nvcc")).parent.parent
        nvcc(runner.arch, source, library, "-shared", "-Xcompiler=-fPIC", "-cudadevrt=none", *defined,
             *(f"-L{compiled_libraries / each}" for each in ("lib64", "lib")))
        self.ptx, self.host = text.read_text(), ctypes.CDLL(str(library))
        self.name = re.search(r"\.entry\s+(\w+)", self.ptx)[1]

    def run(self, a, b, c, m, n, k):
        """C = A B, of addresses on the device."""
        raw = ctypes.create_string_buffer(MOST_PARAMETER_BYTES + ALIGNMENT)
        address = -(-ctypes.addressof(raw) // ALIGNMENT) * ALIGNMENT
        launch = Launch()
        size = self.host.describe(ctypes.c_void_p(address), *(ctypes.c_void_p(each.value) for each in (a, b, c)), m, n, k,
                                  ctypes.byref(launch))
        if not size:
            raise RuntimeError("CUTLASS refuses the product's extents")
        parameters = (ctypes.c_char * size).from_address(address)
        self.runner.launch(self.ptx, self.name, tuple(launch.grid), launch.numThreads, launch.sharedBytes, [parameters],
                           tuple(launch.cluster))
