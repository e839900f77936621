//! Content digests: well formed by construction, computed by us, compared exactly.
//!
//! Grammar and registered algorithms: OCI image-spec, `descriptor.md`, section *Digests*.

use std::fmt;
use std::str::FromStr;

use sha2::Digest as _;

/// The digest of some content, such as `sha256:4bf5…`.
///
/// A value always has the grammar of the image specification, and the exact length and lower-case
/// hexadecimal form where the algorithm is one we know. A digest of an unknown algorithm parses and
/// prints, but nothing can be verified against it: [`Digest::algorithm`] is `None`.
///
/// ```
/// let digest = umbel_model::Digest::sha256(b"{}");
/// assert_eq!(digest.to_string(), "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
/// assert_eq!(digest.to_string().parse(), Ok(digest));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(Box<str>);

impl Digest {
    /// Computes the SHA-256 digest of `bytes`, the algorithm of everything we write.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self::of(Algorithm::Sha256, bytes)
    }

    /// Computes the digest of `bytes`.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }

    /// The algorithm, if it is one that we can compute.
    pub fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::named(self.algorithm_name())
    }

    /// The text before the colon.
    pub fn algorithm_name(&self) -> &str {
        self.0.split_once(':').map_or("", |(name, _)| name)
    }

    /// The text behind the colon: hexadecimal for every algorithm we know.
    pub fn encoded(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, encoded)| encoded)
    }

    /// The whole text, `algorithm:encoded`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve characters of the encoded part, as people quote digests.
    pub fn short(&self) -> &str {
        let encoded = self.encoded();
        encoded.get(..12).unwrap_or(encoded)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let error = |problem| DigestError { text: text.chars().take(200).collect(), problem };
        let (name, encoded) = text.split_once(':').ok_or_else(|| error(DigestProblem::NoColon))?;
        if !is_algorithm_name(name) {
            return Err(error(DigestProblem::AlgorithmName));
        }
        match Algorithm::named(name) {
            Some(known) if encoded.len() != known.hex_length() => {
                Err(error(DigestProblem::Length { expected: known.hex_length(), actual: encoded.len() }))
            }
            Some(_) if !encoded.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) => {
                Err(error(DigestProblem::NotLowerHex))
            }
            None if !is_encoded(encoded) => Err(error(DigestProblem::Encoded)),
            _ => Ok(Self(text.into())),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_algorithm_name(name: &str) -> bool {
    let component =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.len() <= 64 && name.split(['+', '.', '_', '-']).all(component)
}

fn is_encoded(encoded: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'=' | b'_' | b'-');
    (32..=256).contains(&encoded.len()) && encoded.bytes().all(allowed)
}

/// A digest algorithm that we can compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, which every implementation supports and which we write.
    Sha256,
    /// SHA-384, registered by containers' tools.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        match name {
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The name used before the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    fn hex_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
        }
    }
}

/// Computes a digest piece by piece, for content that is not held in memory.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
}

impl Hasher {
    /// Starts a digest of nothing.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            Algorithm::Sha384 => State::Sha384(sha2::Sha384::new()),
            Algorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
        })
    }

    /// Adds the next bytes of the content.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha384(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest of everything added.
    pub fn finish(self) -> Digest {
        match self.0 {
            State::Sha256(state) => written(Algorithm::Sha256, &state.finalize()),
            State::Sha384(state) => written(Algorithm::Sha384, &state.finalize()),
            State::Sha512(state) => written(Algorithm::Sha512, &state.finalize()),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

fn written(algorithm: Algorithm, sum: &[u8]) -> Digest {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(algorithm.name().len() + 1 + sum.len() * 2);
    text.push_str(algorithm.name());
    text.push(':');
    for byte in sum {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    Digest(text.into())
}

/// A text that is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a digest: {problem}")]
pub struct DigestError {
    /// What was given, cut at 200 characters.
    pub text: String,
    /// What is wrong with it.
    pub problem: DigestProblem,
}

/// What is wrong with a text that should be a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestProblem {
    /// There is no `:` between algorithm and value.
    #[error("there is no `:` behind an algorithm name")]
    NoColon,
    /// The algorithm part breaks the grammar.
    #[error("its algorithm name is malformed")]
    AlgorithmName,
    /// The value has the wrong length for its algorithm.
    #[error("its value has {actual} characters instead of {expected}")]
    Length {
        /// What the algorithm gives.
        expected: usize,
        /// What was there.
        actual: usize,
    },
    /// The value of a known algorithm is not lower-case hexadecimal.
    #[error("its value is not lower-case hexadecimal")]
    NotLowerHex,
    /// The value of an unknown algorithm breaks the grammar.
    #[error("its value is malformed")]
    Encoded,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_digests_are_refused_with_the_reason() {
        let hex = "0".repeat(64);
        let cases = [
            ("sha256".to_owned(), DigestProblem::NoColon),
            (format!(":{hex}"), DigestProblem::AlgorithmName),
            (format!("SHA256:{hex}"), DigestProblem::AlgorithmName),
            (format!("../sha256:{hex}"), DigestProblem::AlgorithmName),
            ("sha256:00".to_owned(), DigestProblem::Length { expected: 64, actual: 2 }),
            (format!("sha256:{}", "A".repeat(64)), DigestProblem::NotLowerHex),
            (format!("sha256:../{}", "0".repeat(61)), DigestProblem::NotLowerHex),
            (format!("blake3:{}/", "0".repeat(32)), DigestProblem::Encoded),
            ("blake3:00".to_owned(), DigestProblem::Encoded),
        ];
        for (text, problem) in cases {
            assert_eq!(text.parse::<Digest>().map_err(|e| e.problem), Err(problem), "{text}");
        }
    }

    #[test]
    fn unknown_algorithms_parse_but_cannot_be_computed() {
        let digest: Digest = format!("blake3:{}", "0".repeat(64)).parse().unwrap();
        assert_eq!(digest.algorithm(), None);
        assert_eq!(digest.algorithm_name(), "blake3");
    }

    #[test]
    fn pieces_hash_like_the_whole() {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"one ");
            hasher.update(b"name");
            let digest = hasher.finish();
            assert_eq!(digest, Digest::of(algorithm, b"one name"));
            assert_eq!(digest.to_string().parse(), Ok(digest));
        }
    }
}
