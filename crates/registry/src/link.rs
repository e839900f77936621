//! The next page of a listing, from the `Link` field (RFC 8288).

use url::Url;

use crate::field_value::{MAX_LINES, Scanner};
use crate::origin::same_origin;
use crate::reference::{AddressProblem, AddressRefusal, Role, resolve};

/// The page after that of `request`, if one of the links is `rel="next"`.
///
/// It has to be on the same origin and another page, so that no listing leads elsewhere or in the
/// smallest of circles; larger ones are bounded by the number of pages that the caller reads. What is
/// malformed ends its line.
pub(crate) fn next<'h>(
    values: impl IntoIterator<Item = &'h str>,
    request: &Url,
) -> Result<Option<Url>, AddressRefusal> {
    let Some(target) = values.into_iter().take(MAX_LINES).find_map(next_of) else { return Ok(None) };
    let page = resolve(Role::NextPage, request, target)?;
    let mut current = request.clone();
    current.set_fragment(None);
    let problem = match () {
        () if !same_origin(request, &page) => AddressProblem::OtherOrigin,
        () if page == current => AddressProblem::SamePage,
        () => return Ok(Some(page)),
    };
    Err(AddressRefusal::new(Role::NextPage, &page, problem))
}

/// The target of the first link in a line that is `rel="next"`.
fn next_of(line: &str) -> Option<&str> {
    let mut scanner = Scanner::new(line);
    loop {
        scanner.skip_commas();
        if !scanner.eat('<') {
            return None;
        }
        let target = scanner.while_true(|c| c != '>');
        if !scanner.eat('>') {
            return None;
        }
        if is_next(&mut scanner)? {
            return Some(target.trim());
        }
    }
}

/// Reads the parameters of one link; `None` if one of them has no end.
fn is_next(scanner: &mut Scanner<'_>) -> Option<bool> {
    let mut relations = None;
    loop {
        scanner.skip_spaces();
        if !scanner.eat(';') {
            break;
        }
        scanner.skip_spaces();
        let name = scanner.token();
        scanner.skip_spaces();
        let value = if scanner.eat('=') {
            scanner.skip_spaces();
            scanner.parameter_value()?
        } else {
            String::new()
        };
        // Of several, all but the first are ignored (RFC 8288, section 3.3).
        if name.eq_ignore_ascii_case("rel") && relations.is_none() {
            relations = Some(value);
        }
    }
    let relations = relations.unwrap_or_default();
    Some(relations.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case("next")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(values: &[&str]) -> Result<Option<String>, AddressProblem> {
        let request = "https://r/v2/a/tags/list?n=2".parse().unwrap();
        next(values.iter().copied(), &request)
            .map(|page| page.map(String::from))
            .map_err(|refusal| refusal.problem)
    }

    #[test]
    fn the_next_page_is_found_in_every_spelling_of_the_field() {
        let expected = Ok(Some("https://r/v2/a/tags/list?n=2&last=b".to_owned()));
        let cases: &[&[&str]] = &[
            &[r#"</v2/a/tags/list?n=2&last=b>; rel="next""#],
            &[r"</v2/a/tags/list?n=2&last=b>;rel=next"],
            &[r#"<https://R:443/v2/a/tags/list?n=2&last=b#f> ; title="a, b; c" ; REL = "prev NEXT""#],
            &[r#"</a>; rel="prev", </v2/a/tags/list?n=2&last=b>; rel="next", </c>; rel=next"#],
            &[r#"</a>; rel="prev""#, "<?n=2&last=b>; rel=next"],
            &["</a>; rel=prev; rel=next, <list?n=2&last=b>; flag; rel=next"],
            &["nonsense", "<list?n=2&last=b>;rel=next"],
        ];
        for values in cases {
            assert_eq!(page(values), expected, "{values:?}");
        }
    }

    #[test]
    fn without_a_next_page_there_is_none() {
        let long = format!("</{}>; rel=next", "a".repeat(9000));
        let many = "<a>;".repeat(1000);
        for value in ["", ",", "</a>", "</a>; rel", "</a>; rel=", "</a>; rel=nextish", "</a; rel=next"] {
            assert_eq!(page(&[value]), Ok(None), "{value}");
        }
        for value in ["/a; rel=next", r#"</a>; rel="next"#, r#"</a>; title=", rel=next"#, &long, &many] {
            assert_eq!(page(&[value]), Ok(None), "{value}");
        }
    }

    #[test]
    fn pages_elsewhere_and_circles_are_refused() {
        for (target, problem) in [
            ("https://evil/v2/a/tags/list", AddressProblem::OtherOrigin),
            ("//r:444/v2/", AddressProblem::OtherOrigin),
            ("http://r/v2/a/tags/list", AddressProblem::LeavesHttps),
            ("https://127.0.0.1/", AddressProblem::Loopback),
            ("file:///etc/passwd", AddressProblem::Scheme),
            ("https://[", AddressProblem::Malformed),
            ("", AddressProblem::SamePage),
            ("?n=2#again", AddressProblem::SamePage),
        ] {
            assert_eq!(page(&[&format!("<{target}>; rel=next")]), Err(problem), "{target}");
        }
    }
}
