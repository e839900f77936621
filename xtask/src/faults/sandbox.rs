//! A store and a layout to work on, and what can be seen of them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::images::sha256;
use super::program::{Answer, Program};
use super::scenario::Target;
use super::tree::{self, Contents, Tree};

/// What stands for the directory that the store and the layout are in.
pub(super) const STATE: &str = "STATE";

/// A directory with a store, `root`, and perhaps a layout, `out`.
pub(super) struct Sandbox<'p> {
    program: &'p Program,
    source: &'p Path,
    dir: PathBuf,
}

impl<'p> Sandbox<'p> {
    /// One that is empty.
    pub(super) fn create(program: &'p Program, source: &'p Path, dir: PathBuf) -> Result<Self, String> {
        fs::create_dir_all(dir.join("state")).map_err(|e| format!("cannot make `{}`: {e}", dir.display()))?;
        Ok(Self { program, source, dir })
    }

    /// Makes its store and layout what those of another are.
    pub(super) fn restore(&self, other: &Self) -> Result<(), String> {
        tree::restore(&other.state(), &self.state())
    }

    fn state(&self) -> PathBuf {
        self.dir.join("state")
    }

    fn root(&self) -> PathBuf {
        self.state().join("root")
    }

    fn out(&self) -> PathBuf {
        self.state().join("out")
    }

    fn words(&self, command: &str) -> Vec<String> {
        let (source, out) = (self.source.display().to_string(), self.out().display().to_string());
        command.split(' ').map(|word| word.replace("SRC", &source).replace("OUT", &out)).collect()
    }

    /// Runs a command.
    pub(super) fn umbel(&self, command: &str) -> Result<Answer, String> {
        self.program.run(&self.root(), &self.words(command))
    }

    /// Runs a command that must succeed.
    pub(super) fn must(&self, command: &str) -> Result<Vec<u8>, String> {
        self.umbel(command)?.success(command)
    }

    /// Runs a command under strace; returns what strace wrote, too.
    pub(super) fn traced(&self, command: &str, options: &[String]) -> Result<(Answer, String), String> {
        let path = self.dir.join("trace");
        let answer = self.program.run_traced(&self.root(), &self.words(command), &path, options)?;
        let trace = fs::read(&path).map_err(|e| format!("strace wrote nothing: {e}; {}", answer.stderr))?;
        Ok((answer, String::from_utf8_lossy(&trace).into_owned()))
    }

    /// A text in which `STATE` stands for the directory of the store and the layout, so that what is
    /// said in different sandboxes can be compared.
    pub(super) fn without_path(&self, text: &str) -> String {
        text.replace(&*self.state().to_string_lossy(), STATE)
    }

    /// All files, as far as they are the same each time the same is done.
    pub(super) fn tree(&self, target: Target) -> Result<Tree, String> {
        let contents = if target == Target::NewList { Contents::Ignored } else { Contents::Compared };
        tree::read(&self.state(), contents)
    }

    /// What a user sees of the target; an error if anything of it is broken.
    pub(super) fn observe(&self, target: Target) -> Result<String, String> {
        match target {
            Target::List | Target::NewList => self.lists(target),
            Target::Layout => layout(&self.out()),
        }
    }

    /// All lists, each as text and as the bytes that it would be published as.
    fn lists(&self, target: Target) -> Result<String, String> {
        let overview = json(&self.must("list --json")?)?;
        let mut seen = String::new();
        for list in overview["lists"].as_array().into_iter().flatten() {
            let name = list["name"].as_str().ok_or_else(|| format!("a list that cannot be read: {list}"))?;
            let mut shown = json(&self.must(&format!("inspect --json {name}"))?)?;
            let raw = self.must(&format!("inspect --raw {name}"))?;
            if shown["digest"] != format!("sha256:{}", sha256(&raw)) {
                return Err(format!("the digest of `{name}` is not that of its bytes"));
            }
            if target == Target::NewList {
                shown["id"] = Value::Null;
                shown["created"] = Value::Null;
            }
            seen += &format!("{shown}\n{}\n", String::from_utf8_lossy(&raw));
        }
        Ok(seen)
    }
}

fn json(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|e| format!("not JSON: {e}: {}", String::from_utf8_lossy(bytes)))
}

/// What `index.json` says, if all that it leads to is there and every blob is what its name says. Blobs
/// that nothing leads to may be there: the next push finds them.
fn layout(path: &Path) -> Result<String, String> {
    let blobs = tree::read(&path.join("blobs/sha256"), Contents::Compared)?;
    let damaged = |(name, (_, content)): &(&PathBuf, &(u32, Option<String>))| {
        content.as_deref() != Some(&*name.to_string_lossy())
    };
    if let Some((name, _)) = blobs.iter().find(damaged) {
        return Err(format!("the blob `{}` is not what its name says", name.display()));
    }
    let index = path.join("index.json");
    if !index.exists() {
        return Ok(String::new());
    }
    let marker = fs::read(path.join("oci-layout")).map_err(|e| format!("no `oci-layout`: {e}"))?;
    json(&marker)?;
    let bytes = fs::read(&index).map_err(|e| format!("`index.json`: {e}"))?;
    check_reachable(path, &json(&bytes)?)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Looks for every blob that a document leads to.
fn check_reachable(layout: &Path, document: &Value) -> Result<(), String> {
    let list = |key: &str| document[key].as_array().cloned().unwrap_or_default();
    let configs = document.get("config").cloned();
    for child in list("manifests").into_iter().chain(configs).chain(list("layers")) {
        let digest = child["digest"].as_str().unwrap_or_default();
        let blob = layout.join("blobs").join(digest.replace(':', "/"));
        let bytes = fs::read(&blob).map_err(|e| format!("`{digest}` is named but not there: {e}"))?;
        if child["size"] != bytes.len() {
            return Err(format!("`{digest}` has not the size that its descriptor says"));
        }
        let is_document =
            child["mediaType"].as_str().is_some_and(|t| t.contains("index") || t.contains("manifest"));
        if is_document {
            check_reachable(layout, &json(&bytes)?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::images;

    #[test]
    fn a_blob_that_is_missing_or_cut_off_is_noticed_in_a_layout() {
        let dir = tempfile::tempdir().unwrap();
        images::make_source(dir.path()).unwrap();
        assert!(layout(dir.path()).unwrap().contains("s390x"));
        let blobs = dir.path().join("blobs/sha256");
        let blob = fs::read_dir(&blobs).unwrap().next().unwrap().unwrap().path();
        let bytes = fs::read(&blob).unwrap();
        fs::write(&blob, &bytes[1..]).unwrap();
        assert!(layout(dir.path()).unwrap_err().contains("is not what its name says"));
        fs::remove_file(&blob).unwrap();
        assert!(layout(dir.path()).unwrap_err().contains("not there"));
        fs::write(&blob, &bytes).unwrap();
        assert!(layout(dir.path()).is_ok());
    }

    #[test]
    fn a_blob_that_nothing_leads_to_is_no_part_of_a_layout() {
        let dir = tempfile::tempdir().unwrap();
        images::make_source(dir.path()).unwrap();
        let before = layout(dir.path()).unwrap();
        fs::write(dir.path().join("blobs/sha256").join(sha256(b"more")), "more").unwrap();
        assert_eq!(layout(dir.path()).unwrap(), before);
        assert_eq!(layout(&dir.path().join("nowhere")).unwrap(), "");
    }
}
