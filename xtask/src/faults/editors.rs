//! Many processes that change one list at once, while others read it.
//!
//! In each round every editor adds an image of its own, annotates it, and takes out the image it
//! added in the round before, if its number is odd. At the end of a round the list must be what the
//! acknowledged edits add up to; while it goes on, a reader must find every image that was acknowledged
//! before it looked and that nobody takes out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use super::findings::Findings;
use super::images::LayoutMaker;
use super::program::Program;
use super::sandbox::Sandbox;
use super::scenario::Target;

const EDITORS: usize = 16;
const READERS: usize = 2;
const ROUNDS: usize = 5;

/// What came of all rounds.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Edits that were acknowledged.
    pub(super) edits: usize,
    /// Reads that were made meanwhile.
    pub(super) reads: usize,
    pub(super) findings: Findings,
}

/// Digest of an entry to the annotation that it has.
type Entries = BTreeMap<String, String>;

/// The digest of the image that an editor adds in a round.
type Images = BTreeMap<(usize, usize), String>;

/// All that editors and readers share.
struct Scene<'a> {
    sandbox: Sandbox<'a>,
    images: Images,
    /// Entries that are in the list for good.
    kept: Mutex<Entries>,
    edits: AtomicUsize,
    reads: AtomicUsize,
    over: AtomicBool,
    findings: Mutex<Findings>,
}

/// Lets the editors at one list.
pub(super) fn run(program: &Program, scratch: &Path) -> Result<Outcome, String> {
    let source = scratch.join("editors-source");
    let images = make_images(&source)?;
    let sandbox = Sandbox::create(program, &source, scratch.join("editors"))?;
    sandbox.must("create app")?;
    let scene = Scene {
        sandbox,
        images,
        kept: Mutex::default(),
        edits: AtomicUsize::new(0),
        reads: AtomicUsize::new(0),
        over: AtomicBool::new(false),
        findings: Mutex::default(),
    };
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| scene.read_until_over());
        }
        for round in 0..ROUNDS {
            scene.play(round);
        }
        scene.over.store(true, Ordering::Relaxed);
    });
    scene.look_for_strays();
    let findings = scene.findings.into_inner().map_err(|e| e.to_string())?;
    Ok(Outcome { edits: scene.edits.into_inner(), reads: scene.reads.into_inner(), findings })
}

fn make_images(source: &Path) -> Result<Images, String> {
    let mut layout = LayoutMaker::create(source)?;
    let mut images = Images::new();
    for (editor, round) in all_images(ROUNDS) {
        images.insert((editor, round), layout.image(&image_name(editor, round), "amd64", 0)?);
    }
    layout.finish()?;
    Ok(images)
}

fn all_images(rounds: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..EDITORS).flat_map(move |editor| (0..rounds).map(move |round| (editor, round)))
}

fn image_name(editor: usize, round: usize) -> String {
    format!("image-{editor}-{round}")
}

/// Whether an editor takes its images out again.
fn takes_out(editor: usize) -> bool {
    editor % 2 == 1
}

/// What the list holds after a round: each image with the annotation that says who added it.
fn expected(images: &Images, round: usize) -> Entries {
    let mut entries = Entries::new();
    for (&(editor, added), digest) in images {
        if added == round || (added < round && !takes_out(editor)) {
            entries.insert(digest.clone(), image_name(editor, added));
        }
    }
    entries
}

impl Scene<'_> {
    /// All editors at once, and then a look at the list.
    fn play(&self, round: usize) {
        thread::scope(|scope| {
            for editor in 0..EDITORS {
                scope.spawn(move || self.note(self.edit(editor, round)));
            }
        });
        self.note(self.entries("inspect --json app").and_then(|actual| {
            let expected = expected(&self.images, round);
            let lost = expected.iter().find(|(digest, note)| actual.get(*digest) != Some(*note));
            let foreign = actual.iter().find(|(digest, _)| !expected.contains_key(*digest));
            match (lost, foreign) {
                (Some((_, name)), _) => Err(format!("round {round}: an edit of `{name}` was lost")),
                (None, Some((digest, _))) => {
                    Err(format!("round {round}: `{digest}` was taken out, but is there"))
                }
                (None, None) => Ok(()),
            }
        }));
    }

    /// The three edits of one editor.
    fn edit(&self, editor: usize, round: usize) -> Result<(), String> {
        let (name, digest) = (image_name(editor, round), &self.images[&(editor, round)]);
        let mut edits =
            vec![format!("add app oci:SRC:{name}"), format!("annotate app {digest} --annotation by={name}")];
        if takes_out(editor) && round > 0 {
            edits.push(format!("remove app {}", self.images[&(editor, round - 1)]));
        }
        for edit in edits {
            self.sandbox.must(&edit)?;
            self.edits.fetch_add(1, Ordering::Relaxed);
        }
        if !takes_out(editor) {
            self.kept.lock().map_err(|e| e.to_string())?.insert(digest.clone(), name);
        }
        Ok(())
    }

    /// The list as one of the ways to look at it shows it.
    fn entries(&self, inspect: &str) -> Result<Entries, String> {
        let shown = self.sandbox.must(inspect)?;
        let list: Value = serde_json::from_slice(&shown).map_err(|e| format!("a read gave no JSON: {e}"))?;
        let entries = list["manifests"].as_array().ok_or("a read gave no entries")?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(entries.iter().map(|e| (text(&e["digest"]), text(&e["annotations"]["by"]))).collect())
    }

    fn read_until_over(&self) {
        for inspect in ["inspect --json app", "inspect --raw app"].into_iter().cycle() {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            self.note(self.read(inspect));
            self.reads.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn read(&self, inspect: &str) -> Result<(), String> {
        let kept = self.kept.lock().map_err(|e| e.to_string())?.clone();
        let entries = self.entries(inspect)?;
        match kept.iter().find(|(digest, note)| entries.get(*digest) != Some(*note)) {
            None => Ok(()),
            Some((_, name)) => Err(format!("`{inspect}` did not show `{name}`, which was there before")),
        }
    }

    fn look_for_strays(&self) {
        let tree = self.sandbox.tree(Target::NewList);
        let stray = tree.map(|tree| tree.into_keys().find(|path| path.to_string_lossy().contains(".umbel-")));
        self.note(stray.and_then(|stray| match stray {
            None => Ok(()),
            Some(path) => Err(format!("`{}` was left behind", path.display())),
        }));
    }

    fn note(&self, outcome: Result<(), String>) {
        if let Err(finding) = outcome
            && let Ok(mut findings) = self.findings.lock()
        {
            findings.note(&finding, "editors".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_editors_keep_their_last_image_and_even_ones_all() {
        let images: Images = all_images(3).map(|(e, r)| ((e, r), image_name(e, r))).collect();
        let after = expected(&images, 1);
        assert_eq!(after.len(), EDITORS + EDITORS / 2);
        assert!(after.contains_key("image-0-0") && after.contains_key("image-1-1"));
        assert!(!after.contains_key("image-1-0") && !after.contains_key("image-0-2"));
    }
}
