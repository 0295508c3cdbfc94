//! The preflight, on models and batches with one fault each; and what it leaves as it was.

use wengert_autograd::{Result, Var};
use wengert_data::{DataLoader, digits, synth};
use wengert_loss::{CrossEntropyLoss, MseLoss};
use wengert_nn::{
    BatchNorm1d, Dropout, Linear, Module, Parts, Relu, Sequential, Sigmoid, func, parts,
};
use wengert_tensor::{Rng, Tensor};
use wengert_train::doctor::Report;
use wengert_train::{Doctor, Fault};

fn pictures() -> (Tensor<f32>, Tensor<usize>) {
    DataLoader::new(digits::<f32>(), 256).unwrap().shuffle(0).epoch(0).next().unwrap()
}

fn net() -> Sequential<f32> {
    let rng = &mut Rng::new(0);
    Sequential::new().with(Linear::new(64, 32, rng)).with(Relu).with(Linear::new(32, 10, rng))
}

fn classes(model: &impl Module<f32>, batch: &(Tensor<f32>, Tensor<usize>)) -> Report {
    Doctor::new().preflight(model, &CrossEntropyLoss::new(), batch).unwrap()
}

fn regression() -> (Tensor<f32>, Tensor<f32>) {
    let (x, y) = synth::friedman1::<f32>(300, 0.3, 0).into_parts();
    let y = y.reshape([300, 1]).unwrap();
    (x, (y - 14.4) * 0.2)
}

fn regressor() -> Sequential<f32> {
    let rng = &mut Rng::new(0);
    Sequential::new().with(Linear::new(10, 32, rng)).with(Relu).with(Linear::new(32, 1, rng))
}

fn numbers(model: &impl Module<f32>, batch: &(Tensor<f32>, Tensor<f32>)) -> Report {
    Doctor::new().preflight(model, &MseLoss::new(), batch).unwrap()
}

#[track_caller]
fn first(report: &Report, fault: Fault) {
    assert_eq!(report.findings().first().map(|f| f.fault), Some(fault), "{report}");
}

#[test]
fn healthy_models_pass_and_stay_as_they_were() {
    let rng = &mut Rng::new(1);
    let model = Sequential::<f32>::new()
        .with(Linear::new(64, 32, rng))
        .with(BatchNorm1d::new(32))
        .with(Relu)
        .with(Dropout::new(0.2))
        .with(Linear::new(32, 10, rng));
    model.parameters()[0].set_grad(Some(Tensor::ones([32, 64])));
    let (state, grads) =
        (model.state(), model.parameters().iter().map(|p| p.grad()).collect::<Vec<_>>());
    let report = classes(&model, &pictures());
    assert!(report.is_healthy(), "{report}");
    assert_eq!(model.state(), state);
    assert_eq!(model.parameters().iter().map(|p| p.grad()).collect::<Vec<_>>(), grads);
    let report = numbers(&regressor(), &regression());
    assert!(report.is_healthy(), "{report}");
    assert!(report.looked_at().iter().any(|what| what.contains("16 samples")));
}

#[test]
fn a_trial_that_is_left_out_is_not_claimed() {
    // Eleven numbers cannot know sixteen samples by heart.
    let small = Sequential::new().with(Linear::new(10, 1, &mut Rng::new(0)));
    let report = numbers(&small, &regression());
    assert!(report.is_healthy(), "{report}");
    assert!(!report.looked_at().iter().any(|what| what.contains("16 samples")), "{report}");
}

#[test]
fn columns_are_named() {
    let (x, y) = regression();
    let change = |column: usize, with: &dyn Fn(usize, f32) -> f32| {
        let mut all = x.to_vec();
        (0..300).for_each(|r| all[r * 10 + column] = with(r, all[r * 10 + column]));
        Tensor::from_vec(all, [300, 10]).unwrap()
    };
    let targets = y.to_vec();
    let cases: [(Tensor<f32>, Fault, usize); 4] = [
        (change(3, &|_, x| 1e6 * x), Fault::UnscaledInput, 3),
        (change(4, &|r, _| 2.0 * targets[r] + 1.0), Fault::Leak, 4),
        (change(5, &|_, _| 7.0), Fault::ConstantColumn, 5),
        (change(6, &|r, x| if r == 9 { f32::NAN } else { x }), Fault::DataNotFinite, 6),
    ];
    for (x, fault, column) in cases {
        let report = numbers(&regressor(), &(x, y.clone()));
        first(&report, fault);
        assert_eq!(report.findings()[0].place.column, Some(column), "{report}");
    }
}

