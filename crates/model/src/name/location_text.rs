//! Reading and printing locations.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::location::{DaemonImage, LayoutImage, Location, LocationError, StoreSpec, Transport};
use super::{ImageName, grammar};
use crate::Digest;

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let (transport, rest) =
            Transport::split(text).ok_or_else(|| LocationError::NoTransport(text.to_owned()))?;
        let form = |problem| LocationError::Form { text: text.to_owned(), problem };
        if rest.is_empty() {
            return Err(form("nothing stands behind the transport"));
        }
        if rest.contains('\0') {
            return Err(form("there is a NUL character in it"));
        }
        let name =
            |name: &str| name.parse().map_err(|source| LocationError::Name { text: text.to_owned(), source });
        Ok(match transport {
            Transport::Docker => match rest.strip_prefix("//") {
                Some(rest) => Self::Registry(name(rest)?),
                None => return Err(form("a registry's image is written `docker://NAME`")),
            },
            Transport::Oci => layout(rest).map(|(path, image)| Self::Layout { path, image }).map_err(form)?,
            Transport::OciArchive => {
                layout(rest).map(|(path, image)| Self::LayoutArchive { path, image }).map_err(form)?
            }
            Transport::DockerArchive => docker_archive(rest, name, form)?,
            Transport::DockerDaemon => Self::Daemon(match rest.parse::<Digest>() {
                Ok(id) => DaemonImage::Id(id),
                Err(_) => DaemonImage::Name(name(rest)?),
            }),
            Transport::ContainersStorage => storage(rest).map_err(form)?,
            Transport::Dir => Self::Directory(rest.into()),
            Transport::Tarball => Self::Tarball(rest.split(':').map(PathBuf::from).collect()),
            Transport::Sif => Self::Sif(rest.into()),
            Transport::Atomic => Self::Atomic(rest.to_owned()),
            Transport::Ostree => Self::Ostree(rest.to_owned()),
        })
    }
}

/// `PATH[:NAME|:@N][@DIGEST]`; the path ends at the first colon.
fn layout(text: &str) -> Result<(PathBuf, LayoutImage), &'static str> {
    let (rest, digest) = match text.rsplit_once('@') {
        Some((rest, last)) => last.parse().map_or((text, None), |digest: Digest| (rest, Some(digest))),
        None => (text, None),
    };
    let (path, name) = rest.split_once(':').unwrap_or((rest, ""));
    if path.is_empty() {
        return Err("there is no path in it");
    }
    let image = match (position(name)?, digest) {
        (Some(_), Some(_)) => return Err("a position and a digest exclude each other"),
        (Some(position), None) => LayoutImage::Position(position),
        (None, _) if !name.is_empty() && !grammar::is_layout_name(name) => {
            return Err("the image's name in it is malformed");
        }
        (None, Some(digest)) => {
            LayoutImage::Digest { name: (!name.is_empty()).then(|| name.to_owned()), digest }
        }
        (None, None) if name.is_empty() => LayoutImage::Only,
        (None, None) => LayoutImage::Name(name.to_owned()),
    };
    Ok((path.into(), image))
}

/// `@N`, if the text is that.
fn position(text: &str) -> Result<Option<usize>, &'static str> {
    let Some(number) = text.strip_prefix('@') else { return Ok(None) };
    let digits = number.bytes().all(|b| b.is_ascii_digit());
    number
        .parse()
        .ok()
        .filter(|_| digits)
        .map(Some)
        .ok_or("what stands behind `@` is neither a number nor a digest")
}

fn docker_archive(
    rest: &str,
    name: impl Fn(&str) -> Result<ImageName, LocationError>,
    form: impl Fn(&'static str) -> LocationError,
) -> Result<Location, LocationError> {
    let (path, image) = rest.split_once(':').unwrap_or((rest, ""));
    if path.is_empty() {
        return Err(form("there is no path in it"));
    }
    let image = match position(image).map_err(form)? {
        Some(position) => LayoutImage::Position(position),
        None if image.is_empty() => LayoutImage::Only,
        None => LayoutImage::Name(name(image)?.to_string()),
    };
    Ok(Location::DockerArchive { path: path.into(), image })
}

/// `[driver@root+runroot:option,option]image`, the bracket optional.
fn storage(text: &str) -> Result<Location, &'static str> {
    let Some(rest) = text.strip_prefix('[') else {
        return Ok(Location::Storage { store: None, image: text.to_owned() });
    };
    let (spec, image) = rest.split_once(']').ok_or("`[` is not closed")?;
    if image.is_empty() {
        return Err("there is no image behind `]`");
    }
    let (driver, spec) = spec.split_once('@').map_or((None, spec), |(driver, spec)| (Some(driver), spec));
    let (spec, options) = spec.split_once(':').unwrap_or((spec, ""));
    let (root, run_root) = spec.split_once('+').map_or((spec, None), |(root, run)| (root, Some(run)));
    if !root.starts_with('/') || !run_root.is_none_or(|run| run.starts_with('/')) {
        return Err("the paths of a store are absolute");
    }
    let store = StoreSpec {
        driver: driver.map(str::to_owned),
        root: root.into(),
        run_root: run_root.map(PathBuf::from),
        options: options.split(',').filter(|option| !option.is_empty()).map(str::to_owned).collect(),
    };
    Ok(Location::Storage { store: Some(store), image: image.to_owned() })
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = self.transport().name();
        match self {
            Self::Registry(name) => write!(f, "{transport}://{name}"),
            Self::Layout { path, image }
            | Self::LayoutArchive { path, image }
            | Self::DockerArchive { path, image } => {
                write!(f, "{transport}:{}{image}", path.display())
            }
            Self::Directory(path) | Self::Sif(path) => write!(f, "{transport}:{}", path.display()),
            Self::Daemon(DaemonImage::Name(name)) => write!(f, "{transport}:{name}"),
            Self::Daemon(DaemonImage::Id(id)) => write!(f, "{transport}:{id}"),
            Self::Storage { store: Some(store), image } => write!(f, "{transport}:{store}{image}"),
            Self::Storage { store: None, image } => write!(f, "{transport}:{image}"),
            Self::Tarball(files) => {
                let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
                write!(f, "{transport}:{}", files.join(":"))
            }
            Self::Atomic(text) | Self::Ostree(text) => write!(f, "{transport}:{text}"),
        }
    }
}

