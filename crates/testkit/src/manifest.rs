//! Manifests over any config and layers: artifacts, and whatever else a test puts together by hand.

use crate::blob::Blob;
use crate::builder::Builder;
use crate::image::Image;
use crate::json::{Object, array};
use crate::media_type::{DOCKER_MANIFEST, OCI_EMPTY, OCI_MANIFEST};

/// What only the builder of bare manifests has.
#[derive(Clone, Debug)]
pub struct ManifestParts {
    config: Blob,
    layers: Vec<Blob>,
}

/// Starts a manifest over `config`, whatever that is, without layers.
///
/// ```
/// use umbel_testkit::{Blob, manifest};
/// let config = Blob::new("application/vnd.cncf.helm.config.v1+json", "{}");
/// let chart = manifest(config).layer(Blob::new("application/x-tar", "…")).build();
/// assert_eq!(chart.platform, None);
/// ```
pub fn manifest(config: Blob) -> Builder<ManifestParts> {
    Builder::new(ManifestParts { config, layers: Vec::new() })
}

/// Starts an OCI artifact as the specification advises: an `artifactType`, and the empty config.
pub fn artifact(artifact_type: &str) -> Builder<ManifestParts> {
    manifest(Blob::new(OCI_EMPTY, "{}")).artifact_type(artifact_type)
}

impl Builder<ManifestParts> {
    /// Adds a layer; the blob is taken as it is.
    pub fn layer(mut self, blob: Blob) -> Self {
        self.parts.layers.push(blob);
        self
    }

    /// Writes the manifest.
    pub fn build(self) -> Image {
        let manifest = write_manifest(&self, &self.parts.config, &self.parts.layers);
        let ManifestParts { config, layers } = self.parts;
        Image { manifest, config, layers, platform: None }
    }
}

/// Writes a manifest that names `config` and `layers`.
pub(crate) fn write_manifest<Parts>(builder: &Builder<Parts>, config: &Blob, layers: &[Blob]) -> Blob {
    let own_fields = Object::default()
        .with("config", config.descriptor())
        .with("layers", array(layers.iter().map(Blob::descriptor)));
    builder.document(builder.flavor.pick(OCI_MANIFEST, DOCKER_MANIFEST), own_fields)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn artifact_has_a_type_an_empty_config_and_a_subject() {
        let subject = Blob::new(OCI_MANIFEST, "{}");
        let sbom = artifact("application/spdx+json").subject(&subject).annotation("k", "v").build();
        let empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(
            serde_json::from_slice::<Value>(&sbom.manifest.bytes).unwrap(),
            json!({
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "artifactType": "application/spdx+json",
                "config": { "mediaType": OCI_EMPTY, "digest": empty, "size": 2 },
                "layers": [],
                "subject": { "mediaType": OCI_MANIFEST, "digest": empty, "size": 2 },
                "annotations": { "k": "v" },
            })
        );
    }
}
