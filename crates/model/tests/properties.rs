//! Claims that hold for any index, and for any bytes.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use umbel_model::index::combine::{Part, Rules, combine};
use umbel_model::{
    Descriptor, Digest, Edit, Flavor, Index, Manifest, MediaType, Platform, Raw, Selector, Style, Wanted,
    choose,
};

fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9.]{1,6}", "\\PC{1,4}", Just("<&>\u{2028}\"\\\u{1}".to_owned())]
}

fn platform() -> impl Strategy<Value = Platform> {
    let arm = prop_oneof![Just("amd64"), Just("arm"), Just("arm64"), Just("s390x")];
    let variant = option::of(prop_oneof![Just("v6"), Just("v7"), Just("v8")]);
    (arm, variant, option::of(word()), vec(word(), 0..3), vec(word(), 0..2)).prop_map(
        |(architecture, variant, os_version, os_features, features)| Platform {
            variant: variant.map(str::to_owned),
            os_version,
            os_features,
            features,
            ..Platform::new("linux", architecture)
        },
    )
}

fn descriptor() -> impl Strategy<Value = Descriptor> {
    let media_type = prop_oneof![Just(MediaType::OCI_MANIFEST), Just(MediaType::DOCKER_MANIFEST)];
    let size = 0..i64::MAX as u64;
    let parts = (media_type, 0..20_u8, size, option::of(platform()), btree_map(word(), word(), 0..3));
    (parts, vec(word(), 0..2), option::of(vec(any::<u8>(), 1..4))).prop_map(
        |((media_type, content, size, platform, annotations), urls, data)| Descriptor {
            urls,
            annotations,
            data,
            platform,
            ..Descriptor::new(media_type, Digest::sha256(&[content]), size)
        },
    )
}

fn index() -> impl Strategy<Value = Index> {
    (vec(descriptor(), 0..6), btree_map(word(), word(), 0..3), option::of(descriptor())).prop_map(
        |(entries, annotations, subject)| Index { entries, annotations, subject, ..Index::default() },
    )
}

proptest! {
    #[test]
    fn what_is_written_reads_as_what_was_written(index in index()) {
        prop_assert_eq!(Index::from_full_json(&index.to_full_json()), Ok(index.clone()));
        for flavor in [Flavor::Oci, Flavor::Docker] {
            let document = index.encode(flavor, Style::default()).document;
            prop_assert_eq!(Manifest::parse(document.raw().clone()), Ok(Manifest::Index(document)));
        }
    }

    #[test]
    fn nothing_is_lost_without_being_listed(index in index()) {
        for flavor in [Flavor::Oci, Flavor::Docker] {
            let encoded = index.encode(flavor, Style::default());
            if encoded.dropped.is_empty() && index.entries.iter().all(|entry| entry.platform.is_some()) {
                prop_assert_eq!(encoded.document.view(), &index);
            }
        }
    }

    #[test]
    fn adding_twice_is_adding_once(mut index in index(), added in vec(descriptor(), 0..4)) {
        index.apply(Edit::Add(added.clone())).unwrap();
        let once = index.clone();
        index.apply(Edit::Add(added)).unwrap();
        prop_assert_eq!(index.entries.len(), once.entries.len());
    }

    #[test]
    fn what_is_removed_is_gone_and_the_rest_stays_in_order(mut index in index(), content in 0..20_u8) {
        let digest = Digest::sha256(&[content]);
        let expected: Vec<_> = index.entries.iter().filter(|entry| entry.digest != digest).cloned().collect();
        let there = expected.len() < index.entries.len();
        prop_assert_eq!(index.apply(Edit::Remove(Selector::Entry(digest))).is_ok(), there);
        prop_assert_eq!(index.entries, expected);
    }

    #[test]
    fn what_is_chosen_is_at_least_as_good_as_all_others(entries in vec(descriptor(), 0..6), wanted in platform()) {
        let wanted = Wanted::new(wanted);
        let rank = |entry: &Descriptor| entry.platform.as_ref().map_or(Some(usize::MAX), |own| wanted.rank(own));
        match choose(&entries, &wanted) {
            Ok(chosen) => prop_assert_eq!(rank(chosen), entries.iter().filter_map(rank).min()),
            Err(_) => prop_assert!(entries.iter().all(|entry| rank(entry).is_none())),
        }
    }

    #[test]
    fn combining_keeps_every_digest_once(one in index(), two in index()) {
        let part = |index: &Index| {
            let document = index.encode(Flavor::Oci, Style::default()).document;
            Part { name: "a".into(), entry: document.raw().descriptor(), manifest: Manifest::Index(document) }
        };
        let combined = combine(&[part(&one), part(&two)], &Rules::default()).unwrap();
        let digests: std::collections::BTreeSet<_> = one.entries.iter().chain(&two.entries).map(|e| &e.digest).collect();
        prop_assert_eq!(combined.entries.len(), digests.len());
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Manifest::detect(&bytes);
        for media_type in [MediaType::OCI_INDEX, MediaType::DOCKER_LIST, MediaType::OCI_MANIFEST] {
            let _ = Manifest::parse(Raw::new(media_type, bytes.clone()));
        }
    }

    #[test]
    fn no_change_of_a_document_makes_a_reader_panic(index in index(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = index.to_full_json().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = Manifest::parse(Raw::new(MediaType::OCI_INDEX, bytes));
    }
}
