"""Fetches the registry packages that the data files are made from, into a folder of their own.

Knows how each package is named and unpacked; does not know what is made from it.
Run through the scripts beside it; nothing is installed into the system.
"""

import subprocess
import tarfile
import zipfile
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent


def wheel(folder: Path, name: str, version: str) -> zipfile.ZipFile:
    """The wheel of one PyPI package, opened (downloaded when absent)."""
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(folder.glob(pattern)):
        subprocess.run(
            ["pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
             "--dest", str(folder), f"{name}=={version}"],
            check=True,
        )
    return zipfile.ZipFile(next(folder.glob(pattern)))


def npm_file(folder: Path, name: str, version: str, member: str) -> bytes:
    """One file of an npm package (downloaded when absent)."""
    archive = folder / f"{name}-{version}.tgz"
    if not archive.exists():
        subprocess.run(
            ["npm", "pack", "--silent", f"{name}@{version}"], cwd=folder, check=True
        )
    with tarfile.open(archive) as tar:
        return tar.extractfile(f"package/{member}").read()


def debian_folder(folder: Path, name: str) -> tuple[Path, str]:
    """A Debian package unpacked below `folder`, and its version."""
    if not list(folder.glob(f"{name}_*.deb")):
        subprocess.run(["apt-get", "download", name], cwd=folder, check=True)
    archive = next(folder.glob(f"{name}_*.deb"))
    target = folder / name
    subprocess.run(["dpkg", "-x", str(archive), str(target)], check=True)
    version = subprocess.run(
        ["dpkg-deb", "--field", str(archive), "Version"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()
    return target, version
