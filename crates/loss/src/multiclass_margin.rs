//! Hinges over several classes: the right classes should exceed the others by a margin.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error as TensorError, Fault, Float, Tensor};

use crate::Reduction;
use crate::criterion::Loss;
use crate::labels::{ClassWeight, Picks, several_classes};
use crate::reduce::{Weight, checks_numbers, reduce, reducible};
use crate::refuse::{Numbers, margin, option};

/// Σ max(0, margin - x_y + x_c)^p / C over the classes c other than y, of scores `[N, C]` or `[C]`: the multi-class hinge. Its
/// mean is over the N samples. PyTorch's `multi_margin_loss`.
#[derive(Clone, Debug)]
#[must_use]
pub struct MultiMarginLoss<T> {
    p: u32,
    margin: f64,
    weight: Weight<T>,
    numbers: Numbers,
    reduction: Reduction,
}

impl<T> Default for MultiMarginLoss<T> {
    fn default() -> Self {
        Self {
            p: 1,
            margin: 1.0,
            weight: Weight::NONE,
            numbers: Numbers::Checked,
            reduction: Reduction::Mean,
        }
    }
}

impl<T> MultiMarginLoss<T> {
    /// With p = 1 and margin 1.
    pub fn new() -> Self {
        Self::default()
    }
    /// With the power, 1 or 2.
    pub fn p(mut self, p: u32) -> Self {
        self.p = p;
        self
    }
    /// With the margin.
    pub fn margin(mut self, margin: f64) -> Self {
        self.margin = margin;
        self
    }
    /// With a weight for each class, `[C]`, which applies to its samples. The mean's denominator stays N.
    pub fn weight(mut self, weight: Tensor<T>) -> Self {
        self.weight = Weight::of(weight);
        self
    }
}

/// Σ max(0, 1 - (x_l - x_c)) / C over a sample's labels l and all classes c that are not labels, of scores `[N, C]` or `[C]`. Its
/// mean is over the N samples. PyTorch's `multilabel_margin_loss`.
///
/// The target has the scores' shape: each row lists the sample's labels, and the first negative number ends the list.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct MultilabelMarginLoss {
    reduction: Reduction,
}

impl MultilabelMarginLoss {
    /// Its mean over the samples.
    pub fn new() -> Self {
        Self::default()
    }
}
reducible!(MultiMarginLoss<T> MultilabelMarginLoss);
checks_numbers!(MultiMarginLoss<T>);

impl<'t, T: Float> Loss<'t, T, &Tensor<usize>> for MultiMarginLoss<T> {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, labels: &Tensor<usize>) -> Result<Var<'t, T>> {
        const OP: &str = "multi_margin";
        let shape = x.shape();
        if !matches!(shape.len(), 1 | 2) || shape.last() == Some(&0) {
            let rule =
                "the scores must be [samples, classes] or [classes], with at least one class";
            return Err(TensorError::Shape(Fault::new(OP, &[&shape, labels.shape()], rule)).into());
        }
        several_classes(OP, &shape, self.numbers, "HingeLoss")?;
        option(OP, matches!(self.p, 1 | 2), || format!("p is {}, and must be 1 or 2", self.p))?;
        margin(OP, self.margin)?;
        // A single sample may have its label as `[1]`, as in PyTorch.
        let x = if shape.len() == 1 && labels.shape() == [1] { x.unsqueeze(0)? } else { x };
        let picks =
            Picks::new(OP, &x.shape(), labels, ClassWeight(self.weight.get(), self.numbers), None)?;
        let own = x.gather(picks.axis, &picks.index)?;
        let behind = x.try_sub(own)?.add_scalar(self.margin).relu();
        let terms = if self.p == 2 { behind.square() } else { behind };
        let zeros = Tensor::full(picks.index.shape(), T::ZERO);
        let others = Tensor::full(x.shape(), T::ONE).scatter(picks.axis, &picks.index, &zeros)?;
        let classes = x.shape()[picks.axis as usize] as f64;
        let others = x.tape().constant(others.div_scalar(classes));
        let losses = others.gate(terms)?.sum_over(-1)?;
        reduce(OP, picks.weigh(losses)?, self.reduction)
    }
}

impl<'t, T: Float> Loss<'t, T, &Tensor<i64>> for MultilabelMarginLoss {
    #[track_caller]
    fn forward(&self, x: Var<'t, T>, labels: &Tensor<i64>) -> Result<Var<'t, T>> {
        const OP: &str = "multilabel_margin";
        let shape = x.shape();
        if shape.len() > 2 || shape.last() == Some(&0) || *shape != *labels.shape() {
            let rule = "the scores must be [samples, classes] or [classes], and the labels lists of that shape, ended by a negative number";
            return Err(TensorError::Shape(Fault::new(OP, &[&shape, labels.shape()], rule)).into());
        }
        let classes = shape.last().copied().unwrap_or(1);
        let samples = x.len() / classes;
        let (mut label, mut other, mut sample) = (Vec::new(), Vec::new(), Vec::new());
        for (row, list) in labels.to_vec().chunks_exact(classes).enumerate() {
            let listed: Vec<usize> = list.iter().map_while(|&l| usize::try_from(l).ok()).collect();
            if let Some(wrong) = listed.iter().find(|&&l| l >= classes) {
                let rule = format!(
                    "sample {row} has label {wrong}, and the classes are 0 to {}",
                    classes - 1
                );
                let fault = Fault::new(OP, &[&shape, labels.shape()], rule);
                return Err(TensorError::Index(fault).into());
            }
            for &l in &listed {
                for c in (0..classes).filter(|c| !listed.contains(c)) {
                    label.push(row * classes + l);
                    other.push(row * classes + c);
                    sample.push(row);
                }
            }
        }
        let flat = x.reshape([x.len()])?;
        let lead = flat
            .index_select(0, Tensor::from(label))?
            .try_sub(flat.index_select(0, Tensor::from(other))?)?;
        let terms = lead.rsub_scalar(1.0).relu().div_scalar(classes as f64);
        let zeros = x.tape().constant(Tensor::try_full([samples], T::ZERO)?);
        let losses = zeros.index_add(0, Tensor::from(sample), terms)?;
        let losses = losses.reshape(if shape.len() == 2 { &shape[..1] } else { &[] })?;
        reduce(OP, losses, self.reduction)
    }
}

/// The mean of [`MultiMarginLoss`] over samples.
///
/// # Errors
/// If the shapes do not match, a class does not exist, or there is no sample.
#[track_caller]
pub fn multi_margin<'t, T: Float>(
    scores: Var<'t, T>,
    labels: &Tensor<usize>,
) -> Result<Var<'t, T>> {
    MultiMarginLoss::new().forward(scores, labels)
}

/// The mean of [`MultilabelMarginLoss`] over samples.
///
/// # Errors
/// If the shapes do not match, a class does not exist, or there is no sample.
#[track_caller]
pub fn multilabel_margin<'t, T: Float>(
    scores: Var<'t, T>,
    labels: &Tensor<i64>,
) -> Result<Var<'t, T>> {
    MultilabelMarginLoss::new().forward(scores, labels)
}
