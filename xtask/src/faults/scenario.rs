//! What is disturbed: one command each, and the state it starts from.

/// A command and what was done before. In the words, `SRC` stands for the layout that images come
/// from and `OUT` for the one that is pushed to.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) setup: &'static [&'static str],
    pub(super) command: &'static str,
    pub(super) target: Target,
    /// A call that the file system is said not to have.
    pub(super) without: Option<&'static str>,
}

/// What the command changes, and so what is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A list that is there.
    List,
    /// A list that gets a new identity: its ID and the time of its making differ from run to run.
    NewList,
    /// A layout; the lists stay as they are.
    Layout,
}

impl Scenario {
    const fn new(
        name: &'static str,
        setup: &'static [&'static str],
        command: &'static str,
        target: Target,
    ) -> Self {
        Self { name, setup, command, target, without: None }
    }

    /// What has strace answer as a file system does that has not all calls.
    pub(super) fn lacks(&self) -> Vec<String> {
        self.without.map(|name| format!("{name}:error=EINVAL")).into_iter().collect()
    }
}

const APP: &str = "create app oci:SRC:amd64";
const ADD: &str = "add app oci:SRC:arm64";
const OTHER: &str = "create other oci:SRC:s390x";
const PUSH: &str = "push app oci:OUT:v1";
const PUSH_OTHER: &str = "push other oci:OUT:v1";

/// Every kind of edit, and every kind of push to a layout.
pub(super) const SCENARIOS: [Scenario; 18] = {
    use Target::{Layout, List, NewList};
    [
        Scenario::new("create-first", &[], "create app", NewList),
        Scenario::new("create-empty", &[OTHER], "create app", NewList),
        Scenario::new("create-with-images", &[OTHER], "create app oci:SRC:amd64 oci:SRC:arm64", NewList),
        Scenario {
            without: Some("renameat2"),
            ..Scenario::new("create-by-link", &[OTHER], "create app", NewList)
        },
        Scenario::new("create-replace", &[OTHER, APP], "create --replace app oci:SRC:arm64", NewList),
        Scenario::new(
            "create-amend",
            &[OTHER, APP],
            "create --amend app oci:SRC:arm64 --annotation note=new",
            List,
        ),
        Scenario::new("add", &[OTHER, APP], ADD, List),
        Scenario::new("add-all", &[OTHER, APP], "add --all app oci:SRC:all", List),
        Scenario::new(
            "annotate-entry",
            &[OTHER, APP],
            "annotate app linux/amd64 --annotation note=new --variant v2",
            List,
        ),
        Scenario::new("annotate-index", &[OTHER, APP], "annotate app --index --annotation note=new", List),
        Scenario::new("remove", &[OTHER, APP, ADD], "remove app linux/amd64", List),
        Scenario::new("rm", &[OTHER, APP], "rm app", List),
        Scenario::new("push-new-layout", &[APP, ADD], PUSH, Layout),
        Scenario::new("push-nameless", &[APP, OTHER, PUSH_OTHER], "push app oci:OUT", Layout),
        Scenario::new("push-new-name", &[APP, OTHER, PUSH_OTHER], "push app oci:OUT:v2", Layout),
        Scenario::new("push-second-name", &[APP, PUSH], "push app oci:OUT:v2", Layout),
        Scenario::new("push-moves-name", &[APP, PUSH, ADD], PUSH, Layout),
        Scenario::new("push-digestfile", &[APP], "push app oci:OUT:v1 --digestfile OUT.digest", Layout),
    ]
};
