//! The grammar of image references (distribution `reference` package) and of names in OCI layouts
//! (image-spec `annotations.md`, `org.opencontainers.image.ref.name`), as predicates.

/// The longest name of a repository, host and path, that tools of the field take.
pub(super) const MAX_NAME: usize = 255;

/// The longest tag.
pub(super) const MAX_TAG: usize = 128;

/// `localhost`, `example.com:5000`, `[::1]:5000`, …
pub(super) fn is_host(text: &str) -> bool {
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            let is_address = address.parse::<core::net::Ipv6Addr>().is_ok();
            let port = rest.strip_prefix(':');
            return is_address && (rest.is_empty() || port.is_some_and(is_port));
        }
        None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
    };
    name.split('.').all(is_host_label) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_host_label(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(inner)
}

/// Components joined by `/`: lower-case letters and digits, separated by `.`, `_`, `__` or dashes.
pub(super) fn is_path(text: &str) -> bool {
    text.split('/').all(|component| {
        let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = component.as_bytes();
        let edges = bytes.first().zip(bytes.last());
        edges.is_some_and(|(first, last)| alphanumeric(*first) && alphanumeric(*last))
            && component.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).all(|separator| {
                matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-')
            })
    })
}

/// A letter, digit or `_`, then up to 127 of these, `.` and `-`.
pub(super) fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let bytes = text.as_bytes();
    bytes.len() <= MAX_TAG
        && bytes.first().is_some_and(|first| word(*first))
        && bytes.iter().all(|b| word(*b) || matches!(b, b'.' | b'-'))
}

/// Components joined by `/`: letters and digits, separated by one of `-._:@+` or by `--`.
pub(super) fn is_layout_name(text: &str) -> bool {
    text.split('/').all(|component| {
        let bytes = component.as_bytes();
        let edges = bytes.first().zip(bytes.last());
        edges.is_some_and(|(first, last)| first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric())
            && component
                .split(|c: char| c.is_ascii_alphanumeric())
                .all(|separator| matches!(separator, "" | "-" | "." | "_" | ":" | "@" | "+" | "--"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_paths_tags_and_layout_names_follow_their_grammar() {
        for (good, bad) in
            [("localhost", "-a"), ("a.b:5000", "a..b"), ("[::1]:5000", "[::g]"), ("A.b", "a:port")]
        {
            assert!(is_host(good) && !is_host(bad), "{good} {bad}");
        }
        for (good, bad) in
            [("a/b_c", "a//b"), ("a--b", "a..b"), ("a__b.c", "a___b"), ("0", "A"), ("a-b", "a-")]
        {
            assert!(is_path(good) && !is_path(bad), "{good} {bad}");
        }
        for (good, bad) in [("1.0", ".1"), ("_x-", "-x"), ("A", ""), ("latest", "a/b")] {
            assert!(is_tag(good) && !is_tag(bad), "{good} {bad}");
        }
        for (good, bad) in [("v1.0", "v1..0"), ("a/b:c@d+e", "/a"), ("a--b", "a---b"), ("X", "")] {
            assert!(is_layout_name(good) && !is_layout_name(bad), "{good} {bad}");
        }
    }
}
