//! What the examples claim, checked: each file is taken in as it stands, and its work is run.

#![allow(dead_code)]

#[path = "../../examples/02_by_hand.rs"]
mod by_hand;
#[path = "../../examples/char_rnn.rs"]
mod char_rnn;
#[path = "../../examples/cnn_digits.rs"]
mod cnn_digits;
#[path = "../../examples/06_csv_to_prediction.rs"]
mod csv_to_prediction;
#[path = "../../examples/05_custom_loss.rs"]
mod custom_loss;
#[path = "../../examples/doctor.rs"]
mod doctor;
#[path = "../../examples/03_gradient_tape.rs"]
mod gradient_tape;
#[path = "../../examples/01_linear_regression.rs"]
mod linear_regression;
#[path = "../../examples/04_losses.rs"]
mod losses;
#[path = "../../examples/microgpt.rs"]
mod microgpt;

use wengert::prelude64::*;

fn close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance, "{a} is not {b} to {tolerance}");
}

#[test]
fn linear_regression_finds_the_line() {
    let (model, losses) = linear_regression::train(100, 0.01).unwrap();
    let w = model.linear.weight.value().item().unwrap();
    let b = model.linear.bias.as_ref().unwrap().value().item().unwrap();
    close(w.into(), 3.0, 0.05);
    close(b.into(), 4.0, 0.15);
    assert!(losses[0] > 10.0 * losses[99] && losses[99] < 0.35, "{losses:?}");

    // The same seeds, the same bits.
    let (again, same) = linear_regression::train(100, 0.01).unwrap();
    assert_eq!(model.state(), again.state());
    assert_eq!(losses, same);
}

#[test]
fn a_table_becomes_predictions_by_a_saved_model() {
    let directory = std::env::temp_dir().join(format!("wengert-example-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let [flowers, new, weights] = ["a.csv", "b.csv", "w.safetensors"].map(|n| directory.join(n));
    let iris = wengert::data::iris::<f64>();
    wengert::data::Csv::new().write(&flowers, &iris.to_table()).unwrap();
    let accuracy = csv_to_prediction::train(&flowers, &weights).unwrap();
    assert!(accuracy >= 0.9, "{accuracy}");

    // All flowers, in a table without the answer, by the model from the file.
    let names = iris.feature_names();
    let unknown = iris.to_table().select(names).unwrap();
    wengert::data::Csv::new().write(&new, &unknown).unwrap();
    let said = csv_to_prediction::predict(&new, &weights).unwrap();
    let right =
        said.iter().zip(iris.labels().iter()).filter(|(s, y)| **s == iris.class_names()[*y]);
    assert!(right.count() >= 140);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn by_hand_equals_the_tape_and_least_squares() {
    let found = by_hand::fit().unwrap();
    close(found.w, 3.0, 0.05);
    close(found.b, 4.0, 0.15);
    // The noise's variance, of a hundred samples.
    close(found.loss, 0.25, 0.1);
    close(found.w, found.least_squares.0, 1e-7);
    close(found.b, found.least_squares.1, 1e-7);
    assert!(found.apart < 1e-12, "{found:?}");
    assert_eq!(found.losses.len(), 10);
}

#[test]
fn gradient_tape_gives_the_gradients_by_hand() {
    let weights = gradient_tape::Weights::new(&mut Rng::new(7)).unwrap();
    let apart = gradient_tape::apart(&weights).unwrap();
    assert!(apart < 1e-12, "{apart}");
    let losses = gradient_tape::train(1000).unwrap();
    let (_, y) = gradient_tape::data();
    let variance = y.var_over(.., 0.0).unwrap().item().unwrap();
    assert!(losses[999] < losses[0] / 5.0 && losses[999] < variance / 2.0, "{}", losses[999]);
}

#[test]
fn losses_are_the_numbers() {
    let n = losses::numbers().unwrap();
    assert_eq!(n.mse, 0.25);
    close(n.bce, 0.439890, 5e-7);
    close(n.log_loss, n.bce, 1e-12);
    assert!(n.softmax_over_axis_1.contains("axis 1"), "{}", n.softmax_over_axis_1);
    close(n.softmax_over_axis_0, 0.636519, 5e-7);
    assert!(n.softmax_of_a_column.is_nan());
    close(n.multi_label, n.mean_over_labels, 1e-12);
    close(n.multi_label_sum, 6.0 * n.multi_label, 1e-12);
}

#[test]
fn a_custom_loss_needs_no_gradient() {
    let found = custom_loss::fit().unwrap();
    assert!(found.is_right);
    // Nine parts in ten of `20 + 40 u²`, u evenly spread.
    close(found.promise, 20.0 + 40.0 * 0.81, 0.5);
}

/// Only letters of the page are written; the loss of the next letter falls far below that of their frequencies, about 2.8.
#[test]
fn a_net_learns_a_page() {
    use wengert::prelude::Rng;

    let (letters, rng) = (char_rnn::Letters::new(char_rnn::TEXT), &mut Rng::new(1));
    let model = char_rnn::CharRnn::new(&letters, rng);
    let mut losses = Vec::new();
    char_rnn::train(&model, &letters, 150, |_, loss| {
        losses.push(loss);
        Ok(())
    })
    .unwrap();
    let last = losses[140..].iter().sum::<f32>() / 10.0;
    assert!(losses[0] > 3.0 && last < 2.4, "{} {last}", losses[0]);
    let said = char_rnn::sample(&model, &letters, "The ", 40, rng).unwrap();
    assert!(said.starts_with("The ") && said.chars().count() == 44, "{said}");
}

/// Names are made of letters, and most are not in the list; the file keeps its promise of 120 lines.
#[test]
fn a_transformer_makes_up_names() {
    use wengert::prelude::Rng;

    let rng = &mut Rng::new(1);
    let model = microgpt::MicroGpt::new(rng);
    let losses = microgpt::train(&model, 300, rng).unwrap();
    let last = losses[280..].iter().sum::<f32>() / 20.0;
    assert!(losses[0] > 3.0 && last < 2.4, "{} {last}", losses[0]);
    let names: Vec<String> = (0..20).map(|_| microgpt::sample(&model, rng).unwrap()).collect();
    assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase())), "{names:?}");
    let known = include_str!("../../examples/names.txt");
    assert!(names.iter().filter(|name| !known.lines().any(|k| k == **name)).count() > 5);
    assert!(include_str!("../../examples/microgpt.rs").lines().count() <= 120);
}

