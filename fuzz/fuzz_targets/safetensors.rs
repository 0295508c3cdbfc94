#![no_main]

libfuzzer_sys::fuzz_target!(init: wengert_fuzz::write_seeds("safetensors"), |bytes: &[u8]| wengert_fuzz::read("safetensors", bytes));
