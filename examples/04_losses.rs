//! The tutorials' numbers: mean squared error, binary and multi-label cross-entropy; and what the tutorial's own code for the
//! second would have given.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::loss;
use wengert::prelude64::*;

#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) mse: f64,
    /// Sigmoid and binary cross-entropy, which is what was meant.
    pub(crate) bce: f64,
    /// The same in two steps, from probabilities.
    pub(crate) log_loss: f64,
    /// Softmax over `axis=1`, as the tutorial has it: the error.
    pub(crate) softmax_over_axis_1: String,
    /// Softmax over axis 0, which runs: another function.
    pub(crate) softmax_over_axis_0: f64,
    /// The scores as a column: softmax of one number is 1, and ln(1 - 1) has no value.
    pub(crate) softmax_of_a_column: f64,
    pub(crate) multi_label: f64,
    /// Binary cross-entropy label by label, and their mean.
    pub(crate) mean_over_labels: f64,
    /// As printed: a sum over samples and labels, which grows with the batch.
    pub(crate) multi_label_sum: f64,
}

pub(crate) fn numbers() -> Result<Numbers, Box<dyn Error>> {
    let tape = Tape::new();

    // 4.1 Mean squared error.
    let y_true = tensor![1.0, 2.0, 3.0];
    let y_pred = tape.var(tensor![1.5, 2.5, 3.5]);
    let mse = loss::mse(y_pred, &y_true)?.item()?;

    // 4.2 Cross-entropy.
    let y_true = tensor![0.0, 1.0, 1.0];
    let y_pred = tensor![-1.0, 0.0, 1.0];
    let scores = tape.var(y_pred.clone());
    let bce = loss::bce_with_logits(scores, &y_true)?.item()?;
    let log_loss = loss::log_loss(scores.sigmoid(), &y_true)
        .map_or(f64::NAN, |l| l.item().unwrap_or(f64::NAN));

    let softmax_over_axis_1 = match y_pred.softmax(1) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    let binary = |p: Tensor, y: &Tensor| -> wengert::tensor::Result<f64> {
        (-(y * p.ln() + (1.0 - y) * (1.0 - &p).ln()).mean()).item()
    };
    let softmax_over_axis_0 = binary(y_pred.softmax(0)?, &y_true)?;
    let softmax_of_a_column = binary(y_pred.unsqueeze(1)?.softmax(1)?, &y_true.unsqueeze(1)?)?;

    // 3.3 Multi-label cross-entropy: two samples, three labels each.
    let labels = tensor![[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]];
    let scores = tape.var(tensor![[2.0, -1.0, 0.0], [-2.0, 1.0, 3.0]]);
    let multi_label = loss::multilabel_cross_entropy(scores, &labels)?.item()?;
    let mut mean_over_labels = 0.0;
    for label in 0..3 {
        let of_label = loss::bce_with_logits(scores.select(1, label)?, labels.select(1, label)?)?;
        mean_over_labels += of_label.item()? / 3.0;
    }
    let sum = BceWithLogitsLoss::new().reduction(Reduction::Sum);
    let multi_label_sum = sum.forward(scores, &labels)?.item()?;
    Ok(Numbers {
        mse,
        bce,
        log_loss,
        softmax_over_axis_1,
        softmax_over_axis_0,
        softmax_of_a_column,
        multi_label,
        mean_over_labels,
        multi_label_sum,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let n = numbers()?;
    println!("Mean Squared Error: {}", n.mse);
    println!("Binary Cross-Entropy, sigmoid and log loss as one: {:.6}", n.bce);
    println!("                      and one after the other:     {:.6}", n.log_loss);
    println!("What the tutorial's code for it does, softmax in the place of the sigmoid:");
    println!("  axis 1 of three numbers: {}", n.softmax_over_axis_1.lines().next().unwrap_or(""));
    println!("  axis 0: {:.6}, another function", n.softmax_over_axis_0);
    println!("  axis 1 of a column: {}", n.softmax_of_a_column);
    println!("Multi-Label Cross-Entropy: {:.6}", n.multi_label);
    println!("  the mean of each label's own: {:.6}", n.mean_over_labels);
    println!("  without 1/(nm), as it was printed: {:.6}", n.multi_label_sum);
    Ok(())
}
