//! JSON objects whose keys stay in the order they were written.
//!
//! Registries hold manifests whose keys follow the order of a Go struct, not the alphabet. Fixtures look
//! the same, so that a test notices when the product sorts what it should have left alone.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde_json::Value;

/// A JSON object as a list of keys, each with the JSON text of its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Object(Vec<(String, String)>);

impl Object {
    /// Adds a field; `value` must display as JSON.
    pub(crate) fn with(mut self, key: &str, value: impl Display) -> Self {
        self.set(key, value);
        self
    }

    /// Adds a field if there is a value for it.
    pub(crate) fn with_some(self, key: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Replaces the field where it stands, or adds it at the end.
    pub(crate) fn set(&mut self, key: &str, value: impl Display) {
        let value = value.to_string();
        match self.0.iter_mut().find(|(known, _)| known == key) {
            Some(field) => field.1 = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }

    /// Applies edits in their order: a value sets its field, `None` removes it.
    pub(crate) fn edited(mut self, edits: &Edits) -> Self {
        for (key, value) in edits {
            match value {
                Some(value) => self.set(key, value),
                None => self.0.retain(|(known, _)| known != key),
            }
        }
        self
    }

    /// Adds the fields of `other` after those already there.
    pub(crate) fn followed_by(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The object's text as bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

impl Display for Object {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("{")?;
        for (position, (key, value)) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            write!(out, "{comma}{}:{value}", string(key))?;
        }
        out.write_str("}")
    }
}

/// Changes that a test asks for on top of what a builder writes.
pub(crate) type Edits = Vec<(String, Option<Value>)>;

/// A JSON string, quoted and escaped.
pub(crate) fn string(text: &str) -> Value {
    Value::from(text)
}

/// A JSON array of items that display as JSON.
pub(crate) fn array(items: impl IntoIterator<Item = impl Display>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(","))
}

/// Annotations as an object, or nothing if there are none: Go leaves an empty map out.
pub(crate) fn annotations(map: &BTreeMap<String, String>) -> Option<Object> {
    let fields = map.iter().map(|(key, value)| (key.clone(), string(value).to_string()));
    (!map.is_empty()).then(|| Object(fields.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_in_the_order_they_were_written() {
        let object = Object::default().with("z", 1).with("a", string("q\"")).with("m", array(["true"]));
        assert_eq!(object.to_string(), r#"{"z":1,"a":"q\"","m":[true]}"#);
    }

    #[test]
    fn edits_replace_in_place_append_and_remove() {
        let edits = vec![
            ("a".to_owned(), Some(Value::from(9))),
            ("b".to_owned(), None),
            ("new".to_owned(), Some(Value::Null)),
        ];
        let object = Object::default().with("a", 1).with("b", 2).with("c", 3).edited(&edits);
        assert_eq!(object.to_string(), r#"{"a":9,"c":3,"new":null}"#);
    }
}
