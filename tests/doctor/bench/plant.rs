//! `Plant`: the faults that can be planted in a program, each a field that is off unless it is set.

use wengert::train::doctor::Fault;

/// The start of the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    Usual,
    Zeros,
    Constant(f64),
    Times(f64),
    /// The biases of hidden layers.
    Bias(f64),
}

/// The change of the training data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Data {
    Clean,
    Times(f64),
    ColumnTimes(f64),
    Leak,
    Shuffled,
    Flipped(f64),
    /// Only each so manieth sample of all classes but the first.
    Rare(usize),
    Nan,
    /// Targets times this.
    TargetTimes(f64),
}

/// The change of the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LossFault {
    None,
    Softmax,
    /// Squared error of the class's number.
    ClassNumbers,
    /// By hand, from a probability that rounds to 0.
    LogOfProbability,
    Sum,
    Penalty(f64),
    Negated,
    Broadcast,
    /// Labels of -1 and 1.
    Signs,
}

/// The change of the optimiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizing {
    Usual,
    Sgd(f64),
    Adam(f64),
    Epsilon(f64),
    Momentum(f64),
    Decay(f64),
    Uphill,
}

/// The activation between layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    None,
    Relu,
    Tanh,
    Sigmoid,
}

/// A program with what is planted in it.
#[derive(Clone, Copy, Debug)]
pub struct Plant {
    pub rate: f64,
    pub optimizing: Optimizing,
    pub batch: Option<usize>,
    /// The fraction of the steps after which the learning rate is 0.
    pub rate_ends: f64,
    pub init: Init,
    pub act: Option<Act>,
    pub output: Act,
    /// The layer whose result is detached.
    pub cut: Option<usize>,
    /// The layer that the optimiser does not have, or that is frozen.
    pub forgotten: Option<usize>,
    pub frozen: Option<usize>,
    pub mixed: bool,
    pub used_gradients: bool,
    pub evaluating: bool,
    pub dropout: f64,
    pub clip: Option<f64>,
    pub warm_restarts: bool,
    pub loss_scale: f64,
    pub data: Data,
    pub loss: LossFault,
    /// The fraction of the program's steps.
    pub budget: f64,
}

impl Plant {
    pub const NONE: Self = Self {
        rate: 1.0,
        optimizing: Optimizing::Usual,
        batch: None,
        rate_ends: 1.0,
        init: Init::Usual,
        act: None,
        output: Act::None,
        cut: None,
        forgotten: None,
        frozen: None,
        mixed: false,
        used_gradients: false,
        evaluating: false,
        dropout: 0.0,
        clip: None,
        warm_restarts: false,
        loss_scale: 1.0,
        data: Data::Clean,
        loss: LossFault::None,
        budget: 1.0,
    };
}

/// A planted fault: the program, a name, the plant, the causes that are right, and words of a right place.
pub struct Planted {
    pub program: &'static str,
    pub name: &'static str,
    pub plant: Plant,
    pub causes: &'static [Fault],
    /// One of these in the place's text, if there is a place.
    pub place: &'static [&'static str],
}
