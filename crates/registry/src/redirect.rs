//! Redirects: which are followed, and which keep credentials.

use url::Url;

use crate::reference::{AddressProblem, AddressRefusal, Role, resolve};

/// How many redirects in a row are followed: storage services need one or two.
pub(crate) const MAX_HOPS: usize = 5;

/// Where the `Location` of an answer of `from` leads, after `hops` redirects that were followed
/// already.
pub(crate) fn follow(from: &Url, location: &str, hops: usize) -> Result<Url, AddressRefusal> {
    let to = resolve(Role::Redirect, from, location)?;
    if hops < MAX_HOPS {
        Ok(to)
    } else {
        Err(AddressRefusal::new(Role::Redirect, &to, AddressProblem::TooManyHops(hops)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_redirects_are_followed_and_no_more() {
        let from = "https://r/v2/a".parse().unwrap();
        for hops in 0..MAX_HOPS {
            assert_eq!(follow(&from, "//cdn/a?sig=1", hops).unwrap().as_str(), "https://cdn/a?sig=1");
        }
        for hops in [MAX_HOPS, usize::MAX] {
            let refusal = follow(&from, "//cdn/a?sig=1", hops).unwrap_err();
            assert_eq!(refusal.problem, AddressProblem::TooManyHops(hops));
            assert_eq!(refusal.address, "https://cdn/a?…");
        }
    }
}
