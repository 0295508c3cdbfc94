#![no_main]

libfuzzer_sys::fuzz_target!(init: wengert_fuzz::write_seeds("onnx-run"), |bytes: &[u8]| wengert_fuzz::read("onnx-run", bytes));
