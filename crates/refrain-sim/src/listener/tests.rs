//! What is told of several bots, and of packets that are decoded late or twice.

use super::*;
use crate::timecode::Track;
use opus2::{Application, Channels, Encoder};

const GUILD: u64 = 10;

fn joined(user: u64, ssrc: u32) -> Joined {
    Joined { guild: GUILD, channel: 20, user, ssrc, version: 8 }
}

/// A track as packets.
fn packets(track: u32, frames: usize) -> Vec<Vec<u8>> {
    let samples = Track::new(track, 60.0).unwrap().samples();
    let mut encoder = Encoder::new(48_000, Channels::Stereo, Application::Audio).unwrap();
    let stereo = |mono: &[f32]| mono.iter().flat_map(|one| [*one; 2]).collect::<Vec<f32>>();
    samples.chunks(960).take(frames).map(|mono| encoder.encode_vec_float(&stereo(mono), 1500).unwrap()).collect()
}

/// The packets arrive at their pace, the first one `from_ms` after the listener's clock began.
fn hear(bot: &BotListener, ssrc: u32, from_ms: u64, packets: Vec<Vec<u8>>) {
    for (number, opus) in (0_u64..).zip(packets) {
        let arrival_us = (from_ms + 20 * number) * 1000;
        bot.hear(Packet { ssrc, sequence: number, timestamp: number as u32 * 960, arrival_us, opus });
    }
}

fn order(heard: &Heard) -> Vec<u8> {
    heard.analysis(Span::default()).order.iter().map(|played| played.track).collect()
}

#[test]
fn two_bots_in_one_channel_are_heard_apart() {
    let listeners = Listeners::new(SimClock::start(), true);
    let (one, other) = (listeners.joined(joined(2, 1)), listeners.joined(joined(1, 2)));
    hear(&one, 1, 100, packets(4, 60));
    hear(&other, 2, 100, packets(9, 100));
    let heard = |user| listeners.heard(GUILD, user).unwrap();
    assert_eq!(order(&heard(Some(2))), [4]);
    assert_eq!(order(&heard(Some(1))), [9]);
    let report = heard(None).report();
    assert_eq!((&report["user"], &report["users"]), (&"2".into(), &serde_json::json!(["2", "1"])));
    assert_eq!(report["music_ms"], 1200.0);
    assert_eq!(heard(Some(1)).report()["music_ms"], 2000.0);
    assert!(listeners.heard(GUILD, Some(3)).is_none() && listeners.heard(GUILD + 1, None).is_none());
}

#[test]
fn a_report_tells_what_waited_to_be_decoded_up_to_that_moment() {
    let listeners = Listeners::new(SimClock::start(), true);
    let bot = listeners.joined(joined(1, 1));
    hear(&bot, 1, 100, packets(4, 50));
    let report = listeners.report(GUILD).unwrap();
    assert_eq!((&report["decoded_ms"], &report["rtp"]["received"]), (&1000.0.into(), &50.into()));
    assert_eq!(report["decoder_behind"], 0);
}

#[test]
fn a_part_of_the_recording_has_the_positions_of_the_whole() {
    let listeners = Listeners::new(SimClock::start(), true);
    let bot = listeners.joined(joined(1, 1));
    hear(&bot, 1, 0, packets(4, 500));
    let heard = listeners.heard(GUILD, None).unwrap();
    let whole = heard.analysis(Span::default());
    let part = heard.analysis(Span { from_ms: Some(4000.0), to_ms: Some(6000.0) });
    assert_eq!((part.segments.len(), part.length_ms), (1, 2000.0));
    let (track, position) = part.position_at(5000.0).unwrap();
    assert_eq!(track, 4);
    assert!((position - whole.position_at(5000.0).unwrap().1).abs() < 2.0, "{position}");
    assert!((position - 5000.0).abs() < 20.0, "the listener's clock began with the track: {position}");
    let wav = heard.wav(Span { from_ms: Some(4000.0), to_ms: Some(6000.0) }).unwrap();
    assert_eq!(hound::WavReader::new(wav.as_slice()).unwrap().duration(), 96_000);
}

#[test]
fn a_lost_packet_is_a_hole_of_its_length_and_a_stall_is_told_from_it() {
    let listeners = Listeners::new(SimClock::start(), true);
    let bot = listeners.joined(joined(1, 1));
    let all = packets(4, 200);
    for (number, opus) in (0_u64..).zip(all) {
        // One lost, three that are lost together, and a sender that stops for half a second but goes on where it was.
        if number == 50 || (100..103).contains(&number) {
            continue;
        }
        let late = if number >= 150 { 500 } else { 0 };
        let arrival_us = (20 * number + late) * 1000;
        bot.hear(Packet { ssrc: 1, sequence: number, timestamp: number as u32 * 960, arrival_us, opus });
    }
    let heard = listeners.heard(GUILD, None).unwrap();
    let report = heard.report();
    assert_eq!((&report["lost"], &report["rtp"]["lost"]), (&4.into(), &4.into()));
    assert_eq!(report["underruns"], 1);
    let analysis = heard.analysis(Span::default());
    let lengths: Vec<f64> = analysis.silences.iter().filter(|one| !one.open).map(|one| one.length_ms.round()).collect();
    assert_eq!(lengths.len(), 2, "{analysis:?}");
    assert!((lengths[0] - 60.0).abs() <= 5.0 && (lengths[1] - 500.0).abs() <= 5.0, "{lengths:?}");
    assert_eq!(analysis.skips.len(), 1, "three frames were never heard: {:?}", analysis.skips);
    assert!((analysis.skips[0].by_ms - 60.0).abs() < 20.0);
    assert!(analysis.repeats.is_empty());
}

#[test]
fn without_decoding_gaps_and_counts_are_told_and_nothing_is_kept() {
    let listeners = Listeners::with(SimClock::start(), true, [GUILD]);
    let bot = listeners.joined(joined(1, 1));
    hear(&bot, 1, 100, packets(4, 50));
    let heard = listeners.heard(GUILD, None).unwrap();
    assert!(!heard.is_decoding());
    let report = heard.report();
    assert_eq!((&report["music_ms"], &report["decoded_ms"]), (&1000.0.into(), &0.0.into()));
    assert_eq!(report["level"], serde_json::json!([]));
}

#[test]
fn a_picture_is_made_of_what_was_heard() {
    let listeners = Listeners::new(SimClock::start(), true);
    let bot = listeners.joined(joined(1, 1));
    hear(&bot, 1, 0, packets(4, 100));
    bot.closed(1, Some(4006));
    let marks = [Mark { at_ms: 1000.0, name: String::from("kick"), kind: MarkKind::Fault }];
    let svg = listeners.heard(GUILD, None).unwrap().plot(Span { from_ms: None, to_ms: Some(3000.0) }, &marks);
    assert!(svg.contains("track 4") && svg.contains("closed 4006") && svg.contains("kick"), "{svg}");
}
