//! Answers that have no end are given up as soon as they are longer than what they should be.

use umbel_testkit::media_type::{OCI_INDEX, OCI_MANIFEST};
use umbel_testkit::{Image, image};

use crate::desk::{Desk, Said};
use crate::flood::{Flood, Flow, Length};
use crate::registry::{Registry, Shelf};

const INTEGRITY: i32 = 5;

/// How much may be on its way beyond what is read: buffers of the kernel on both sides, and of the client.
const IN_FLIGHT: u64 = 16 << 20;

/// The most that is read of a manifest.
const MANIFEST: u64 = 4 << 20;

const NOT_FOUND: &str = "404 Not Found";

/// A server of one image, and of one part of it that never ends.
fn image_with_endless(part: &'static str, length: Length) -> (Flood, Image) {
    let image = image("linux/amd64").build();
    let served = image.clone();
    let flood = Flood::start(move |_, target| {
        let named =
            [("config", &served.config), ("layer", &served.layers[0]), ("manifest", &served.manifest)];
        for (name, blob) in named {
            if target.ends_with(&blob.digest) || (name == "manifest" && target.ends_with("/v1")) {
                let headers = format!("Content-Type: {}\r\n", blob.media_type);
                return if name == part {
                    Flow::endless("200 OK", &headers, length, b' ')
                } else {
                    Flow::whole("200 OK", &headers, &blob.bytes)
                };
            }
        }
        Flow::whole(NOT_FOUND, "", b"")
    });
    (flood, image)
}

#[track_caller]
fn given_up(said: &Said, flood: &Flood, limit: u64) {
    assert_ne!(said.code, 0, "{said:#?}");
    said.prompt();
    assert!(flood.sent() <= limit + IN_FLIGHT, "{} bytes were taken: {said:#?}", flood.sent());
}

#[test]
fn a_manifest_without_end_is_given_up() {
    for length in Length::ALL {
        for name in ["app:v1", "app"] {
            let (flood, image) = image_with_endless("manifest", length);
            let name = if name == "app" { format!("app@{}", image.manifest.digest) } else { name.to_owned() };
            let said = Desk::new().run(&format!("inspect {}", flood.place(&name)));
            said.refused(INTEGRITY, "at most 4194304 are read");
            given_up(&said, &flood, MANIFEST);
        }
    }
}

#[test]
fn a_manifest_padded_beyond_the_limit_is_refused_and_one_within_it_is_not() {
    let desk = Desk::new();
    for (size, code) in [(8 << 20, INTEGRITY), ((4 << 20) + 1, INTEGRITY), (4 << 20, 0)] {
        let mut document =
            format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[]}}"#).into_bytes();
        document.resize(size, b' ');
        let registry = Registry::serving(Shelf::tagged(OCI_INDEX, document));
        let said = desk.run(&format!("inspect {}", registry.place("app:v1")));
        assert_eq!(said.code, code, "{size}: {said:#?}");
        said.prompt();
    }
}

#[test]
fn a_config_or_layer_longer_than_it_says_is_given_up() {
    for length in Length::ALL {
        for (part, command) in [
            ("config", "create app PLACE"),
            ("config", "copy PLACE oci:out:v1"),
            ("layer", "copy PLACE oci:out:v1"),
        ] {
            let (flood, _) = image_with_endless(part, length);
            let desk = Desk::new();
            let said = desk.run(&command.replace("PLACE", &flood.place("app:v1")));
            said.refused(INTEGRITY, "instead of the");
            given_up(&said, &flood, 0);
            assert_eq!(desk.run("exists oci:out:v1").code, 1);
        }
    }
}

#[test]
fn an_error_is_read_no_further_than_it_is_shown() {
    for length in Length::ALL {
        for status in [NOT_FOUND, "400 Bad", "401 Unauthorized", "403 Forbidden", "500 Sorry", "418 Teapot"] {
            let flood = Flood::start(move |_, _| Flow::endless(status, "", length, b'x'));
            let said = Desk::new().run(&format!("inspect --retry 0 {}", flood.place("app:v1")));
            given_up(&said, &flood, 64 << 10);
            assert!(said.err.len() < 2000, "{said:#?}");
        }
    }
}

