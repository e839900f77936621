//! Strict reading of JSON that came from outside.
//!
//! The text is taken apart level by level into borrowed raw values, so that what is not known can
//! be kept as it came, and so that every error can name its place. Two readers must never be able
//! to see two meanings in one document: keys may not repeat, and may not differ from a known key
//! only by case (Go's decoder would take them for it).

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::go_json;
use crate::descriptor::Extra;
use crate::document::{DocumentError, Problem};

/// How deep real documents are nested, and then some.
const MAX_DEPTH: usize = 64;

/// A value in a document, with its place.
#[derive(Clone)]
pub(crate) struct Value<'a> {
    place: String,
    depth: usize,
    raw: &'a RawValue,
}

impl<'a> Value<'a> {
    /// The value that the whole of `bytes` is.
    pub(crate) fn root(bytes: &'a [u8]) -> Result<Self, DocumentError> {
        let text = std::str::from_utf8(bytes).map_err(|_| DocumentError::root(Problem::NotUtf8))?;
        let raw =
            serde_json::from_str(text).map_err(|e| DocumentError::root(Problem::Syntax(e.to_string())))?;
        Ok(Self { place: String::new(), depth: 0, raw })
    }

    pub(crate) fn error(&self, problem: Problem) -> DocumentError {
        DocumentError { place: self.place.clone(), problem }
    }

    fn decode<T: Deserialize<'a>>(&self, expected: &'static str) -> Result<T, DocumentError> {
        serde_json::from_str(self.raw.get()).map_err(|_| self.error(Problem::WrongType(expected)))
    }

    pub(crate) fn is_null(&self) -> bool {
        self.raw.get() == "null"
    }

    /// The JSON text, as it came.
    pub(crate) fn text(&self) -> &'a str {
        self.raw.get()
    }

    pub(crate) fn string(&self) -> Result<String, DocumentError> {
        self.decode("a string")
    }

    /// A string that parses as `T`.
    pub(crate) fn parsed<T>(&self) -> Result<T, DocumentError>
    where
        T: std::str::FromStr<Err: fmt::Display>,
    {
        self.string()?.parse().map_err(|e: T::Err| self.error(Problem::Malformed(e.to_string())))
    }

    /// A size in bytes: a whole number from 0 to `i64::MAX`.
    pub(crate) fn size(&self) -> Result<u64, DocumentError> {
        let wrong = || self.error(Problem::Size(self.text().chars().take(40).collect()));
        let size: u64 = serde_json::from_str(self.raw.get()).map_err(|_| wrong())?;
        if i64::try_from(size).is_ok() { Ok(size) } else { Err(wrong()) }
    }

    pub(crate) fn array(&self) -> Result<Vec<Self>, DocumentError> {
        self.check_depth()?;
        let items: Vec<&'a RawValue> = self.decode("an array")?;
        let item = |(position, raw)| Self {
            place: format!("{}[{position}]", self.place),
            depth: self.depth + 1,
            raw,
        };
        Ok(items.into_iter().enumerate().map(item).collect())
    }

    pub(crate) fn strings(&self) -> Result<Vec<String>, DocumentError> {
        self.array()?.iter().map(Self::string).collect()
    }

    /// The members of an object, each key once.
    pub(crate) fn members(&self) -> Result<Vec<(String, Self)>, DocumentError> {
        self.check_depth()?;
        let Members(pairs) = self.decode("an object")?;
        if let Some(key) = repeated_key(&pairs) {
            return Err(self.error(Problem::DuplicateKey(key.to_owned())));
        }
        Ok(pairs.into_iter().map(|(key, raw)| self.member(key, raw)).collect())
    }

    fn member(&self, key: String, raw: &'a RawValue) -> (String, Self) {
        let place = if self.place.is_empty() { key.clone() } else { format!("{}.{key}", self.place) };
        (key, Self { place, depth: self.depth + 1, raw })
    }

    /// The members of an object with `known` keys told apart from the rest.
    pub(crate) fn fields(&self, known: &'static [&'static str]) -> Result<Fields<'a>, DocumentError> {
        let mut fields = Fields { object: self.clone(), known: Vec::new(), extra: Extra::default() };
        for (key, value) in self.members()? {
            if let Some(&name) = known.iter().find(|name| **name == key) {
                fields.known.push((name, value));
            } else if let Some(&name) = known.iter().find(|name| folds_to(&key, name)) {
                return Err(self.error(Problem::CaseTwin { key, known: name }));
            } else {
                value.scan()?;
                fields.extra.push(key, go_json::compact(value.text()).into());
            }
        }
        Ok(fields)
    }

    /// Refuses what is unclear anywhere below a value that is kept without being understood.
    pub(crate) fn scan(&self) -> Result<(), DocumentError> {
        match self.text().as_bytes().first() {
            Some(b'{') => self.members()?.iter().try_for_each(|(_, value)| value.scan()),
            Some(b'[') => self.array()?.iter().try_for_each(Self::scan),
            _ => Ok(()),
        }
    }

    fn check_depth(&self) -> Result<(), DocumentError> {
        if self.depth >= MAX_DEPTH { Err(self.error(Problem::TooDeep(MAX_DEPTH))) } else { Ok(()) }
    }
}

