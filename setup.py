"""The part of the build that pyproject.toml cannot say: compiling the native CPU kernels.

torch is no build requirement, since pip would download it for every build. The torch of the
environment that actlab is installed into has all that is needed, and where there is none, or no
compiler, actlab installs without kernels: it works by formula and says so, and ``actlab build``
compiles them later. ``ACTLAB_NATIVE=0`` leaves them out.
"""

import os
import shutil
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

SOURCE = Path(__file__).parent / "src"


class BuildKernels(build_ext):
    """Compiles the kernels beside the Python files: in place when editable, else in the wheel."""

    built = False

    def run(self):
        root = SOURCE if self.inplace or self.editable_mode else Path(self.build_lib)
        folder = root / "actlab" / "kernels" / "lib"
        try:
            self.built = compile_kernels(folder)
        except Exception as error:
            why = str(error) or type(error).__name__
            print(
                f"actlab: installed without compiled CPU kernels, it works by formula: {why}\n"
                "actlab: the command to compile them later: actlab build",
                file=sys.stderr,
            )
        if not self.built and root is not SOURCE:
            # Older kernels, copied from the source tree, are of no use in a wheel.
            shutil.rmtree(folder, ignore_errors=True)

    def get_outputs(self):
        folder = Path(self.build_lib) / "actlab" / "kernels" / "lib"
        return [str(path) for path in sorted(folder.glob("*"))]

    def get_output_mapping(self):
        return {}

    def get_source_files(self):
        return []  # package data


class Wheel(bdist_wheel):
    """Kernels use neither Python's interface nor more of torch than its stable one."""

    def get_tag(self):
        built = self.get_finalized_command("build_ext").built
        return ("py3", "none", super().get_tag()[2] if built else "any")


def compile_kernels(folder):
    """Compile the kernels into a folder, or find them there; False where they are not wanted."""
    if os.environ.get("ACTLAB_NATIVE") == "0":
        return False
    # Not an installed actlab, but the one being built.
    sys.path.insert(0, str(SOURCE))
    try:
        from actlab.kernels.compile import BuildError, build, problem
    finally:
        sys.path.remove(str(SOURCE))
    try:
        build(folder)
    except BuildError:
        if problem(folder):
            raise
    return True


setup(
    # No sources of its own: it makes setuptools run the command below, and the wheel a
    # platform's.
    ext_modules=[Extension("actlab.kernels.native_kernels", sources=[])],
    cmdclass={"build_ext": BuildKernels, "bdist_wheel": Wheel},
)
