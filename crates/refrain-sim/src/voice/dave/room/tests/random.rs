//! Any order of events, over lines of any speed.

use super::call::Call;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Step {
    Join(u64),
    Leave(u64),
    /// The client gives up on its group.
    Invalid(u64),
    People(BTreeSet<u64>),
    Deliver(Vec<(u64, bool)>),
    Wait(f64),
}

fn step() -> impl Strategy<Value = Step> {
    let client = 1_u64..5;
    prop_oneof![
        3 => client.clone().prop_map(Step::Join),
        1 => client.clone().prop_map(Step::Leave),
        1 => client.clone().prop_map(Step::Invalid),
        2 => proptest::collection::btree_set(11_u64..14, 0..3).prop_map(Step::People),
        6 => proptest::collection::vec((client, any::<bool>()), 1..12).prop_map(Step::Deliver),
        1 => (0.0..3000.0_f64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn whoever_comes_and_goes_and_however_slow_the_lines_all_end_in_one_group_that_is_heard(
        steps in proptest::collection::vec(step(), 1..40),
        people_first in any::<bool>(),
    ) {
        let mut call = Call::new(if people_first { 0.0 } else { 250.0 });
        for step in steps {
            match step {
                Step::Join(user) => call.join(user),
                Step::Leave(user) => call.leave(user),
                Step::Invalid(user) => {
                    if let Some(client) = call.clients.get_mut(&user) {
                        client.give_up(0);
                    }
                }
                Step::People(people) => call.people(&people.into_iter().collect::<Vec<_>>()),
                Step::Deliver(lines) => {
                    for (user, to_client) in lines {
                        call.deliver(user, to_client);
                    }
                }
                Step::Wait(ms) => call.wait(ms),
            }
        }
        call.settle();
        call.check();
    }
}
