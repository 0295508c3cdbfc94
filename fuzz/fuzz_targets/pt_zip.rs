#![no_main]

libfuzzer_sys::fuzz_target!(init: wengert_fuzz::write_seeds("pt.zip"), |bytes: &[u8]| wengert_fuzz::read("pt.zip", bytes));
