//! The files with logins of a user, in the order in which they are asked.

use std::path::{Path, PathBuf};

use crate::{AuthFile, AuthFileError, Found, Warning};

/// Where to look for logins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthPaths {
    /// The file the user named. If there is one, it is the only one that is read, and it must be usable.
    pub explicit: Option<PathBuf>,
    /// The files that may be there, the one that is asked first in front.
    pub candidates: Vec<PathBuf>,
}

/// The directories of a user from which the candidates follow. One that is unset or empty in the environment
/// is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directories {
    /// `XDG_RUNTIME_DIR`.
    pub runtime: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub config: Option<PathBuf>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// `DOCKER_CONFIG`.
    pub docker_config: Option<PathBuf>,
    /// The number of the user, whose files are below `/run` if there is no runtime directory.
    pub uid: u32,
}

/// What the files of a user have for a repository.
#[derive(Debug, Default)]
pub struct Lookup {
    /// The answer of the first file that has one.
    pub answer: Option<Answer>,
    /// About the files that were read; not only about the logins that were looked for.
    pub warnings: Vec<Warning>,
}

/// What was found, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The credentials or their helper.
    pub found: Found,
    /// The file it comes from.
    pub path: PathBuf,
}

impl AuthPaths {
    /// The files that podman and docker would have for this user, in the order of [containers-auth.json(5)].
    ///
    /// ```
    /// use umbel_settings::{AuthPaths, Directories};
    ///
    /// let directories = Directories { home: Some("/home/me".into()), uid: 1000, ..Directories::default() };
    /// let paths = AuthPaths::of(&directories);
    /// assert_eq!(paths.candidates[0].to_str(), Some("/run/containers/1000/auth.json"));
    /// assert_eq!(paths.candidates[1].to_str(), Some("/home/me/.config/containers/auth.json"));
    /// ```
    ///
    /// [containers-auth.json(5)]: https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
    pub fn of(directories: &Directories) -> Self {
        let Directories { runtime, config, home, docker_config, uid } = directories;
        let in_home = |name: &str| home.as_ref().map(|home| home.join(name));
        let runtime = match runtime {
            Some(runtime) => runtime.join("containers"),
            None => Path::new("/run/containers").join(uid.to_string()),
        };
        let config = config.clone().or_else(|| in_home(".config"));
        let docker = docker_config.clone().or_else(|| in_home(".docker"));
        let candidates = [
            Some(runtime.join("auth.json")),
            config.map(|config| config.join("containers/auth.json")),
            docker.map(|docker| docker.join("config.json")),
            in_home(".dockercfg"),
        ];
        Self { explicit: None, candidates: candidates.into_iter().flatten().collect() }
    }
}

