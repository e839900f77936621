//! What a source hands out is what was promised, or an error.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use umbel_content::{
    Assembled, Body, Buffer, Limits, ReadBackend, Root, Source, Task, TransportError, VerifiedBody, block_on,
};
use umbel_model::raw::Mismatch;
use umbel_model::{Descriptor, Digest, MediaType, Raw};

/// A place in memory that hands out whatever it was given.
#[derive(Default)]
struct Memory {
    content: HashMap<Digest, Vec<u8>>,
}

impl Memory {
    fn with(mut self, digest: &Digest, bytes: &[u8]) -> Self {
        self.content.insert(digest.clone(), bytes.to_vec());
        self
    }

    fn get(&self, descriptor: &Descriptor) -> Result<Vec<u8>, TransportError> {
        self.content
            .get(&descriptor.digest)
            .cloned()
            .ok_or_else(|| TransportError::missing(descriptor, "memory"))
    }
}

impl ReadBackend for Memory {
    fn location(&self) -> String {
        "memory".into()
    }

    fn read_root(&self, _: u64) -> Task<'_, Root> {
        Box::pin(async { unreachable!("the tests name what they read") })
    }

    fn read_manifest<'a>(&'a self, descriptor: &'a Descriptor, _: u64) -> Task<'a, Vec<u8>> {
        Box::pin(async move { self.get(descriptor) })
    }

    fn open_blob<'a>(&'a self, descriptor: &'a Descriptor) -> Task<'a, Box<dyn Body>> {
        Box::pin(async move { Ok(Box::new(Buffer::new(self.get(descriptor)?)) as Box<dyn Body>) })
    }
}

fn descriptor(media_type: MediaType, bytes: &[u8]) -> Descriptor {
    Raw::new(media_type, bytes.to_vec()).descriptor()
}

fn blob(bytes: &[u8]) -> Descriptor {
    descriptor("application/octet-stream".parse().unwrap(), bytes)
}

fn source(memory: Memory) -> Source {
    Source::new(Arc::new(memory), Limits { manifest: 1000, config: 10 })
}

#[test]
fn a_body_that_is_not_what_was_promised_never_ends_well() {
    let promised = blob(b"right");
    let read = |bytes: &'static [u8]| {
        let body =
            VerifiedBody::new(Box::new(Buffer::new(Bytes::from_static(bytes))), &promised, "here".into());
        block_on(body.collect(100))
    };
    assert_eq!(read(b"right").unwrap(), b"right");
    let mismatch = |bytes| match read(bytes).unwrap_err() {
        TransportError::Damaged { source, .. } => source,
        other => panic!("{other}"),
    };
    assert!(matches!(mismatch(b"wrong"), Mismatch::Digest { .. }));
    assert!(matches!(mismatch(b"righ"), Mismatch::Size { actual: 4, .. }));
    assert!(matches!(mismatch(b"right!"), Mismatch::Size { actual: 6, .. }));
    assert!(matches!(mismatch(b""), Mismatch::Size { actual: 0, .. }));
}

#[test]
fn content_of_an_unknown_algorithm_is_refused_by_name() {
    let unknown =
        Descriptor::new(MediaType::OCI_CONFIG, format!("blake3:{}", "0".repeat(64)).parse().unwrap(), 1);
    let body = VerifiedBody::new(Box::new(Buffer::new("x")), &unknown, "here".into());
    let error = block_on(body.collect(100)).unwrap_err();
    assert!(matches!(error, TransportError::Damaged { source: Mismatch::UnknownAlgorithm(_), .. }));
}

#[test]
fn what_is_held_in_memory_is_bounded_by_what_it_promises_and_by_what_it_is() {
    let large = blob(&[0; 11]);
    let error = block_on(source(Memory::default().with(&large.digest, &[0; 11])).config(&large)).unwrap_err();
    assert!(matches!(error, TransportError::TooLarge { size: 11, limit: 10, .. }));
    let lying = Descriptor::new(large.media_type.clone(), large.digest.clone(), 5);
    let error = block_on(source(Memory::default().with(&large.digest, &[0; 11])).config(&lying)).unwrap_err();
    assert!(matches!(error, TransportError::Damaged { source: Mismatch::Size { .. }, .. }));
    let huge = Descriptor::new(MediaType::OCI_INDEX, large.digest, 1001);
    let error = block_on(source(Memory::default()).manifest(&huge)).unwrap_err();
    assert!(matches!(error, TransportError::TooLarge { size: 1001, limit: 1000, .. }));
}

#[test]
fn a_document_that_could_be_two_things_is_refused() {
    let json = br#"{"schemaVersion":2,"manifests":[],"layers":[]}"#;
    let index = descriptor(MediaType::OCI_INDEX, json);
    let error = block_on(source(Memory::default().with(&index.digest, json)).manifest(&index)).unwrap_err();
    assert!(matches!(error, TransportError::Document { .. }));
}

fn image_of(layer: &Descriptor) -> Vec<u8> {
    let blob = |d: &Descriptor| {
        format!(r#"{{"mediaType":"{}","digest":"{}","size":{}}}"#, d.media_type, d.digest, d.size)
    };
    format!(r#"{{"schemaVersion":2,"config":{},"layers":[{}]}}"#, blob(layer), blob(layer)).into_bytes()
}

#[test]
fn an_assembled_source_finds_blobs_where_it_found_their_image() {
    let layer = blob(b"layer");
    let json = image_of(&layer);
    let image = descriptor(MediaType::OCI_MANIFEST, &json);
    let other = Memory::default();
    let right = Memory::default().with(&image.digest, &json).with(&layer.digest, b"layer");
    let mut assembled = Assembled::new("all".into(), Raw::new(MediaType::OCI_INDEX, Vec::new()));
    assembled.add(Arc::new(other), [&image.digest]);
    assembled.add(Arc::new(right), [&image.digest]);
    let source = Source::new(Arc::new(assembled), Limits::default());
    let before = block_on(source.blob(&layer)).map(drop).unwrap_err();
    assert!(matches!(before, TransportError::NotFound { .. }));
    block_on(source.manifest(&image)).unwrap();
    let bytes = block_on(async { source.blob(&layer).await?.collect(100).await }).unwrap();
    assert_eq!(bytes, b"layer");
}
