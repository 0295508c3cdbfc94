//! The sharpness of a step: how much the loss curves in the optimiser's own metric, next to how much its learning rate stands.

use wengert_autograd::Var;
use wengert_optim::Optimizer;
use wengert_tensor::{Float, Rng, Tensor};

use crate::curvature::{eigenvalue, lanczos, times_hessian};

/// The number of products of the Hessian with a vector.
const PRODUCTS: usize = 10;
/// The number of parameters up to which it is measured.
const PARAMETERS: usize = 300_000;

/// The largest curvature at a step, and the largest at which the steps would not swing further and further.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sharpness {
    pub(crate) step: usize,
    pub(crate) largest: f64,
    pub(crate) stands: f64,
}

impl Sharpness {
    /// The curvature in units of what the learning rate stands: above 1 descent diverges, near a minimum.
    pub(crate) fn excess(&self) -> f64 {
        self.largest / self.stands
    }

    /// Measures it on the tape of a step, which stays as it was. `None` for an optimiser whose metric is not known, or where
    /// something on the tape has no second derivative.
    #[cold]
    pub(crate) fn of<T: Float>(
        loss: Var<'_, T>,
        optimizer: &(impl Optimizer<T> + ?Sized),
        step: usize,
    ) -> Option<Self> {
        let stands = stands(&optimizer.settings(), optimizer.learning_rate())?;
        let tape = loss.tape();
        let roots = roots(optimizer)?;
        let largest = tape.unspent(|| {
            let mine: Vec<(Var<'_, T>, &Vec<f64>)> = tape
                .params()
                .into_iter()
                .filter(|(p, _)| !p.is_frozen())
                .filter_map(|(p, var)| Some((var, &roots.iter().find(|r| r.0 == p.id())?.1)))
                .collect();
            let vars: Vec<Var<'_, T>> = mine.iter().map(|m| m.0).collect();
            let n: usize = vars.iter().map(|v| v.len()).sum();
            if n == 0 || n > PARAMETERS {
                return None;
            }
            // With the root of the metric on both sides, the matrix is symmetric.
            let root: Vec<f64> =
                mine.iter().flat_map(|(v, r)| (0..v.len()).map(|k| at(r, k))).collect();
            let gradients = loss.grad_or_zero(&vars).ok()?;
            let times = |v: &[f64]| {
                let rooted = |v: &[f64]| v.iter().zip(&root).map(|(v, r)| v * r).collect();
                let inside: Vec<f64> = rooted(v);
                Ok(rooted(&times_hessian(&gradients, &vars, &inside)?))
            };
            let start = Tensor::<f64>::randn([n], &mut Rng::new(0)).to_vec();
            let (diagonal, beside) = lanczos(start, PRODUCTS.min(n), times).ok()?;
            Some(eigenvalue(&diagonal, &beside, diagonal.len()))
        });
        largest.flatten().filter(|x| x.is_finite()).map(|largest| Self { step, largest, stands })
    }
}

/// The largest curvature at which a quadratic does not swing further and further: 2/rate for plain descent, 2(1 + μ)/rate with momentum, and
/// 2(1 + β₁)/((1 - β₁) rate) for Adam in its own metric.
fn stands(settings: &[(&'static str, f64)], rate: f64) -> Option<f64> {
    let of = |name: &str| settings.iter().find(|s| s.0 == name).map(|s| s.1);
    let factor = match (of("beta1"), of("momentum")) {
        (Some(beta), _) => 2.0 * (1.0 + beta) / (1.0 - beta),
        (None, momentum) => 2.0 * (1.0 + momentum.unwrap_or(0.0)),
    };
    (rate > 0.0 && factor.is_finite()).then_some(factor / rate)
}

/// The root of the metric's inverse, parameter by parameter: 1 for descent, `1/√(√v + ε)` for what divides by the root of a mean square.
/// A list of one number holds for all elements. `None` before the first step, when there is no mean square.
fn roots<T: Float>(optimizer: &(impl Optimizer<T> + ?Sized)) -> Option<Vec<(u64, Vec<f64>)>> {
    let settings = optimizer.settings();
    let of = |name: &str| settings.iter().find(|s| s.0 == name).map(|s| s.1);
    let Some(beta) = of("beta2").or(of("alpha")) else {
        return Some(optimizer.parameters().iter().map(|p| (p.id(), vec![1.0])).collect());
    };
    let (corrected, eps) = (of("beta2").is_some(), of("eps").unwrap_or(1e-8));
    let state = optimizer.state();
    let squares = |p: &wengert_autograd::Param<T>| {
        let names = ["exp_avg_sq", "square_avg"];
        names.iter().find_map(|name| state.get(&format!("{}.{name}", p.path())))
    };
    let root = |p: &wengert_autograd::Param<T>| {
        let Some(squares) = squares(p) else { return (p.id(), vec![0.0]) };
        let steps = state.number(&format!("{}.step", p.path())).unwrap_or(1.0);
        let bias = if corrected { 1.0 - beta.powf(steps) } else { 1.0 };
        let of = |v: T| ((v.to_f64() / bias.max(1e-12)).sqrt() + eps).sqrt().recip();
        (p.id(), squares.iter().map(of).collect())
    };
    let parameters = optimizer.parameters();
    parameters.iter().any(|p| squares(p).is_some()).then(|| parameters.iter().map(root).collect())
}

/// The number of an element.
fn at(numbers: &[f64], k: usize) -> f64 {
    if numbers.len() == 1 { numbers[0] } else { numbers.get(k).copied().unwrap_or(0.0) }
}

#[cfg(test)]
mod tests {
    use wengert_autograd::{Param, Tape};
    use wengert_optim::{Adam, Sgd};
    use wengert_tensor::tensor;

    use super::*;

    fn of(optimizer: &mut impl Optimizer<f64>, w: &Param<f64>) -> Sharpness {
        for step in 0..2 {
            let tape = Tape::new();
            optimizer.zero_grad();
            // Curvatures of 6 and 1.
            let loss = (tape.param(w).square() * tape.constant(tensor![3.0, 0.5])).sum();
            loss.backward().unwrap();
            if step == 1 {
                return Sharpness::of(loss, optimizer, step).unwrap();
            }
            optimizer.step().unwrap();
        }
        unreachable!("it returns at the second step")
    }

    #[test]
    fn a_quadratic_is_as_sharp_as_it_is() {
        let w = Param::new(tensor![1.0_f64, 1.0]);
        w.set_path("w");
        let plain = of(&mut Sgd::new([w.clone()], 0.1), &w);
        assert!((plain.largest - 6.0).abs() < 1e-9 && (plain.stands - 20.0).abs() < 1e-9);
        let momentum = of(&mut Sgd::new([w.clone()], 0.1).momentum(0.9), &w);
        assert!((momentum.stands - 38.0).abs() < 1e-9 && (momentum.largest - 6.0).abs() < 1e-9);
        // Gradients of 6 and 1 at (1, 1): in its own metric both directions curve by about 1.
        let w = Param::new(tensor![1.0_f64, 1.0]);
        w.set_path("w");
        let adam = of(&mut Adam::new([w.clone()], 1e-3), &w);
        assert!((adam.largest - 1.0).abs() < 1e-2, "{adam:?}");
        assert!((adam.stands - 38.0 / 1e-3).abs() < 1e-6);
    }
}
