//! Images that run: a config, one layer with `/hello`, and the manifest that names both.

use serde_json::{Value, json};

use crate::blob::Blob;
use crate::builder::Builder;
use crate::elf;
use crate::json::{Edits, Object, array, string};
use crate::layer::Layer;
use crate::manifest::write_manifest;
use crate::media_type::{DOCKER_CONFIG, DOCKER_LAYER, OCI_CONFIG, OCI_LAYER};
use crate::platform::Platform;

/// When every fixture was made.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// A manifest with everything that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The manifest.
    pub manifest: Blob,
    /// The config it names.
    pub config: Blob,
    /// The layers it names, in its order.
    pub layers: Vec<Blob>,
    /// What an index says the image runs on; artifacts have none.
    pub platform: Option<Platform>,
}

/// What only the builder of images has.
#[derive(Clone, Debug)]
pub struct ImageParts {
    platform: Platform,
    hello: Vec<u8>,
    layers: Vec<LayerSource>,
    config_edits: Edits,
}

/// A layer that was asked for; its media type is settled only when the flavor is.
#[derive(Clone, Debug)]
enum LayerSource {
    File { path: String, contents: Vec<u8> },
    Blob(Blob),
}

/// Starts an OCI image for `OS/ARCHITECTURE[/VARIANT]`.
///
/// Its layer has one file, `/hello`: the program of [`elf::program`], or just the text of
/// [`elf::greeting`] where there is no such program (on Windows, say).
///
/// ```
/// let image = umbel_testkit::image("linux/arm/v7").docker().build();
/// assert_eq!(image.layers.len(), 1);
/// ```
///
/// # Panics
///
/// If `platform` is not of that form.
pub fn image(platform: &str) -> Builder<ImageParts> {
    let hello = elf::program(platform).unwrap_or_else(|| elf::greeting(platform).into_bytes());
    let platform = Platform::parse(platform)
        .unwrap_or_else(|| panic!("`{platform}` is not of the form os/architecture[/variant]"));
    Builder::new(ImageParts { platform, hello, layers: Vec::new(), config_edits: Edits::new() })
}

impl Builder<ImageParts> {
    /// Sets `os.version`, in the config and in what an index says of the image.
    pub fn os_version(mut self, version: &str) -> Self {
        self.parts.platform.os_version = Some(version.to_owned());
        self
    }

    /// Adds to `os.features`, in the config and in what an index says of the image.
    pub fn os_feature(mut self, feature: &str) -> Self {
        self.parts.platform.os_features.push(feature.to_owned());
        self
    }

    /// Adds a layer with one more file.
    pub fn file(mut self, path: &str, contents: impl Into<Vec<u8>>) -> Self {
        self.parts.layers.push(LayerSource::File { path: path.to_owned(), contents: contents.into() });
        self
    }

    /// Adds a blob as it is for a layer; the config calls its digest the diff ID.
    pub fn layer(mut self, blob: Blob) -> Self {
        self.parts.layers.push(LayerSource::Blob(blob));
        self
    }

    /// Sets a top-level field of the config to any JSON.
    pub fn config_field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parts.config_edits.push((name.to_owned(), Some(value.into())));
        self
    }

    /// Leaves out a top-level field of the config.
    pub fn config_without(mut self, name: &str) -> Self {
        self.parts.config_edits.push((name.to_owned(), None));
        self
    }

    /// Writes the layers, the config over them, and the manifest over both.
    pub fn build(self) -> Image {
        let layers = self.layers();
        let media_type = self.flavor.pick(OCI_CONFIG, DOCKER_CONFIG);
        let config = Blob::new(media_type, self.parts.config(&layers).to_bytes());
        let layers: Vec<Blob> = layers.into_iter().map(|layer| layer.blob).collect();
        let manifest = write_manifest(&self, &config, &layers);
        Image { manifest, config, layers, platform: Some(self.parts.platform) }
    }

    fn layers(&self) -> Vec<Layer> {
        let media_type = self.flavor.pick(OCI_LAYER, DOCKER_LAYER);
        let hello = Layer::of_file(media_type, "/hello", &self.parts.hello);
        let others = self.parts.layers.iter().map(|source| match source {
            LayerSource::File { path, contents } => Layer::of_file(media_type, path, contents),
            LayerSource::Blob(blob) => Layer::of_blob(blob.clone()),
        });
        [hello].into_iter().chain(others).collect()
    }
}

