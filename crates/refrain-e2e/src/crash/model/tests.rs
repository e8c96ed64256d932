//! The model itself: what it says must be beyond doubt.

use super::{Admissible, Change, Command, Found, Given, Guild, Looping, Place, Song, any_change};
use crate::track::Dice;
use serde_json::json;
use std::collections::BTreeMap;

fn given(command: Command) -> Given {
    Given { command, asked_ms: 7.0 }
}

fn songs(numbers: &[u16]) -> Vec<Song> {
    numbers.iter().copied().map(Song).collect()
}

/// A guild in which the first of these plays and the others come.
fn playing(numbers: &[u16]) -> Guild {
    after(&Guild::default(), numbers.iter().map(|number| Command::Play(Song(*number))))
}

fn after(guild: &Guild, commands: impl IntoIterator<Item = Command>) -> Guild {
    commands.into_iter().fold(guild.clone(), |guild, command| given(command).applied_to(&guild))
}

fn setting(field: &'static str, stored: serde_json::Value) -> Command {
    Command::Configure(Change { command: "config set", given: stored.clone(), field, stored })
}

#[test]
fn songs_are_asked_for_in_order_and_skipped_into_the_history() {
    let guild = playing(&[1, 2, 3, 4]);
    assert_eq!((guild.current, guild.upcoming.clone()), (Some(Song(1)), songs(&[2, 3, 4])));
    assert!(guild.plays());
    let skipped = after(&guild, [Command::Skip(2)]);
    assert_eq!((skipped.current, skipped.upcoming), (Some(Song(3)), songs(&[4])));
    // Nobody heard the second.
    assert_eq!(skipped.history, songs(&[1]));
    assert_eq!(skipped.place, Place::Put { at_ms: 0.0, asked_ms: 7.0 });
    let over = after(&guild, [Command::Skip(9)]);
    assert_eq!((over.current, over.upcoming, over.in_voice), (None, vec![], true));
}

#[test]
fn in_a_looped_queue_what_is_skipped_goes_to_the_end() {
    let guild = after(&playing(&[1, 2, 3]), [Command::LoopQueue, Command::SkipTo(2)]);
    assert_eq!((guild.current, guild.upcoming, guild.looping), (Some(Song(3)), songs(&[1, 2]), Looping::Queue));
    assert!(guild.history.is_empty());
}

#[test]
fn a_song_can_be_asked_for_in_front_of_the_others_or_in_place_of_the_current_one() {
    let guild = after(&playing(&[1, 2]), [Command::PlayNext(Song(3)), Command::Play(Song(4))]);
    assert_eq!(guild.upcoming, songs(&[3, 2, 4]));
    let guild = after(&guild, [Command::LoopQueue, Command::PlayNow(Song(5))]);
    assert_eq!((guild.current, guild.upcoming, guild.history), (Some(Song(5)), songs(&[3, 2, 4]), songs(&[1])));
    let alone = after(&Guild::default(), [Command::PlayNow(Song(1))]);
    assert_eq!((alone.current, alone.history), (Some(Song(1)), vec![]));
}

#[test]
fn going_back_puts_the_current_song_in_front() {
    let guild = after(&playing(&[1, 2, 3]), [Command::Skip(1), Command::Previous]);
    assert_eq!((guild.current, guild.upcoming), (Some(Song(1)), songs(&[2, 3])));
    let nothing_before = after(&playing(&[1]), [Command::Previous]);
    assert_eq!(nothing_before.current, Some(Song(1)));
}

#[test]
fn a_shuffle_keeps_the_order_to_go_back_to() {
    let shuffled = after(&playing(&[1, 2, 3, 4]), [Command::Shuffle, Command::Play(Song(5)), Command::Remove(1, 1)]);
    assert!(shuffled.order_unread);
    let mut read = after(&playing(&[1, 2, 3, 4]), [Command::Shuffle]);
    (read.upcoming, read.order_unread) = (songs(&[4, 2, 3]), false);
    let read = after(&read, [Command::Move(1, 3), Command::Play(Song(5)), Command::Skip(1)]);
    assert_eq!(read.upcoming, songs(&[3, 4, 5]));
    assert_eq!(after(&read, [Command::Shuffle]).upcoming, songs(&[3, 4, 5]));
    assert_eq!(read.true_order, Some(songs(&[3, 4, 5])));
}

#[test]
fn in_a_shuffled_queue_that_is_looped_a_skipped_song_goes_to_the_end_of_both_orders() {
    let mut guild = after(&playing(&[1, 2, 3, 4]), [Command::LoopQueue, Command::Shuffle]);
    (guild.upcoming, guild.order_unread) = (songs(&[3, 2, 4]), false);
    let guild = after(&guild, [Command::Skip(2)]);
    assert_eq!((guild.current, guild.upcoming), (Some(Song(2)), songs(&[4, 1, 3])));
    assert_eq!(guild.true_order, Some(songs(&[4, 1, 3])));
}

#[test]
fn what_was_taken_last_comes_back_as_it_was() {
    let guild = playing(&[1, 2, 3, 4]);
    let removed = after(&guild, [Command::Remove(2, 5)]);
    assert_eq!(removed.upcoming, songs(&[2]));
    assert_eq!(after(&removed, [Command::Undo]).upcoming, guild.upcoming);
    let stopped = after(&guild, [Command::Stop]);
    assert_eq!((stopped.current, stopped.history.clone()), (None, songs(&[1])));
    let undone = after(&stopped, [Command::Undo]);
    assert_eq!((undone.current, undone.upcoming, undone.history), (Some(Song(1)), guild.upcoming.clone(), vec![]));
    // A restarted bot has forgotten what it took.
    assert_eq!(after(&stopped.restarted(), [Command::Undo]).current, None);
}

