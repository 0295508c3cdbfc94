#![no_main]

libfuzzer_sys::fuzz_target!(init: wengert_fuzz::write_seeds("idx.gz"), |bytes: &[u8]| wengert_fuzz::read("idx.gz", bytes));
