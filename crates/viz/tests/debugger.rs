//! Sessions of the debugger, as a user types them.

#![allow(clippy::unwrap_used)]

use wengert_autograd::{Param, Tape};
use wengert_tensor::{Tensor, tensor};
use wengert_viz::Inspect;

/// A value used twice, a broadcast, layers; the sum of contributions of `a` is 3 + 6 = 9.
fn pass() -> Tape<f64> {
    let tape = Tape::new().keeping_adjoints();
    {
        let a = tape.scalar(3.0);
        let x = tape.var(tensor![1.0, 2.0]);
        let first = {
            let _layer = tape.scope("net.first");
            (x * a).sum()
        };
        let _layer = tape.scope("net.second");
        (first + a * a).backward().unwrap();
    }
    tape
}

#[test]
fn every_moment_can_be_seen_forward_and_back() {
    let tape = pass();
    let mut debugger = tape.debugger();
    let mut seen = Vec::new();
    loop {
        let answer = debugger.answer("next").unwrap();
        if answer.starts_with("this is the end") {
            break;
        }
        seen.push(answer);
    }
    // Six lines; the start; and the four ops, each of which passes its gradient on.
    assert_eq!(seen.len(), 6 + 1 + 4, "{seen:#?}");
    assert!(seen[2].starts_with("forward 3/6  %2 = mul(%1, %0) is 3.0000 6.0000"), "{}", seen[2]);
    assert!(seen[6].contains("%5 add: the sweep starts here, with the gradient 1.0000"));
    assert!(seen[7].starts_with("reverse 2/5  %5 = add(%3, %4) has the gradient 1.0000"));
    assert!(
        seen[10].contains("gives %0 input: 3.0000 = g·a, summed back from [2]"),
        "{}",
        seen[10]
    );
    // Back over the same moments.
    for before in seen[..10].iter().rev() {
        assert_eq!(debugger.answer("back").unwrap(), *before);
    }
    assert!(
        debugger.answer("back 5").unwrap().starts_with("a pass of 6 lines forward, and 5 steps")
    );
}

#[test]
fn a_gradient_is_known_in_part_until_each_contribution_has_come() {
    let tape = pass();
    let mut debugger = tape.debugger();
    let known = |debugger: &mut wengert_viz::Debugger<f64>| {
        let shown = debugger.answer("show %0").unwrap();
        let row = shown.lines().find(|l| l.trim_start().starts_with("gradient")).unwrap();
        row.trim_start().strip_prefix("gradient").unwrap().trim().to_string()
    };
    let mut states = Vec::new();
    for _ in 0..11 {
        debugger.answer("next");
        states.push(known(&mut debugger));
    }
    states.dedup();
    let part = "known in part: 2 of 3 contributions";
    assert_eq!(states, ["not known yet", part, "9.0000"]);
    let why = debugger.answer("why %0").unwrap();
    assert!(why.contains("%0 input gets its gradient by 3 contributions"), "{why}");
    assert!(why.contains("%4 mul adds 3.0000 = g·b") && why.contains("%4 mul adds 3.0000 = g·a"));
    assert!(why.ends_with("  3.0000 + 3.0000 + 3.0000 = 9.0000\n"), "{why}");
    debugger.answer("back 2");
    let why = debugger.answer("why 0").unwrap();
    assert!(
        why.contains("%2 mul will add g·a") && why.ends_with("3.0000 + 3.0000 so far\n"),
        "{why}"
    );
}

#[test]
fn until_finds_lines_layers_ops_and_places() {
    let tape = pass();
    let mut debugger = tape.debugger();
    assert!(debugger.answer("until %3").unwrap().starts_with("forward 4/6"));
    assert!(debugger.answer("until net.second").unwrap().starts_with("forward 5/6"));
    assert!(debugger.answer("until net.second").unwrap().starts_with("forward 6/6"));
    assert!(debugger.answer("until sum").unwrap().starts_with("reverse 4/5  %3 = sum(%2)"));
    assert!(debugger.answer("until add").unwrap().contains("not reached again"));
    assert!(debugger.answer("show").unwrap().starts_with("%3 = sum"), "it did not move");
    debugger.answer("back 100");
    let line = tape.lines().get(4).unwrap().at().line();
    let at = debugger.answer(&format!("until debugger.rs:{line}")).unwrap();
    assert!(at.starts_with("forward 5/6") || at.starts_with("forward 6/6"), "{at}");
    for (target, why) in [
        ("%99", "the tape has 6"),
        ("net.secnod", "did you mean `net.second`?"),
        ("nowhere.rs:1", "nothing was recorded"),
    ] {
        let answer = debugger.answer(&format!("until {target}")).unwrap();
        assert!(answer.contains(why), "{answer}");
    }
}

