#![no_main]

libfuzzer_sys::fuzz_target!(init: wengert_fuzz::write_seeds("onnx"), |bytes: &[u8]| wengert_fuzz::read("onnx", bytes));
