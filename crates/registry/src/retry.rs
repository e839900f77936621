//! Whether a request that failed is tried again, and when.

use std::time::Duration;

/// How patient a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The longest pause behind the first failure; it doubles with each further one.
    pub base: Duration,
    /// The longest pause at all.
    pub cap: Duration,
    /// The time that may go by failing and pausing since a request last made progress.
    pub budget: Duration,
    /// The longest wait that a server may ask for.
    pub longest_retry_after: Duration,
    /// The longest that all requests of a program wait before trying again, together.
    pub total: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            // Five tries with these pauses outlive the restart of a frontend, and end while a person
            // still looks on.
            attempts: 5,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(10),
            budget: Duration::from_secs(60),
            // Registries limit by the minute: whoever is told more than two is told to come back later.
            longest_retry_after: Duration::from_secs(120),
            // A registry that is this unwell will not be better for the rest of the command.
            total: Duration::from_secs(600),
        }
    }
}

/// How a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There was no connection.
    Connect,
    /// The connection broke before an answer came.
    Reset,
    /// The connection broke in the middle of an answer.
    HalfBody,
    /// Nothing came for too long.
    Silence,
    /// An answer came with this status and, if it says so, with the time to wait.
    Status(u16, Option<Duration>),
}

impl Trouble {
    /// Whether the same request may fare better.
    pub(crate) fn is_transient(self) -> bool {
        match self {
            Self::Connect | Self::Reset | Self::HalfBody | Self::Silence => true,
            Self::Status(status, _) => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
        }
    }

    fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Status(_, retry_after) => retry_after,
            Self::Connect | Self::Reset | Self::HalfBody | Self::Silence => None,
        }
    }
}

/// What went before a failure, since the request last made progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SoFar {
    /// How often it was sent, the failed time included.
    pub attempts: u32,
    /// The time spent failing, and pausing as far as that [counts](Next::After).
    pub(crate) spent: Duration,
}

/// What follows on a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The request is sent again.
    After {
        /// When.
        wait: Duration,
        /// How much of the wait counts as [spent](SoFar::spent); what a server asks for does not.
        counted: Duration,
    },
    /// The failure is final.
    Stop(WhyStop),
}

/// Why a failure is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhyStop {
    /// The same request would fail again.
    NotTransient,
    /// It was sent often enough.
    Attempts,
    /// It took long enough.
    Budget,
    /// The server asks for a longer wait than anyone is kept waiting.
    ToldToWait(Duration),
}

impl Policy {
    /// Decides what follows on `trouble`; `random` is between 0 and 1 and spreads the requests of
    /// those who failed together.
    pub(crate) fn next(&self, trouble: Trouble, so_far: SoFar, random: f64) -> Next {
        if !trouble.is_transient() {
            return Next::Stop(WhyStop::NotTransient);
        }
        if so_far.attempts >= self.attempts {
            return Next::Stop(WhyStop::Attempts);
        }
        let told = trouble.retry_after().unwrap_or_default();
        if told > self.longest_retry_after {
            return Next::Stop(WhyStop::ToldToWait(told));
        }
        let pause = part(self.longest_pause(so_far.attempts), random);
        if so_far.spent.saturating_add(pause) > self.budget {
            return Next::Stop(WhyStop::Budget);
        }
        // Those who are told the same wait shall not come back at once either: the pause is on top.
        Next::After { wait: told.saturating_add(pause), counted: pause }
    }

    fn longest_pause(&self, attempts: u32) -> Duration {
        let doublings = 2_u32.saturating_pow(attempts.saturating_sub(1));
        self.base.saturating_mul(doublings).min(self.cap)
    }
}

/// The part of `whole` that `fraction` says, held between nothing and the whole.
fn part(whole: Duration, fraction: f64) -> Duration {
    let seconds = whole.as_secs_f64() * fraction.clamp(0.0, 1.0);
    Duration::try_from_secs_f64(seconds).unwrap_or(whole).min(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);
    const SECOND: Duration = Duration::from_secs(1);

    fn next(trouble: Trouble, attempts: u32, spent: Duration) -> Next {
        Policy::default().next(trouble, SoFar { attempts, spent }, 0.5)
    }

    #[test]
    fn only_transient_trouble_is_tried_again() {
        for trouble in [Trouble::Connect, Trouble::Reset, Trouble::HalfBody, Trouble::Silence] {
            assert!(matches!(next(trouble, 1, SECOND), Next::After { .. }), "{trouble:?}");
        }
        for status in 0..=999 {
            let expected = [408, 429, 500, 502, 503, 504].contains(&status);
            let answer = next(Trouble::Status(status, Some(SECOND)), 1, SECOND);
            assert_eq!(answer != Next::Stop(WhyStop::NotTransient), expected, "{status}");
        }
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_are_jittered_in_full() {
        let patient = Policy { attempts: u32::MAX, ..Policy::default() };
        for (attempts, random, milliseconds) in [
            (1, 0.0, 0),
            (1, 0.5, 125),
            (2, 0.5, 250),
            (4, 0.5, 1000),
            (6, 0.5, 4000),
            (7, 0.5, 5000),
            (40, 0.5, 5000),
            (u32::MAX - 1, 0.5, 5000),
            (0, 0.5, 125),
            (1, 1.0, 250),
            (1, -3.0, 0),
            (1, 9e99, 250),
            (1, f64::INFINITY, 250),
            (1, f64::NAN, 250),
        ] {
            let wait = MILLISECOND * milliseconds;
            let answer = patient.next(Trouble::Reset, SoFar { attempts, spent: SECOND }, random);
            assert_eq!(answer, Next::After { wait, counted: wait }, "{attempts} {random}");
        }
        let endless = Policy { base: Duration::MAX, cap: Duration::MAX, budget: Duration::MAX, ..patient };
        let answer = endless.next(Trouble::Reset, SoFar { attempts: 1, spent: SECOND }, 1.0);
        assert_eq!(answer, Next::After { wait: Duration::MAX, counted: Duration::MAX });
    }

    #[test]
    fn attempts_and_time_run_out() {
        for (attempts, spent, expected) in [
            (4, Duration::ZERO, None),
            (5, Duration::ZERO, Some(WhyStop::Attempts)),
            (u32::MAX, Duration::MAX, Some(WhyStop::Attempts)),
            (1, MILLISECOND * 59_875, None),
            (1, MILLISECOND * 59_876, Some(WhyStop::Budget)),
            (1, Duration::MAX, Some(WhyStop::Budget)),
        ] {
            let why = match next(Trouble::Silence, attempts, spent) {
                Next::Stop(why) => Some(why),
                Next::After { .. } => None,
            };
            assert_eq!(why, expected, "{attempts} {spent:?}");
        }
    }

    #[test]
    fn what_a_server_asks_for_is_waited_and_does_not_count() {
        let pause = MILLISECOND * 125;
        for (told, spent, expected) in [
            (Duration::ZERO, SECOND, Next::After { wait: pause, counted: pause }),
            (SECOND * 120, SECOND, Next::After { wait: SECOND * 120 + pause, counted: pause }),
            (SECOND * 30, SECOND * 59, Next::After { wait: SECOND * 30 + pause, counted: pause }),
            (SECOND * 121, SECOND, Next::Stop(WhyStop::ToldToWait(SECOND * 121))),
            (Duration::MAX, SECOND, Next::Stop(WhyStop::ToldToWait(Duration::MAX))),
            (SECOND, SECOND * 60, Next::Stop(WhyStop::Budget)),
        ] {
            assert_eq!(next(Trouble::Status(429, Some(told)), 1, spent), expected, "{told:?}");
        }
    }
}
