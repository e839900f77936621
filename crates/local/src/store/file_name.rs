//! The names of the files that lists are kept in.
//!
//! A file is named after its list, so that finding a list by name opens one file, two lists cannot
//! have one name, and a damaged file still tells which list it was.

use std::fmt::Write as _;

use umbel_model::{Digest, ListName};

const SUFFIX: &str = ".json";

/// File systems take 255 bytes; a longer name is cut and told apart by a digest.
const LONGEST: usize = 240;
const KEPT: usize = 150;

/// The file of the list of that name.
pub(super) fn of(name: &ListName) -> String {
    let mut file = String::new();
    for c in name.as_str().chars() {
        match c {
            // What is left of a name's characters is safe everywhere.
            '/' | ':' | '@' | '%' | '[' | ']' => {
                let _ = write!(file, "%{:02X}", u32::from(c));
            }
            _ => file.push(c),
        }
    }
    if file.len() > LONGEST {
        let digest = Digest::sha256(name.as_str().as_bytes());
        file.truncate(KEPT);
        let _ = write!(file, "%%{}", digest.encoded());
    }
    file + SUFFIX
}

/// Whether a file in the directory of lists is one of them.
pub(super) fn is_record(file: &str) -> bool {
    file.ends_with(SUFFIX) && !file.starts_with('.')
}

/// The name of the list in a file; the beginning of it where it was cut.
pub(super) fn to_name(file: &str) -> String {
    let stem = file.strip_suffix(SUFFIX).unwrap_or(file);
    let stem = stem.split("%%").next().unwrap_or(stem);
    let mut name = String::new();
    let mut rest = stem;
    while let Some((before, after)) = rest.split_once('%') {
        name.push_str(before);
        let code = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        name.push(code.map_or('%', char::from));
        rest = code.map_or(after, |_| &after[2..]);
    }
    name + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_the_name_of_its_list() {
        for name in ["localhost/app:latest", "example.com:5000/a/b__c:1.0", "[::1]:5000/a:b"] {
            let name: ListName = name.parse().unwrap();
            assert_eq!(to_name(&of(&name)), name.as_str());
        }
        assert_eq!(of(&"app".parse().unwrap()), "localhost%2Fapp%3Alatest.json");
    }

    #[test]
    fn long_names_fit_and_stay_apart() {
        let long = |last: char| -> ListName { format!("{}{last}", "a/".repeat(100)).parse().unwrap() };
        let (one, two) = (of(&long('b')), of(&long('c')));
        assert!(one.len() <= 255 && one != two);
        assert!(long('b').as_str().starts_with(&to_name(&one)));
    }
}
