//! Names and digests that are attempts at something else.
//!
//! Whatever the registry answers, it neither reads nor writes outside of its repositories.

use std::fs;
use std::io::{Read as _, Write as _};

use umbel_testkit::{Blob, Layout, digest, image, manifest, tree};

use crate::{REPOSITORY, everywhere, in_directory, text};

/// Names that are none; `%2e` is a dot and `%2f` a slash.
const NAMES: [&str; 18] = [
    "..",
    "../outside",
    "team/../../outside",
    "%2e%2e/outside",
    "%2E%2E%2Foutside",
    "..%2foutside",
    "team/%2e%2e/%2e%2e/outside",
    "%252e%252e/outside",
    ".",
    "team//app",
    "/outside",
    "Team",
    "team/App",
    "team/.app",
    "team/app-",
    "team/a%00b",
    "team\\app",
    "t%C3%A9am",
];

#[test]
fn a_name_that_is_none_is_refused() {
    everywhere(|client| {
        client.push_image(REPOSITORY, "v1", &manifest(text("{}")).build());
        for name in NAMES {
            for path in
                ["manifests/v1".to_owned(), format!("blobs/{}", digest(b"{}")), "tags/list".to_owned()]
            {
                let response = client.get(&format!("/v2/{name}/{path}"));
                assert!([400, 404].contains(&response.status), "{name}: {}", response.status);
            }
            let response = client.request("POST", &format!("/v2/{name}/blobs/uploads/")).send();
            assert!([400, 404].contains(&response.status), "{name}: {}", response.status);
        }
    });
}

#[test]
fn a_name_in_upper_case_is_name_invalid() {
    everywhere(|client| {
        for name in ["Team/app", "team/_app", "team/app."] {
            client.get(&format!("/v2/{name}/tags/list")).refused(&[400, 404], "NAME_INVALID");
            let begin = client.request("POST", &format!("/v2/{name}/blobs/uploads/"));
            begin.send().refused(&[400, 404], "NAME_INVALID");
        }
    });
}

/// "The total length of a repository name" was limited to 255 in the protocol's beginnings, as are the names
/// of files.
#[test]
fn a_name_that_no_file_can_have_is_refused() {
    everywhere(|client| {
        let name = "a".repeat(256);
        let response = client.request("POST", &format!("/v2/{name}/blobs/uploads/")).send();
        response.refused(&[400, 404], "NAME_INVALID");
    });
}

/// A repository `team/blobs` would lie in the blobs of the layout of `team`.
#[test]
fn a_name_that_is_taken_by_the_layout_is_name_invalid() {
    everywhere(|client| {
        for name in ["blobs", "team/blobs", "team/blobs/sha256", "blobs/sha256"] {
            let begin = client.request("POST", &format!("/v2/{name}/blobs/uploads/")).send();
            begin.refused(&[400, 404], "NAME_INVALID");
        }
    });
}

#[test]
fn nothing_is_read_or_written_outside_of_the_directory() {
    in_directory(|client, root| {
        let parent = root.parent().unwrap();
        let secret = image("linux/amd64").build();
        Layout::create(parent.join("outside")).add_image(&secret, Some("v1"));
        client.push_image(REPOSITORY, "v1", &manifest(text("{}")).build());
        let before = tree(parent);
        for name in NAMES {
            let blob = format!("/v2/{name}/blobs/{}", secret.config.digest);
            let manifest = format!("/v2/{name}/manifests/v1");
            for path in [&blob, &manifest] {
                assert!(client.get(path).status >= 400, "{path}");
                assert!(client.delete(path).status >= 400, "{path}");
            }
            assert!(client.put_manifest(name, "v2", &secret.manifest).status >= 400, "{name}");
            let target = format!("/v2/{name}/blobs/uploads/?digest={}", digest(b"planted"));
            assert!(client.request("POST", &target).body("planted").send().status >= 400, "{name}");
        }
        assert_eq!(tree(parent), before);
    });
}

#[test]
fn a_mount_reads_only_from_repositories() {
    in_directory(|client, root| {
        let secret = text("secret");
        Layout::create(root.parent().unwrap().join("outside")).add_blob(&secret.bytes);
        client.push_blob(REPOSITORY, &text("content"));
        for from in NAMES {
            let target = format!("/v2/{REPOSITORY}/blobs/uploads/?mount={}&from={from}", secret.digest);
            assert_ne!(client.request("POST", &target).send().status, 201, "{from}");
            client.head(&format!("/v2/{REPOSITORY}/blobs/{}", secret.digest)).expect(404);
        }
    });
}

#[test]
fn a_digest_is_never_a_path() {
    in_directory(|client, root| {
        client.push_image(REPOSITORY, "v1", &manifest(text("{}")).build());
        fs::write(root.parent().unwrap().join("secret"), "secret").unwrap();
        let before = tree(root.parent().unwrap());
        for digest in [
            "sha256:..%2f..%2findex.json",
            "sha256:../../index.json",
            "..:oci-layout",
            "%2e%2e:index.json",
            "sha256:%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fsecret",
            "sha256%2f..:x",
            "sha256:",
            ":",
            "sha256:zz",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
        ] {
            for kind in ["blobs", "manifests", "referrers"] {
                let path = format!("/v2/{REPOSITORY}/{kind}/{digest}");
                // Of another algorithm there may be a list, and it is empty.
                let statuses: &[u16] = if kind == "referrers" { &[200, 400, 404] } else { &[400, 404] };
                let response = client.get(&path);
                assert!(statuses.contains(&response.status), "{path}: {}", response.status);
                assert!([400, 404, 405].contains(&client.delete(&path).status), "{path}");
            }
            let artifact = manifest(text("{}")).build();
            assert!(client.put_manifest(REPOSITORY, digest, &artifact.manifest).status >= 400, "{digest}");
            let target = format!("/v2/{REPOSITORY}/blobs/uploads/?digest={digest}");
            assert!(client.request("POST", &target).body("planted").send().status >= 400, "{digest}");
        }
        assert_eq!(tree(root.parent().unwrap()), before);
    });
}

/// A request that only asks leaves no trace: no directory for a repository that is not there.
#[test]
fn looking_for_a_repository_does_not_make_it() {
    in_directory(|client, root| {
        let digest = digest(b"content");
        for path in [
            "tags/list".to_owned(),
            "manifests/v1".to_owned(),
            format!("blobs/{digest}"),
            format!("referrers/{digest}"),
            "blobs/uploads/nothing".to_owned(),
        ] {
            client.get(&format!("/v2/no/where/{path}"));
            client.delete(&format!("/v2/no/where/{path}"));
        }
        assert!(tree(root).is_empty(), "{:?}", tree(root).keys());
    });
}

#[test]
fn what_is_not_http_does_not_stop_the_server() {
    everywhere(|client| {
        for bytes in
            [&b"\x16\x03\x01\x02\x00"[..], b"GET\r\n\r\n", b"PUT /v2/ HTTP/1.1\r\nContent-Length: x\r\n\r\n"]
        {
            let mut stream = client.connect();
            let _ = stream.write_all(bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
        client.push_blob(REPOSITORY, &Blob::new("text/plain", "content"));
    });
}
