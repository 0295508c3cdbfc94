//! What people get wrong most, and the text that they see: it names what is wrong, and the fix.

use wengert::loss;
use wengert::prelude::*;

/// The text without the lines of code that it names, which move.
fn text(error: impl std::fmt::Display) -> String {
    let file = concat!("tests/house/", "misuse.rs:");
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
    assert_eq!(text(error), "\
cross_entropy: [2, 3]: the prediction is the result of `softmax` at HERE, and this loss takes logits and applies the softmax itself
  help: pass what went into it (probabilities squashed twice train, only badly); of log-probabilities use `nll`
  at HERE");
}

#[test]
fn a_softmax_layer_under_cross_entropy() {
    let model =
        sequential![Linear::new(2, 3, &mut Rng::new(0)), Softmax::new(1), Flatten::default()];
    let tape = Tape::new();
    let outputs = model.call(tape.constant(Tensor::ones([2, 2]))).unwrap();
    let error = loss::cross_entropy(outputs, &tensor![0_usize, 2]).unwrap_err();
    assert_eq!(text(error), "\
cross_entropy: [2, 3]: the prediction is the result of `softmax` in layer `1`, and this loss takes logits and applies the softmax itself
  help: pass what went into it (probabilities squashed twice train, only badly); of log-probabilities use `nll`
  at HERE");
}

#[test]
fn an_input_of_another_width() {
    let rng = &mut Rng::new(0);
    let model = sequential![l1: Linear::new(784, 32, rng), act: Relu, l2: Linear::new(16, 10, rng)];
    let error = model.predict(&Tensor::zeros([5, 28, 28])).unwrap_err();
    assert_eq!(
        text(error),
        "\
linear: [5, 28, 28] and [32, 784]: the input's last axis has size 28, and the weight takes 784
  help: flatten it first: `.flatten_axes(1, -1)`, or a layer `Flatten`, gives [5, 784]
  at HERE
  in layer `l1`"
    );

    let tape = Tape::new();
    let error = model.call(tape.constant(Tensor::zeros([5, 784]))).unwrap_err();
    assert_eq!(
        text(error),
        "\
linear: [5, 32] and [10, 16]: the input's last axis has size 32, and the weight takes 16
  help: a layer for this input is `Linear::new(32, 10, …)`
  at HERE
  in layer `l2`"
    );
}

#[test]
fn class_numbers_in_floats() {
    let tape = Tape::new();
    let logits = tape.var(Tensor::zeros([3, 10]));
    let labels: Tensor = tensor![0.0, 2.0, 9.0];
    let error = loss::cross_entropy(logits, &labels).unwrap_err();
    assert_eq!(text(error), "\
cross_entropy: [3, 10] and [3]: probability targets must have the logits' shape
  help: one number a sample is a class number, and those are `Tensor<usize>`: `labels.cast::<usize>()`
  at HERE");
}

#[test]
fn an_optimiser_of_nothing() {
    let model = sequential![Relu, Tanh];
    let mut optimizer = Adam::new(model.parameters(), 0.1);
    assert_eq!(text(optimizer.step().unwrap_err()), "\
Adam: it has no parameters, so no step changes anything
  help: name the model's fields in `parts!`, and make the optimiser from `model.parameters()` when the model is whole
  at HERE");
}

#[test]
fn zeros_and_ones_under_hinge() {
    let tape = Tape::new();
    let scores = tape.var(tensor![0.5, -0.5]);
    let error = loss::hinge(scores, tensor![1.0, 0.0]).unwrap_err();
    assert_eq!(
        text(error),
        "\
hinge: [2]: target[1] is 0, and the targets are -1 or 1
  help: labels of 0 and 1 become -1 and 1 by `2*y - 1`
  at HERE"
    );
}

#[test]
fn a_flat_target_and_a_column_of_predictions() {
    let tape = Tape::new();
    let prediction = tape.var(Tensor::zeros([32, 1]));
    let error = loss::mse(prediction, Tensor::zeros([32])).unwrap_err();
    assert_eq!(text(error), "\
mse: [32, 1] and [32]: prediction is [32, 1] and target is [32]; a loss compares element with element and never broadcasts
  help: did you mean `target.unsqueeze(1)`?
  at HERE");
}

#[test]
fn a_label_out_of_range() {
    let tape = Tape::new();
    let logits = tape.var(Tensor::zeros([3, 10]));
    let error = loss::cross_entropy(logits, &tensor![0_usize, 10, 9]).unwrap_err();
    assert_eq!(
        text(error),
        "\
cross_entropy: [3, 10] and [3]: sample 1 has class 10, and the classes are 0 to 9
  help: classes count from 0: subtract 1 if yours count from 1, else the last layer needs 11 outputs
  at HERE"
    );
}

#[test]
fn a_step_without_a_gradient() {
    let rng = &mut Rng::new(0);
    let model = Sequential::new()
        .named("used", Linear::new(2, 1, rng))
        .named("head", Linear::new(1, 1, rng));
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let error = optimizer.step().unwrap_err();
    assert_eq!(text(error), "\
Sgd: none of its 4 parameters has a gradient
  help: call `loss.backward()` before `step()`, and `zero_grad()` before `backward()`, not after it; and make the optimiser from the parameters of the model that made this loss
  at HERE");

    // One layer forgotten in the forward pass.
    let used: &Linear = model.get("used").unwrap();
    let tape = Tape::new();
    used.call(tape.constant(Tensor::ones([4, 2]))).unwrap().mean().backward().unwrap();
    let error = optimizer.step().unwrap_err();
    assert_eq!(text(error), "\
Sgd: `head.weight` and `head.bias` got no gradient: the loss does not depend on them
  help: use them in the forward pass, freeze them, leave them out of the optimiser, or say `.allow_unused()`
  at HERE");
}

#[test]
fn a_tape_that_is_spent() {
    let w = Param::new(tensor![1.0, 2.0]);
    let tape = Tape::new();
    let loss = tape.param(&w).square().sum();
    loss.backward().unwrap();
    assert_eq!(text(loss.backward().unwrap_err()), "\
backward: this tape was spent by the `backward` at HERE
  help: make a new tape for each step; for a second sweep use `backward_keep` first, or `gradients`, which spend nothing
  at HERE");
}

#[test]
fn a_loss_that_is_no_number() {
    let tape = Tape::new();
    let losses = tape.var(tensor![1.0, 2.0]).square();
    assert_eq!(
        text(losses.backward().unwrap_err()),
        "\
backward: the loss has shape [2], and only a single number has a gradient
  help: reduce it first, with `.mean()` or `.sum()`
  at HERE"
    );
}
