//! What a registry says about a request that it refuses (distribution-spec, *Error Codes*).

use std::collections::BTreeSet;

use serde_json::Value;
use umbel_content::{Refusal, RemoteProblem};
use umbel_model::Digest;

use crate::printable::printable;

/// The length of a code and of a message, in characters, beyond which they are cut.
const MAX_CODE: usize = 60;
const MAX_MESSAGE: usize = 300;

/// The same for a body that is not of the distribution API, and how many of its bytes are looked at.
const MAX_PAGE_TEXT: usize = 80;
const MAX_PAGE: usize = 16 * 1024;

/// The body of an answer that refuses a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The code of the first error, such as `NAME_UNKNOWN`.
    pub(crate) code: Option<String>,
    /// The text of the first error, or the beginning of a body of another kind; perhaps empty. It is
    /// one line that can be printed as it is.
    pub(crate) message: String,
    /// The digests that errors about missing content name, sorted.
    pub(crate) digests: Vec<Digest>,
    /// Whether one of the errors, not only the first, is about missing content.
    is_missing: bool,
    /// Whether one of the errors is about the document or its type.
    is_unsupported: bool,
}

impl Problem {
    /// Parses a body; whatever it is, something is made of it. The work grows with the body, which
    /// the caller bounds.
    pub(crate) fn parse(body: &[u8]) -> Self {
        match serde_json::from_slice(body) {
            Ok(body @ Value::Object(_)) => Self::of_json(&body),
            _ => Self::of_page(body),
        }
    }

    /// What came of the request that was answered with this and `status`.
    pub(crate) fn into_answer(self, status: u16) -> RemoteProblem {
        let refusal = if names_missing_content(status, &self) {
            Refusal::MissingContent(self.digests)
        } else if refuses_media_type(status, &self) {
            Refusal::MediaType
        } else {
            Refusal::Other
        };
        RemoteProblem::Answered { status, code: self.code, message: self.message, refusal }
    }

    fn of_json(body: &Value) -> Self {
        let errors: Vec<&Value> =
            body.get("errors").and_then(Value::as_array).into_iter().flatten().collect();
        let headline = errors.first().copied().unwrap_or(body);
        let missing: Vec<&Value> = errors.iter().copied().filter(|error| has_code(error, &MISSING)).collect();
        let mut digests = BTreeSet::new();
        for error in &missing {
            collect_digests(error, &mut digests);
        }
        Self {
            code: code_of(headline).map(|code| printable(&code, MAX_CODE)).filter(|code| !code.is_empty()),
            message: printable(message_of(headline), MAX_MESSAGE),
            digests: digests.into_iter().collect(),
            is_missing: !missing.is_empty(),
            is_unsupported: errors.iter().any(|error| has_code(error, &UNSUPPORTED)),
        }
    }

    fn of_page(body: &[u8]) -> Self {
        let page = String::from_utf8_lossy(&body[..body.len().min(MAX_PAGE)]);
        let message = printable(&without_tags(&page), MAX_PAGE_TEXT);
        Self { code: None, message, digests: Vec::new(), is_missing: false, is_unsupported: false }
    }
}

/// Whether an answer to the writing of a document says that the registry does not take documents of
/// its media type. Never so for trouble of the server, for missing rights or for missing content:
/// a document written in another form there would be a change that nobody asked for.
fn refuses_media_type(status: u16, problem: &Problem) -> bool {
    match status {
        415 => true,
        // Registries that know no such type say `MANIFEST_INVALID` (distribution, quay.io) or
        // `UNSUPPORTED` (ECR); what we write is well formed, so that the former has no other cause.
        400 | 406 | 422 => !problem.is_missing && (problem.is_unsupported || mentions_type(&problem.message)),
        _ => false,
    }
}

/// Whether an answer to the writing of a document says that content it refers to is not there.
fn names_missing_content(status: u16, problem: &Problem) -> bool {
    matches!(status, 400 | 404 | 409 | 412 | 422) && problem.is_missing
}

const MISSING: [&str; 3] = ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"];
const UNSUPPORTED: [&str; 3] = ["MANIFEST_INVALID", "UNSUPPORTED", "UNSUPPORTED_MEDIA_TYPE"];

fn mentions_type(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let words = ["media type", "mediatype", "media-type", "content type", "content-type", "manifest type"];
    words.iter().any(|word| message.contains(word))
}

fn has_code(error: &Value, codes: &[&str]) -> bool {
    code_of(error).is_some_and(|code| codes.contains(&code.as_str()))
}

/// The code of an error. Some servers give a number in its place.
fn code_of(error: &Value) -> Option<String> {
    match error.get("code")? {
        Value::String(code) => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    }
}

