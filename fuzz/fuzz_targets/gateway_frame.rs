#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| refrain_sim::fuzz::gateway_frame(data));