#[test]
fn a_restart_does_what_the_guild_has_set() {
    let guild = playing(&[1, 2]);
    assert_eq!(guild.restarted(), guild);
    assert!(after(&guild, [setting("auto_resume", json!("paused"))]).restarted().paused);
    assert!(!after(&guild, [setting("auto_resume", json!("stay-away"))]).restarted().in_voice);
    let empty = after(&guild, [Command::Stop]);
    assert!(!empty.restarted().in_voice);
    assert!(after(&empty, [setting("wait_after_queue_empties", json!(0))]).restarted().in_voice);
    let twice = after(&guild, [setting("auto_resume", json!("paused"))]).restarted();
    assert_eq!(twice.restarted(), twice);
}

#[test]
fn a_command_that_was_not_answered_is_there_as_a_whole_or_not_at_all() {
    let mut admissible = Admissible::new(playing(&[1]));
    admissible.after(&[], &[given(Command::Play(Song(2)))]);
    assert_eq!(admissible.count(), 2);
    let found = Found { upcoming: Some(songs(&[2])), ..Found::default() };
    assert_eq!(admissible.narrow(|guild| guild.differences(&found)), Vec::<String>::new());
    assert_eq!(admissible.count(), 1);
    let doubled = Found { upcoming: Some(songs(&[2, 2])), ..Found::default() };
    assert_eq!(
        admissible.narrow(|guild| guild.differences(&doubled)),
        ["upcoming: expected [2], found [2, 2]".to_owned()]
    );
}

#[test]
fn what_was_not_done_may_be_done_late_and_never_twice() {
    let mut admissible = Admissible::new(playing(&[1, 2]));
    admissible.after(&[], &[given(Command::Skip(1))]);
    admissible.restarted();
    let on_the_disk = Found { current: Some(Some(Song(2))), ..Found::default() };
    let mut skipped = admissible.clone();
    assert!(skipped.narrow(|guild| guild.differences(&on_the_disk)).is_empty());
    skipped.late();
    let twice = Found { current: Some(None), ..Found::default() };
    assert_eq!(skipped.narrow(|guild| guild.differences(&twice)).len(), 1);
    let before = Found { current: Some(Some(Song(1))), ..Found::default() };
    assert!(admissible.narrow(|guild| guild.differences(&before)).is_empty());
    admissible.late();
    assert!(admissible.narrow(|guild| guild.differences(&on_the_disk)).is_empty());
}

#[test]
fn of_two_commands_that_are_the_same_one_may_be_done_before_and_one_late() {
    let mut admissible = Admissible::new(playing(&[1, 2, 3, 4]));
    admissible.after(&[], &[given(Command::Skip(1)), given(Command::Skip(1))]);
    let current = |number| Found { current: Some(Some(Song(number))), ..Found::default() };
    assert!(admissible.narrow(|guild| guild.differences(&current(2))).is_empty());
    admissible.late();
    assert!(admissible.narrow(|guild| guild.differences(&current(3))).is_empty());
}

#[test]
fn what_was_answered_is_there_in_whatever_order() {
    let mut admissible = Admissible::new(playing(&[1]));
    admissible.after(&[given(Command::Play(Song(2))), given(Command::Play(Song(3)))], &[given(Command::Loop)]);
    // Two orders, with the loop or without.
    assert_eq!(admissible.count(), 4);
    let lost = Found { upcoming: Some(songs(&[3])), ..Found::default() };
    assert_eq!(admissible.narrow(|guild| guild.differences(&lost)).len(), 1);
    let there = Found { upcoming: Some(songs(&[3, 2])), looping: Some(Looping::Off), ..Found::default() };
    assert!(admissible.narrow(|guild| guild.differences(&there)).is_empty());
}

#[test]
fn a_shuffled_order_is_only_checked_to_hold_the_same_songs() {
    let guild = after(&playing(&[1, 2, 3]), [Command::Shuffle]);
    let found = |numbers: &[u16]| Found { upcoming: Some(songs(numbers)), ..Found::default() };
    assert!(guild.differences(&found(&[3, 2])).is_empty());
    assert_eq!(guild.differences(&found(&[3])).len(), 1);
}

#[test]
fn settings_are_compared_one_by_one_and_corrected_by_what_is_found() {
    let mut dice = Dice(1);
    let guild = after(&Guild::default(), (0..40).map(|_| Command::Configure(any_change(&mut dice))));
    let mut settings: BTreeMap<String, serde_json::Value> =
        guild.settings.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
    let found = Found { settings: Some(settings.clone()), ..Found::default() };
    assert!(guild.differences(&found).is_empty());
    settings.insert("when_over".to_owned(), json!("never"));
    let found = Found { settings: Some(settings), ..Found::default() };
    assert_eq!(guild.differences(&found).len(), 1);
    assert!(guild.corrected(&found).differences(&found).is_empty());
}

#[test]
fn songs_are_found_in_words_in_their_order() {
    let words = "**1.** [Song 7](http://x/watch/song-0007-900)\n2. Song 13 and Song 7";
    assert_eq!(Song::all_in(words), songs(&[7, 13]));
    assert_eq!(Song::all_in("Song and Songs 12"), vec![]);
}
