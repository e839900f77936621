//! Addresses as they may be shown: without the parts that carry secrets.

use std::fmt;

use url::Url;

use crate::printable::{prefix, printable};

/// As much of a path as is shown: more than any path of the distribution API has.
const MAX_PATH: usize = 512;

/// Shows an address as `scheme://host[:port]/path`.
///
/// User and password are left out, and so are query and fragment, where storage services and token
/// servers have their signatures; `?…` stands for a query.
pub(crate) struct SafeUrl<'a>(pub(crate) &'a Url);

impl fmt::Display for SafeUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(address) = self;
        if address.cannot_be_a_base() {
            return write!(f, "{}:…", address.scheme());
        }
        write!(f, "{}://{}", address.scheme(), address.host_str().unwrap_or_default())?;
        if let Some(port) = address.port() {
            write!(f, ":{port}")?;
        }
        let path = prefix(address.path(), MAX_PATH);
        f.write_str(path)?;
        f.write_str(if path.len() < address.path().len() { "…" } else { "" })?;
        f.write_str(if address.query().is_some() { "?…" } else { "" })
    }
}

/// What may be shown of a text that should be an address: nothing from the first `?` or `#` on, and
/// nothing up to the last `@`.
pub(crate) fn safe_text(text: &str) -> String {
    let shown = text.split(['?', '#']).next().unwrap_or_default();
    let shown = shown.rsplit_once('@').map_or(shown, |(_, rest)| rest);
    printable(shown, 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_an_address_is_shown() {
        let long = format!("https://h/{}", "a".repeat(9999));
        let cut = format!("https://h/{}…", "a".repeat(511));
        for (address, shown) in [
            ("https://user:hunter2@h:5000/v2/a?sig=hunter2#hunter2", "https://h:5000/v2/a?…"),
            ("https://h", "https://h/"),
            ("http://[::1]:80/a b", "http://[::1]/a%20b"),
            ("file:///etc/passwd", "file:///etc/passwd"),
            ("mailto:hunter2@h", "mailto:…"),
            ("data:hunter2", "data:…"),
            ("https://h/\u{1b}[2J", "https://h/%1B[2J"),
            (&long, &cut),
        ] {
            assert_eq!(SafeUrl(&address.parse().unwrap()).to_string(), shown, "{address}");
        }
    }

    #[test]
    fn no_secret_of_a_broken_address_is_shown() {
        for (text, shown) in [
            ("https://u:hunter2@h:port/a?hunter2", "h:port/a"),
            ("u:hunter@2@[x#hunter2", "[x"),
            ("/v2/a", "/v2/a"),
            ("\u{1b}[2J", "[2J"),
            ("", ""),
        ] {
            assert_eq!(safe_text(text), shown, "{text:?}");
        }
    }
}