#[test]
fn labels_of_other_samples_are_found() {
    let (x, y) = pictures();
    first(&classes(&net(), &(x, y.roll(1, 0).unwrap())), Fault::LabelsUnrelated);
    let (x, y) = regression();
    first(&numbers(&regressor(), &(x, y.roll(7, 0).unwrap())), Fault::LabelsUnrelated);
}

#[test]
fn an_output_that_cannot_reach_its_targets_is_found() {
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(10, 32, rng))
        .with(Relu)
        .with(Linear::new(32, 1, rng))
        .with(Sigmoid);
    let report = numbers(&model, &regression());
    first(&report, Fault::OutputOutOfRange);
    assert_eq!(report.findings()[0].place.op, Some("sigmoid"));
}

#[test]
fn a_softmax_and_two_linears_and_equal_weights_are_found() {
    let rng = &mut Rng::new(0);
    let with = |last: &str, rng: &mut Rng| {
        let model = Sequential::<f32>::new().with(Linear::new(64, 32, rng));
        match last {
            "softmax" => model
                .with(Relu)
                .with(Linear::new(32, 10, rng))
                .with(func(|x| Ok(x.softmax(-1)? * 1.0))),
            _ => model.with(Linear::new(32, 10, rng)),
        }
    };
    // The loss rejects a bare softmax by itself; behind a factor the doctor sees it.
    let hidden = Sequential::<f32>::new()
        .with(Linear::new(64, 10, rng))
        .with(func(|x| Ok(x.softmax(-1)?.mul_scalar(2.0))));
    first(&classes(&hidden, &pictures()), Fault::DoubledSoftmax);
    first(&classes(&with("linear", rng), &pictures()), Fault::NoNonlinearity);
    let model = net();
    model.parameters().iter().for_each(|p| p.set(Tensor::full(p.shape(), 0.1)));
    first(&classes(&model, &pictures()), Fault::SymmetricUnits);
}

struct Mixing(Linear<f32>, Linear<f32>);
impl Parts<f32> for Mixing {
    fn visit(&self, v: &mut wengert_nn::Visitor<'_, f32>) {
        v.module("0", &self.0);
        v.module("1", &self.1);
    }
}
impl Module for Mixing {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let h = self.0.call(x)?.relu();
        // A running sum over samples, an op whose rows the doctor does not follow: it compares predictions.
        self.1.call(h.cumsum(0)?)
    }
}

#[test]
fn rows_that_an_unknown_op_mixes_are_found_by_comparison() {
    let rng = &mut Rng::new(0);
    let report = classes(&Mixing(Linear::new(64, 16, rng), Linear::new(16, 10, rng)), &pictures());
    first(&report, Fault::RowsMixed);
    assert_eq!(report.findings()[0].place.op, Some("cumsum"), "{report}");
}

struct Forgetful {
    l1: Linear<f32>,
    l2: Linear<f32>,
}
parts!(Forgetful { l1 });
impl Module for Forgetful {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        self.l2.call(self.l1.call(x)?.relu())
    }
}

#[test]
fn a_part_that_is_not_named_is_found_and_inputs_that_are_not_used() {
    let rng = &mut Rng::new(0);
    let model = Forgetful { l1: Linear::new(64, 16, rng), l2: Linear::new(16, 10, rng) };
    first(&classes(&model, &pictures()), Fault::NotInOptimizer);
    let model = Sequential::<f32>::new()
        .with(func(|x| Ok(x * 0.0)))
        .with(Linear::new(64, 32, rng))
        .with(Relu)
        .with(Linear::new(32, 10, rng));
    let report = classes(&model, &pictures());
    assert!(report.find(Fault::InputUnused).is_some(), "{report}");
}
