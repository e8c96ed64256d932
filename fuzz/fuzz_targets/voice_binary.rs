#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| refrain_sim::fuzz::voice_binary(data));
