//! ENTRY: a digest or a platform.

use umbel::model::{Digest, Platform, Selector};

/// Reads a digest, or else a platform.
pub(crate) fn entry(text: &str) -> Result<Selector, String> {
    if text.contains(':') && !text.contains('/') {
        return text.parse::<Digest>().map(Selector::Entry).map_err(|error| error.to_string());
    }
    match text.parse::<Platform>() {
        Ok(platform) => Ok(Selector::Platform(platform)),
        Err(error) => Err(format!("it is neither a digest nor a platform such as `linux/arm64` ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_digest_or_a_platform() {
        let digest = Digest::sha256(b"");
        assert_eq!(entry(digest.as_str()), Ok(Selector::Entry(digest)));
        let windows = "windows/amd64:10.0.17763";
        assert_eq!(entry(windows), Ok(Selector::Platform(windows.parse().unwrap())));
        assert_eq!(entry("aarch64"), Ok(Selector::Platform("linux/arm64".parse().unwrap())));
        assert!(entry("sha256:12").is_err());
        assert!(entry("a/b/c/d").is_err());
    }
}
