//! How many packages a build of everything takes.

/// About a tenth above what the workspace needs, so that a small addition passes and a whole new
/// tree of packages has to be argued for here.
const CEILING: usize = 265;

/// How many packages, our own included, the text of a `Cargo.lock` has.
pub(super) fn package_count(lock: &str) -> usize {
    lock.lines().filter(|line| *line == "[[package]]").count()
}

pub(super) fn finding(count: usize) -> Option<String> {
    (count > CEILING).then(|| format!("Cargo.lock has {count} packages, over the ceiling of {CEILING}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_the_lock_are_counted() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\n\n[[package]]\nname = \"b\"\n";
        assert_eq!(package_count(lock), 2);
    }

    #[test]
    fn the_ceiling_itself_is_still_well() {
        assert_eq!(finding(CEILING), None);
        let expected = format!("Cargo.lock has {} packages, over the ceiling of {CEILING}", CEILING + 1);
        assert_eq!(finding(CEILING + 1), Some(expected));
    }
}
