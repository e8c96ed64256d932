//! Troubles as a socket meets them, without a socket.

use super::tests::{CHANNEL, Client, Fixture, GUILD, KEY};
use crate::voice::{
    session::Command,
    trouble::{Blow, Dark, Ending, Stage, Trouble, Whom},
};

fn close(code: u16) -> Ending {
    Ending::Close { code: Some(code), reason: String::from("by order") }
}

fn arm(sim: &mut Fixture, stage: Stage, ending: Ending) {
    let armed = Trouble::Armed { stage, blow: Blow::End(ending), times: 1 };
    sim.registry.trouble(Whom::guild(GUILD), armed);
}

fn select(sim: &mut Fixture, client: &Client) -> Result<(), u16> {
    sim.select(client, "udp", "aead_aes256_gcm_rtpsize")
}

#[test]
fn each_moment_of_the_handshake_can_be_struck_and_passes_unharmed_the_next_time() {
    let mut sim = Fixture::new();
    arm(&mut sim, Stage::AfterIdentify, close(4006));
    sim.grant("t1");
    assert_eq!(sim.identify("t1").unwrap().told(), [Command::End(close(4006))], "instead of Ready");

    arm(&mut sim, Stage::BeforeSessionDescription, Ending::Reset);
    sim.grant("t2");
    let mut client = sim.identify("t2").unwrap();
    assert_eq!(client.ops(), [2]);
    select(&mut sim, &client).unwrap();
    assert_eq!(client.told(), [Command::End(Ending::Reset)], "instead of Session Description");

    arm(&mut sim, Stage::AfterSessionDescription, close(1001));
    select(&mut sim, &client).unwrap();
    let told = client.told();
    assert!(matches!(told[0], Command::Say(_)) && told[1] == Command::End(close(1001)), "{told:?}");
    select(&mut sim, &client).unwrap();
    assert_eq!(client.ops(), [4]);
}

#[test]
fn a_resume_can_be_struck_and_its_session_lives_on_where_the_code_lets_it() {
    let mut sim = Fixture::new();
    sim.grant("t");
    let client = sim.identify("t").unwrap();
    sim.lose(&client, 0.0);
    arm(&mut sim, Stage::OnResume, close(4015));
    let mut second = sim.resume("t", None, 1.0).unwrap();
    assert_eq!(second.told(), [Command::End(close(4015))], "instead of Resumed");
    sim.lose(&second, 2.0);
    arm(&mut sim, Stage::AfterResumed, close(4006));
    let mut third = sim.resume("t", None, 3.0).unwrap();
    assert_eq!(third.told().last(), Some(&Command::End(close(4006))));
    assert_eq!(sim.resume("t", None, 4.0).err(), Some(4006));
}

#[test]
fn a_crash_ends_all_sockets_and_keeps_or_loses_the_sessions() {
    for lost in [false, true] {
        let mut sim = Fixture::new();
        sim.grant("t");
        let mut client = sim.identify("t").unwrap();
        sim.registry.grant((GUILD, 31), CHANNEL, "s31", "t31");
        let mut other = sim.identify_as(31, "s31", "t31").unwrap();
        assert_eq!(sim.registry.crash(Some(1), &close(4015), lost), 0, "nobody is at the other server");
        assert_eq!(sim.registry.crash(None, &close(4015), lost), 2);
        assert_eq!((client.close_code(), other.close_code()), (Some(4015), Some(4015)));
        sim.lose(&client, 0.0);
        assert_eq!(sim.resume("t", None, 1.0).err(), lost.then_some(4006));
    }
}

#[test]
fn darkness_and_late_heartbeats_concern_whom_they_name() {
    let mut sim = Fixture::new();
    sim.grant("t");
    let dark = Dark { socket: true, udp: true, connections: true };
    let (order, _over) = sim.registry.trouble(Whom { guild: Some(GUILD), user: Some(KEY.1) }, Trouble::Dark(dark));
    sim.registry.trouble(Whom::guild(GUILD), Trouble::Heartbeats { delay_ms: None });
    assert!(sim.registry.dark(0, Some(KEY)).socket && !sim.registry.dark(0, Some((GUILD, 31))).socket);
    assert!(sim.registry.dark(0, None).connections, "who comes is not known yet");
    assert!(!sim.registry.dark(1, None).connections, "the guild is not at this server");
    assert_eq!(sim.registry.heartbeat_delay_ms(0, Some((GUILD, 31))), None);
    assert_eq!(sim.registry.heartbeat_delay_ms(0, Some((GUILD + 1, 31))), Some(0));
    let mut weather = sim.registry.weather();
    weather.mark_unchanged();
    assert!(sim.registry.lift(order));
    assert!(weather.has_changed().unwrap());
    assert!(!sim.registry.dark(0, Some(KEY)).socket);
}
