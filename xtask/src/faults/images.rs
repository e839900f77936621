//! Small images to put into lists, and the layouts they come from.
//!
//! They are made here and not with umbel's own crates, so that what umbel makes of them is not
//! compared with itself.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// More than umbel reads at once, so that a blob is written by several calls.
const LAYER_SIZE: usize = 300 << 10;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// The SHA-256 of bytes, as the text behind `sha256:`.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A layout being made.
pub(super) struct LayoutMaker<'p> {
    path: &'p Path,
    listed: Vec<Value>,
}

impl<'p> LayoutMaker<'p> {
    /// Begins an empty layout.
    pub(super) fn create(path: &'p Path) -> Result<Self, String> {
        let blobs = path.join("blobs/sha256");
        fs::create_dir_all(&blobs).map_err(|e| format!("cannot make `{}`: {e}", blobs.display()))?;
        write(&path.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        Ok(Self { path, listed: Vec::new() })
    }

    /// Adds an image that has that name, and a layer of `layer_size` bytes like no other's. Returns
    /// its digest.
    pub(super) fn image(
        &mut self,
        name: &str,
        architecture: &str,
        layer_size: usize,
    ) -> Result<String, String> {
        let mut layer = name.as_bytes().repeat(layer_size / name.len() + 1);
        layer.truncate(layer_size.max(name.len()));
        let layer = self.blob(LAYER, &layer)?;
        let rootfs = json!({"type": "layers", "diff_ids": [layer["digest"]]});
        let config = json!({"architecture": architecture, "os": "linux", "rootfs": rootfs});
        let config = self.blob(CONFIG, config.to_string().as_bytes())?;
        let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": [layer]});
        self.listed(name, IMAGE, &manifest, &json!({"architecture": architecture, "os": "linux"}))
    }

    /// Adds an index of all that was added before.
    pub(super) fn index(&mut self, name: &str) -> Result<String, String> {
        let entries: Vec<Value> = self.listed.iter().cloned().map(without_name).collect();
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
        self.listed(name, INDEX, &index, &Value::Null)
    }

    fn listed(
        &mut self,
        name: &str,
        media_type: &str,
        document: &Value,
        platform: &Value,
    ) -> Result<String, String> {
        let mut entry = self.blob(media_type, document.to_string().as_bytes())?;
        let digest = entry["digest"].to_string().replace('"', "");
        entry["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        if !platform.is_null() {
            entry["platform"] = platform.clone();
        }
        self.listed.push(entry);
        Ok(digest)
    }

    fn blob(&self, media_type: &str, bytes: &[u8]) -> Result<Value, String> {
        let hex = sha256(bytes);
        write(&self.path.join("blobs/sha256").join(&hex), bytes)?;
        Ok(json!({"mediaType": media_type, "digest": format!("sha256:{hex}"), "size": bytes.len()}))
    }

    /// Writes `index.json`.
    pub(super) fn finish(self) -> Result<(), String> {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": self.listed});
        write(&self.path.join("index.json"), index.to_string().as_bytes())
    }
}

fn without_name(mut entry: Value) -> Value {
    if let Some(fields) = entry.as_object_mut() {
        fields.remove("annotations");
    }
    entry
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|e| format!("cannot write `{}`: {e}", path.display()))
}

/// Makes the layout that the scenarios take their images from: `amd64`, `arm64` and `s390x`, and the
/// index `all` of the three.
pub(super) fn make_source(path: &Path) -> Result<(), String> {
    let mut layout = LayoutMaker::create(path)?;
    for architecture in ["amd64", "arm64", "s390x"] {
        layout.image(architecture, architecture, LAYER_SIZE)?;
    }
    layout.index("all")?;
    layout.finish()
}
