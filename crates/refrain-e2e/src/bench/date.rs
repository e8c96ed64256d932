//! Today's date, for the heading.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_A_DAY: u64 = 86_400;

/// Today as `YYYY-MM-DD`, in UTC.
pub(super) fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    date_of(now.as_secs() / SECONDS_A_DAY)
}

/// The date so many days after 1970-01-01. Counted in years that begin in March, so that the odd day comes last.
fn date_of(days: u64) -> String {
    // From 0000-03-01 on, in spans of 400 years, which all have the same length.
    let days = days + 719_468;
    let (span, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month, later) =
        (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 }, month / 10);
    format!("{:04}-{month:02}-{day:02}", span * 400 + year + later)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_years_are_known() {
        let days = [(0, "1970-01-01"), (11_016, "2000-02-29"), (11_017, "2000-03-01"), (20_778, "2026-11-21")];
        for (day, date) in days {
            assert_eq!(date_of(day), date);
        }
    }
}
