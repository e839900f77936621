//! How long a server asks to be left alone: `Retry-After` (RFC 9110, section 10.2.3).

use std::time::Duration;

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

use crate::field_value::number;

/// The wait that the field asks for at `now`: a number of seconds, or the time until a date, which is
/// none if the date is past.
pub(crate) fn parse(value: &str, now: OffsetDateTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // What is too large to be told is too long to be waited for, whatever it is.
        return Some(Duration::from_secs(number(value).unwrap_or(u64::MAX)));
    }
    let until = date(value, now.year())? - now;
    Some(Duration::try_from(until).unwrap_or_default())
}

/// A date in any of the three forms of RFC 9110, section 5.6.7; the day of the week is not looked at.
fn date(text: &str, this_year: i32) -> Option<OffsetDateTime> {
    let parts: Vec<&str> = text.split_ascii_whitespace().take(7).collect();
    let (year, month, day, clock) = match parts[..] {
        // Sun, 06 Nov 1994 08:49:37 GMT; Sun Nov  6 08:49:37 1994
        [_, day, month, year, clock, "GMT"] | [_, month, day, clock, year] => {
            (full_year(year)?, month, day, clock)
        }
        // Sunday, 06-Nov-94 08:49:37 GMT
        [_, date, clock, "GMT"] => {
            let (day, rest) = date.split_once('-')?;
            let (month, year) = rest.split_once('-')?;
            (short_year(year, this_year)?, month, day, clock)
        }
        _ => return None,
    };
    let date = Date::from_calendar_date(year, month_named(month)?, small(day)?).ok()?;
    Some(PrimitiveDateTime::new(date, time_of(clock)?).assume_utc())
}

fn time_of(clock: &str) -> Option<Time> {
    let (hour, rest) = clock.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    // A leap second is the last one of its minute to us.
    let second = if second == "60" { 59 } else { small(second)? };
    Time::from_hms(small(hour)?, small(minute)?, second).ok()
}

fn full_year(text: &str) -> Option<i32> {
    if text.len() == 4 { i32::try_from(number(text)?).ok() } else { None }
}

/// The year with these last two digits that is not more than fifty years ahead.
fn short_year(text: &str, this_year: i32) -> Option<i32> {
    let digits = if text.len() == 2 { i32::from(small(text)?) } else { return None };
    let year = this_year - this_year.rem_euclid(100) + digits;
    Some(if year > this_year + 50 { year - 100 } else { year })
}

fn small(text: &str) -> Option<u8> {
    u8::try_from(number(text)?).ok()
}

fn month_named(name: &str) -> Option<Month> {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let at = NAMES.iter().position(|known| *known == name)?;
    Month::try_from(u8::try_from(at + 1).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> OffsetDateTime {
        // Sun, 06 Nov 1994 08:49:37 GMT
        OffsetDateTime::from_unix_timestamp(784_111_777).unwrap()
    }

    #[test]
    fn seconds_and_dates_are_waits() {
        for (value, expected) in [
            ("0", 0),
            (" 120 ", 120),
            ("99999999999999999999999999", u64::MAX),
            ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
            ("Sunday, 06-Nov-94 08:50:37 GMT", 60),
            ("Sun Nov  6 08:50:37 1994", 60),
            ("Mon, 07 Nov 1994 08:49:37 GMT", 86_400),
            ("Sun, 06 Nov 1994 08:49:60 GMT", 22),
            ("Sun, 06 Nov 1994 08:49:36 GMT", 0),
            ("Saturday, 01-Jan-50 00:00:00 GMT", 0),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sat, 01 Jan 0000 00:00:00 GMT", 0),
        ] {
            assert_eq!(parse(value, now()), Some(Duration::from_secs(expected)), "{value}");
        }
        let far = parse("Fri, 31 Dec 9999 23:59:59 GMT", now());
        assert!(far.is_some_and(|wait| wait > Duration::from_secs(86_400)));
        let century = parse("Saturday, 01-Jan-44 00:00:00 GMT", now());
        assert!(century.is_some_and(|wait| wait.is_zero()));
    }

    #[test]
    fn two_digits_of_a_year_mean_the_nearest_past_or_next_fifty() {
        for (digits, this_year, expected) in [
            ("94", 1994, 1994),
            ("44", 1994, 1944),
            ("05", 1960, 1905),
            ("76", 2026, 2076),
            ("77", 2026, 1977),
        ] {
            assert_eq!(short_year(digits, this_year), Some(expected), "{digits} {this_year}");
        }
    }

    #[test]
    fn whatever_else_stands_there_is_no_wait() {
        let long = "9 ".repeat(100_000);
        for value in [
            "",
            "-1",
            "+1",
            "1.5",
            "soon",
            "1 2 3 4 5 6 7 8",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 99999 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 -1:49:37 GMT",
            "Sunday, 06-Nov 08:49:37 GMT",
            "Sun, 300 Nov 1994 08:49:37 GMT",
            "Sun, 06 Brr 1994 08:49:37 GMT",
            &long,
        ] {
            assert_eq!(parse(value, now()), None, "{value:.60}");
        }
    }
}