/// The text of an error, under the names that registries and token servers have for it.
fn message_of(error: &Value) -> &str {
    let text = |key: &&str| error.get(*key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let names = ["message", "error_description", "detail", "details", "error"];
    error.as_str().or_else(|| names.iter().find_map(text)).unwrap_or_default()
}

/// Adds the digests in the texts of `value`. The parser bounds how deep it is.
fn collect_digests(value: &Value, found: &mut BTreeSet<Digest>) {
    match value {
        Value::String(text) => found.extend(digests_in(text)),
        Value::Array(values) => values.iter().for_each(|value| collect_digests(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| collect_digests(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The digests of known algorithms in a text, whatever stands around them.
fn digests_in(text: &str) -> Vec<Digest> {
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != ':').collect();
    let mut found = Vec::new();
    for word in words {
        let parts: Vec<&str> = word.split(':').collect();
        for pair in parts.windows(2) {
            let digest: Option<Digest> = pair.join(":").parse().ok();
            found.extend(digest.filter(|digest| digest.algorithm().is_some()));
        }
    }
    found
}

/// A page without its tags, each of which leaves a space. A `<` that begins none is text.
fn without_tags(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, behind)) = rest.split_once('<') {
        text.push_str(before);
        let is_tag = behind.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        text.push(if is_tag { ' ' } else { '<' });
        rest = if is_tag { behind.split_once('>').map_or("", |(_, rest)| rest) } else { behind };
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, rest: &str) -> Problem {
        Problem::parse(format!(r#"{{"errors":[{{"code":"{code}"{rest}}}]}}"#).as_bytes())
    }

    #[test]
    fn the_first_error_is_the_headline() {
        let long = format!(r#"{{"errors":[{{"code":"{0}","message":"{0}"}}]}}"#, "ä".repeat(9999));
        let (cut_code, cut) = (format!("{}…", "ä".repeat(60)), format!("{}…", "ä".repeat(300)));
        for (body, code, message) in [
            (
                r#"{"errors":[{"code":"DENIED","message":"no"},{"code":"B","message":"c"}]}"#,
                Some("DENIED"),
                "no",
            ),
            (r#"{"errors":[{"message":"a\u001b[2J\nb\u0000"}]}"#, None, "a [2J b"),
            (r#"{"errors":[{"code":404,"detail":"d"}]}"#, Some("404"), "d"),
            (r#"{"errors":[{"code":"\u0007","message":""}]}"#, None, ""),
            (r#"{"errors":["plain"]}"#, None, "plain"),
            (r#"{"errors":[]}"#, None, ""),
            (r#"{"errors":{"code":"A"},"message":"m"}"#, None, "m"),
            (r#"{"details":"incorrect username or password"}"#, None, "incorrect username or password"),
            (r#"{"error":"invalid_grant","error_description":"too old"}"#, None, "too old"),
            ("{}", None, ""),
            (&long, Some(&cut_code), &cut),
        ] {
            let problem = Problem::parse(body.as_bytes());
            assert_eq!((problem.code.as_deref(), problem.message.as_str()), (code, message), "{body:.80}");
        }
    }

    #[test]
    fn of_a_page_the_first_words_are_told() {
        let deep = "[".repeat(100_000);
        let tags = "<".repeat(100_000);
        for (body, message) in [
            (&b"<html><head><title>502 Bad Gateway</title></head>\r\n<h1>x</h1>"[..], "502 Bad Gateway x"),
            (b"404 page not found\n", "404 page not found"),
            (b"1 < 2 and <b>3</b> <!-- c -->", "1 < 2 and 3"),
            (b"cut <a href=", "cut"),
            (b"\x1b[2J\xff\xfe\x00\x07", "[2J"),
            (b"\"json\"", "\"json\""),
            (b"", ""),
        ] {
            assert_eq!(Problem::parse(body).message, message, "{body:?}");
        }
        for body in [deep, tags, "ä".repeat(99_999)] {
            let message = Problem::parse(body.as_bytes()).message;
            assert_eq!(message.chars().count(), MAX_PAGE_TEXT + 1, "{message}");
        }
    }

    #[test]
    fn digests_of_missing_content_are_found_wherever_they_stand() {
        let [a, b, c] = [b"a", b"b", b"c"].map(|content| Digest::sha256(content));
        let mut all = vec![a.clone(), b.clone(), c.clone()];
        all.sort();
        let body = format!(
            r#"{{"errors":[
                {{"code":"MANIFEST_BLOB_UNKNOWN","message":"x","detail":{{"digest":"{a}"}}}},
                {{"code":"BLOB_UNKNOWN","message":"blob r@{b}, unknown"}},
                {{"code":"MANIFEST_UNKNOWN","detail":[["a:{c}:b {c}"], "{a}"]}},
                {{"code":"DENIED","detail":"{}"}}]}}"#,
            Digest::sha256(b"d")
        );
        assert_eq!(Problem::parse(body.as_bytes()).digests, all);
        let odd = r#","message":"sha256:abc blake3:00 ::: sha256:","detail":["sha256"]"#;
        assert_eq!(error("BLOB_UNKNOWN", odd).digests, []);
    }

    #[test]
    fn only_a_refusal_of_the_type_is_one() {
        let says_type = r#","message":"unsupported Media Type""#;
        for (status, problem, refuses, missing) in [
            (400, error("MANIFEST_INVALID", ""), true, false),
            (400, error("UNSUPPORTED", ""), true, false),
            (400, error("UNKNOWN", says_type), true, false),
            (422, Problem::parse(b"invalid manifest content type"), true, false),
            (415, Problem::parse(b""), true, false),
            (400, error("MANIFEST_BLOB_UNKNOWN", says_type), false, true),
            (404, error("MANIFEST_UNKNOWN", ""), false, true),
            (400, error("TAG_INVALID", ""), false, false),
            (405, error("UNSUPPORTED", says_type), false, false),
            (403, error("DENIED", says_type), false, false),
            (401, error("UNAUTHORIZED", says_type), false, false),
            (429, error("TOOMANYREQUESTS", says_type), false, false),
            (500, error("MANIFEST_INVALID", says_type), false, false),
            (503, error("BLOB_UNKNOWN", ""), false, false),
            (404, Problem::parse(b"page not found"), false, false),
        ] {
            let answer = (refuses_media_type(status, &problem), names_missing_content(status, &problem));
            assert_eq!(answer, (refuses, missing), "{status} {problem:?}");
        }
    }
}
