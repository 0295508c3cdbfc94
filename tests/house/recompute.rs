//! Parts that are run again in the reverse sweep: the gradients of the plain computation, to the bit.

use std::sync::Arc;

use wengert::autograd as graph;
use wengert::prelude::*;
use wengert::tensor::{Float, Tensor as AnyTensor};

type Fallible<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// A block with everything that could differ on a second run: random numbers and running statistics.
fn block(rng: &mut Rng) -> Arc<Sequential> {
    Arc::new(
        Sequential::new()
            .with(Linear::new(8, 8, rng))
            .with(BatchNorm1d::new(8))
            .with(Tanh)
            .with(Dropout::new(0.3))
            .with(Linear::new(8, 8, rng)),
    )
}

/// Three steps of a net whose middle is used twice; the losses, the weights and the statistics after them.
fn trained(recomputed: bool) -> Fallible<(Vec<f32>, wengert::nn::State<f32>)> {
    let rng = &mut Rng::new(0);
    let (first, middle, last) = (Linear::new(4, 8, rng), block(rng), Linear::new(8, 2, rng));
    let (x, y) = (Tensor::randn([16, 4], rng), Tensor::randn([16, 2], rng));
    let parts = (&first, &*middle, &last);
    let mut optimizer = Sgd::new(parts.parameters(), 0.1).momentum(0.9);
    let mut losses = Vec::new();
    for step in 0..3 {
        let tape = Tape::new().seeded(step);
        optimizer.zero_grad();
        let mut h = first.call(tape.constant(x.clone()))?.tanh();
        for _ in 0..2 {
            h = if recomputed {
                let middle = middle.clone();
                tape.recompute(&[h], move |h| middle.call(h[0])?.try_add(h[0]))?
            } else {
                middle.call(h)?.try_add(h)?
            };
        }
        // Dropout after the part draws what it would have drawn without it.
        let h = Dropout::new(0.5).call(h)?;
        let loss = last.call(h)?.squared_error(&y)?.mean();
        losses.push(loss.item()?);
        loss.backward()?;
        optimizer.step()?;
    }
    Ok((losses, parts.state()))
}

#[test]
fn training_with_recomputed_parts_is_training_to_the_bit() -> Fallible {
    let (plain, recomputed) = (trained(false)?, trained(true)?);
    assert_eq!(plain.0, recomputed.0);
    // Weights, running means and variances, and the count of batches.
    assert_eq!(plain.1, recomputed.1);
    Ok(())
}

/// A part of three inputs that reads two parameters.
fn part<T: Float>(
    [v, w]: &[graph::Param<T>; 2],
) -> impl for<'s> Fn(&[graph::Var<'s, T>]) -> Result<graph::Var<'s, T>> + Send + Sync + 'static {
    let [v, w] = [v.clone(), w.clone()];
    move |x| {
        let tape = x[0].tape();
        let (v, w) = (tape.param(&v), tape.param(&w));
        let inner = x[0].try_mul(w)?.sin().try_add(v.try_mul(x[1])?)?;
        inner.try_mul(w)?.exp().try_add(x[2].try_mul(x[0])?)
    }
}

/// Two parameters and an input, each used inside of the part and outside, before and after it.
fn mixed<'t, T: Float>(
    tape: &'t graph::Tape<T>,
    x: graph::Var<'t, T>,
    of: &[graph::Param<T>; 2],
    recomputed: bool,
) -> Result<graph::Var<'t, T>> {
    let [v, w] = of.each_ref().map(|p| tape.param(p));
    let before = x.try_mul(v)?.tanh();
    // An input twice, and a parameter that is an input too.
    let (part, inputs) = (part(of), [before, before, v]);
    let y = if recomputed { tape.recompute(&inputs, part)? } else { part(&inputs)? };
    y.try_mul(before)?.try_add(x.try_mul(w)?)
}

#[test]
fn values_that_are_used_in_and_outside_get_the_same_sums() -> Fallible {
    let rng = &mut Rng::new(3);
    let draw = |rng: &mut Rng| graph::Param::new(AnyTensor::<f32>::randn([50], rng));
    let parameters = [draw(rng), draw(rng)];
    let start = Tensor::randn([50], rng);
    let mut found = Vec::new();
    for recomputed in [false, true] {
        let tape = Tape::new();
        let x = tape.var(start.clone());
        let y = mixed(&tape, x, &parameters, recomputed)?.sum();
        let g = y.gradients()?;
        let of = |k: usize| g.wrt(&parameters[k]).value();
        found.push((y.item()?, g.wrt(x).value()?, of(0)?, of(1)?));
    }
    assert_eq!(found[0], found[1]);
    // A frozen parameter gets none, and the others theirs.
    parameters[0].set_frozen(true);
    let tape = Tape::new();
    mixed(&tape, tape.constant(start), &parameters, true)?.sum().backward()?;
    assert!(parameters[0].grad().is_none());
    assert_eq!(parameters[1].grad(), Some(found[0].3.clone()));
    Ok(())
}

