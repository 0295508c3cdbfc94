//! L-BFGS without a line search, at learning rates other than 1, beside PyTorch.

use wengert_autograd::{Param, Tape};
use wengert_optim::Lbfgs;
use wengert_tensor::Tensor;

/// A linear regression on fixed data: the weights and biases after each step.
fn path(rate: f64, iterations: usize, steps: usize, start: f64) -> Vec<Vec<f64>> {
    let x = Tensor::<f64>::from_fn([8, 3], |i| ((i[0] * 3 + i[1]) * 7 % 11) as f64 / 5.0 - 1.0);
    let y = Tensor::<f64>::from_fn([8, 2], |i| ((i[0] * 2 + i[1]) * 5 % 13) as f64 / 6.0 - 1.0);
    let w = Tensor::from_fn([2, 3], |i| ((i[0] * 3 + i[1]) * 3 % 7) as f64 / 7.0 * start);
    let (w, b) = (Param::new(w), Param::new(Tensor::zeros([2])));
    let mut optimizer = Lbfgs::new([w.clone(), b.clone()], rate).max_iterations(iterations);
    let mut step = |_| {
        let loss = || {
            let tape = Tape::new();
            let (w, b) = (tape.param(&w), tape.param(&b));
            let y_hat = tape.constant(x.clone()).linear(w, Some(b))?;
            let loss = y_hat.squared_error(&y)?.mean();
            loss.backward()?;
            Ok::<_, Box<dyn std::error::Error>>(loss.item()?)
        };
        optimizer.step(loss).unwrap();
        w.value().iter().chain(b.value().iter()).collect()
    };
    (0..steps).map(&mut step).collect()
}

fn apart(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// torch 2.x, `LBFGS([W, b], lr=lr, max_iter=4)` in float64 on the same data: W and b after three steps.
const TORCH: [(f64, [[f64; 8]; 3]); 2] = [
    (
        0.05,
        [
            [
                0.10396765789084479,
                0.40272287546494423,
                0.7533161505012699,
                0.2602735308397923,
                0.6373766924991623,
                0.09504715899365598,
                -0.007401311781106146,
                0.01244896909571493,
            ],
            [
                0.2138740221142334,
                0.30892829752144774,
                0.630607393022956,
                0.2121476227848074,
                0.4703640758731344,
                -0.0051116724135276135,
                -0.044442907036090405,
                -0.0024759872835750946,
            ],
            [
                0.28990197480948504,
                0.19623242137223768,
                0.5161511553088044,
                0.16559190748351063,
                0.2814018935578054,
                -0.11511004040305871,
                -0.08566553782323463,
                -0.033175153376253534,
            ],
        ],
    ),
    (
        0.1,
        [
            [
                0.19636766250916587,
                0.37756546078661635,
                0.6616579309454761,
                0.2366997610510731,
                0.5668380791138935,
                0.05108452787745547,
                -0.01558100644902693,
                0.02223792952805561,
            ],
            [
                0.3684823207276618,
                0.20396239046233514,
                0.46091546810519646,
                0.15303368888964214,
                0.2688942859458855,
                -0.12660835106287993,
                -0.08465437001345759,
                -0.012674857448476623,
            ],
            [
                0.45575645072953497,
                0.013727760727273679,
                0.2979220114398331,
                0.08281608809403039,
                -0.03809645570129984,
                -0.3027751602586285,
                -0.15186290260626523,
                -0.07222518120837998,
            ],
        ],
    ),
];

#[test]
fn the_path_is_pytorchs_whatever_the_learning_rate() {
    for (rate, expected) in TORCH {
        for (ours, torch) in path(rate, 4, 3, 1.0).iter().zip(&expected) {
            assert!(apart(ours, torch) < 1e-12, "{rate}: {ours:?} {torch:?}");
        }
    }
}

/// With a small rate the gradient changes little from step to step, so the quotients of those changes magnify rounding.
/// After some twenty iterations two paths that began one rounding apart are far from each other, here as in PyTorch (4e-3
/// at this rate). No agreement to many digits can be asked for there.
#[test]
fn a_small_learning_rate_magnifies_rounding() {
    let [a, b] = [1.0, 1.0 + f64::EPSILON].map(|start| path(0.05, 20, 2, start));
    assert!(apart(&a[0], &b[0]) < 1e-8, "after 20 iterations");
    assert!(apart(&a[1], &b[1]) > 1e-6, "after 40 iterations");
}
