//! The media type of an answer.

use umbel_model::MediaType;

/// The type that a `Content-Type` names, without its parameters and in lower case, as descriptors
/// write it; `None` if it names none.
pub(crate) fn media_type(value: &str) -> Option<MediaType> {
    let essence = value.split(';').next().unwrap_or_default().trim();
    let (kind, rest) = essence.split_once('/')?;
    let is_name = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic() && b != b',');
    if is_name(kind) && is_name(rest) { essence.to_ascii_lowercase().parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_capitals_are_not_part_of_a_type() {
        let long = format!("a/{}", "b".repeat(300));
        for (value, expected) in [
            ("application/vnd.oci.image.index.v1+json", Some("application/vnd.oci.image.index.v1+json")),
            (" Application/JSON ; charset=utf-8; a=\"b;c\"", Some("application/json")),
            ("text/html;", Some("text/html")),
            ("a/b, c/d", None),
            ("application", None),
            ("/json", None),
            ("a/", None),
            ("a/\u{1b}[2J", None),
            ("a b/c", None),
            (";", None),
            ("", None),
            (&long, None),
        ] {
            assert_eq!(media_type(value).map(|t| t.to_string()).as_deref(), expected, "{value}");
        }
    }
}
