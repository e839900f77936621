//! Platforms: operating system, architecture and what refines them.

use std::fmt;
use std::str::FromStr;

use crate::Extra;

/// What an image runs on. Fields as in the OCI image-spec, `image-index.md`, `platform`.
///
/// The names are those of Go (`amd64`, `arm64`, `arm` with a variant, …). Text typed by people goes
/// through [`FromStr`], which normalises (`linux/aarch64` → `linux/arm64`); what documents say is
/// kept as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// Operating system, such as `linux`.
    pub os: String,
    /// CPU architecture, such as `arm64`.
    pub architecture: String,
    /// Variant of the CPU, such as `v7`.
    pub variant: Option<String>,
    /// Version of the operating system, such as `10.0.17763.6414`; used by Windows images.
    pub os_version: Option<String>,
    /// Features of the operating system that are required, such as `win32k`.
    pub os_features: Vec<String>,
    /// Features of the CPU that are required. Only the Docker form holds them.
    pub features: Vec<String>,
    /// Fields that this version does not know, kept as they came.
    pub extra: Extra,
}

impl Platform {
    /// A platform of operating system and architecture, names taken as they are.
    pub fn new(os: impl Into<String>, architecture: impl Into<String>) -> Self {
        Self { os: os.into(), architecture: architecture.into(), ..Self::default() }
    }

    /// Whether nothing at all is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this is the platform that attestations carry, `unknown/unknown`.
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" && self.architecture == "unknown"
    }

    /// Brings the usual other names of systems and architectures to the one of the field.
    ///
    /// `x86_64`, `x86-64` → `amd64`; `i386` → `386`; `aarch64` → `arm64`; `armhf` → `arm/v7`;
    /// `armel` → `arm/v6`; `macos` → `darwin`; `8` → `v8`. An empty variant goes. Nothing is made
    /// up: a variant appears only where the architecture's name implies it.
    pub fn normalize(&mut self) {
        self.os = match self.os.to_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            os => os.to_owned(),
        };
        let (architecture, implied) = match self.architecture.to_lowercase().as_str() {
            "i386" => ("386".to_owned(), None),
            "x86_64" | "x86-64" => ("amd64".to_owned(), None),
            "aarch64" => ("arm64".to_owned(), None),
            "armhf" => ("arm".to_owned(), Some("v7")),
            "armel" => ("arm".to_owned(), Some("v6")),
            other => (other.to_owned(), None),
        };
        self.architecture = architecture;
        let variant = self.variant.take().filter(|variant| !variant.is_empty());
        self.variant = variant.map(|v| self.normal_variant(&v)).or(implied.map(str::to_owned));
        if self.architecture == "amd64" && self.variant.as_deref() == Some("v1") {
            self.variant = None;
        }
    }

    fn normal_variant(&self, variant: &str) -> String {
        let variant = variant.to_lowercase();
        if !matches!(self.architecture.as_str(), "arm" | "arm64" | "amd64") {
            return variant;
        }
        let digits = variant.strip_prefix('v').unwrap_or(&variant);
        match digits.strip_suffix(".0").unwrap_or(digits) {
            number if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => {
                format!("v{number}")
            }
            _ => variant,
        }
    }

    /// Whether this platform is one that `wanted` describes, when people select entries to change.
    ///
    /// System and architecture must be equal. A variant or a version that `wanted` does not name
    /// matches any; a version matches longer ones it begins (`10.0.17763` and `10.0.17763.6414`);
    /// `arm64` and `arm64/v8` are the same.
    pub fn is_covered_by(&self, wanted: &Self) -> bool {
        let variant = |p: &Self| {
            let implied = p.architecture == "arm64" && p.variant.as_deref() == Some("v8");
            p.variant.clone().filter(|v| !implied && !v.is_empty())
        };
        let same_variant = match (variant(wanted), wanted.variant.is_some()) {
            (None, false) => true,
            (expected, _) => expected == variant(self),
        };
        let same_version = wanted.os_version.as_deref().is_none_or(|version| self.has_os_version(version));
        self.os == wanted.os && self.architecture == wanted.architecture && same_variant && same_version
    }

    /// Whether the version of the operating system is `version` or begins with it.
    pub fn has_os_version(&self, version: &str) -> bool {
        let Some(own) = self.os_version.as_deref() else { return false };
        own.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl fmt::Display for Platform {
    /// Writes `os/architecture[/variant][:os.version]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if let Some(variant) = self.variant.as_deref().filter(|v| !v.is_empty()) {
            write!(f, "/{variant}")?;
        }
        self.os_version.as_deref().map_or(Ok(()), |version| write!(f, ":{version}"))
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    /// Reads `os/architecture[/variant][:os.version]`, or an architecture alone for Linux, and
    /// [normalises](Platform::normalize) it.
    ///
    /// ```
    /// use umbel_model::Platform;
    /// let platform = |text: &str| text.parse::<Platform>().map(|p| p.to_string());
    /// assert_eq!(platform("linux/aarch64"), Ok("linux/arm64".into()));
    /// assert_eq!(platform("armhf"), Ok("linux/arm/v7".into()));
    /// assert_eq!(platform("windows/amd64:10.0.17763"), Ok("windows/amd64:10.0.17763".into()));
    /// ```
    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let error = |problem| PlatformError { text: text.to_owned(), problem };
        let (names, os_version) = match text.split_once(':') {
            Some((_, "")) => return Err(error("nothing stands behind `:`")),
            Some((names, version)) => (names, Some(version.to_owned())),
            None => (text, None),
        };
        let parts: Vec<&str> = names.split('/').collect();
        let (os, architecture, variant) = match parts[..] {
            [architecture] if is_operating_system(architecture) => {
                return Err(error("an architecture is missing: write `os/architecture`"));
            }
            [architecture] => ("linux", architecture, None),
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant)),
            _ => return Err(error("there are more than three parts: write `os/architecture[/variant]`")),
        };
        let word = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
        };
        if !word(os) || !word(architecture) || !variant.is_none_or(word) {
            return Err(error("a part is empty or has a character other than letters, digits and `_-.`"));
        }
        let mut platform =
            Self { variant: variant.map(str::to_owned), os_version, ..Self::new(os, architecture) };
        platform.normalize();
        Ok(platform)
    }
}

