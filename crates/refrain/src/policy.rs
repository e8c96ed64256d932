//! The numbers that recovery goes by, for whoever configures it.

pub use refrain_recovery::{
    AutoRejoin, Backoff, Health, Hedge, Liveness, Policy, Stretch, Timeouts, governor::GovernorPolicy,
};
