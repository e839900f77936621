//! Queries and forms.

/// The fields of a query or a form, decoded, in their order.
pub(in crate::network) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `name=value&…`.
    pub(in crate::network) fn read(text: &str) -> Self {
        let fields = text.split('&').filter(|field| !field.is_empty());
        let pairs = fields.map(|field| field.split_once('=').unwrap_or((field, "")));
        Self(pairs.map(|(name, value)| (decoded(name), decoded(value))).collect())
    }

    /// The first value of that name.
    pub(in crate::network) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of that name.
    pub(in crate::network) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Undoes the encoding of forms; a `%` that starts no byte stands for itself.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let (byte, left) = match (first, encoded_byte(behind)) {
            (b'%', Some(byte)) => (byte, &behind[2..]),
            (b'+', _) => (b' ', behind),
            (other, _) => (other, behind),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte that two hexadecimal digits stand for.
fn encoded_byte(text: &[u8]) -> Option<u8> {
    let digit = |position: usize| char::from(*text.get(position)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_once_and_keep_their_order() {
        let fields = Fields::read("a=1+2&&b&a=%2B%c3%A9%2525=&c=%2&c=%+f&c=100%");
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1 2", "+é%25="]);
        assert_eq!(fields.all("c").collect::<Vec<_>>(), ["%2", "% f", "100%"]);
        assert_eq!((fields.first("b"), fields.first("d")), (Some(""), None));
    }
}
