//! The meanings of the words on the command line: the net, the loss, the optimiser and the schedule.

use wengert::loss::{self, Loss};
use wengert::optim::schedule::{
    ConstantLr, CosineAnnealingLr, ExponentialLr, LinearLr, OneCycleLr, Schedule, StepLr,
};
use wengert::prelude::*;

use super::options::Options;

/// Linear layers with activations between them.
pub(crate) fn model(
    options: &Options,
    features: usize,
    classes: usize,
    rng: &mut Rng,
) -> Sequential {
    let mut model = Sequential::new();
    let mut inputs = features;
    for &size in &options.layers {
        model.push(Linear::new(inputs, size, rng));
        match options.activation.as_str() {
            "leaky-relu" => model.push(LeakyRelu::default()),
            "tanh" => model.push(Tanh),
            "sigmoid" => model.push(Sigmoid),
            "gelu" => model.push(Gelu::default()),
            "silu" => model.push(Silu),
            "elu" => model.push(Elu::default()),
            "softplus" => model.push(Softplus::default()),
            _ => model.push(Relu),
        }
        if options.dropout > 0.0 {
            model.push(Dropout::new(options.dropout));
        }
        inputs = size;
    }
    model.push(Linear::new(inputs, classes, rng));
    model
}

/// A loss of scores and class numbers.
pub(crate) enum Criterion {
    CrossEntropy(CrossEntropyLoss),
    Focal(FocalLoss),
    Margin(MultiMarginLoss),
    /// Of the scores and 1 for the class, 0 for the others.
    Mse(usize),
}

impl Criterion {
    pub(crate) fn new(name: &str, classes: usize) -> Self {
        match name {
            "smoothed" => Self::CrossEntropy(CrossEntropyLoss::new().label_smoothing(0.1)),
            "focal" => Self::Focal(FocalLoss::new(2.0)),
            "margin" => Self::Margin(MultiMarginLoss::new()),
            "mse" => Self::Mse(classes),
            _ => Self::CrossEntropy(CrossEntropyLoss::new()),
        }
    }

    pub(crate) fn forward<'t>(
        &self,
        scores: Var<'t>,
        labels: &wengert::tensor::Tensor<usize>,
    ) -> wengert::autograd::Result<Var<'t>> {
        match self {
            Self::CrossEntropy(loss) => loss.forward(scores, labels),
            Self::Focal(loss) => loss.forward(scores, labels),
            Self::Margin(loss) => loss.forward(scores, labels),
            Self::Mse(classes) => loss::mse(scores, &labels.one_hot::<f32>(*classes)?),
        }
    }
}

pub(crate) fn optimizer(options: &Options, parameters: Vec<Param>) -> Box<dyn Optimizer<f32>> {
    let lr = options.lr;
    match options.optimizer.as_str() {
        "sgd" => Box::new(Sgd::new(parameters, lr)),
        "momentum" => Box::new(Sgd::new(parameters, lr).momentum(0.9)),
        "nesterov" => Box::new(Sgd::new(parameters, lr).momentum(0.9).nesterov()),
        "adagrad" => Box::new(Adagrad::new(parameters, lr)),
        "rmsprop" => Box::new(RmsProp::new(parameters, lr)),
        "adamw" => Box::new(AdamW::new(parameters, lr)),
        _ => Box::new(Adam::new(parameters, lr)),
    }
}

/// The learning rate by step, over all epochs.
pub(crate) fn schedule(options: &Options, steps_per_epoch: usize) -> Box<dyn Schedule> {
    let lr = options.lr;
    let steps = options.epochs.saturating_mul(steps_per_epoch).max(1);
    match options.schedule.as_str() {
        // Three falls to a tenth.
        "step" => Box::new(StepLr::new(lr, steps.div_ceil(3)).gamma(0.1)),
        // To a hundredth at the end.
        "exponential" => Box::new(ExponentialLr::new(lr, 0.01_f64.powf(1.0 / steps as f64))),
        "linear" => Box::new(LinearLr::new(lr, steps).from(1.0).to(0.01)),
        "cosine" => Box::new(CosineAnnealingLr::new(lr, steps)),
        "one-cycle" => Box::new(OneCycleLr::new(lr, steps + 1)),
        _ => Box::new(ConstantLr::new(lr)),
    }
}
