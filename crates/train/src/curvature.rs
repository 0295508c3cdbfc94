//! `curvature`: how a loss curves around a model's weights, and so which learning rate is too high and how slow descent will be.

mod lanczos;

use std::fmt;

use wengert_autograd::{Tape, Tensors, Var};
use wengert_loss::Loss;
use wengert_nn::Module;
use wengert_tensor::{Float, Rng, Tensor};

use crate::Result;
use crate::epoch::loss_on;
pub(crate) use lanczos::{eigenvalue, lanczos};

/// The largest number of directions that are followed. With no more parameters than this the answer is exact but for rounding.
const DIRECTIONS: usize = 64;

/// The largest and the least eigenvalue of the Hessian: how the loss curves in the direction in which it curves most, and in the one
/// in which it curves least (or falls away, below 0).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Curvature {
    /// The largest eigenvalue.
    pub most: f64,
    /// The least.
    pub least: f64,
}

impl Curvature {
    /// 2 / λ, λ the largest curvature: plain gradient descent with a higher learning rate diverges, near a minimum.
    pub fn highest_rate(&self) -> f64 {
        if self.most > 0.0 { 2.0 / self.most } else { f64::INFINITY }
    }

    /// The largest curvature over the least: gradient descent needs steps in proportion to it, momentum to its root. Infinite where
    /// the loss is flat in some direction or falls away.
    pub fn condition(&self) -> f64 {
        if self.least > 0.0 { self.most / self.least } else { f64::INFINITY }
    }

    /// Whether it curves up in one direction and down in another: no minimum, though the gradient may be 0.
    pub fn is_saddle(&self) -> bool {
        self.least < 0.0 && self.most > 0.0
    }
}

impl fmt::Display for Curvature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { most, least } = self;
        write!(
            f,
            "curvature from {least:.3e} to {most:.3e}, condition number {:.3e}",
            self.condition()
        )?;
        write!(f, "; plain descent diverges above a learning rate of {:.3e}", self.highest_rate())?;
        if self.is_saddle() { write!(f, "; a saddle, no minimum") } else { Ok(()) }
    }
}

/// The curvature of the loss of these samples over all parameters of the model that are not frozen, by Lanczos' method on products
/// of the Hessian with vectors; the Hessian itself is never made. With more than 64 parameters `most` is a little too small and
/// `least` somewhat too large.
///
/// ```
/// use wengert_data::{DataLoader, synth};
/// use wengert_loss::MseLoss;
/// use wengert_nn::{Linear, Parts};
/// use wengert_optim::Sgd;
/// use wengert_tensor::Rng;
/// use wengert_train::{Trainer, curvature};
///
/// // 100 points on y = 3x + 4 + noise, x from -10 to 10.
/// let data = synth::linear::<f64>(100, 3.0, 4.0, 0.5, 0);
/// let loader = DataLoader::full(data.clone())?;
/// let line = || Linear::new(1, 1, &mut Rng::new(0));
/// let (x, y) = data.into_parts();
/// let c = curvature(&line(), &MseLoss::new(), &x, &y)?;
///
/// // The least learning rate that diverges is 2 over the largest curvature: a little below it all is well, a little above it not.
/// let trained = |rate: f64| {
///     let (model, criterion) = (line(), MseLoss::new());
///     let mut optimizer = Sgd::new(model.parameters(), rate);
///     Trainer::new(&model, &criterion, &mut optimizer).fit(&loader, 2000)
/// };
/// assert!(trained(0.995 * c.highest_rate())?.best().unwrap().train_loss < 0.3);
/// let losses = trained(1.005 * c.highest_rate())?;
/// assert!(losses.epochs.last().unwrap().train_loss > 1e6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As the forward pass and the loss; and if an op has no second derivative.
#[track_caller]
pub fn curvature<T: Float, X: Tensors, Y: Tensors, P: Tensors>(
    model: &(impl Module<T, X, P> + ?Sized),
    criterion: &impl for<'t, 'a> Loss<'t, T, &'a Y, P>,
    inputs: &X,
    targets: &Y,
) -> Result<Curvature> {
    // Dropout would curve it otherwise at each look.
    let tape = Tape::new().evaluating();
    let loss = loss_on(&tape, model, criterion, inputs.clone(), targets)?;
    let vars: Vec<Var<T>> =
        tape.params().into_iter().filter(|(p, _)| !p.is_frozen()).map(|(_, var)| var).collect();
    let gradients = loss.grad_or_zero(&vars)?;
    let n: usize = vars.iter().map(|v| v.len()).sum();
    let start = Tensor::<f64>::randn([n], &mut Rng::new(0)).to_vec();
    let times = |v: &[f64]| times_hessian(&gradients, &vars, v);
    let (diagonal, beside) = lanczos(start, DIRECTIONS, times)?;
    Ok(Curvature {
        most: eigenvalue(&diagonal, &beside, diagonal.len()),
        least: eigenvalue(&diagonal, &beside, 1),
    })
}

