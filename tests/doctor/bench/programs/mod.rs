//! The programs: one file each. Another program is a file, a line below, and its faults in `faults.rs`.

mod attention;
mod deep;
mod digits;
mod images;
mod mlp;
mod regression;
mod residual;
mod sequence;

use wengert::autograd::{Param, Result, Tape, Var};
use wengert::nn::Parts;
use wengert::tensor::Tensor;

use super::plant::{Optimizing, Plant};

/// The inputs of a model.
#[derive(Clone, Debug)]
pub enum Inputs {
    Floats(Tensor<f32>),
    Tokens(Tensor<usize>),
}

/// The targets of a model.
#[derive(Clone, Debug)]
pub enum Targets {
    Classes(Tensor<usize>),
    Numbers(Tensor<f32>),
    /// 0 and 1, for logits.
    Binary(Tensor<f32>),
}

/// Samples in memory.
#[derive(Clone, Debug)]
pub struct Samples {
    pub x: Inputs,
    pub y: Targets,
}

/// A model of a program.
pub trait Net: Send + Sync {
    /// Layer by layer.
    fn layers(&self) -> Vec<Vec<Param<f32>>>;
    fn pass<'t>(&self, tape: &'t Tape<f32>, x: &Inputs) -> Result<Var<'t, f32>>;
}

/// A program.
pub trait Program {
    fn name(&self) -> &'static str;
    /// Whether thresholds were chosen while looking at it.
    fn seen(&self) -> bool;
    fn steps(&self) -> usize;
    fn batch(&self) -> usize {
        32
    }
    /// The optimiser and its learning rate.
    fn optimizing(&self) -> Optimizing;
    /// Training and test samples.
    fn samples(&self) -> (Samples, Samples);
    fn net(&self, plant: &Plant, seed: u64) -> Box<dyn Net>;
}

/// All programs.
pub fn all() -> Vec<Box<dyn Program>> {
    vec![
        Box::new(regression::Regression),
        Box::new(digits::Digits),
        Box::new(deep::Deep),
        Box::new(attention::Attention),
        Box::new(residual::Residual),
        Box::new(images::Images),
        Box::new(sequence::Sequence),
    ]
}

/// The program of this name.
pub fn of(name: &str) -> Box<dyn Program> {
    all().into_iter().find(|p| p.name() == name).expect("there is such a program")
}

/// Gives the parameters of parts their paths.
fn named(parts: &[(&str, &dyn Parts<f32>)]) {
    for (layer, part) in parts {
        for (name, p) in part.named_parameters() {
            p.set_path(&format!("{layer}.{name}"));
        }
    }
}
