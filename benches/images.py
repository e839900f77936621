"""Writes an OCI layout with one index of images, each with one layer of random bytes, for `benches/registry`.

    images.py DIRECTORY COUNT LAYER_SIZE

The index is called `all`. The images are of eight platforms in turn, and `1`, `2` and so on are their names. A layer is a
gzip of a tar that no compression makes smaller, and the same arguments give the same bytes.
"""

import hashlib
import io
import json
import random
import sys
import tarfile
import zlib
from pathlib import Path

PLATFORMS = ["386", "amd64", "arm64", "arm/v5", "arm/v7", "ppc64le", "riscv64", "s390x"]
TYPE = "application/vnd.oci.image."


def platform(number):
    """The platform of an image, as an index or a config has it."""
    architecture, _, variant = PLATFORMS[number % len(PLATFORMS)].partition("/")
    return {"os": "linux", "architecture": architecture, **({"variant": variant} if variant else {})}


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Layout:
    def __init__(self, directory):
        self.directory = Path(directory)
        (self.directory / "blobs/sha256").mkdir(parents=True)
        (self.directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def put(self, kind, content):
        """Writes a blob; gives its descriptor."""
        name = digest(content)
        (self.directory / "blobs" / name.replace(":", "/")).write_bytes(content)
        return {"mediaType": TYPE + kind, "digest": name, "size": len(content)}

    def put_json(self, kind, **document):
        return self.put(kind, json.dumps(document).encode())

    def image(self, number, size):
        """Writes an image; gives its descriptor."""
        tar = tar_of(random.Random(number).randbytes(size))
        gzip = zlib.compressobj(0, wbits=31)
        layer = self.put("layer.v1.tar+gzip", gzip.compress(tar) + gzip.flush())
        rootfs = {"type": "layers", "diff_ids": [digest(tar)]}
        config = self.put_json("config.v1+json", **platform(number), config={}, rootfs=rootfs)
        return self.manifest("manifest.v1+json", config=config, layers=[layer])

    def manifest(self, kind, **document):
        return self.put_json(kind, schemaVersion=2, mediaType=TYPE + kind, **document)


def tar_of(content):
    """A tar with one file."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("data")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()


def named(descriptor, name):
    return {**descriptor, "annotations": {"org.opencontainers.image.ref.name": name}}


def main():
    directory, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    layout = Layout(directory)
    images = [layout.image(number, size) for number in range(count)]
    entries = [{**image, "platform": platform(number)} for number, image in enumerate(images)]
    every = layout.manifest("index.v1+json", manifests=entries)
    names = [named(every, "all")] + [named(image, str(number + 1)) for number, image in enumerate(images)]
    (layout.directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": names}))


main()
