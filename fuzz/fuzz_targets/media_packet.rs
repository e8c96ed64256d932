#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| refrain_sim::fuzz::media_packet(data));
