//! The table of close codes, row by row.

use refrain_recovery::{CloseCode, Reaction};

const RESUME_ONCE: Reaction = Reaction::Resume { tries: 1 };
const RESUME: Reaction = Reaction::Resume { tries: 3 };
const NEW: Reaction = Reaction::NewSession { tries: None };
const NEW_ONCE: Reaction = Reaction::NewSession { tries: Some(1) };

const TABLE: [(u16, Reaction); 22] = [
    (1000, RESUME_ONCE),
    (1001, RESUME),
    (1005, RESUME),
    (1006, RESUME),
    (4001, NEW_ONCE),
    (4002, NEW_ONCE),
    (4003, NEW),
    (4004, Reaction::NewSession { tries: Some(2) }),
    (4005, NEW_ONCE),
    (4006, NEW),
    (4009, RESUME_ONCE),
    (4011, NEW),
    (4012, NEW_ONCE),
    (4014, Reaction::Weigh),
    (4015, RESUME),
    (4016, NEW_ONCE),
    (4017, Reaction::Fatal),
    (4020, NEW_ONCE),
    (4021, Reaction::CoolDown),
    (4022, Reaction::Weigh),
    (4007, RESUME_ONCE),
    (4999, RESUME_ONCE),
];

#[test]
fn every_code_reacts_as_the_table_says_and_any_other_is_resumed_once() {
    for code in 0..=u16::MAX {
        let expected = TABLE.iter().find(|(c, _)| *c == code).map_or(RESUME_ONCE, |(_, r)| *r);
        assert_eq!(CloseCode(code).reaction(), expected, "{code}");
    }
}

#[test]
fn every_listed_code_has_a_meaning_in_words() {
    let unlisted = CloseCode(4999).meaning();
    for (code, _) in TABLE {
        let code = CloseCode(code);
        assert_eq!(code.meaning() == unlisted, !code.is_listed(), "{code}");
    }
}
