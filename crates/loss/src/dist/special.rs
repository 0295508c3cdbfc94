//! The logarithm of the gamma function and its slope, for positive numbers.

use std::f64::consts::PI;

/// The least argument for which the series of Stirling gives all digits.
const FAR: f64 = 10.0;

/// ln Γ(x), x > 0.
pub(super) fn ln_gamma(x: f64) -> f64 {
    // Γ(x) = Γ(x + n) / (x·(x + 1)···(x + n - 1))
    let (mut x, mut product) = (x, 1.0);
    while x < FAR {
        product *= x;
        x += 1.0;
    }
    // The terms B₂ₖ / (2k·(2k - 1)·x²ᵏ⁻¹) of Stirling's series.
    const TERMS: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
        -3617.0 / 122_400.0,
    ];
    let r = 1.0 / (x * x);
    let series = TERMS.iter().rev().fold(0.0, |sum, term| sum * r + term) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln() + series - product.ln()
}

/// ψ(x) = d/dx ln Γ(x), x > 0.
pub(super) fn digamma(x: f64) -> f64 {
    let (mut x, mut before) = (x, 0.0);
    while x < FAR {
        before += 1.0 / x;
        x += 1.0;
    }
    // The terms B₂ₖ / (2k·x²ᵏ).
    const TERMS: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32_760.0,
        1.0 / 12.0,
        -3617.0 / 8160.0,
    ];
    let r = 1.0 / (x * x);
    let series = TERMS.iter().rev().fold(0.0, |sum, term| (sum + term) * r);
    x.ln() - 0.5 / x - series - before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_scipy() {
        // SciPy 1.17.1: special.gammaln(x), special.digamma(x)
        for (x, gamma, psi) in [
            (0.001, 6.907178885383853, -1000.5755719318103),
            (0.25, 1.2880225246980774, -4.2274535333762655),
            (0.5, 0.5723649429247, -1.9635100260214235),
            (1.0, 0.0, -0.5772156649015329),
            (1.5, -0.12078223763524526, 0.03648997397857652),
            (2.0, 0.0, 0.42278433509846713),
            (3.7, 1.428072326665388, 1.1671535393615113),
            (9.99, 12.779315214350195, 2.250700372831201),
            (10.0, 12.801827480081469, 2.251752589066721),
            (42.5, 115.90007047041453, 3.737693236500094),
            (1000.0, 5905.220423209181, 6.907255195648812),
            (1000000.0, 12815504.569147611, 13.81551005796419),
        ] {
            assert!((ln_gamma(x) - gamma).abs() <= 4e-15 * gamma.abs().max(1.0), "{x}");
            assert!((digamma(x) - psi).abs() <= 4e-15 * psi.abs().max(1.0), "{x}");
        }
    }
}