/// The product of the Hessian with a vector, by one sweep over the recorded gradients of these vars.
pub(crate) fn times_hessian<'t, T: Float>(
    gradients: &[Var<'t, T>],
    vars: &[Var<'t, T>],
    v: &[f64],
) -> Result<Vec<f64>> {
    let mut numbers = v.iter().map(|&x| T::from_f64(x));
    let parts = vars.iter().map(|var| {
        let part = numbers.by_ref().take(var.len()).collect();
        Tensor::from_vec(part, var.shape()).map_err(wengert_autograd::Error::from)
    });
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let Some(first) = vars.first() else { return Ok(Vec::new()) };
    let from: Vec<_> = gradients.iter().copied().zip(&parts).collect();
    let products = first.tape().pull_tensors(&from, vars)?;
    Ok(products.iter().flat_map(|product| product.iter().map(|x| x.to_f64())).collect())
}

#[cfg(test)]
mod tests {
    use wengert_autograd::Param;
    use wengert_nn::{Linear, Module, Parts, Tanh, Visitor};
    use wengert_tensor::tensor;

    use super::*;

    /// (x² - y²) · its input, at (0, 0) a saddle.
    struct Saddle(Param<f64>);
    impl Parts<f64> for Saddle {
        fn visit(&self, visitor: &mut Visitor<'_, f64>) {
            visitor.param("at", &self.0);
        }
    }
    impl Module<f64> for Saddle {
        fn forward<'t>(&self, x: Var<'t, f64>) -> wengert_autograd::Result<Var<'t, f64>> {
            let squares = x.tape().param(&self.0).square();
            squares.select(0, 0)?.try_sub(squares.select(0, 1)?)?.try_mul(x)
        }
    }

    #[test]
    fn a_saddle_is_seen_where_the_gradient_is_none() {
        let model = Saddle(Param::new(tensor![0.0, 0.0]));
        let as_it_is = wengert_loss::custom(|y: Var<'_, f64>, _: &Tensor<f64>| Ok(y.sum()));
        let c = curvature(&model, &as_it_is, &tensor![1.0], &tensor![0.0]).unwrap();
        assert!((c.most - 2.0).abs() < 1e-12 && (c.least + 2.0).abs() < 1e-12, "{c}");
        assert!(c.is_saddle() && c.condition().is_infinite());
        assert!(c.to_string().ends_with("a saddle, no minimum"), "{c}");
    }

    #[test]
    fn it_is_what_the_whole_hessian_says() {
        // 2·mean((x, 1)(x, 1)ᵀ) for a line.
        let x = Tensor::<f64>::linspace(-10.0, 10.0, 100).unsqueeze(1).unwrap();
        let model = Linear::new(1, 1, &mut Rng::new(0));
        let c = curvature(&model, &wengert_loss::MseLoss::new(), &x, &x).unwrap();
        let squares = x.square().mean().item().unwrap();
        assert!((c.most - 2.0 * squares).abs() < 1e-9 && (c.least - 2.0).abs() < 1e-9, "{c}");
        assert!((c.highest_rate() - 0.0294).abs() < 1e-4, "{c}");

        let x = Tensor::<f64>::randn([50, 4], &mut Rng::new(1));
        let y = Tensor::<f64>::randn([50, 1], &mut Rng::new(2));
        let net = net();
        net.parameters().iter().for_each(|p| p.set_frozen(p.shape() != [1]));
        let last_bias = curvature(&net, &wengert_loss::MseLoss::new(), &x, &y).unwrap();
        assert!((last_bias.most - 2.0).abs() < 1e-9 && last_bias.least == last_bias.most);
    }

    fn net() -> wengert_nn::Sequential<f64> {
        let rng = &mut Rng::new(1);
        wengert_nn::Sequential::new()
            .with(Linear::new(4, 16, rng))
            .with(Tanh)
            .with(Linear::new(16, 1, rng))
    }

    /// The Hessian by differences of the gradient, which is another way than the product's.
    fn hessian(
        net: &wengert_nn::Sequential<f64>,
        x: &Tensor<f64>,
        y: &Tensor<f64>,
    ) -> Vec<Vec<f64>> {
        use wengert_loss::Loss;
        let (parameters, h) = (net.parameters(), 1e-5);
        let gradient = || -> Vec<f64> {
            parameters.iter().for_each(Param::zero_grad);
            let tape = Tape::new();
            let outputs = net.forward(tape.constant(x.clone())).unwrap();
            wengert_loss::MseLoss::new().forward(outputs, y).unwrap().backward().unwrap();
            parameters.iter().flat_map(|p| p.grad().unwrap().to_vec()).collect()
        };
        let mut rows = Vec::new();
        for p in &parameters {
            let value = p.value();
            for k in 0..value.len() {
                let moved = |by: f64| {
                    let mut numbers = value.to_vec();
                    numbers[k] += by;
                    p.set(Tensor::from_vec(numbers, value.shape()).unwrap());
                    gradient()
                };
                let (above, below) = (moved(h), moved(-h));
                rows.push(above.iter().zip(below).map(|(a, b)| (a - b) / (2.0 * h)).collect());
            }
            p.set(value);
        }
        rows
    }

    /// The least and the greatest eigenvalue, by Jacobi's rotations.
    fn extremes(mut a: Vec<Vec<f64>>) -> (f64, f64) {
        let n = a.len();
        for (p, q) in (0..12).flat_map(|_| (0..n).flat_map(|p| (p + 1..n).map(move |q| (p, q)))) {
            if a[p][q].abs() < 1e-14 {
                continue;
            }
            let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
            let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
            let c = 1.0 / (t * t + 1.0).sqrt();
            let s = t * c;
            for row in &mut a {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
            let (head, tail) = a.split_at_mut(q);
            for (x, y) in head[p].iter_mut().zip(&mut tail[0]) {
                (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
            }
        }
        let diagonal = (0..n).map(|k| a[k][k]);
        diagonal.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), x| (l.min(x), m.max(x)))
    }

    #[test]
    fn with_more_parameters_than_directions_it_is_still_the_hessians() {
        let net = net();
        assert!(net.num_parameters() > DIRECTIONS);
        let x = Tensor::<f64>::randn([50, 4], &mut Rng::new(1));
        let y = Tensor::<f64>::randn([50, 1], &mut Rng::new(2));
        let c = curvature(&net, &wengert_loss::MseLoss::new(), &x, &y).unwrap();
        let (least, most) = extremes(hessian(&net, &x, &y));
        assert!((c.most - most).abs() < 1e-7 * most, "{c}, {most}");
        assert!((c.least - least).abs() < 1e-6 * most, "{c}, {least}");
        assert!(least < 0.0 && most > 2.0, "{least} {most}");
    }
}
