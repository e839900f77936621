//! Words that may not ship: unfinished work, leftovers of debugging, unexplained panics.

use crate::source::{Source, Token};

const UNFINISHED: &[&str] = &["FIXME", "TODO", "XXX"];
const MACROS: &[&str] = &["dbg", "todo", "unimplemented"];

/// One line for each place, in the order of the file.
pub(super) fn findings(source: &Source) -> Vec<String> {
    let mut places: Vec<(usize, String)> = Vec::new();
    for word in UNFINISHED {
        places.extend(source.comments_saying(word).into_iter().map(|line| (line, (*word).to_owned())));
    }
    places.extend(macros(&source.code));
    places.extend(unwraps(&source.code));
    places.sort();
    let path = source.path.display();
    places.into_iter().map(|(line, word)| format!("{path}:{line} has `{word}`")).collect()
}

fn macros(code: &[Token]) -> impl Iterator<Item = (usize, String)> {
    code.windows(3).filter_map(|tokens| {
        let [name, bang, open] = texts(tokens);
        let is_call = MACROS.contains(&name) && bang == "!" && ["(", "[", "{"].contains(&open);
        is_call.then(|| (tokens[0].first_line(), format!("{name}!")))
    })
}

fn unwraps(code: &[Token]) -> impl Iterator<Item = (usize, String)> {
    code.windows(4)
        .filter(|tokens| texts(tokens) == [".", "unwrap", "(", ")"])
        .map(|tokens| (tokens[1].first_line(), ".unwrap()".to_owned()))
}

/// The texts of a window of `N` tokens.
fn texts<const N: usize>(window: &[Token]) -> [&str; N] {
    std::array::from_fn(|index| window[index].text.as_str())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn found(text: &str) -> Vec<String> {
        findings(&Source::parse(Path::new("a.rs"), text).unwrap())
    }

    #[test]
    fn unfinished_work_is_found_in_comments_and_documentation() {
        let text = "/// TODO: say more.\nfn a() {} // FIXME\n";
        assert_eq!(found(text), ["a.rs:1 has `TODO`", "a.rs:2 has `FIXME`"]);
    }

    #[test]
    fn forbidden_macros_are_found_even_inside_of_others() {
        let text = "fn a() {\n    todo!();\n    assert!(dbg![1] == 1);\n    todo != unimplemented\n}\n";
        assert_eq!(found(text), ["a.rs:2 has `todo!`", "a.rs:3 has `dbg!`"]);
    }

    #[test]
    fn unwrap_is_found_across_lines_and_inside_of_macros() {
        let text = "fn a() {\n    b()\n        .unwrap();\n    assert!(c.unwrap());\n    d.unwrap_or(1)\n}\n";
        assert_eq!(found(text), ["a.rs:3 has `.unwrap()`", "a.rs:4 has `.unwrap()`"]);
    }

    #[test]
    fn tests_and_strings_are_free() {
        let text = "const A: &str = \".unwrap() TODO dbg!()\";\n#[cfg(test)]\nmod tests {\n    fn a() { b.unwrap() }\n}\n";
        assert_eq!(found(text), [""; 0]);
    }
}
