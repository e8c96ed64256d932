//! The date in a file's name.

use std::time::SystemTime;

/// `2026-11-28T12-00-00Z`: sorts by time, and no file system minds it.
pub(crate) fn for_a_file(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}-{minutes:02}-{seconds:02}Z")
}

/// Days since 1970 as a date. Years are counted from March, so that the leap day is the last one; 400 of them have
/// 146,097 days.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn names_moments_by_the_calendar() {
        let name = |seconds| for_a_file(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(name(0), "1970-01-01T00-00-00Z");
        assert_eq!(name(951_782_400), "2000-02-29T00-00-00Z");
        assert_eq!(name(1_795_867_200), "2026-11-28T12-00-00Z");
    }
}