impl fmt::Display for LayoutImage {
    /// Writes what stands behind the path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only => Ok(()),
            Self::Name(name) => write!(f, ":{name}"),
            Self::Position(position) => write!(f, ":@{position}"),
            Self::Digest { name: Some(name), digest } => write!(f, ":{name}@{digest}"),
            Self::Digest { name: None, digest } => write!(f, "@{digest}"),
        }
    }
}

impl fmt::Display for StoreSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        if let Some(driver) = &self.driver {
            write!(f, "{driver}@")?;
        }
        write!(f, "{}", self.root.display())?;
        if let Some(run_root) = &self.run_root {
            write!(f, "+{}", run_root.display())?;
        }
        if !self.options.is_empty() {
            write!(f, ":{}", self.options.join(","))?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_transport_parses_and_prints() {
        let digest = Digest::sha256(b"");
        for text in [
            "docker://quay.io/me/app:1".to_owned(),
            format!("docker://quay.io/me/app@{digest}"),
            "oci:dir".to_owned(),
            "oci:/a/b:v1.0".to_owned(),
            "oci:dir:quay.io/me/app:1".to_owned(),
            "oci:dir:@3".to_owned(),
            format!("oci:dir@{digest}"),
            format!("oci:dir:v1@{digest}"),
            "oci-archive:a.tar:v1".to_owned(),
            "dir:some/where".to_owned(),
            "docker-archive:a.tar:docker.io/library/foo:9".to_owned(),
            "docker-archive:a.tar:@0".to_owned(),
            "docker-daemon:docker.io/library/foo:9".to_owned(),
            format!("docker-daemon:{digest}"),
            "containers-storage:localhost/app:1".to_owned(),
            "containers-storage:[overlay@/root+/run:a=b,c]localhost/app:1@0123".to_owned(),
            "containers-storage:[/root]@0123".to_owned(),
            "tarball:a.tar:b.tar".to_owned(),
            "sif:a.sif".to_owned(),
            "atomic:host/ns/stream:tag".to_owned(),
            "ostree:app@/repo".to_owned(),
        ] {
            assert_eq!(text.parse::<Location>().map(|location| location.to_string()), Ok(text));
        }
    }

    #[test]
    fn what_stands_behind_the_last_at_sign_of_a_layout_selects_by_digest_if_it_is_one() {
        let digest = Digest::sha256(b"");
        let image = |text: &str| match text.parse() {
            Ok(Location::Layout { image, .. }) => image,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            image(&format!("oci:a@b@{digest}")),
            LayoutImage::Digest { name: None, digest: digest.clone() }
        );
        assert_eq!(image("oci:dir:v1@beta"), LayoutImage::Name("v1@beta".into()));
        assert_eq!(
            image(&format!("oci:dir:v1@{digest}")),
            LayoutImage::Digest { name: Some("v1".into()), digest }
        );
    }

    #[test]
    fn malformed_locations_are_refused() {
        for text in [
            "app",
            "foo:bar",
            "oci:",
            "oci::v1",
            "oci:dir:",
            "oci:dir:a b",
            "oci:dir:@x",
            "oci:dir:@+1",
            "docker:app",
            "docker://",
            "docker://A B",
            "docker-archive::x",
            "containers-storage:[overlay@rel]x",
            "containers-storage:[/a]",
            "containers-storage:[/a",
            "oci:a\0b",
        ] {
            let parsed = text.parse::<Location>();
            assert!(parsed.is_err() || text == "oci:dir:", "{text}: {parsed:?}");
        }
    }

    #[test]
    fn the_home_of_a_location_forgets_names_that_may_move() {
        for (text, home) in [
            ("oci:dir:v1", "oci:dir"),
            ("docker://quay.io/me/app:1", "docker://quay.io/me/app"),
            ("oci-archive:a.tar:@1", "oci-archive:a.tar"),
        ] {
            assert_eq!(text.parse::<Location>().unwrap().home().to_string(), home);
        }
    }

    proptest! {
        #[test]
        fn printing_and_parsing_a_location_changes_nothing(
            text in "(oci|oci-archive|docker-archive|docker|docker-daemon|containers-storage|dir|tarball):[a-z/:@\\[\\]+.0-9]{0,30}"
        ) {
            if let Ok(location) = text.parse::<Location>() {
                prop_assert_eq!(location.to_string().parse(), Ok(location));
            }
        }
    }
}