#[test]
fn stops_hold_at_the_first_nan_and_at_a_large_gradient() {
    let tape = Tape::new();
    let x = tape.var(tensor![0.0_f64, 1.0]);
    let _ = (x.ln() * 0.0).sum();
    let mut debugger = tape.debugger();
    debugger.answer("break nan");
    let answer = debugger.answer("continue").unwrap();
    assert!(answer.starts_with("stop: nan\nforward 2/4  %1 = ln(%0)"), "{answer}");

    let tape = pass();
    let mut debugger = tape.debugger();
    debugger.answer("break norm > 4");
    assert_eq!(debugger.answer("break").unwrap(), "stops at: norm > 4\n");
    let answer = debugger.answer("continue").unwrap();
    // √(3² + 3²): the gradient of x.
    assert!(answer.starts_with("stop: norm > 4\nreverse 5/5  %2 = mul(%1, %0)"), "{answer}");
    debugger.answer("back 11");
    assert_eq!(debugger.answer("break off").unwrap(), "no stops\n");
    assert!(debugger.answer("continue").unwrap().starts_with("reverse 5/5"));
}

#[test]
fn the_table_hides_what_is_not_known() {
    let tape = pass();
    let mut debugger = tape.debugger();
    debugger.answer("next 3");
    let table = debugger.answer("tape").unwrap();
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[2].starts_with("> %2") && rows[2].contains("3.0000 6.0000"), "{table}");
    assert!(rows[3].contains('·') && !rows[3].contains("9.0000"), "{table}");
    debugger.answer("continue");
    assert!(debugger.answer("tape").unwrap().lines().next().unwrap().ends_with("9.0000"));
}

#[test]
fn a_session_is_read_and_written_and_colours_change_no_word() {
    let tape = pass();
    let session = |colours: bool| {
        let mut out = Vec::new();
        let debugger = tape.debugger();
        let mut debugger = if colours { debugger.with_colours() } else { debugger };
        debugger.run(&b"\n\nuntil add\nwhy %0\ntape\nhlep\nquit\nnext\n"[..], &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let (plain, coloured) = (session(false), session(true));
    assert!(plain.contains("did you mean `help`?") && !plain.contains('\x1b'), "{plain}");
    assert!(coloured.contains("\x1b[36m%0\x1b[0m"), "{coloured}");
    let mut words = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\x1b') {
        words += before;
        rest = after.split_once('m').unwrap().1;
    }
    assert_eq!(words + rest, plain);
    assert!(plain.ends_with("wengert> "), "nothing is read after quit: {plain}");
}

#[test]
fn large_values_and_passes_without_a_sweep_have_answers_too() {
    let w = Param::new(Tensor::<f32>::ones([20, 30]));
    let tape = Tape::new();
    {
        let x = tape.constant(Tensor::ones([4, 20]));
        x.matmul(tape.param(&w)).unwrap().square().mean().backward().unwrap();
    }
    let mut debugger = tape.debugger();
    debugger.answer("continue");
    let why = debugger.answer("why 1").unwrap();
    assert!(why.contains("%2 matmul adds 1.3333…1.3333 mean 1.3333 = aᵀ @ g"), "{why}");
    assert!(debugger.answer("why 0").unwrap().contains("has no gradient: none is wanted"));

    let empty = Tape::<f32>::new();
    assert!(empty.debugger().answer("next").unwrap().contains("the end of the pass"));
    assert!(empty.debugger().answer("show").unwrap().contains("nothing is computed yet"));
    assert_eq!(empty.debugger().answer("tape").unwrap(), "");
    let forward = Tape::<f32>::no_grad();
    let _ = forward.scalar(1.0).exp();
    assert!(forward.debugger().answer("continue").is_some());
}

/// The session of the README, but for the places in the program: `examples/debugger.rs` records the same pass.
#[test]
fn the_session_of_the_readme_is_what_it_answers() {
    let readme = include_str!("../../../README.md");
    let shown = readme.split("```text\n").find(|block| block.starts_with("wengert> ")).unwrap();
    let shown = shown.split("```").next().unwrap();
    let tape = Tape::<f64>::new();
    let (a, b) = (tape.scalar(0.5), tape.scalar(2.0));
    (a * b + a.square()).tanh();
    let program = include_str!("../../../examples/debugger.rs");
    assert!(program.contains("tape.scalar(0.5);") && program.contains("tape.scalar(2.0);"));
    assert!(program.contains("(a * b + a.square()).tanh()"));
    let mut debugger = tape.debugger();
    let mut session = String::new();
    for command in shown.lines().filter_map(|line| line.strip_prefix("wengert> ")) {
        session += &format!("wengert> {command}\n{}", debugger.answer(command).unwrap());
    }
    let words = |text: &str| -> Vec<String> {
        let words = text.split_whitespace().filter(|word| !word.contains(".rs:"));
        words.map(str::to_string).collect()
    };
    assert_eq!(words(shown), words(&session), "{session}");
    assert!(words(shown).len() > 40);
}
