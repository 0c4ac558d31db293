"""Makes the PTX texts of this folder again, with NVRTC 13.0.

usage: make_ptx.py <libnvrtc.so> <CUDA include folder>

Each ptx/NAME.cu becomes ptx/NAME.ARCH.ptx for every architecture that its first line
names: the front ends before and since sm_100 print differently. The texts are kept, so
that tests need no NVRTC.
"""

import ctypes
import pathlib
import sys


def compile_ptx(nvrtc, include, source, arch):
    program = ctypes.c_void_p()
    text = source.read_bytes()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), text, source.name.encode(), 0, None, None)
    options = [b"--std=c++17", b"-lineinfo", b"-default-device", f"-I{include}".encode(),
               f"--gpu-architecture=compute_{arch}".encode()]
    failed = nvrtc.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    size = ctypes.c_size_t()
    get_size, get = (nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog) if failed else (
        nvrtc.nvrtcGetPTXSize, nvrtc.nvrtcGetPTX)
    get_size(program, ctypes.byref(size))
    result = ctypes.create_string_buffer(size.value)
    get(program, result)
    if failed:
        sys.exit(f"{source.name} for {arch}: {result.value.decode()}")
    return without_paths(result.value.decode(), source)


def without_paths(ptx, source):
    """Of the files that lines refer to only the last part of the name is kept."""
    lines = []
    for line in ptx.splitlines():
        if line.lstrip().startswith(".file"):
            head, path, tail = line.split('"')
            line = f'{head}"{path.rsplit("/", 1)[-1]}"{tail}'
        if not line.startswith("//"):
            lines.append(line.rstrip())
    return "\n".join(lines).strip() + "\n"


def main():
    library, include = sys.argv[1:3]
    nvrtc = ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
    folder = pathlib.Path(__file__).parent / "ptx"
    for source in sorted(folder.glob("*.cu")):
        archs = source.read_text().splitlines()[0].removeprefix("// archs:").split()
        for arch in archs:
            (folder / f"{source.stem}.{arch}.ptx").write_text(compile_ptx(nvrtc, include, source, arch))


main()
