//! Who may do what, and what they read otherwise.

use super::*;
use crate::commands::Jump;
use std::time::Duration;

const HERE: ChannelId = ChannelId::new(10);
const THERE: ChannelId = ChannelId::new(20);
const ALL: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::CONNECT).union(Permissions::SPEAK);

fn play() -> Ask {
    Ask::Play { query: "x".into(), place: refrain::Place::End }
}

fn room() -> Room {
    Room { channel: HERE, stage: false, permissions: Some(ALL), limit: None, occupants: 1 }
}

fn facts(room: Room) -> Facts {
    Facts { asker: Some(room), ..Facts::default() }
}

/// What changes the music: one of each kind.
fn changing() -> Vec<Ask> {
    let favorite = FavoritesAsk::Use { name: "x".into(), place: refrain::Place::End };
    vec![
        play(),
        Ask::Favorites(favorite),
        Ask::Skip { count: 1 },
        Ask::SkipTo { position: 1 },
        Ask::Back,
        Ask::Replay,
        Ask::Seek(Jump::To(Duration::ZERO)),
        Ask::Pause,
        Ask::Resume,
        Ask::Stop,
        Ask::Disconnect,
        Ask::Loop(refrain::LoopMode::Track),
        Ask::Shuffle { on: None },
        Ask::Clear,
        Ask::Undo,
        Ask::Move { from: 1, to: 2 },
        Ask::Remove { position: 1, count: 1 },
        Ask::Volume { percent: Some(50) },
    ]
}

#[test]
fn looking_needs_nothing_and_everything_else_a_voice_channel() {
    let nowhere = Facts::default();
    let keeping = FavoritesAsk::Create { name: "x".into(), query: "x".into() };
    let looking = [
        Ask::Queue { page: 1, size: None },
        Ask::NowPlaying,
        Ask::History,
        Ask::Volume { percent: None },
        Ask::Favorites(FavoritesAsk::List),
        Ask::Favorites(keeping),
    ];
    for ask in looking {
        assert_eq!(check(&ask, &nowhere), Ok(None), "{ask:?}");
    }
    for ask in changing() {
        assert_eq!(check(&ask, &nowhere), Err(Refusal::NotInVoice), "{ask:?}");
        assert_eq!(check(&ask, &facts(room())), Ok(Some(HERE)), "{ask:?}");
    }
}

#[test]
fn what_goes_over_others_heads_is_for_those_who_may_do_so_in_discord() {
    let change = refrain::SettingChange::AutoRejoin(refrain::AutoRejoin::Off);
    let cases = [
        (Permissions::empty(), false, false),
        (Permissions::SEND_MESSAGES | Permissions::MUTE_MEMBERS, false, false),
        (Permissions::MOVE_MEMBERS, true, false),
        (Permissions::MANAGE_GUILD, true, true),
        (Permissions::ADMINISTRATOR, true, true),
    ];
    for (rights, recover, config) in cases {
        let nowhere = Facts { rights: Some(rights), ..Facts::default() };
        assert_eq!(check(&Ask::Recover, &nowhere).is_ok(), recover, "{rights:?}");
        for ask in [Ask::Config, Ask::Configure(change)] {
            assert_eq!(check(&ask, &nowhere).is_ok(), config, "{ask:?} with {rights:?}");
        }
        assert_eq!(check(&Ask::VoiceStatus { page: 1 }, &nowhere), Ok(None), "looking is free");
    }
    let in_voice = Facts { rights: Some(Permissions::MOVE_MEMBERS), ..facts(room()) };
    assert_eq!(check(&Ask::Recover, &in_voice), Ok(Some(HERE)), "a bot without a channel comes there");
}

#[test]
fn a_bot_that_plays_for_others_stays_with_them() {
    let elsewhere = |listeners| Facts { asker: Some(room()), bot: Some(THERE), listeners, ..Facts::default() };
    let refused = Err(Refusal::Elsewhere { channel: THERE });
    for ask in changing() {
        assert_eq!(check(&ask, &elsewhere(1)), refused, "{ask:?}");
        assert_eq!(check(&ask, &elsewhere(0)), Ok(Some(HERE)), "{ask:?}: nobody listens to it there");
    }
    let together = Facts { asker: Some(room()), bot: Some(HERE), listeners: 3, ..Facts::default() };
    assert_eq!(check(&play(), &together), Ok(Some(HERE)));
}

#[test]
fn play_needs_a_channel_that_the_bot_can_enter_and_be_heard_in() {
    let missing = |permissions| Err(Refusal::Missing { channel: HERE, permissions });
    let may = |permissions| Room { permissions: Some(permissions), ..room() };
    let full = Room { limit: Some(2), occupants: 2, ..room() };
    let cases = [
        ("all there", room(), Ok(Some(HERE))),
        ("unknown, so Discord decides", Room { permissions: None, ..room() }, Ok(Some(HERE))),
        ("cannot see", may(ALL - Permissions::VIEW_CHANNEL), missing(Permissions::VIEW_CHANNEL)),
        ("cannot connect", may(ALL - Permissions::CONNECT), missing(Permissions::CONNECT)),
        ("cannot speak", may(ALL - Permissions::SPEAK), missing(Permissions::SPEAK)),
        ("nothing at all", may(Permissions::empty()), missing(ALL)),
        ("administrator", may(Permissions::all()), Ok(Some(HERE))),
        ("stage", Room { stage: true, ..room() }, Err(Refusal::Stage { channel: HERE })),
        ("room for one", Room { limit: Some(2), ..room() }, Ok(Some(HERE))),
        ("full", full.clone(), Err(Refusal::Full { channel: HERE, limit: 2 })),
        (
            "full, may move members",
            Room { permissions: Some(ALL | Permissions::MOVE_MEMBERS), ..full.clone() },
            Ok(Some(HERE)),
        ),
    ];
    for (name, room, wanted) in cases {
        assert_eq!(check(&play(), &facts(room)), wanted, "{name}");
    }
    let inside = Facts { asker: Some(full), bot: Some(HERE), listeners: 1, ..Facts::default() };
    assert_eq!(check(&play(), &inside), Ok(Some(HERE)), "full, but the bot is one of those inside");
}

#[test]
fn a_bot_that_is_out_of_voice_is_resumed_from_a_channel_that_it_can_enter() {
    let locked = Room { permissions: Some(ALL - Permissions::CONNECT), ..room() };
    let missing = Refusal::Missing { channel: HERE, permissions: Permissions::CONNECT };
    assert_eq!(check(&Ask::Resume, &facts(locked.clone())), Err(missing));
    let elsewhere = Facts { bot: Some(THERE), ..facts(locked) };
    assert_eq!(check(&Ask::Resume, &elsewhere), Ok(Some(HERE)), "it is in a channel, or on its way");
}

#[test]
fn refusals_name_what_is_missing_and_who_can_help() {
    let refusals = [
        Refusal::NotInVoice,
        Refusal::Elsewhere { channel: THERE },
        Refusal::Stage { channel: HERE },
        Refusal::Missing { channel: HERE, permissions: Permissions::CONNECT },
        Refusal::Missing { channel: HERE, permissions: ALL },
        Refusal::Full { channel: HERE, limit: 2 },
        moderates(&Facts::default()).unwrap_err(),
        manages(&Facts::default()).unwrap_err(),
    ];
    let said: Vec<_> = refusals.iter().map(Refusal::user_message).collect();
    insta::assert_snapshot!(said.join("\n"));
}
