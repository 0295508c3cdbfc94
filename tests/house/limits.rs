//! Where sizes end: nothing at all, many axes, long tapes. Each has a defined answer, and none is a panic.

use wengert::loss::{Loss, MseLoss};
use wengert::prelude64::*;

/// A layer by name, the shape of an input, and that of the output.
type Row = (&'static str, Box<dyn Module<f64>>, &'static [usize], &'static [usize]);

/// Calls a module with an input without samples, in training and in evaluation, and returns the shape of what comes.
fn shape_of_nothing(name: &str, module: &dyn Module<f64>, shape: &[usize]) -> Option<Vec<usize>> {
    let before = module.state();
    let tape = Tape::new().seeded(0);
    let x = tape.var(Tensor::zeros(shape));
    let trained = module.call(x).and_then(|y| {
        y.sum().gradients()?.wrt(x).value()?;
        Ok(y.shape())
    });
    // What was counted and averaged so far is not spoilt by nothing.
    for (path, entry) in module.state().iter() {
        if let Some(x) = module.state().get(path) {
            assert!(x.is_finite().all(), "{name}: {path} after an empty batch: {entry:?}");
        }
    }
    assert_eq!(module.state().len(), before.len());
    let predicted = module.predict(&Tensor::zeros(shape)).map(|y| y.shape().to_vec());
    if let (Ok(trained), Ok(predicted)) = (&trained, &predicted) {
        assert_eq!(trained.to_vec(), *predicted, "{name}");
    }
    predicted.ok()
}

#[test]
fn a_batch_without_samples_goes_through_every_kind_of_layer() {
    let rng = &mut Rng::new(0);
    let layers: Vec<Row> = vec![
        ("linear", Box::new(Linear::new(3, 2, rng)), &[0, 3], &[0, 2]),
        ("batch norm", Box::new(BatchNorm1d::new(3)), &[0, 3], &[0, 3]),
        ("layer norm", Box::new(LayerNorm::new([3])), &[0, 3], &[0, 3]),
        ("group norm", Box::new(GroupNorm::new(1, 2)), &[0, 2, 4], &[0, 2, 4]),
        ("dropout", Box::new(Dropout::new(0.5)), &[0, 3], &[0, 3]),
        ("conv", Box::new(Conv2d::new(1, 2, 3, rng)), &[0, 1, 8, 8], &[0, 2, 6, 6]),
        ("max pool", Box::new(MaxPool2d::new(2)), &[0, 1, 8, 8], &[0, 1, 4, 4]),
        ("average pool", Box::new(AvgPool2d::new(2)), &[0, 1, 8, 8], &[0, 1, 4, 4]),
        ("flatten", Box::new(Flatten::default()), &[0, 2, 3], &[0, 6]),
        ("relu", Box::new(Relu), &[0, 3], &[0, 3]),
        ("softmax", Box::new(Softmax::new(1)), &[0, 3], &[0, 3]),
        ("gelu", Box::new(Gelu::new()), &[0, 3], &[0, 3]),
    ];
    for (name, layer, shape, expected) in layers {
        let got = shape_of_nothing(name, &*layer, shape);
        assert_eq!(got.as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn a_loss_of_nothing_is_an_error_unless_a_reduction_says_otherwise() {
    let tape = Tape::new();
    let nothing = || tape.var(Tensor::zeros([0, 3]));
    let target = Tensor::zeros([0, 3]);
    let error = MseLoss::new().forward(nothing(), &target).unwrap_err().to_string();
    assert!(error.contains("limits.rs"), "{error}");
    for (reduction, value) in [(Reduction::Sum, 0.0), (Reduction::MeanOrZero, 0.0)] {
        let x = nothing();
        let loss = MseLoss::new().reduction(reduction).forward(x, &target).unwrap();
        assert_eq!(loss.item().unwrap(), value);
        assert_eq!(loss.gradients().unwrap().wrt(x).value().unwrap().shape(), [0, 3]);
    }
    let labels = Labels::zeros([0]);
    assert!(CrossEntropyLoss::new().forward(nothing(), &labels).is_err());
}

#[test]
fn many_axes() {
    for rank in [9, 12, 20] {
        let shape: Vec<usize> = (0..rank).map(|axis| if axis % 4 == 0 { 2 } else { 1 }).collect();
        let tape = Tape::new();
        let x = tape.var(Tensor::from_fn(&shape[..], |i| i.iter().sum::<usize>() as f64));
        let turned: Vec<isize> = (0..rank as isize).rev().collect();
        let y = (x * x).permute(&turned).unwrap().sum_over(keep(0)).unwrap();
        let slopes = y.sum().gradients().unwrap().wrt(x).value().unwrap();
        assert_eq!(slopes, x.value().unwrap().mul_scalar(2.0));
        assert!(!slopes.to_string().is_empty());
    }
}

#[test]
fn a_tape_of_a_million_lines_needs_no_deep_stack() {
    let small = std::thread::Builder::new().stack_size(256 << 10);
    let thread = small.spawn(|| {
        let tape = Tape::new();
        let x = tape.scalar(1.0);
        let mut y = x;
        for _ in 0..1_000_000 {
            y = y + 1e-6;
        }
        assert!((y.item().unwrap() - 2.0).abs() < 1e-6);
        y.gradients().unwrap().wrt(x).value().unwrap().item().unwrap()
    });
    assert_eq!(thread.unwrap().join().unwrap(), 1.0);
}
