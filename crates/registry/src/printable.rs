//! Text of a remote side, made fit to be shown to a person.

/// `text` in one line of at most `limit` characters, with a space for each run of white space and of
/// characters that would drive a terminal or hide what is written: controls, changes of the writing
/// direction, invisible ones. What is cut off leaves `…`.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    let clean = text
        .split(|c: char| c.is_whitespace() || !is_visible(c))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    match clean.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &clean[..at]),
        None => clean,
    }
}

fn is_visible(c: char) -> bool {
    let deceives = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !deceives
}

/// The first `limit` bytes of `text`, or a few fewer so that no character is split.
pub(crate) fn prefix(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_drives_a_terminal_comes_through() {
        for (text, limit, expected) in [
            ("not  found\r\n", 80, "not found"),
            ("\u{1b}[2Jgone\u{9b}31m", 80, "[2Jgone 31m"),
            ("a\u{202e}b\u{200b}c\0", 80, "a b c"),
            ("größer", 3, "grö…"),
            ("größer", 6, "größer"),
            ("x", 0, "…"),
            ("", 0, ""),
        ] {
            assert_eq!(printable(text, limit), expected, "{text:?}");
        }
    }

    #[test]
    fn a_prefix_splits_no_character() {
        for (limit, expected) in [(0, ""), (1, "a"), (2, "a"), (3, "aß"), (99, "aß")] {
            assert_eq!(prefix("aß", limit), expected, "{limit}");
        }
    }
}
