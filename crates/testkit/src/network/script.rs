//! When a fault befalls a request.

use std::ops::RangeInclusive;

use super::fault::Fault;
use super::kind::Kind;
use super::wire::Request;

/// Which requests a fault is meant for; they are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// Only requests of this kind count, or all.
    kind: Option<Kind>,
    first: usize,
    last: usize,
}

impl When {
    /// The `number`th request of all, and no other.
    pub fn request(number: usize) -> Self {
        Self { kind: None, first: number, last: number }
    }

    /// The `number`th request of this kind, and no other.
    pub fn nth(kind: Kind, number: usize) -> Self {
        Self { kind: Some(kind), first: number, last: number }
    }

    /// Several requests of this kind, one after another.
    pub fn between(kind: Kind, numbers: RangeInclusive<usize>) -> Self {
        Self { kind: Some(kind), first: *numbers.start(), last: *numbers.end() }
    }

    /// Every request of this kind.
    pub fn every(kind: Kind) -> Self {
        Self { kind: Some(kind), first: 1, last: usize::MAX }
    }

    /// Every request.
    pub fn always() -> Self {
        Self { kind: None, first: 1, last: usize::MAX }
    }

    fn meets(self, kind: Kind, position: Position) -> bool {
        let number = if self.kind.is_some() { position.of_kind } else { position.of_all };
        self.kind.is_none_or(|wanted| wanted == kind) && (self.first..=self.last).contains(&number)
    }
}

/// The faults of a test.
#[derive(Debug, Default)]
pub(crate) struct Script {
    rules: Vec<(Fault, When)>,
}

/// Where a request stands in the sequence, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) of_all: usize,
    pub(crate) of_kind: usize,
}

impl Script {
    pub(crate) fn add(&mut self, fault: Fault, when: When) {
        self.rules.push((fault, when));
    }

    pub(crate) fn faults(&self) -> impl Iterator<Item = Fault> {
        self.rules.iter().map(|(fault, _)| *fault)
    }

    /// The first fault that is meant for the request and can befall it.
    pub(crate) fn fault(&self, head: &Request, position: Position) -> Option<Fault> {
        let kind = Kind::of(head);
        let mut meant = self.rules.iter().filter(|(_, when)| when.meets(kind, position));
        meant.find(|(fault, _)| fault.can_befall(kind, head)).map(|(fault, _)| *fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(rules: &[(Fault, When)], requests: &[(&str, &str)]) -> Vec<Option<Fault>> {
        let script = Script { rules: rules.to_vec() };
        let heads: Vec<Request> =
            requests.iter().map(|(method, target)| Request::new(method, *target)).collect();
        let play = |(index, head): (usize, &Request)| {
            let same_kind = heads[..=index].iter().filter(|other| Kind::of(other) == Kind::of(head));
            script.fault(head, Position { of_all: index + 1, of_kind: same_kind.count() })
        };
        heads.iter().enumerate().map(play).collect()
    }

    const GET: (&str, &str) = ("GET", "/v2/a/manifests/x");
    const PUT: (&str, &str) = ("PUT", "/v2/a/manifests/x");

    #[test]
    fn number_of_all_requests_is_met_once() {
        let rules = [(Fault::Close, When::request(2))];
        assert_eq!(played(&rules, &[GET, PUT, GET, PUT]), [None, Some(Fault::Close), None, None]);
    }

    #[test]
    fn kinds_are_counted_apart() {
        let rules =
            [(Fault::Close, When::nth(Kind::ManifestPut, 2)), (Fault::Reset, When::every(Kind::ManifestGet))];
        let (close, reset) = (Some(Fault::Close), Some(Fault::Reset));
        assert_eq!(played(&rules, &[PUT, GET, GET, PUT, PUT]), [None, reset, reset, close, None]);
        let rules = [(Fault::Close, When::between(Kind::ManifestPut, 2..=3))];
        assert_eq!(played(&rules, &[PUT, PUT, GET, PUT, PUT]), [None, close, None, close, None]);
    }

    #[test]
    fn fault_that_cannot_befall_the_request_leaves_it_to_the_next_rule() {
        let rules = [(Fault::FlipByte, When::always()), (Fault::DropWrite, When::always())];
        assert_eq!(
            played(&rules, &[GET, PUT, ("HEAD", "/v2/")]),
            [Some(Fault::FlipByte), Some(Fault::DropWrite), None]
        );
    }
}
