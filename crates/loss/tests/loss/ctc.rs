//! CTC: all paths counted by hand, gradients to the second order, lengths, infinite losses, decoding.

use wengert_autograd::{GradCheck, Tape};
use wengert_loss::*;
use wengert_tensor::{Rng, Tensor, tensor};

use super::near;

fn logits(shape: &[usize], seed: u64) -> Tensor<f64> {
    Tensor::randn(shape, &mut Rng::new(seed))
}

/// What a path of classes spells.
fn spelled(path: &[usize], blank: usize) -> Vec<usize> {
    let mut path = path.to_vec();
    path.dedup();
    path.retain(|&class| class != blank);
    path
}

/// The probability of labels by the definition: the sum over all paths of `[time, classes]` that spell them.
fn by_paths(p: &Tensor<f64>, labels: &[usize], blank: usize) -> f64 {
    let (time, classes) = (p.shape()[0], p.shape()[1]);
    let mut total = 0.0;
    for number in 0..classes.pow(time as u32) {
        let path: Vec<usize> =
            (0..time).map(|t| number / classes.pow(t as u32) % classes).collect();
        if spelled(&path, blank) == labels {
            total +=
                path.iter().enumerate().map(|(t, &c)| p.get(&[t, c]).unwrap()).product::<f64>();
        }
    }
    total
}

const CASES: [(&[usize], usize); 6] =
    [(&[], 4), (&[1], 4), (&[1, 1], 4), (&[1, 2], 4), (&[2, 1, 2], 4), (&[1, 1], 3)];

#[test]
fn all_paths_are_counted() {
    for blank in [0, 2] {
        let x = logits(&[4, 3], 1);
        for (labels, time) in CASES {
            let labels: Vec<usize> =
                labels.iter().map(|&l| if l == blank { 0 } else { l }).collect();
            let x = x.narrow(0, 0, time).unwrap();
            let expected = -by_paths(&x.softmax(1).unwrap(), &labels, blank).ln();
            let tape = Tape::new();
            let x = tape.var(x).log_softmax(1).unwrap();
            let n = labels.len();
            let target = CtcTarget {
                labels: &Tensor::from_vec(labels, [n]).unwrap(),
                steps: &tensor![time],
                lengths: &tensor![n],
            };
            let loss = CtcLoss::new().blank(blank).reduction(Reduction::Sum);
            near(loss.forward(x, target).unwrap().item().unwrap(), expected, 1e-12);
        }
    }
}

#[test]
fn gradients() {
    let (labels, steps, lengths) = (
        tensor![[1_usize, 1, 2], [3, 0, 0], [0, 0, 0]],
        tensor![5_usize, 3, 4],
        tensor![3_usize, 1, 0],
    );
    for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
        let report = GradCheck::new().check(
            |v| {
                let target = CtcTarget { labels: &labels, steps: &steps, lengths: &lengths };
                CtcLoss::new().reduction(reduction).forward(v[0].log_softmax(-1)?, target)
            },
            &[logits(&[5, 3, 4], 2)],
        );
        assert!(report.is_right(), "{reduction:?}: {report}");
    }
}

/// A batch is its sequences, whatever stands behind their ends; labels in a row are labels that are padded.
#[test]
fn lengths() {
    let mut x = logits(&[5, 2, 3], 3);
    for t in 2..5 {
        x.set(&[t, 1, 0], f64::NAN).unwrap();
    }
    let tape = Tape::new();
    let x = tape.var(x);
    let (steps, lengths) = (tensor![5_usize, 2], tensor![2_usize, 1]);
    let losses = |labels: &Tensor<usize>| {
        let target = CtcTarget { labels, steps: &steps, lengths: &lengths };
        CtcLoss::new().reduction(Reduction::None).forward(x, target).unwrap()
    };
    let both = losses(&tensor![1, 2, 2]);
    assert_eq!(
        both.value().unwrap(),
        losses(&tensor![[1_usize, 2, 9], [2, 7, 7]]).value().unwrap()
    );
    for (i, labels) in [tensor![1_usize, 2], tensor![2_usize]].iter().enumerate() {
        let n = steps.get(&[i]).unwrap();
        let alone = x.select(1, i).unwrap().narrow(0, 0, n).unwrap();
        let target = CtcTarget { labels, steps: &tensor![n], lengths: &tensor![labels.len()] };
        let loss = CtcLoss::new().reduction(Reduction::Sum).forward(alone, target).unwrap();
        near(loss.item().unwrap(), both.value().unwrap().get(&[i]).unwrap(), 1e-12);
    }
    let g = both.sum().gradients().unwrap().wrt(x).value().unwrap();
    assert!(g.narrow(0, 2, 3).unwrap().select(1, 1).unwrap().iter().all(|g| g == 0.0));
    // The mean is over losses for each label.
    let target = CtcTarget { labels: &tensor![1, 2, 2], steps: &steps, lengths: &lengths };
    let each = both.value().unwrap();
    let expected = (each.get(&[0]).unwrap() / 2.0 + each.get(&[1]).unwrap()) / 2.0;
    near(ctc(x, target).unwrap().item().unwrap(), expected, 1e-12);
}