/// An object's known members, to be taken one by one, and the rest.
pub(crate) struct Fields<'a> {
    object: Value<'a>,
    known: Vec<(&'static str, Value<'a>)>,
    pub(crate) extra: Extra,
}

impl<'a> Fields<'a> {
    /// The member of that name; `null` counts as absent, as it does for Go.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Value<'a>> {
        let position = self.known.iter().position(|(known, _)| *known == name)?;
        Some(self.known.swap_remove(position).1).filter(|value| !value.is_null())
    }

    /// The member of that name, or an error that it is missing.
    pub(crate) fn require(&mut self, name: &'static str) -> Result<Value<'a>, DocumentError> {
        self.take(name).ok_or_else(|| self.object.error(Problem::Missing(name)))
    }

    /// The member of that name read by `read`, or the default where it is absent.
    pub(crate) fn optional<T: Default>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value<'a>) -> Result<T, DocumentError>,
    ) -> Result<T, DocumentError> {
        self.take(name).as_ref().map_or_else(|| Ok(T::default()), read)
    }

    pub(crate) fn error(&self, problem: Problem) -> DocumentError {
        self.object.error(problem)
    }
}

/// Whether `key` equals `name` for a reader that folds case the way Go's decoder does: ASCII
/// letters, the long s and the Kelvin sign.
pub(crate) fn folds_to(key: &str, name: &str) -> bool {
    let folded = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    key.chars().map(folded).eq(name.chars().map(folded))
}

/// A key that is there twice. Nearly all objects are small; large ones must not take quadratic time.
fn repeated_key<'p>(pairs: &'p [(String, &RawValue)]) -> Option<&'p str> {
    if pairs.len() <= 16 {
        let repeats =
            |(at, (key, _)): &(usize, &'p (String, &RawValue))| pairs[..*at].iter().any(|(k, _)| k == key);
        return pairs.iter().enumerate().find(repeats).map(|(_, (key, _))| key.as_str());
    }
    let mut seen = HashSet::with_capacity(pairs.len());
    pairs.iter().map(|(key, _)| key.as_str()).find(|key| !seen.insert(*key))
}

/// The members of an object in order, values unread.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(InOrder).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(json: &str) -> Problem {
        let read = |json| Value::root(json)?.fields(&["digest"])?.require("digest").map(drop);
        read(json.as_bytes()).unwrap_err().problem
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        assert_eq!(problem(r#"{"digest":1,"digest":2}"#), Problem::DuplicateKey("digest".into()));
        assert_eq!(problem(r#"{"digest":1,"di\u0067est":2}"#), Problem::DuplicateKey("digest".into()));
        let twin = |key: &str| Problem::CaseTwin { key: key.into(), known: "digest" };
        assert_eq!(problem(r#"{"Digest":1}"#), twin("Digest"));
        assert_eq!(problem(r#"{"digest":1,"dige\u017ft":1}"#), twin("dige\u{17f}t"));
        assert_eq!(problem(r#"{"x":{"y":[{"a":1,"a":2}]}}"#), Problem::DuplicateKey("a".into()));
    }

    #[test]
    fn anything_behind_or_before_the_document_is_refused() {
        for json in ["{} {}", "{}x", "\u{feff}{}", "", "{\"digest\":1,}", "{'digest':1}"] {
            assert!(matches!(problem(json), Problem::Syntax(_)), "{json}");
        }
    }

    #[test]
    fn depth_is_bounded_whether_known_or_not() {
        let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(problem(&deep), Problem::TooDeep(64));
    }

    #[test]
    fn errors_name_the_place() {
        let error = Value::root(br#"{"x":[0,{"y":{"z":1,"z":2}}]}"#).unwrap().scan().unwrap_err();
        assert_eq!(error.to_string(), "`x[1].y` has the key `z` twice");
    }

    #[test]
    fn sizes_outside_their_range_are_refused() {
        for size in ["-1", "1.5", "1e3", "9223372036854775808", "\"1\"", "99999999999999999999"] {
            let json = format!("[{size}]");
            let value = &Value::root(json.as_bytes()).unwrap().array().unwrap()[0];
            assert_eq!(value.size().unwrap_err().problem, Problem::Size(size.into()));
        }
    }
}