#[test]
fn an_answer_to_something_written_is_read_no_further_either() {
    for length in Length::ALL {
        for endless in ["POST", "PUT /v2/app/blobs", "PUT /v2/app/manifests"] {
            for status in ["201 Created", "400 Bad"] {
                let flood = Flood::start(move |method, target| {
                    let request = format!("{method} {target}");
                    if request.starts_with(endless) {
                        let headers = "Location: /v2/app/blobs/uploads/1\r\n";
                        return Flow::endless(status, headers, length, b'x');
                    }
                    match method {
                        "POST" => Flow::whole("202 Accepted", "Location: /v2/app/blobs/uploads/1\r\n", b""),
                        "PUT" => Flow::whole("201 Created", "", b""),
                        _ => Flow::whole(NOT_FOUND, "", b""),
                    }
                });
                let desk = Desk::with_images();
                let line =
                    format!("copy --retry 0 --no-read-back oci:images:amd64 {}", flood.place("app:v1"));
                let said = desk.run(&line);
                said.prompt();
                assert!(flood.sent() <= 3 * IN_FLIGHT, "{}: {said:#?}", flood.sent());
                assert_eq!(said.code == 0, status.starts_with("201"), "{endless} {length:?}: {said:#?}");
            }
        }
    }
}

#[test]
fn a_token_reply_without_end_is_given_up() {
    for length in Length::ALL {
        for status in ["200 OK", "401 Unauthorized", "500 Sorry"] {
            let flood = Flood::start(move |_, target| {
                if target.starts_with("/token") {
                    return Flow::endless(status, "Content-Type: application/json\r\n", length, b' ');
                }
                Flow::whole(
                    "401 Unauthorized",
                    "Www-Authenticate: Bearer realm=\"http://HOST/token\"\r\n",
                    b"",
                )
            });
            // A realm must name its port, which is known only now.
            let host = flood.host();
            let registry = Registry::answering(move |_| {
                umbel_testkit::network::wire::Response::new(401, "")
                    .with("www-authenticate", format!("Bearer realm=\"http://{host}/token\""))
            });
            let desk = Desk::new();
            let said = desk.run(&format!("inspect --retry 0 --creds robot:pw {}", registry.place("app:v1")));
            given_up(&said, &flood, 1 << 20);
        }
    }
}

#[test]
fn a_head_without_end_is_given_up() {
    let line = format!("X-Filling: {}\r\n", "x".repeat(4000));
    for (head, piece) in [
        ("HTTP/1.1 200 OK\r\n", line.as_str()),
        ("HTTP/1.1 200 OK\r\nX-Long: ", "xxxxxxxxxxxxxxxx"),
        ("HTTP/1.1 200 ", "OK OK OK OK OK "),
        ("", "xxxxxxxxxxxxxxxx"),
    ] {
        let message = (head.as_bytes().to_vec(), piece.repeat(4096 / piece.len() + 1).into_bytes());
        let flood = Flood::start(move |_, _| Flow::Endless(message.0.clone(), message.1.clone()));
        let said = Desk::new().run(&format!("inspect --retry 0 {}", flood.place("app:v1")));
        given_up(&said, &flood, 1 << 20);
    }
}

#[test]
fn interim_answers_without_end_run_into_the_timeout() {
    let flood = Flood::start(|_, _| Flow::Endless(Vec::new(), b"HTTP/1.1 103 Hints\r\n\r\n".repeat(100)));
    let said = Desk::new().run(&format!("inspect --retry 0 --timeout 1 {}", flood.place("app:v1")));
    said.refused(7, "");
    said.prompt();
}

#[test]
fn chunks_that_lie_about_their_size_are_given_up() {
    for chunk in ["ffffffffffffffff\r\n", "fffffffffffffffffffffffffffffff\r\n", "-1\r\n", "1;x=", "0\r\nX: "]
    {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {OCI_MANIFEST}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"
        );
        let flood = Flood::start(move |_, _| Flow::Endless(head.clone().into(), vec![b'x'; 64 << 10]));
        let said = Desk::new().run(&format!("inspect --retry 0 {}", flood.place("app:v1")));
        given_up(&said, &flood, MANIFEST);
    }
}
