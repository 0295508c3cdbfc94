//! Functions of two numbers on which optimisers are compared.

use wengert_autograd::{Result, Var};
use wengert_tensor::Float;

/// A function of two numbers with a known lowest place, on which the paths of optimisers are compared.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_viz::Surface;
///
/// let tape = Tape::new();
/// let (x, y) = (tape.scalar(1.0_f64), tape.scalar(1.0));
/// let gradients = Surface::Rosenbrock.on(x, y)?.gradients()?;
/// assert_eq!((gradients.wrt(x).value()?.item()?, gradients.wrt(y).value()?.item()?), (0.0, 0.0));
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// (1 - x)² + 100·(y - x²)²: a bent valley with a flat floor; lowest at (1, 1).
    Rosenbrock,
    /// (x² + y - 11)² + (x + y² - 7)²: four lowest places, of which one is (3, 2).
    Himmelblau,
    /// x² - y²: a saddle at (0, 0), where the gradient is 0 and nothing is lowest.
    Saddle,
}

impl Surface {
    /// The value at numbers of a tape.
    ///
    /// # Errors
    /// If the numbers are on different tapes, or a tape is spent.
    #[track_caller]
    pub fn on<'t, T: Float>(self, x: Var<'t, T>, y: Var<'t, T>) -> Result<Var<'t, T>> {
        match self {
            Self::Rosenbrock => {
                let valley = y.try_sub(x.square())?.square().mul_scalar(100.0);
                x.rsub_scalar(1.0).square().try_add(valley)
            }
            Self::Himmelblau => {
                let first = x.square().try_add(y)?.add_scalar(-11.0).square();
                first.try_add(x.try_add(y.square())?.add_scalar(-7.0).square())
            }
            Self::Saddle => x.square().try_sub(y.square()),
        }
    }

    /// The value at numbers.
    pub fn at(self, x: f64, y: f64) -> f64 {
        match self {
            Self::Rosenbrock => (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2),
            Self::Himmelblau => (x * x + y - 11.0).powi(2) + (x + y * y - 7.0).powi(2),
            Self::Saddle => x * x - y * y,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wengert_autograd::Tape;

    #[test]
    fn both_ways_to_write_a_surface_are_one() {
        for surface in [Surface::Rosenbrock, Surface::Himmelblau, Surface::Saddle] {
            for (x, y) in [(1.0, 1.0), (3.0, 2.0), (-0.7, 0.4), (0.0, 0.0)] {
                let tape = Tape::<f64>::new();
                let on = surface.on(tape.scalar(x), tape.scalar(y)).and_then(|v| v.item());
                assert!((on.unwrap() - surface.at(x, y)).abs() < 1e-12, "{surface:?} {x} {y}");
            }
        }
        assert_eq!(
            (Surface::Rosenbrock.at(1.0, 1.0), Surface::Himmelblau.at(3.0, 2.0)),
            (0.0, 0.0)
        );
    }
}
