//! What people get wrong most, and the text that they see: it names what is wrong, and the fix.

use wengert::loss;
use wengert::prelude::*;

/// The text without the lines of code that it names, which move.
fn text(error: impl std::fmt::Display) -> String {
    let file = concat!("tests/", "misuse.rs:");
    let text = error.to_string();
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(file) {
        let end = start + file.len();
        let numbers = rest[end..].find(|c: char| !c.is_ascii_digit() && c != ':');
        shown += &rest[..start];
        shown += "HERE";
        rest = numbers.map_or("", |n| &rest[end + n..]);
    }
    shown + rest
}

#[test]
fn softmax_under_cross_entropy() {
    let tape = Tape::new();
    let logits = tape.var(Tensor::zeros([2, 3]));
    let error = loss::cross_entropy(logits.softmax(1).unwrap(), &tensor![0_usize, 2]).unwrap_err();
    assert_eq!(text(error), "");
}

#[test]
fn zeros_and_ones_under_hinge() {
    let tape = Tape::new();
    let scores = tape.var(tensor![0.5, -0.5]);
    let error = loss::hinge(scores, &tensor![1.0, 0.0]).unwrap_err();
    assert_eq!(text(error), "");
}

#[test]
fn a_flat_target_and_a_column_of_predictions() {
    let tape = Tape::new();
    let prediction = tape.var(Tensor::zeros([32, 1]));
    let error = loss::mse(prediction, &Tensor::zeros([32])).unwrap_err();
    assert_eq!(text(error), "");
}

#[test]
fn a_label_out_of_range() {
    let tape = Tape::new();
    let logits = tape.var(Tensor::zeros([3, 10]));
    let error = loss::cross_entropy(logits, &tensor![0_usize, 10, 9]).unwrap_err();
    assert_eq!(text(error), "");
}

#[test]
fn a_step_without_a_gradient() {
    let rng = &mut Rng::new(0);
    let model = Sequential::new()
        .named("used", Linear::new(2, 1, rng))
        .named("head", Linear::new(1, 1, rng));
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let error = optimizer.step().unwrap_err();
    assert_eq!(text(error), "");

    // One layer forgotten in the forward pass.
    let used: &Linear = model.get("used").unwrap();
    let tape = Tape::new();
    used.forward(tape.constant(Tensor::ones([4, 2]))).unwrap().mean().backward().unwrap();
    let error = optimizer.step().unwrap_err();
    assert_eq!(text(error), "");
}

#[test]
fn a_tape_that_is_spent() {
    let w = Param::new(tensor![1.0, 2.0]);
    let tape = Tape::new();
    let loss = tape.param(&w).square().sum();
    loss.backward().unwrap();
    assert_eq!(text(loss.backward().unwrap_err()), "");
}

#[test]
fn a_loss_that_is_no_number() {
    let tape = Tape::new();
    let losses = tape.var(tensor![1.0, 2.0]).square();
    assert_eq!(text(losses.backward().unwrap_err()), "");
}
