use super::*;

/// A guild with one silence, which heard music for a minute before it.
fn guild(silence: (f64, f64), steps: &[(f64, Step)]) -> Evidence {
    let steps = [(0.0, Step::Try), (100.0, Step::Asked), (200.0, Step::Back)].into_iter().chain(steps.iter().copied());
    Evidence { silences: vec![Span::new(silence.0, silence.1)], steps: steps.collect(), ..Evidence::default() }
}

/// The reasons and how long each held, in order. A reason that holds while the bot does one thing after another counts once.
fn reasons(evidence: &Evidence) -> Vec<(Why, f64)> {
    let mut all: Vec<(Why, f64)> = Vec::new();
    for piece in account(evidence).pieces {
        match all.last_mut() {
            Some((why, ms)) if *why == piece.why => *ms += piece.span.length_ms(),
            Some(_) | None => all.push((piece.why, piece.span.length_ms())),
        }
    }
    all
}

#[test]
fn an_attempt_that_succeeds_at_once_explains_its_silence() {
    let lost = guild((60_000.0, 60_900.0), &[(60_010.0, Step::Try), (60_020.0, Step::Asked), (60_500.0, Step::Back)]);
    let lost = Evidence { struck_ms: vec![60_000.0], ..lost };
    assert_eq!(reasons(&lost), [(Why::Evidence, 10.0), (Why::Attempt, 890.0)]);
}

#[test]
fn a_pause_after_an_attempt_that_failed_is_backoff_and_one_after_a_success_is_not() {
    let steps = [
        (60_000.0, Step::Try),
        (60_010.0, Step::Asked),
        (62_000.0, Step::Try),
        (62_000.0, Step::Pause),
        (64_000.0, Step::Asked),
        (64_500.0, Step::Back),
    ];
    let failed = guild((60_000.0, 64_600.0), &steps);
    assert_eq!(reasons(&failed), [(Why::Attempt, 2_000.0), (Why::Backoff, 2_000.0), (Why::Attempt, 600.0)]);
    let steps = [(60_000.0, Step::Try), (60_000.0, Step::CoolDown), (90_000.0, Step::Asked), (90_500.0, Step::Back)];
    let success = guild((60_000.0, 90_600.0), &steps);
    assert_eq!(reasons(&success), [(Why::Unexplained, 30_000.0), (Why::Attempt, 600.0)]);
    assert_eq!(account(&success).cooldowns, [Cooldown { at_ms: 60_000.0, failures: 0 }]);
}

#[test]
fn a_connection_that_fell_before_it_was_heard_for_long_counts_as_a_failure() {
    let steps = |fell_ms: f64| {
        [
            (60_000.0, Step::Try),
            (60_010.0, Step::Asked),
            (60_100.0, Step::Back),
            (fell_ms, Step::Try),
            (fell_ms, Step::Pause),
            (fell_ms + 2_000.0, Step::Asked),
            (fell_ms + 2_100.0, Step::Back),
        ]
    };
    let pause = |fell_ms: f64| guild((fell_ms, fell_ms + 2_100.0), &steps(fell_ms));
    assert_eq!(reasons(&pause(70_000.0))[0], (Why::Backoff, 2_000.0));
    assert_eq!(reasons(&pause(120_000.0))[0], (Why::Unexplained, 2_000.0));
    // It stood for long enough, and nobody heard it.
    let mut unheard = pause(120_000.0);
    unheard.silences.insert(0, Span::new(60_200.0, 110_000.0));
    unheard.dark = vec![Span::new(60_200.0, 110_000.0)];
    assert_eq!(account(&unheard).pieces[1].why, Why::Backoff);
}

#[test]
fn what_takes_the_sound_away_comes_before_what_the_bot_does() {
    let steps = [(62_000.0, Step::Try), (62_010.0, Step::Asked), (75_500.0, Step::Back)];
    let dark = Evidence { dark: vec![Span::new(60_000.0, 70_000.0)], ..guild((60_000.0, 75_600.0), &steps) };
    assert_eq!(reasons(&dark), [(Why::Fault, 10_500.0), (Why::Attempt, 5_100.0)]);
}

#[test]
fn another_guilds_fault_at_the_same_server_explains_only_a_connection_being_made() {
    let span = vec![Span::new(60_000.0, 70_000.0)];
    let steps = [(62_000.0, Step::Try), (62_010.0, Step::Asked), (70_500.0, Step::Back)];
    let trying = Evidence { server_dark: span.clone(), ..guild((62_000.0, 70_500.0), &steps) };
    assert_eq!(reasons(&trying), [(Why::Fault, 8_500.0)]);
    let playing = Evidence { server_dark: span, ..guild((62_000.0, 65_000.0), &[]) };
    assert_eq!(reasons(&playing), [(Why::Unexplained, 3_000.0)]);
}

#[test]
fn the_gateway_explains_a_silence_only_while_the_bot_is_not_connected() {
    let away = vec![Span::new(60_000.0, 66_000.0)];
    let steps = [(60_000.0, Step::AwaitGuild), (66_010.0, Step::Asked), (66_200.0, Step::Back)];
    let lost = Evidence { gateway_away: away.clone(), ..guild((60_000.0, 66_300.0), &steps) };
    assert_eq!(reasons(&lost)[0], (Why::Gateway, 6_200.0));
    let playing = Evidence { gateway_away: away, ..guild((62_000.0, 65_000.0), &[]) };
    assert_eq!(reasons(&playing), [(Why::Unexplained, 3_000.0)]);
}

#[test]
fn a_bot_may_take_a_while_to_notice_and_to_weigh_and_no_longer() {
    let steps = [(85_000.0, Step::Weigh), (100_000.0, Step::Try), (100_010.0, Step::Asked), (100_200.0, Step::Back)];
    let struck = Evidence { struck_ms: vec![60_000.0], ..guild((60_000.0, 100_200.0), &steps) };
    let expected = [
        (Why::Evidence, 20_000.0),
        (Why::Unexplained, 5_000.0),
        (Why::Evidence, 11_000.0),
        (Why::Unexplained, 4_000.0),
        (Why::Attempt, 200.0),
    ];
    assert_eq!(reasons(&struck), expected);
}

#[test]
fn a_wait_for_a_turn_ends_with_op_4() {
    let steps = [(60_000.0, Step::Try), (63_000.0, Step::Asked), (63_200.0, Step::Back)];
    assert_eq!(reasons(&guild((60_000.0, 63_200.0), &steps)), [(Why::Turn, 3_000.0), (Why::Attempt, 200.0)]);
}

#[test]
fn a_bot_that_stays_out_explains_nothing() {
    let out = Evidence { struck_ms: vec![60_000.0], ..guild((60_000.0, 90_000.0), &[(60_000.0, Step::Out)]) };
    assert_eq!(reasons(&out), [(Why::Unexplained, 30_000.0)]);
}

#[test]
fn no_millisecond_of_silence_is_lost() {
    let steps = [(61_000.0, Step::Weigh), (71_000.0, Step::Try), (71_400.0, Step::Asked), (73_000.0, Step::Back)];
    let evidence = Evidence {
        dark: vec![Span::new(60_500.0, 62_000.0)],
        stalls: vec![Span::new(64_000.0, 64_100.0)],
        gateway_away: vec![Span::new(70_000.0, 71_200.0)],
        struck_ms: vec![60_500.0],
        ..guild((60_400.0, 73_100.0), &steps)
    };
    let sum: f64 = account(&evidence).seconds().values().sum();
    assert!((sum - 12.7).abs() < 1e-9, "{sum}");
}
