#![no_main]

libfuzzer_sys::fuzz_target!(init: wengert_fuzz::write_seeds("checkpoint"), |bytes: &[u8]| wengert_fuzz::read("checkpoint", bytes));
