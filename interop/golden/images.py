"""Writes the content that the golden vectors are made from: `images.py DIRECTORY`.

Makes one OCI image layout at DIRECTORY/oci. Every image in it is tagged with its key in IMAGES, every index with its key
in INDEXES. Bytes depend on nothing but this file (no clock, no compressor), so digests are the same on every run.
"""

import hashlib
import io
import json
import sys
import tarfile
import zlib
from pathlib import Path

IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
ZSTD = {"io.github.containers.compression.zstd": "true"}


def platform(os, architecture, variant=None, version=None, features=None):
    fields = {"architecture": architecture, "os": os, "os.version": version, "os.features": features, "variant": variant}
    return {name: value for name, value in fields.items() if value}


IMAGES = {
    "amd64": platform("linux", "amd64"),
    "386": platform("linux", "386"),
    "arm": platform("linux", "arm"),
    "arm-v5": platform("linux", "arm", "v5"),
    "arm-v6": platform("linux", "arm", "v6"),
    "arm-v7": platform("linux", "arm", "v7"),
    "arm-v8": platform("linux", "arm", "v8"),
    "arm-odd": platform("linux", "arm", "odd"),
    "arm64": platform("linux", "arm64"),
    "arm64-v8": platform("linux", "arm64", "v8"),
    "arm64-v9": platform("linux", "arm64", "v9"),
    "ppc64le": platform("linux", "ppc64le"),
    "riscv64": platform("linux", "riscv64"),
    "s390x": platform("linux", "s390x"),
    "windows-2019": platform("windows", "amd64", version="10.0.17763.6414", features=["win32k"]),
    "windows-2022": platform("windows", "amd64", version="10.0.20348.2762"),
    # Further images for one platform; only the index says in what they differ.
    "amd64-second": platform("linux", "amd64"),
    "amd64-third": platform("linux", "amd64"),
}


def entry(image, said=..., **more):
    """One entry: an image, what is said of its platform (None: nothing), and further fields of the descriptor."""
    return image, IMAGES.get(image) if said is ... else said, more


INDEXES = {
    "multi": [entry("amd64"), entry("arm-v7"), entry("arm64-v8")],
    "two": [entry("amd64"), entry("arm64-v8")],
    "bare": [entry("amd64", None), entry("arm64-v8", None)],
    # Everything an entry can say; the artifact apart, as Docker's form has none.
    "full": [
        entry(
            "amd64",
            urls=["https://example.com/one", "https://example.com/two?a=1&b=2"],
            annotations={"org.example.b": "2", "org.example.a": "1"},
            data=True,
        ),
        entry("windows-2019"),
    ],
    "artifacts": [entry("amd64"), entry("artifact", None, artifactType="application/vnd.example.thing")],
    # Indexes to choose from.
    "choose-arm": [entry("amd64"), entry("arm-v6"), entry("arm-odd"), entry("arm")],
    "choose-arm-variants": [entry("arm-v5"), entry("arm-v6"), entry("arm-v7")],
    "choose-arm-newest": [entry("arm-v5"), entry("arm-v7"), entry("arm-v8")],
    "choose-arm64-plain-first": [entry("arm64"), entry("arm64-v8")],
    "choose-arm64-plain-last": [entry("arm64-v9"), entry("arm64-v8"), entry("arm64")],
    "choose-arm64-plain": [entry("amd64"), entry("arm64")],
    "choose-arm64-v8": [entry("amd64"), entry("arm64-v8")],
    "choose-arm64-v9": [entry("amd64"), entry("arm64-v9")],
    "choose-same-platform": [entry("amd64"), entry("amd64-second")],
    "choose-zstd-last": [entry("amd64"), entry("amd64-second", annotations=ZSTD), entry("amd64-third", annotations=ZSTD)],
    "choose-zstd-first": [entry("amd64-second", annotations=ZSTD), entry("amd64")],
    "choose-zstd-other-variant": [entry("arm-v7"), entry("arm-v6", annotations=ZSTD)],
    "choose-zstd-said-false": [
        entry("amd64"),
        entry("amd64-second", annotations={"io.github.containers.compression.zstd": "false"}),
    ],
    "choose-bare": [entry("amd64", None), entry("amd64-second", None, annotations=ZSTD), entry("arm-v7")],
    "choose-bare-same": [entry("amd64", None), entry("amd64-second", None)],
    "choose-empty-platform": [entry("amd64", {"architecture": "", "os": ""}), entry("arm-v7")],
    "choose-windows": [entry("amd64"), entry("windows-2019"), entry("windows-2022")],
    "choose-none": [],
}


class Layout:
    """An OCI image layout that is being written."""

    def __init__(self, path):
        self.path = path
        self.tagged = []
        self.descriptors = {}
        (path / "blobs/sha256").mkdir(parents=True)

    def blob(self, media_type, content, **more):
        digest = hashlib.sha256(content).hexdigest()
        (self.path / "blobs/sha256" / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content), **more}

    def document(self, media_type, fields, tag):
        content = compact({"schemaVersion": 2, "mediaType": media_type, **fields})
        descriptor = self.blob(media_type, content)
        self.descriptors[tag] = descriptor
        self.tagged.append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": tag}})
        return content

    def image(self, tag):
        archive = tar("image", tag.encode())
        layer = self.blob("application/vnd.oci.image.layer.v1.tar+gzip", gzip(archive))
        config = {
            "created": "2026-01-01T00:00:00Z",
            **IMAGES[tag],
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(archive).hexdigest()]},
            "history": [{"created": "2026-01-01T00:00:00Z"}],
        }
        config = self.blob("application/vnd.oci.image.config.v1+json", compact(config))
        self.document(IMAGE, {"config": config, "layers": [layer]}, tag)

    def artifact(self, tag):
        config = self.blob("application/vnd.oci.empty.v1+json", b"{}")
        layer = self.blob("text/plain", b"an artifact\n")
        fields = {"artifactType": "application/vnd.example.thing", "config": config, "layers": [layer]}
        self.document(IMAGE, fields, tag)

    def index(self, tag):
        entries = []
        for image, said, more in INDEXES[tag]:
            descriptor = {**self.descriptors[image], **more}
            if more.get("data"):
                # A descriptor may carry its content; a short made-up one keeps the vectors small.
                descriptor["data"] = "e30="
            entries.append({**descriptor, "platform": said} if said is not None else descriptor)
        self.document(INDEX, {"manifests": entries, "annotations": {"org.example.from": tag}}, tag)

    def finish(self):
        (self.path / "oci-layout").write_bytes(compact({"imageLayoutVersion": "1.0.0"}))
        (self.path / "index.json").write_bytes(compact({"schemaVersion": 2, "mediaType": INDEX, "manifests": self.tagged}))


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def tar(name, content):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def gzip(content):
    """A gzip stream of one stored block: no compressor's version can change it."""
    assert len(content) < 0x10000
    length = len(content)
    header = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    block = b"\x01" + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little") + content
    return header + block + zlib.crc32(content).to_bytes(4, "little") + length.to_bytes(4, "little")


def main():
    layout = Layout(Path(sys.argv[1]) / "oci")
    for tag in IMAGES:
        layout.image(tag)
    layout.artifact("artifact")
    for tag in INDEXES:
        layout.index(tag)
    layout.finish()


main()