#[test]
fn infinite_losses() {
    let tape = Tape::new();
    let x = tape.var(logits(&[2, 2, 3], 4));
    // Two equal labels need three steps.
    let (labels, two) = (tensor![[1_usize, 1], [1, 2]], tensor![2_usize, 2]);
    let target = CtcTarget { labels: &labels, steps: &two, lengths: &two };
    let loss = |loss: CtcLoss| {
        loss.reduction(Reduction::None).forward(x.log_softmax(-1).unwrap(), target).unwrap()
    };
    let plain = loss(CtcLoss::new()).value().unwrap();
    assert_eq!(plain.get(&[0]).unwrap(), f64::INFINITY);
    assert!(plain.get(&[1]).unwrap().is_finite());
    let zeroed = loss(CtcLoss::new().zero_infinity());
    assert_eq!(zeroed.value().unwrap().get(&[0]).unwrap(), 0.0);
    let g = zeroed.sum().gradients().unwrap().wrt(x).value().unwrap();
    assert!(g.iter().all(f64::is_finite));
    assert_eq!(g.select(1, 0).unwrap(), Tensor::zeros([2, 3]));
    assert_ne!(g.select(1, 1).unwrap(), Tensor::zeros([2, 3]));
    // No steps spell no labels, and nothing else.
    let none = CtcTarget {
        labels: &tensor![[1_usize], [1]],
        steps: &tensor![0_usize, 0],
        lengths: &tensor![0_usize, 1],
    };
    let losses = CtcLoss::new().reduction(Reduction::None).forward(x, none).unwrap();
    assert_eq!(losses.value().unwrap(), tensor![0.0, f64::INFINITY]);
}

#[test]
fn refusals() {
    let tape = Tape::new();
    let x = tape.var(logits(&[3, 2, 3], 5));
    let (labels, steps, lengths) =
        (tensor![[1_usize], [2]], tensor![3_usize, 3], tensor![1_usize, 1]);
    let good = CtcTarget { labels: &labels, steps: &steps, lengths: &lengths };
    ctc(x, good).unwrap();
    let says = |target: CtcTarget<'_>, words: &str| {
        let error = ctc(x, target).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("tests/loss/ctc.rs"), "{error}");
    };
    says(CtcTarget { labels: &tensor![[1_usize], [3]], ..good }, "label 0 of sequence 1 is 3");
    says(CtcTarget { labels: &tensor![[0_usize], [1]], ..good }, "not the blank, 0");
    says(CtcTarget { steps: &tensor![4_usize, 3], ..good }, "sequence 0 has 4 steps");
    says(CtcTarget { steps: &tensor![3_usize], ..good }, "must have shape [2]");
    says(CtcTarget { lengths: &tensor![2_usize, 1], ..good }, "the labels must be [2, at least 2]");
    let error = CtcLoss::new().blank(3).forward(x, good).unwrap_err().to_string();
    assert!(error.contains("the blank is 3"), "{error}");
}

/// With beams enough for all beginnings, the search finds the probability of each labelling, as the paths have it.
#[test]
fn a_search_with_all_beams_is_exact() {
    let p = logits(&[4, 3], 6).softmax(1).unwrap();
    let found = ctc_beam(&p.ln(), 0, 1000).unwrap();
    assert!(found.windows(2).all(|w| w[0].1 >= w[1].1));
    near(found.iter().map(|(_, score)| score.exp()).sum(), 1.0, 1e-12);
    for (labels, score) in &found {
        near(score.exp(), by_paths(&p, labels, 0), 1e-10);
    }
    let (best, _) = ctc_beam(&p.ln(), 0, 3).unwrap().remove(0);
    assert_eq!(best, found[0].0);
    let likeliest: Vec<usize> = p.argmax_over(1).unwrap().to_vec();
    assert_eq!(ctc_greedy(&p, 0).unwrap(), spelled(&likeliest, 0));
    assert!(ctc_greedy(&p, 3).is_err() && ctc_beam(&tensor![1.0], 0, 2).is_err());
}

/// Sums of such lengths overflow, and so would the number of places.
#[test]
fn a_length_that_no_labels_have_is_an_error() {
    let x = logits(&[4, 2, 3], 1);
    for lengths in [tensor![usize::MAX, 3], tensor![usize::MAX, 0], tensor![3_usize, 0]] {
        let tape = Tape::new();
        let target = CtcTarget {
            labels: &tensor![1_usize, 2],
            steps: &tensor![4_usize, 4],
            lengths: &lengths,
        };
        let error = ctc(tape.var(x.clone()), target).unwrap_err().to_string();
        assert!(error.contains("labels, and there are 2"), "{error}");
    }
}
