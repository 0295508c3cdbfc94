//! The card of an op: `cargo run --example card tanh`; without a name, the names of all.

#![allow(clippy::print_stdout)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        println!("{}", wengert::card_names().join(" "));
    }
    for name in names {
        match wengert::cards(&name) {
            Ok(card) => println!("{card}"),
            Err(error) => {
                eprintln!("{}", error.to_string().lines().next().unwrap_or_default());
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}
