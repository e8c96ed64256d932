//! The real binary against the simulator: harness, measurements, the demo, the tests.
