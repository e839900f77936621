//! What a token has to allow, asked for as narrowly as the step at hand needs.

use std::collections::{BTreeMap, BTreeSet};

use umbel_model::ImageName;

/// As many parts of a challenge's scope as are read.
const MAX_PARTS: usize = 64;

/// What may be done with one repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Action {
    /// Read.
    Pull,
    /// Write.
    Push,
    /// Delete.
    Delete,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Pull, Self::Push, Self::Delete].into_iter().find(|action| action.name() == name)
    }
}

/// A set of rights: actions on repositories, and perhaps reading the list of all repositories.
///
/// The order of everything in it is fixed, so that the same rights make the same request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scope {
    repositories: BTreeMap<String, BTreeSet<Action>>,
    has_catalog: bool,
}

impl Scope {
    /// Reading from `repository`.
    pub(crate) fn pull(repository: &str) -> Self {
        Self::of(repository, [Action::Pull])
    }

    /// Writing to `repository`, and reading what is there.
    pub(crate) fn push(repository: &str) -> Self {
        Self::of(repository, [Action::Pull, Action::Push])
    }

    /// Deleting from `repository`.
    pub(crate) fn delete(repository: &str) -> Self {
        Self::of(repository, [Action::Delete])
    }

    /// Listing the repositories of a registry.
    pub(crate) fn catalog() -> Self {
        Self { has_catalog: true, ..Self::default() }
    }

    fn of<const N: usize>(repository: &str, actions: [Action; N]) -> Self {
        let repositories = BTreeMap::from([(repository.to_owned(), BTreeSet::from(actions))]);
        Self { repositories, has_catalog: false }
    }

    /// The rights of both.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        for (repository, actions) in other.repositories {
            self.repositories.entry(repository).or_default().extend(actions);
        }
        self.has_catalog |= other.has_catalog;
        self
    }

    /// Whether every right of `other` is here as well.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let has = |(repository, actions): (&String, &BTreeSet<Action>)| {
            self.repositories.get(repository).is_some_and(|own| own.is_superset(actions))
        };
        (self.has_catalog || !other.has_catalog) && other.repositories.iter().all(has)
    }

    /// These rights and those of `asked`, a challenge's, as far as `allowed` has them: a server may
    /// tell what it misses, but not have us ask for more than the step may need.
    #[must_use]
    pub(crate) fn widened(&self, asked: &Self, allowed: &Self) -> Self {
        self.clone().and(asked.within(allowed))
    }

    fn within(&self, allowed: &Self) -> Self {
        let common = |(repository, actions): (&String, &BTreeSet<Action>)| {
            let common = actions & allowed.repositories.get(repository)?;
            (!common.is_empty()).then(|| (repository.clone(), common))
        };
        Self {
            repositories: self.repositories.iter().filter_map(common).collect(),
            has_catalog: self.has_catalog && allowed.has_catalog,
        }
    }

    /// The values of the `scope` parameters with which a token server is asked.
    pub(crate) fn params(&self) -> Vec<String> {
        let catalog = self.has_catalog.then(|| CATALOG.to_owned());
        let repositories = self.repositories.iter().map(|(repository, actions)| {
            let actions: Vec<&str> = actions.iter().map(|action| action.name()).collect();
            format!("repository:{repository}:{}", actions.join(","))
        });
        catalog.into_iter().chain(repositories).collect()
    }

    /// Reads the scope of a challenge. Whatever is not an action we know on a well-formed repository,
    /// or the catalog, is left out: other types, `*`, hosts in names.
    pub(crate) fn parse(text: &str) -> Self {
        let parts = text.split([' ', '\t']).filter(|part| !part.is_empty()).take(MAX_PARTS);
        parts.filter_map(parse_part).fold(Self::default(), Self::and)
    }
}

const CATALOG: &str = "registry:catalog:*";