/// Asks the files for what a repository of the registry `host` needs.
///
/// The first file with an answer wins. A candidate that is not there is nothing to talk about, and one that
/// cannot be used is a warning: what another tool has left behind must not stop work that needs no login. The
/// explicit file is one the user wants to be used, so then both are errors.
pub fn find_credentials(paths: &AuthPaths, host: &str, repository: &str) -> Result<Lookup, AuthFileError> {
    let answer_of = |file: &AuthFile, path: &Path| {
        let found = file.find(host, repository)?.clone();
        Some(Answer { found, path: path.to_owned() })
    };
    if let Some(path) = &paths.explicit {
        let (file, warnings) = AuthFile::load(path)?;
        return Ok(Lookup { answer: answer_of(&file, path), warnings });
    }
    let mut lookup = Lookup::default();
    for path in &paths.candidates {
        match AuthFile::load(path) {
            Ok((file, warnings)) => {
                lookup.warnings.extend(warnings);
                lookup.answer = answer_of(&file, path);
            }
            Err(AuthFileError::File(error)) if error.is_missing() => {}
            Err(error) => lookup.warnings.push(Warning::SkippedFile(error)),
        }
        if lookup.answer.is_some() {
            break;
        }
    }
    Ok(lookup)
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use tempfile::TempDir;

    use super::*;

    fn strings(paths: &AuthPaths) -> Vec<&str> {
        paths.candidates.iter().map(|path| path.to_str().unwrap()).collect()
    }

    /// Files in a directory; what is said to be a helper of `h` there is the name of the file.
    fn files(named: &[(&str, &str)]) -> (TempDir, AuthPaths) {
        let dir = tempfile::tempdir().unwrap();
        let mut candidates = Vec::new();
        for (name, text) in named {
            candidates.push(dir.path().join(name));
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        (dir, AuthPaths { explicit: None, candidates })
    }

    /// The name of the file that answered, and the warnings with their causes.
    fn ask(paths: &AuthPaths) -> Result<(Option<String>, Vec<String>), AuthFileError> {
        let lookup = find_credentials(paths, "h", "a")?;
        let name = |answer: Answer| answer.path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = |warning: Warning| format!("{warning}: {}", warning.source().unwrap());
        Ok((lookup.answer.map(name), lookup.warnings.into_iter().map(text).collect()))
    }

    const LOGIN: &str = r#"{"credHelpers": {"h": "helper"}}"#;

    #[test]
    fn candidates_are_in_the_documented_order() {
        let all = Directories {
            runtime: Some("/rt".into()),
            config: Some("/cfg".into()),
            home: Some("/home/me".into()),
            docker_config: Some("/dk".into()),
            uid: 7,
        };
        let cases = [
            (
                all.clone(),
                vec![
                    "/rt/containers/auth.json",
                    "/cfg/containers/auth.json",
                    "/dk/config.json",
                    "/home/me/.dockercfg",
                ],
            ),
            (
                Directories { home: all.home.clone(), uid: 7, ..Directories::default() },
                vec![
                    "/run/containers/7/auth.json",
                    "/home/me/.config/containers/auth.json",
                    "/home/me/.docker/config.json",
                    "/home/me/.dockercfg",
                ],
            ),
            (Directories::default(), vec!["/run/containers/0/auth.json"]),
        ];
        for (directories, expected) in cases {
            assert_eq!(strings(&AuthPaths::of(&directories)), expected);
        }
    }

    #[test]
    fn the_first_file_with_an_answer_wins() {
        let (dir, mut paths) = files(&[("none", "{}"), ("one", LOGIN), ("two", LOGIN), ("bad", "{")]);
        paths.candidates.insert(0, dir.path().join("missing"));
        assert_eq!(ask(&paths).unwrap(), (Some("one".into()), vec![]));
    }

    #[test]
    fn an_explicit_file_is_the_only_one() {
        let (dir, mut paths) = files(&[("none", "{}"), ("one", LOGIN)]);
        paths.explicit = Some(dir.path().join("none"));
        assert_eq!(ask(&paths).unwrap(), (None, vec![]));
        paths.candidates.clear();
        paths.explicit = Some(dir.path().join("one"));
        assert_eq!(ask(&paths).unwrap(), (Some("one".into()), vec![]));
    }

    #[test]
    fn a_file_that_cannot_be_used_is_a_warning_unless_it_is_explicit() {
        let large = " ".repeat(1 << 20) + "{}";
        let (dir, mut paths) = files(&[("bad", "{"), ("large", &large), ("one", LOGIN)]);
        for name in ["directory", "pipe"] {
            paths.candidates.insert(0, dir.path().join(name));
        }
        std::fs::create_dir(dir.path().join("directory")).unwrap();
        mknodat(CWD, dir.path().join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();

        let at = |name: &str| format!("`{}`", dir.path().join(name).display());
        let (answer, warnings) = ask(&paths).unwrap();
        assert_eq!(answer.as_deref(), Some("one"));
        let expected = [
            format!("{} is not a regular file", at("pipe")),
            format!("{} is not a regular file", at("directory")),
            format!("line 1 of {} should have the rest of the JSON", at("bad")),
            format!("{} has more than 1048576 bytes", at("large")),
        ];
        assert_eq!(warnings, expected.clone().map(|text| format!("a file with logins is skipped: {text}")));

        for (name, expected) in ["pipe", "directory", "bad", "large"].iter().zip(expected) {
            paths.explicit = Some(dir.path().join(name));
            assert_eq!(ask(&paths).unwrap_err().to_string(), expected);
        }
        paths.explicit = Some(dir.path().join("missing"));
        assert_eq!(ask(&paths).unwrap_err().to_string(), format!("cannot open {}", at("missing")));
    }
}