#[test]
fn convolutions_read_digits_better_than_an_mlp() {
    let cnn_digits::Found { cnn, mlp, picture } = cnn_digits::run(20, 0).unwrap();
    assert!(cnn > 0.985 && cnn > mlp && mlp > 0.95, "{cnn} by convolutions, {mlp} by the MLP");
    assert!(picture.contains("read wrongly") && picture.contains("The filters"), "{picture}");
}

/// The README quotes the first finding of each mistake.
#[test]
fn the_doctor_says_what_the_readme_quotes() {
    use doctor::Mistake::{
        Detached, LabelsShuffled, NoSoftmax, None, RateTooHigh, SoftmaxScaled, SoftmaxTwice,
    };

    let readme = include_str!("../../README.md");
    let quoted = readme.split("the reports begin like this:").nth(1).unwrap();
    let quoted = quoted.split("```").nth(1).unwrap().trim_start_matches("text\n");
    let mut quotes = quoted.split("1. ").skip(1);
    for mistake in [RateTooHigh, NoSoftmax, SoftmaxScaled, Detached, LabelsShuffled] {
        let report = doctor::run(mistake).unwrap().report().to_string();
        let report = report.replace("tests/house/../../", "");
        let mut lines = quotes.next().unwrap().lines();
        let first = format!("1. {}", lines.next().unwrap());
        assert!(report.contains(&first), "{first} is not in\n{report}");
        for line in lines {
            assert!(report.contains(line), "{line} is not in\n{report}");
        }
    }
    assert!(quotes.next().is_none());
    let refused = doctor::run(SoftmaxTwice).err().unwrap().to_string();
    for line in refused.replace("tests/house/../../", "").lines().take(2) {
        assert!(readme.contains(line), "{line} is not in the README");
    }
    assert!(doctor::run(None).unwrap().report().is_healthy());
}