/// Differences and forward mode agree with it, to second order, with respect to parameters too.
#[test]
fn the_gradient_check_passes_through_a_recomputed_part() {
    let rng = &mut Rng::new(4);
    let of = [0, 1].map(|_| graph::Param::new(AnyTensor::<f64>::randn([3], rng)));
    of[0].set_path("v");
    of[1].set_path("w");
    let x = AnyTensor::<f64>::randn([3], rng);
    let report = graph::GradCheck::new()
        .check_parameters(&of, |tape| Ok(mixed(tape, tape.constant(x.clone()), &of, true)?.sum()));
    report.assert_right();

    let second = |recomputed: bool| -> graph::Result<_> {
        let tape = graph::Tape::new();
        let x = tape.var(x.clone());
        let w = tape.param(&of[1]);
        let g = mixed(&tape, x, &of, recomputed)?.sum().grad(&[x, w])?;
        (g[0].square().sum() + g[1].square().sum())
            .grad(&[x, w])?
            .iter()
            .map(|g| g.value())
            .collect::<graph::Result<Vec<_>>>()
    };
    let (plain, recomputed) = (second(false).unwrap(), second(true).unwrap());
    for (a, b) in plain.iter().zip(&recomputed) {
        assert!(a.allclose(b, 1e-12, 1e-12, false).unwrap(), "{a} {b}");
    }
}

#[test]
fn parts_within_parts_and_parts_that_only_pass_on() -> Fallible {
    let w = Param::new(tensor![0.5, -0.25]);
    let gradient = |depth: usize| -> Fallible<Tensor> {
        fn nested<'t>(depth: usize, x: Var<'t>, w: &Param) -> graph::Result<Var<'t>> {
            if depth == 0 {
                return x.try_mul(x.tape().param(w)).map(|y| y.tanh());
            }
            let w = w.clone();
            x.tape().recompute(&[x], move |x| nested(depth - 1, x[0], &w)?.try_add(x[0]))
        }
        let tape = Tape::new();
        w.zero_grad();
        nested(depth, tape.constant(tensor![1.0, 2.0]), &w)?.sum().backward()?;
        w.grad().ok_or("no gradient".into())
    };
    let plain = gradient(0)?;
    assert_eq!(gradient(1)?, plain);
    assert_eq!(gradient(3)?, plain);

    // The result is an input itself.
    let tape = Tape::new();
    let x = tape.var(tensor![1.0, 2.0]);
    let y = tape.recompute(&[x], |x| Ok(x[0]))?;
    assert_eq!((y * x).sum().gradients()?.wrt(x).value()?, tensor![2.0, 4.0]);
    Ok(())
}

#[test]
fn without_gradients_it_is_the_plain_computation_and_faults_are_named() -> Fallible {
    let tape = Tape::no_grad();
    let x = tape.constant(tensor![2.0]);
    assert_eq!(tape.recompute(&[x], |x| Ok(x[0].square()))?.value()?, tensor![4.0]);

    let tape = Tape::new();
    let x = tape.var(tensor![1.0, 2.0]);
    let wrong = tape.recompute(&[x], |x| x[0].matmul(x[0].reshape([2, 1])?)?.reshape([7]));
    assert!(wrong.unwrap_err().to_string().contains("house/recompute.rs"));
    // A dropout without a seed says so, as it does outside.
    let unseeded = tape.recompute(&[x], |x| Dropout::new(0.5).forward(x[0])).unwrap_err();
    assert!(unseeded.to_string().contains("seeded"), "{unseeded}");
    let other = Tape::new();
    let error = tape.recompute(&[other.scalar(1.0)], |x| Ok(x[0])).unwrap_err().to_string();
    assert!(error.contains("recompute") && error.contains("house/recompute.rs"), "{error}");
    x.sum().backward_keep().unwrap_err();
    let spent = Tape::new();
    let w = Param::new(tensor![1.0]);
    let y = spent.param(&w);
    y.sum().backward()?;
    let error = spent.recompute(&[y], |x| Ok(x[0])).unwrap_err().to_string();
    assert!(error.contains("recompute") && error.contains("spent"), "{error}");
    Ok(())
}
