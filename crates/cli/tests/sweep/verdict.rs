//! How a run ended.

use umbel_testkit::network::{Kind, Must};

/// What a tag or a list holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Nothing,
    /// This digest, with everything below it.
    Whole(String),
    /// Something of which parts are missing or wrong.
    Broken(String),
}

/// What came of a verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// A success, with the digest that it reports.
    Done(String),
    /// An error, with all its causes.
    Failed(String),
    /// Nothing, for too long.
    Nothing,
    /// A panic, with its message.
    Panic(String),
}

/// The ends of a run; the first two are good ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// A success, and all is there.
    Right,
    /// An error, and nothing changed.
    Clean,
    /// A success, and what was asked for is not there.
    Wrong,
    /// Something else is there than what was asked for.
    Changed,
    /// An error, and what is there is incomplete.
    Torn,
    /// An error, though everything was done.
    Late,
    /// No end.
    Hung,
    /// A secret got out.
    Leak,
    /// A panic.
    Crash,
}

impl Ending {
    /// The end of a run that was to leave the digest `wanted`.
    pub(crate) fn of(came: &Came, wanted: &str, before: &Kept, after: &Kept, leaks: &[String]) -> Self {
        if !leaks.is_empty() {
            return Self::Leak;
        }
        let there = |kept: &Kept| *kept == Kept::Whole(wanted.to_owned());
        match (came, after) {
            (Came::Panic(_), _) => Self::Crash,
            (Came::Nothing, _) => Self::Hung,
            (Came::Done(told), after) if there(after) && told == wanted => Self::Right,
            (Came::Done(_), Kept::Whole(_)) if after != before => Self::Changed,
            (Came::Done(_), _) => Self::Wrong,
            (Came::Failed(_), after) if after == before => Self::Clean,
            (Came::Failed(_), Kept::Broken(_)) => Self::Torn,
            (Came::Failed(_), after) if there(after) => Self::Late,
            (Came::Failed(_), _) => Self::Changed,
        }
    }

    pub(crate) fn is_bad(self) -> bool {
        !matches!(self, Self::Right | Self::Clean)
    }

    /// Whether this is how a run may end in which such a request met a fault with that demand.
    ///
    /// A refusal lasts, and so it is to be reported; but a question that is refused need not have been
    /// asked, and what was done without an answer to it is no less right.
    pub(crate) fn answers(self, must: Must, kind: Kind) -> bool {
        let asks = [Kind::ManifestHead, Kind::BlobHead, Kind::MountPost].contains(&kind);
        match must {
            Must::Survive => self == Self::Right,
            Must::Fail if asks => !self.is_bad(),
            Must::Fail => self == Self::Clean,
            Must::Either => !self.is_bad(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_apart() {
        let whole = |digest: &str| Kept::Whole(digest.to_owned());
        let (done, failed) = (Came::Done("new".into()), Came::Failed("no".into()));
        let broken = Kept::Broken("half".into());
        for (came, before, after, ending) in [
            (&done, Kept::Nothing, whole("new"), Ending::Right),
            (&done, whole("new"), whole("new"), Ending::Right),
            (&Came::Done("other".into()), Kept::Nothing, whole("new"), Ending::Changed),
            (&done, Kept::Nothing, Kept::Nothing, Ending::Wrong),
            (&done, whole("old"), whole("old"), Ending::Wrong),
            (&done, whole("old"), broken.clone(), Ending::Wrong),
            (&done, whole("old"), whole("other"), Ending::Changed),
            (&failed, whole("old"), whole("old"), Ending::Clean),
            (&failed, Kept::Nothing, Kept::Nothing, Ending::Clean),
            (&failed, whole("old"), whole("new"), Ending::Late),
            (&failed, whole("old"), whole("other"), Ending::Changed),
            (&failed, whole("old"), Kept::Nothing, Ending::Changed),
            (&failed, whole("old"), broken, Ending::Torn),
            (&Came::Nothing, Kept::Nothing, Kept::Nothing, Ending::Hung),
            (&Came::Panic("!".into()), Kept::Nothing, whole("new"), Ending::Crash),
        ] {
            assert_eq!(
                Ending::of(came, "new", &before, &after, &[]),
                ending,
                "{came:?} {before:?} {after:?}"
            );
        }
        let leaks = ["somewhere".to_owned()];
        assert_eq!(Ending::of(&done, "new", &Kept::Nothing, &whole("new"), &leaks), Ending::Leak);
    }
}
