//! Padding leaves a sequence's loss and gradients as they were, to the bit.

use wengert_autograd::Tape;
use wengert_loss::*;
use wengert_tensor::{Float, Rng, Tensor, tensor};

/// The loss and the gradient of three sequences of up to 7 tokens, padded to `length`.
fn padded<T: Float>(length: usize, reduction: Reduction) -> (Tensor<T>, Vec<T>) {
    const CLASSES: usize = 11;
    let lengths = [7, 2, 5];
    let mut rng = Rng::new(5);
    let rows: Tensor<T> = Tensor::randn([14, CLASSES], &mut rng);
    let words = Tensor::<usize>::from((0..14).map(|i| 1 + (i * 7) % 10).collect::<Vec<_>>());
    // What stands at padding must not matter.
    let mut x = Tensor::<T>::randn([3, length, CLASSES], &mut rng);
    let mut tokens = Tensor::full([3, length], 0_usize);
    let mut next = 0;
    let mut real = Vec::new();
    for (b, n) in lengths.into_iter().enumerate() {
        for t in 0..n {
            for c in 0..CLASSES {
                x.set(&[b, t, c], rows.get(&[next, c]).unwrap()).unwrap();
                real.push([b, t, c]);
            }
            tokens.set(&[b, t], words.get(&[next]).unwrap()).unwrap();
            next += 1;
        }
    }
    let tape = Tape::new();
    let x = tape.var(x);
    let loss = SequenceCrossEntropyLoss::new(0).reduction(reduction).forward(x, &tokens).unwrap();
    let total = loss.sum();
    let g = total.gradients().unwrap().wrt(x).value().unwrap();
    let kept: Vec<T> = real.iter().map(|at| g.get(at).unwrap()).collect();
    let all: f64 = g.iter().filter(|g| *g != T::ZERO).count() as f64;
    assert_eq!(all, kept.len() as f64, "padding got a gradient");
    (loss.value().unwrap(), kept)
}

fn same_bits<T: Float>() {
    for reduction in [Reduction::Mean, Reduction::Sum] {
        let tight = padded::<T>(7, reduction);
        for length in [8, 16, 100] {
            assert_eq!(padded::<T>(length, reduction), tight, "{length}");
        }
    }
}

#[test]
fn padding_changes_nothing() {
    same_bits::<f32>();
    same_bits::<f64>();
}

#[test]
fn padding_costs_0_one_by_one() {
    let (losses, _) = padded::<f64>(9, Reduction::None);
    assert_eq!(losses.shape(), [3, 9]);
    assert_eq!(losses.count_nonzero().item().unwrap(), 14);
}

#[test]
fn a_mask_does_the_same() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Tensor::randn([2, 3, 4], &mut Rng::new(1)));
    let tokens = tensor![[1_usize, 2, 0], [3, 0, 0]];
    let mask = tokens.map(|t| t != 0);
    let by_mask = SequenceCrossEntropyLoss::unpadded().forward(x, (&tokens, &mask)).unwrap();
    let by_pad = sequence_cross_entropy(x, &tokens, 0).unwrap();
    assert_eq!(by_mask.item().unwrap(), by_pad.item().unwrap());
    assert_eq!(perplexity(by_pad).unwrap(), by_pad.item().unwrap().exp());
}

#[test]
fn lengths_say_what_a_mask_says() {
    let tape = Tape::new();
    let x = tape.var(Tensor::<f64>::randn([2, 3, 4], &mut Rng::new(6)));
    let tokens = tensor![[3_usize, 0, 1], [2, 99, 99]];
    let loss = SequenceCrossEntropyLoss::unpadded();
    let by_mask = loss.forward(x, (&tokens, &tensor![[true, true, true], [true, false, false]]));
    let by_lengths = loss.forward(x, (&tokens, &tensor![3_usize, 1])).unwrap();
    assert_eq!(by_lengths.item().unwrap(), by_mask.unwrap().item().unwrap());
    for lengths in [tensor![4_usize, 1], tensor![1_usize]] {
        let error = loss.forward(x, (&tokens, &lengths)).unwrap_err().to_string();
        assert!(error.contains("of at most time") && error.contains("sequences.rs"), "{error}");
    }
}
