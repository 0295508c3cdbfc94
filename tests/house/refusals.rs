//! The README's table of what is not done silently, row by row; a test asks that no row is without a check.

use wengert::loss::{self, Loss};
use wengert::prelude::*;

const README: &str = include_str!("../../README.md");

/// The check that follows shows the row that begins with this cell.
#[track_caller]
fn row(first_cell: &str) {
    assert!(
        README.contains(&format!("\n| {first_cell} |")),
        "the README has no row `{first_cell}`"
    );
}

/// The error says all of this.
#[track_caller]
fn says(error: impl std::fmt::Display, words: &[&str]) {
    let error = error.to_string();
    assert!(words.iter().all(|words| error.contains(words)), "{error}\nmust say {words:?}");
}

#[test]
fn every_row_is_shown() {
    let source = include_str!("refusals.rs");
    let table = README.split_once("| Where others continue | wengert |\n|---|---|\n").unwrap().1;
    let rows: Vec<&str> =
        table.lines().take_while(|line| line.starts_with("| ")).map(|line| &line[2..]).collect();
    assert!(rows.len() >= 10, "{rows:?}");
    for line in rows {
        let cell = line.split(" | ").next().unwrap();
        assert!(source.contains(&format!("row(\"{cell}\")")), "no check shows the row `{cell}`");
    }
}

#[test]
fn losses() {
    row("prediction `[32, 1]`, target `[32]` broadcast to `[32, 32]`");
    let tape = Tape::new();
    let column = tape.var(Tensor::zeros([32, 1]));
    let error = MseLoss::new().forward(column, &Tensor::zeros([32])).unwrap_err();
    says(error, &["[32, 1]", "[32]", "unsqueeze(1)"]);

    row("softmax under a cross-entropy");
    let logits = tape.var(Tensor::zeros([2, 3]));
    let labels = tensor![0_usize, 2];
    let squashed = logits.softmax(1).unwrap();
    let views = [
        squashed,
        squashed.reshape([2, 3]).unwrap(),
        squashed.clamp(1e-7, 1.0),
        Var::cat(&[squashed, squashed], 0).unwrap().slice(s![..2]).unwrap(),
    ];
    for squashed in views {
        says(loss::cross_entropy(squashed, &labels).unwrap_err(), &["`softmax`", "refusals.rs"]);
    }

    row("class 3 where the classes are 0 to 2");
    let error = loss::cross_entropy(logits, &tensor![0_usize, 3]).unwrap_err();
    says(error, &["3", "0 to 2", "help:"]);

    row("`{0, 1}` labels under a hinge loss");
    let scores = tape.var(Tensor::zeros([2]));
    says(loss::hinge(scores, tensor![0.0, 1.0]).unwrap_err(), &["help:", "2"]);

    row("logits of ±1e4");
    let far = tape.var(tensor![[1e4, -1e4], [-1e4, 1e4]]);
    let value = loss::cross_entropy(far, &tensor![1_usize, 1]).unwrap();
    let slopes = value.gradients().unwrap().wrt(far).value().unwrap();
    assert!(value.item().unwrap().is_finite() && slopes.is_finite().all());
}

#[test]
fn parameters_and_tapes() {
    row("a parameter that gets no gradient");
    let rng = &mut Rng::new(0);
    let model = sequential![used: Linear::new(2, 2, rng), unused: Linear::new(2, 2, rng)];
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let tape = Tape::new();
    let first = &model.parameters()[..2];
    let used = tape.param(&first[0]).sum() + tape.param(&first[1]).sum();
    used.backward().unwrap();
    says(optimizer.step().unwrap_err(), &["`unused.weight`", "`unused.bias`"]);

    row("a layer missing from `parts!`");
    struct Forgetful {
        first: Linear,
        second: Linear,
    }
    parts!(Forgetful { first });
    impl Module for Forgetful {
        fn forward<'t>(&self, x: Var<'t>) -> Result<Var<'t>> {
            self.second.call(self.first.call(x)?)
        }
    }
    let forgetful = Forgetful { first: Linear::new(2, 2, rng), second: Linear::new(2, 2, rng) };
    let error = check_parameters(&forgetful, &Tensor::zeros([1, 2])).unwrap_err();
    says(error, &["parts!"]);

    row("a second `backward` on a spent tape, a parameter changed under a tape, vars of two tapes");
    let w = Param::new(tensor![2.0]);
    let tape = Tape::new();
    let y = tape.param(&w).square().sum();
    y.backward().unwrap();
    says(y.backward().unwrap_err(), &["spent", "refusals.rs"]);
    let tape = Tape::new();
    let y = tape.param(&w).square().sum();
    w.set(tensor![3.0]);
    says(y.backward().unwrap_err(), &["refusals.rs"]);
    let (one, other) = (Tape::new(), Tape::new());
    let error = one.scalar(1.0).try_add(other.scalar(2.0)).unwrap_err();
    says(error, &["tape", "refusals.rs"]);

    row("clipping by a norm that is not finite");
    let w = Param::new(tensor![1.0]);
    w.set_path("w");
    w.set_grad(Some(tensor![f32::INFINITY]));
    says(clip_grad_norm(std::slice::from_ref(&w), 1.0).unwrap_err(), &["`w`", "not finite"]);
    assert_eq!(w.grad().unwrap().to_vec(), [f32::INFINITY]);
}

#[test]
fn a_branch_that_is_not_taken() {
    row("`where(x > 1, sqrt(x), 0)` at 0 gives a NaN gradient");
    let tape = Tape::new();
    let x = tape.var(tensor![0.0, 4.0]);
    let chosen = x.value().unwrap().greater(&Tensor::scalar(1.0)).unwrap();
    let y = x.sqrt().where_(&chosen, tape.scalar(0.0)).unwrap().sum();
    assert_eq!(y.gradients().unwrap().wrt(x).value().unwrap(), tensor![0.0, 0.25]);
}
