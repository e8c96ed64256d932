//! Lengths of time as people type them: `90`, `1:30`, `1:02:03`, `1m30s`, `2h`.

use std::time::Duration;

/// Nothing that is played is longer: a hundred days.
const LONGEST: u64 = 100 * 24 * 3600;

/// Units from the longest to the shortest, in seconds.
const UNITS: [(char, u64); 3] = [('h', 3600), ('m', 60), ('s', 1)];

/// Reads a length of time; `None` for anything that is none.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let seconds = if text.contains(':') { clock(text) } else { seconds(text).or_else(|| with_units(text)) };
    seconds.filter(|seconds| *seconds <= LONGEST).map(Duration::from_secs)
}

/// Seconds alone.
fn seconds(text: &str) -> Option<u64> {
    // `parse` would take a plus sign, too.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// `1:30` or `1:02:03`. Only the first number may be above 59.
fn clock(text: &str) -> Option<u64> {
    let parts: Vec<_> = text.split(':').collect();
    if !matches!(parts.len(), 2 | 3) {
        return None;
    }
    parts.iter().enumerate().try_fold(0_u64, |sum, (index, part)| {
        let number = seconds(part).filter(|number| index == 0 || *number < 60)?;
        sum.checked_mul(60)?.checked_add(number)
    })
}

/// `1h2m3s`, with any of the three left out and spaces between them.
fn with_units(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut sum = 0_u64;
    for (unit, length) in UNITS {
        let Some((number, after)) = rest.split_once([unit, unit.to_ascii_uppercase()]) else { continue };
        sum = sum.checked_add(seconds(number.trim_end())?.checked_mul(length)?)?;
        rest = after.trim_start();
    }
    (rest.is_empty() && !text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_type_them() {
        let cases = [
            ("100", 100),
            ("0", 0),
            ("30s", 30),
            ("1m", 60),
            ("90m", 5400),
            ("2h", 7200),
            ("1m30s", 90),
            ("1h 2m 3s", 3723),
            ("1H5S", 3605),
            ("1:30", 90),
            (" 0:05 ", 5),
            ("1:5", 65),
            ("75:00", 4500),
            ("1:02:03", 3723),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_time_is_none_whatever_it_is() {
        let never = [
            "",
            " ",
            ":",
            "1:",
            ":30",
            "1:60",
            "1:2:3:4",
            "-5",
            "+5",
            "1.5",
            "s",
            "m30",
            "30s1m",
            "1m1m",
            "1m30",
            "ten",
            "1:-3",
            "٣",
            "1h:30",
            "99999999999999999999",
            "99999999999h",
            "2401h",
        ];
        for text in never {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