/// The systems Go knows; used only to tell an operating system from an architecture.
fn is_operating_system(word: &str) -> bool {
    const SYSTEMS: [&str; 17] = [
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "illumos",
        "ios",
        "js",
        "linux",
        "macos",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "wasip1",
        "windows",
        "zos",
    ];
    SYSTEMS.contains(&word.to_lowercase().as_str())
}

/// A text that is no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a platform: {problem}")]
pub struct PlatformError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// A change of one field: leave it, empty it, or set it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field stays as it is.
    #[default]
    Keep,
    /// The field becomes empty or absent.
    Clear,
    /// The field gets this value.
    Set(T),
}

impl<T: Clone> Patch<T> {
    fn apply(&self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value.clone()),
        }
    }

    fn apply_or_default(&self, field: &mut T)
    where
        T: Default,
    {
        match self {
            Self::Keep => {}
            Self::Clear => *field = T::default(),
            Self::Set(value) => field.clone_from(value),
        }
    }
}

/// Changes to the fields of a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlatformPatch {
    /// Change of [`Platform::os`].
    pub os: Patch<String>,
    /// Change of [`Platform::architecture`].
    pub architecture: Patch<String>,
    /// Change of [`Platform::variant`].
    pub variant: Patch<String>,
    /// Change of [`Platform::os_version`].
    pub os_version: Patch<String>,
    /// Change of [`Platform::os_features`]; the whole list.
    pub os_features: Patch<Vec<String>>,
    /// Change of [`Platform::features`]; the whole list.
    pub features: Patch<Vec<String>>,
}

impl PlatformPatch {
    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Changes `platform`, which appears where there was none and goes where nothing is left in it.
    /// The names are normalised when one of them was set.
    pub fn apply(&self, platform: &mut Option<Platform>) {
        if self.is_empty() {
            return;
        }
        let mut changed = platform.take().unwrap_or_default();
        self.os.apply_or_default(&mut changed.os);
        self.architecture.apply_or_default(&mut changed.architecture);
        self.variant.apply(&mut changed.variant);
        self.os_version.apply(&mut changed.os_version);
        self.os_features.apply_or_default(&mut changed.os_features);
        self.features.apply_or_default(&mut changed.features);
        if [&self.os, &self.architecture, &self.variant].iter().any(|patch| matches!(patch, Patch::Set(_))) {
            changed.normalize();
        }
        *platform = Some(changed).filter(|changed| !changed.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn names_people_type_become_those_of_the_field() {
        for (typed, normal) in [
            ("linux/x86_64", "linux/amd64"),
            ("Linux/X86-64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/amd64/v2", "linux/amd64/v2"),
            ("linux/i386", "linux/386"),
            ("aarch64", "linux/arm64"),
            ("linux/arm64/8", "linux/arm64/v8"),
            ("linux/arm64/v9.0", "linux/arm64/v9"),
            ("linux/armel", "linux/arm/v6"),
            ("linux/arm/7", "linux/arm/v7"),
            ("macos/arm64", "darwin/arm64"),
            ("linux/arm", "linux/arm"),
            ("linux/riscv64/rva20u64", "linux/riscv64/rva20u64"),
        ] {
            assert_eq!(platform(typed).to_string(), normal, "{typed}");
        }
    }

    #[test]
    fn malformed_platforms_are_refused() {
        for text in
            ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/amd64:", "linux/am d64", "a/\u{1b}[2J"]
        {
            assert!(text.parse::<Platform>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn selection_takes_a_missing_variant_as_any() {
        for (own, wanted, covered) in [
            ("linux/arm/v7", "linux/arm", true),
            ("linux/arm", "linux/arm/v7", false),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm64/v9", "linux/arm64/v8", false),
            ("windows/amd64:10.0.17763.1", "windows/amd64:10.0.17763", true),
            ("windows/amd64:10.0.177631", "windows/amd64:10.0.17763", false),
            ("windows/amd64", "windows/amd64:10.0.17763", false),
        ] {
            assert_eq!(platform(own).is_covered_by(&platform(wanted)), covered, "{own} {wanted}");
        }
    }

    #[test]
    fn a_patch_that_empties_everything_takes_the_platform_away() {
        let patch = PlatformPatch { os: Patch::Clear, architecture: Patch::Clear, ..Default::default() };
        let mut subject = Some(platform("linux/amd64"));
        patch.apply(&mut subject);
        assert_eq!(subject, None);
    }

    #[test]
    fn a_patch_changes_only_what_it_names() {
        let patch = PlatformPatch { architecture: Patch::Set("armhf".into()), ..Default::default() };
        let mut subject = Some(Platform { os_features: vec!["a".into()], ..platform("linux/amd64") });
        patch.apply(&mut subject);
        let changed = subject.unwrap();
        assert_eq!((changed.to_string().as_str(), changed.os_features.len()), ("linux/arm/v7", 1));
    }
}
