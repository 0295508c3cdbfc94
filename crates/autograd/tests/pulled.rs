//! `TapeLine::pull`: the contributions of all lines add up to the adjoints of the sweep.

use wengert_autograd::{Param, Tape};
use wengert_tensor::{Rng, Tensor, tensor};

#[test]
fn contributions_add_up_to_the_adjoints_of_a_sweep() {
    let mut rng = Rng::new(3);
    let w = Param::new(Tensor::<f64>::uniform([4, 3], -1.0, 1.0, &mut rng).unwrap());
    let tape = Tape::new().keeping_adjoints();
    let x = tape.var(Tensor::uniform([5, 4], -1.0, 1.0, &mut rng).unwrap());
    let b = tape.var(tensor![0.1, 0.2, 0.3]);
    let h = x.matmul(tape.param(&w)).unwrap().try_add(b).unwrap().tanh();
    (h * h * b + h.softmax(1).unwrap()).sum().backward().unwrap();
    // On the spent tape: the values of parameters are read where they still are.
    let lines = tape.lines();
    let mut sums: Vec<Option<Tensor<f64>>> = vec![None; lines.len()];
    let mut summed = 0;
    for line in lines.iter().rev() {
        let Some(g) = line.adjoint() else { continue };
        for k in 0..line.arity() {
            let pulled = line.pull(k, g).unwrap();
            summed += usize::from(pulled.summed_from.is_some());
            let sum = &mut sums[line.operands()[k]];
            *sum = Some(match sum.take() {
                Some(sum) => sum.try_add(&pulled.gradient).unwrap(),
                None => pulled.gradient,
            });
        }
    }
    assert!(summed >= 2, "b is broadcast twice");
    let mut compared = 0;
    for line in lines.iter() {
        let (Some(sum), Some(adjoint)) = (&sums[line.index()], line.adjoint()) else { continue };
        let apart = sum.try_sub(adjoint).unwrap().abs().max().unwrap().item().unwrap();
        assert!(apart < 1e-14, "{line:?}: {apart}");
        compared += 1;
    }
    assert_eq!(compared, lines.len() - 1, "all but the loss");
}

#[test]
fn what_cannot_be_pulled_is_an_error_with_the_reason() {
    let w = Param::new(tensor![2.0_f64]);
    let tape = Tape::new();
    let y = tape.param(&w).square();
    y.sum().backward().unwrap();
    w.set(tensor![5.0]);
    let lines = tape.lines();
    let line = lines.of(y).unwrap();
    let error = |k, g: Tensor<f64>| line.pull(k, &g).unwrap_err().to_string();
    assert!(error(1, tensor![1.0]).contains("no operand 1"), "{}", error(1, tensor![1.0]));
    assert!(error(0, tensor![1.0, 2.0]).contains("shape [1]"), "{}", error(0, tensor![1.0, 2.0]));
    let gone = error(0, tensor![1.0]);
    assert!(gone.contains("tests/pulled.rs"), "{gone}");
}
