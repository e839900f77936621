//! Writing blobs in pieces.

use umbel::model::{Algorithm, Descriptor, Digest};
use umbel::transport::{Buffer, Placing};
use umbel_testkit::network::{Fault, Kind, Quirk, When};

use crate::push::holds;
use crate::site::{Site, blob, blob_said_to_be, bytes, descriptor, remote, run};

const MIB: usize = 1 << 20;

#[test]
fn a_registry_that_takes_no_blob_whole_gets_it_in_pieces() {
    run(async {
        for (status, size, expected) in [
            (405, 100, vec!["0-99"]),
            (411, 100, vec!["0-99"]),
            (413, 17 * MIB, vec!["0-8388607", "8388608-16777215", "16777216-17825791"]),
            (501, 100, vec!["0-99"]),
        ] {
            let content = bytes(size);
            let site = Site::with(|front| front.fault(Fault::Status(status), When::nth(Kind::UploadPut, 1)));
            site.repository("app").place_blob(&blob(&content, &[]), Placing::Send).await.unwrap();
            assert_eq!(ranges(&site), expected, "{}", site.told());
            assert_eq!(pieces(&site).iter().sum::<usize>(), size);
            assert!(holds(&site, &content).await);
        }
    });
}

#[test]
fn a_blob_named_by_sha512_is_named_so_in_one_piece_and_in_several() {
    run(async {
        let content = bytes(9 * MIB);
        let named = Digest::of(Algorithm::Sha512, &content);
        let said = Descriptor { digest: named, ..descriptor(&content) };
        let whole = Site::plain();
        let pieces = Site::with(|front| front.fault(Fault::Status(405), When::nth(Kind::UploadPut, 1)));
        for site in [whole, pieces] {
            let blob = blob_said_to_be(said.clone(), &content, &[]);
            site.repository("app").place_blob(&blob, Placing::Reuse).await.unwrap();
            assert!(site.truth("app").has_blob(&said).await.unwrap(), "{}", site.told());
        }
    });
}

#[test]
fn pieces_are_as_large_as_the_registry_asks() {
    run(async {
        let content = bytes(21 * MIB);
        let site = Site::with(|front| {
            front
                .quirk(Quirk::ChunkMinimum(10 * MIB))
                .fault(Fault::Status(413), When::nth(Kind::UploadPut, 1))
        });
        site.repository("app").place_blob(&blob(&content, &[]), Placing::Send).await.unwrap();
        assert_eq!(pieces(&site), [10 * MIB, 10 * MIB, MIB]);
        assert!(holds(&site, &content).await);
    });
}

#[test]
fn bytes_of_unknown_size_are_written_as_they_come() {
    run(async {
        for size in [0, 1, 8 * MIB, 9 * MIB] {
            let (site, content) = (Site::plain(), bytes(size));
            let written = site.repository("app").write_stream(Box::new(Buffer::new(content.clone()))).await;
            assert_eq!(written.unwrap(), (Digest::sha256(&content), size as u64));
            assert!(holds(&site, &content).await);
            assert_eq!(site.asked(Kind::UploadPost).len(), 1);
            assert_eq!(pieces(&site).len(), size.div_ceil(8 * MIB));
        }
    });
}

#[test]
fn a_piece_that_did_not_arrive_is_sent_again_from_where_the_registry_stands() {
    run(async {
        let content = bytes(17 * MIB);
        for (number, expected) in [
            (1, ["0-8388607", "0-8388607", "8388608-16777215", "16777216-17825791"]),
            (2, ["0-8388607", "8388608-16777215", "8388608-16777215", "16777216-17825791"]),
        ] {
            for fault in [Fault::Reset, Fault::Status(503)] {
                let site = Site::with(|front| front.fault(fault, When::nth(Kind::UploadPatch, number)));
                let written =
                    site.repository("app").write_stream(Box::new(Buffer::new(content.clone()))).await;
                assert_eq!(written.unwrap().0, Digest::sha256(&content), "{fault:?} {}", site.told());
                assert_eq!(ranges(&site), expected, "{fault:?}");
                assert_eq!(site.asked(Kind::UploadGet).len(), 1);
                assert!(holds(&site, &content).await);
            }
        }
    });
}

#[test]
fn a_piece_that_arrived_without_a_word_is_not_sent_again() {
    run(async {
        let content = bytes(17 * MIB);
        for fault in [Fault::AppliedReset, Fault::Applied500] {
            let site = Site::with(|front| front.fault(fault, When::nth(Kind::UploadPatch, 2)));
            site.repository("app").write_stream(Box::new(Buffer::new(content.clone()))).await.unwrap();
            assert_eq!(ranges(&site), ["0-8388607", "8388608-16777215", "16777216-17825791"]);
            assert!(holds(&site, &content).await);
        }
    });
}

#[test]
fn a_registry_that_says_a_piece_is_out_of_order_is_asked_where_it_stands() {
    run(async {
        let content = bytes(17 * MIB);
        let site = Site::with(|front| front.fault(Fault::Range416, When::nth(Kind::UploadPatch, 2)));
        let written = site.repository("app").write_stream(Box::new(Buffer::new(content.clone()))).await;
        assert_eq!(written.unwrap().0, Digest::sha256(&content), "{}", site.told());
        assert_eq!(site.asked(Kind::UploadPost).len(), 1);
        assert!(holds(&site, &content).await);

        let stubborn = Site::with(|front| front.fault(Fault::Range416, When::every(Kind::UploadPatch)));
        assert!(stubborn.repository("app").write_stream(Box::new(Buffer::new(content))).await.is_err());
        assert!(stubborn.asked(Kind::UploadPatch).len() <= 5, "{}", stubborn.told());
    });
}

#[test]
fn a_lost_session_is_begun_anew_for_a_blob_and_ends_a_stream() {
    run(async {
        let content = bytes(9 * MIB);
        let lossy = || {
            Site::with(|front| {
                front
                    .fault(Fault::Status(413), When::nth(Kind::UploadPut, 1))
                    .fault(Fault::LostUpload, When::nth(Kind::UploadPatch, 2))
            })
        };
        let site = lossy();
        site.repository("app").place_blob(&blob(&content, &[]), Placing::Send).await.unwrap();
        assert!(holds(&site, &content).await);
        assert_eq!(site.asked(Kind::UploadPost).len(), 3);

        let site = Site::with(|front| front.fault(Fault::LostUpload, When::nth(Kind::UploadPatch, 2)));
        let error = remote(site.repository("app").write_stream(Box::new(Buffer::new(content))).await);
        assert!(error.to_string().contains("losing the upload"), "{error}");
    });
}

#[test]
fn the_end_of_a_stream_that_took_effect_without_a_word_is_not_repeated() {
    run(async {
        let content = bytes(100);
        for (fault, status) in [(Fault::Applied500, "500"), (Fault::AppliedReset, "-")] {
            let site = Site::with(|front| front.fault(fault, When::nth(Kind::UploadPut, 1)));
            site.repository("app").write_stream(Box::new(Buffer::new(content.clone()))).await.unwrap();
            assert_eq!(
                site.told(),
                format!("UploadPost 202, UploadPatch 202, UploadPut {status}, BlobHead 200")
            );
        }
    });
}

fn pieces(site: &Site) -> Vec<usize> {
    site.asked(Kind::UploadPatch).iter().map(|logged| logged.body_length).collect()
}

fn ranges(site: &Site) -> Vec<String> {
    let range = |logged: &umbel_testkit::network::Logged| logged.header("content-range").unwrap().to_owned();
    site.asked(Kind::UploadPatch).iter().map(range).collect()
}
