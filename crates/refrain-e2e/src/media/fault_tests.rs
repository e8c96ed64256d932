use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn busy() -> MediaFault {
    MediaFault::Status { code: 503, retry_after_s: None }
}

fn faults(met: Vec<Met>) -> Vec<MediaFault> {
    met.into_iter().map(|met| met.fault).collect()
}

#[test]
fn a_fault_is_met_by_the_requests_for_its_path_and_no_others() {
    let mut rules = Rules::default();
    rules.order(SECOND, FaultRule::new("a.ogg", busy()));
    rules.order(SECOND, FaultRule::new("site/*", MediaFault::Refuse));
    assert_eq!(faults(rules.meet(SECOND, "a.ogg")), [busy()]);
    assert_eq!(faults(rules.meet(SECOND, "site/a")), [MediaFault::Refuse]);
    for path in ["b.ogg", "a.ogg.b", "other/site/a"] {
        assert_eq!(faults(rules.meet(SECOND, path)), [], "{path}");
    }
}

#[test]
fn it_ends_after_so_many_requests_after_its_time_or_when_it_is_lifted() {
    let mut rules = Rules::default();
    rules.order(SECOND, FaultRule::new("counted", busy()).for_requests(2));
    rules.order(SECOND, FaultRule::new("timed", busy()).for_time(5 * SECOND));
    let lasting = rules.order(SECOND, FaultRule::new("lasting", busy()));
    let counted: Vec<usize> = (0..3).map(|_| rules.meet(2 * SECOND, "counted").len()).collect();
    assert_eq!(counted, [1, 1, 0]);
    assert_eq!((rules.meet(5 * SECOND, "timed").len(), rules.meet(6 * SECOND, "timed").len()), (1, 0));
    assert_eq!(rules.meet(600 * SECOND, "lasting").len(), 1);
    assert!(rules.lift(lasting) && !rules.lift(lasting));
    assert_eq!(rules.meet(600 * SECOND, "lasting").len(), 0);
}

#[test]
fn an_answer_on_its_way_meets_what_is_ordered_later_where_that_can_hit_a_body() {
    let mut rules = Rules::default();
    let cut = MediaFault::Cut { after: 0, by: Cut::Reset };
    rules.order(SECOND, FaultRule::new("a", MediaFault::Drip { bytes_per_s: 1 }));
    let seen = rules.last();
    rules.order(SECOND, FaultRule::new("a", busy()));
    rules.order(SECOND, FaultRule::new("a", cut.clone()).for_requests(1));
    assert_eq!(faults(rules.meet_on_the_way(SECOND, "a", seen)), [cut]);
    // It was used up by that answer.
    assert_eq!(faults(rules.meet(SECOND, "a")), [MediaFault::Drip { bytes_per_s: 1 }, busy()]);
}

#[test]
fn a_fault_holds_for_the_answers_that_met_it_until_its_time_is_over() {
    let mut rules = Rules::default();
    let drip = MediaFault::Drip { bytes_per_s: 9 };
    let timed = rules.order(Duration::ZERO, FaultRule::new("a", drip.clone()).for_time(SECOND));
    let counted = rules.order(Duration::ZERO, FaultRule::new("a", drip).for_requests(1));
    assert_eq!(rules.meet(Duration::ZERO, "a").len(), 2);
    assert!(rules.holds(Duration::from_millis(999), timed) && !rules.holds(SECOND, timed));
    assert!(rules.holds(60 * SECOND, counted));
    rules.lift_all();
    assert!(!rules.holds(SECOND, counted));
}

#[test]
fn faults_are_written_as_the_catalogue_has_them() {
    #[derive(Deserialize)]
    struct File {
        faults: Vec<MediaFault>,
    }
    let text = r#"faults = [
        { fault = "status", code = 429, retry_after_s = 3 },
        { fault = "cut", by = "stall" },
        { fault = "drip", bytes_per_s = 10 },
        { fault = "unranged" },
    ]"#;
    let read: File = toml::from_str(text).unwrap();
    let expected = [
        MediaFault::Status { code: 429, retry_after_s: Some(3) },
        MediaFault::Cut { after: 0, by: Cut::Stall },
        MediaFault::Drip { bytes_per_s: 10 },
        MediaFault::Unranged,
    ];
    assert_eq!(read.faults, expected);
    assert!(toml::from_str::<File>(r#"faults = [{ fault = "status", code = 429, retry = 3 }]"#).is_err());
}
