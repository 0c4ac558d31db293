"""Builds a program for CUDA's driver API, its kernels by nvcc, and runs it on the virtual GPU.

usage: python tests/runtime/VirtualGpu/foreign/program LIBCUDA [ARCH...]

LIBCUDA is the stand-in for the driver, which the program is linked with; nvcc and cuda.h are those
below TENON_CUDA_PATH, or else /usr/local/cuda.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from scripts_path import gpu_sass


def run(command, **others):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **others)
    if done.returncode:
        sys.exit(f"{command[0]} exits {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def main():
    library, *archs = sys.argv[1:]
    compiler = pathlib.Path(gpu_sass.tool("nvcc"))
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, "main")
        run(["g++", "-std=c++17", "-O1", "-Wall", "-Wextra", f"-I{compiler.parent.parent / 'include'}", HERE / "Main.cpp", library,
             "-o", program])
        for arch in archs or ("80", "90"):
            text = pathlib.Path(folder, f"kernels.{arch}.ptx")
            run([compiler, "-ptx", f"-arch=compute_{arch}", HERE / "Kernels.cu", "-o", text])
            print(f"compute_{arch}")
            print(run([program, text], env=dict(os.environ, TENON_VGPU_ARCH=arch,
                                                LD_LIBRARY_PATH=str(pathlib.Path(library).resolve().parent))), end="")


main()
