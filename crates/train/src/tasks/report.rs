//! `TaskReport`: what each task was at a step, and how their gradients stood to one another.

use std::fmt;

use wengert_autograd::{Param, Result, Var};
use wengert_tensor::{Float, Tensor};

/// The tasks at one step.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaskReport {
    /// The step, from 0, counted since the tasks were made.
    pub step: usize,
    /// The tasks in their order.
    pub tasks: Vec<TaskLine>,
    /// The cosine of the angle between the gradients of tasks i and j at the shared parameters, `cosines[i][j]`: below 0 they
    /// conflict. Empty if no parameters were named as shared; NaN next to a gradient of length 0.
    pub cosines: Vec<Vec<f64>>,
}

/// One task at one step.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaskLine {
    /// Its name.
    pub name: String,
    /// Its loss, without a weight.
    pub loss: f64,
    /// The weight of its loss in the sum.
    pub weight: f64,
    /// The norm of its gradient, without the weight, at the shared parameters, if some were named.
    pub gradient_norm: Option<f64>,
}

impl fmt::Display for TaskReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = self.tasks.iter().map(|t| t.name.chars().count()).max().unwrap_or(0).max(4);
        write!(f, "{:<wide$}        loss      weight    gradient", "task")?;
        for task in &self.tasks {
            write!(f, "\n{:<wide$}  {:>10.4e}  {:>10.4e}", task.name, task.loss, task.weight)?;
            match task.gradient_norm {
                Some(norm) => write!(f, "  {norm:>10.4e}")?,
                None => write!(f, "  {:>10}", "-")?,
            }
        }
        for (i, row) in self.cosines.iter().enumerate() {
            for (j, cosine) in row.iter().enumerate().skip(i + 1) {
                let (a, b) = (&self.tasks[i].name, &self.tasks[j].name);
                write!(f, "\ncosine of {a} and {b}: {cosine:.3}")?;
            }
        }
        Ok(())
    }
}

/// The products of the tasks' gradients at some parameters: `[i][j]` is that of tasks i and j.
#[track_caller]
pub(super) fn products<T: Float>(
    losses: &[Var<'_, T>],
    shared: &[Param<T>],
) -> Result<Vec<Vec<f64>>> {
    let mut gradients: Vec<Vec<Option<Tensor<T>>>> = Vec::with_capacity(losses.len());
    for loss in losses {
        // A task that no shared parameter leads to has none there.
        let found = if loss.wants_grad() { Some(loss.gradients()?) } else { None };
        let of = |p: &Param<T>| found.as_ref().and_then(|g| g.wrt(p).ok());
        gradients.push(shared.iter().map(of).collect());
    }
    let product = |a: &[Option<Tensor<T>>], b: &[Option<Tensor<T>>]| -> Result<f64> {
        let both = a.iter().zip(b).filter_map(|(a, b)| Some((a.as_ref()?, b.as_ref()?)));
        let products = both.map(|(a, b)| Ok(a.try_mul(b)?.sum().item()?.to_f64()));
        products.sum()
    };
    gradients.iter().map(|a| gradients.iter().map(|b| product(a, b)).collect()).collect()
}

/// The cosines of products.
pub(super) fn cosines(products: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let cosine = |i: usize, j: usize| products[i][j] / (products[i][i] * products[j][j]).sqrt();
    let tasks = 0..products.len();
    tasks.clone().map(|i| tasks.clone().map(|j| cosine(i, j)).collect()).collect()
}
