//! An actor that fails is started again with its guild's state.

use super::turn_tests::{Town, is_stable, one_at_a_time, shared, soon};
use refrain_model::{GuildId, SettingChange};

const GUILD: GuildId = GuildId::new(1);

#[tokio::test]
async fn an_actor_that_panics_comes_back_at_once_to_its_channel_and_keeps_what_was_set() {
    let (town, data) = (Town::new(), tempfile::tempdir().unwrap());
    let shared = shared(&town, one_at_a_time(), data.path()).await;
    let handle = town.move_in(GUILD, &shared);
    soon(handle.wait_for_voice(is_stable)).await;
    handle.configure(SettingChange::PlaylistLimit(7)).await.unwrap();
    handle.volume(Some(70)).await.unwrap();

    let before = town.connects();
    town.panic_next(2);
    town.close(GUILD);
    town.wait_for_connects(before + 3).await;
    soon(handle.wait_for_voice(is_stable)).await;
    assert_eq!(soon(handle.volume(None)).await, Ok(70));
    assert_eq!(soon(handle.settings()).await.unwrap().playlist_limit, 7);
}

#[tokio::test]
async fn an_actor_that_panics_again_and_again_waits_for_a_command_and_then_answers_it() {
    let (town, data) = (Town::new(), tempfile::tempdir().unwrap());
    let shared = shared(&town, one_at_a_time(), data.path()).await;
    town.panic_next(4);
    let handle = town.move_in(GUILD, &shared);
    town.wait_for_connects(4).await;
    assert_eq!(soon(handle.settings()).await.unwrap().wait_after_queue_empties, 0);
    soon(handle.wait_for_voice(is_stable)).await;
    assert_eq!(town.connects(), 5);
}