fn parse_part(part: &str) -> Option<Scope> {
    if part == CATALOG {
        return Some(Scope::catalog());
    }
    let (repository, actions) = part.strip_prefix("repository:")?.rsplit_once(':')?;
    let actions: BTreeSet<Action> = actions.split(',').filter_map(Action::named).collect();
    let is_wanted = !actions.is_empty() && is_repository(repository);
    is_wanted.then(|| Scope {
        repositories: BTreeMap::from([(repository.to_owned(), actions)]),
        has_catalog: false,
    })
}

fn is_repository(path: &str) -> bool {
    // Any host serves for the question whether the rest is the path of a repository.
    path.len() <= 255
        && format!("a.b/{path}")
            .parse::<ImageName>()
            .is_ok_and(|name| name.path() == path && name.tag().is_none() && name.digest().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_print_in_one_order_and_parse_back() {
        for (scope, params) in [
            (Scope::pull("a/b"), vec!["repository:a/b:pull"]),
            (Scope::push("a/b"), vec!["repository:a/b:pull,push"]),
            (Scope::delete("a"), vec!["repository:a:delete"]),
            (Scope::catalog(), vec!["registry:catalog:*"]),
            (Scope::default(), vec![]),
            (
                Scope::push("z").and(Scope::pull("a")).and(Scope::delete("z")).and(Scope::catalog()),
                vec!["registry:catalog:*", "repository:a:pull", "repository:z:pull,push,delete"],
            ),
        ] {
            assert_eq!(scope.params(), params);
            assert_eq!(Scope::parse(&params.join(" ")), scope);
        }
    }

    #[test]
    fn of_a_challenge_only_what_we_might_ask_for_is_read() {
        let many: String = (0..999).map(|n| format!("repository:r{n}:pull ")).collect();
        for (text, params) in [
            ("repository:a/b:pull,push,*,admin", vec!["repository:a/b:pull,push"]),
            (
                "  repository:b:push repository:a:pull repository:b:pull ",
                vec!["repository:a:pull", "repository:b:pull,push"],
            ),
            ("repository:a:*", vec![]),
            ("repository:a:", vec![]),
            ("repository:a", vec![]),
            ("repository(plugin):a:pull", vec![]),
            ("repository:*:pull", vec![]),
            ("repository::pull", vec![]),
            ("repository:A:pull", vec![]),
            ("repository:../a:pull", vec![]),
            ("repository:host:5000/a:pull", vec![]),
            ("repository:a@sha256:pull", vec![]),
            ("registry:catalog:*,x registry:*:* REPOSITORY:a:pull aws", vec![]),
            (":::", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(Scope::parse(text).params(), params, "{text}");
        }
        assert_eq!(Scope::parse(&many).params().len(), MAX_PARTS);
    }

    #[test]
    fn a_scope_covers_what_it_has() {
        let both = Scope::push("a").and(Scope::pull("b"));
        for (other, covered) in [
            (Scope::default(), true),
            (Scope::pull("a"), true),
            (both.clone(), true),
            (Scope::push("b"), false),
            (Scope::delete("a"), false),
            (Scope::pull("c"), false),
            (Scope::catalog(), false),
        ] {
            assert_eq!(both.covers(&other), covered, "{other:?}");
        }
        assert!(both.clone().and(Scope::catalog()).covers(&Scope::catalog()));
    }

    #[test]
    fn a_challenge_widens_a_scope_no_further_than_allowed() {
        let asked = Scope::parse("repository:a:pull,push,delete repository:c:pull registry:catalog:*");
        let allowed = Scope::push("a").and(Scope::pull("b"));
        assert_eq!(Scope::pull("a").widened(&asked, &allowed), Scope::push("a"));
        assert_eq!(Scope::pull("b").widened(&asked, &Scope::default()), Scope::pull("b"));
        assert_eq!(Scope::default().widened(&asked, &Scope::catalog()), Scope::catalog());
    }
}
