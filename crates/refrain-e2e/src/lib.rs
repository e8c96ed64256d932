//! The real binary against the simulator: harness, measurements, the demo, the tests.
//!
//! [`measure`] is pure: what a listener heard, from the samples. [`track`] composes the tune that is played and
//! [`media`] serves it. [`harness`] starts the simulator and the unmodified bot and speaks to the simulator's control API.
//! [`demo`] puts it all together for `cargo xtask demo`, [`conformance`] runs other people's clients for `cargo xtask
//! conformance`, [`mod@bench`] compares them with Refrain for `cargo xtask bench recovery`, and
//! [`faults`] does everything that the simulator can to it, for `cargo xtask faults`; [`crash`] kills it again and again,
//! for `cargo xtask crash`, and [`soak`] accounts for every second of silence in many guilds, for `cargo xtask soak`.

pub mod bench;
pub mod conformance;
pub mod crash;
pub mod demo;
pub mod faults;
pub mod harness;
pub mod measure;
pub mod media;
pub mod signals;
pub mod soak;
pub mod track;