impl ImageParts {
    fn config(&self, layers: &[Layer]) -> Object {
        let diff_ids = array(layers.iter().map(|layer| string(&layer.diff_id)));
        let history = json!({ "created": CREATED, "created_by": "umbel-testkit" });
        Object::default()
            .with("created", string(CREATED))
            .followed_by(self.platform.object())
            .with("config", json!({ "Cmd": ["/hello"] }))
            .with("rootfs", Object::default().with("type", string("layers")).with("diff_ids", diff_ids))
            .with("history", array(layers.iter().map(|_| &history)))
            .edited(&self.config_edits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::digest;
    use crate::media_type::{DOCKER_MANIFEST, OCI_MANIFEST};

    fn parsed(blob: &Blob) -> Value {
        serde_json::from_slice(&blob.bytes).unwrap()
    }

    #[test]
    fn manifest_names_config_and_layers_by_their_digests_and_sizes() {
        let image = image("linux/arm64").file("/etc/motd", "hi").build();
        let named = |blob: &Blob, media_type: &str| {
            assert_eq!(blob.digest, digest(&blob.bytes));
            json!({ "mediaType": media_type, "digest": blob.digest, "size": blob.bytes.len() })
        };
        assert_eq!(image.manifest.digest, digest(&image.manifest.bytes));
        assert_eq!(
            parsed(&image.manifest),
            json!({
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": named(&image.config, OCI_CONFIG),
                "layers": [named(&image.layers[0], OCI_LAYER), named(&image.layers[1], OCI_LAYER)],
            })
        );
    }

    #[test]
    fn docker_image_has_docker_media_types_throughout() {
        let image = image("linux/amd64").docker().build();
        let types = [&image.manifest, &image.config, &image.layers[0]].map(|blob| blob.media_type.as_str());
        assert_eq!(types, [DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER]);
        assert_eq!(parsed(&image.manifest)["mediaType"], DOCKER_MANIFEST);
    }

    #[test]
    fn config_tells_the_platform_and_the_command() {
        let image = image("windows/amd64")
            .os_version("10.0.20348.1")
            .os_feature("win32k")
            .config_field("x", 1)
            .build();
        let config = parsed(&image.config);
        let diff_id = Layer::of_file("", "/hello", b"hello from windows/amd64\n").diff_id;
        assert_eq!(
            config,
            json!({
                "created": "1970-01-01T00:00:00Z",
                "architecture": "amd64",
                "os": "windows",
                "os.version": "10.0.20348.1",
                "os.features": ["win32k"],
                "config": { "Cmd": ["/hello"] },
                "rootfs": { "type": "layers", "diff_ids": [diff_id] },
                "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "umbel-testkit" }],
                "x": 1,
            })
        );
    }

    #[test]
    fn same_calls_give_the_same_bytes() {
        let make = || image("linux/s390x").annotation("b", "2").annotation("a", "1").build();
        assert_eq!(make(), make());
    }

    #[test]
    fn raw_bytes_are_the_manifest_whatever_they_are() {
        let image = image("linux/amd64").raw("{ not json").build();
        assert_eq!(image.manifest.bytes, b"{ not json");
        assert_eq!(image.manifest.digest, digest(b"{ not json"));
    }

    #[test]
    #[should_panic(expected = "`amd64` is not of the form os/architecture[/variant]")]
    fn malformed_platform_panics_with_its_text() {
        let _ = image("amd64");
    }
}
