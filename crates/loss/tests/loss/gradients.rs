//! Every loss's gradient, to the second order, against differences and forward mode; f64, away from kinks.

use wengert_autograd::{GradCheck, Result, Var, Verdict};
use wengert_loss::*;
use wengert_tensor::{Rng, Tensor, tensor};

#[track_caller]
fn right(
    name: &str,
    inputs: &[Tensor<f64>],
    f: impl for<'t> Fn(&[Var<'t, f64>]) -> Result<Var<'t, f64>>,
) {
    let report = GradCheck::new().check(f, inputs);
    assert!(report.is_right() && report.worst() == Verdict::Right, "{name}: {report}");
}

fn normal(shape: &[usize], seed: u64) -> Tensor<f64> {
    Tensor::randn(shape, &mut Rng::new(seed))
}

fn between(shape: &[usize], low: f64, high: f64, seed: u64) -> Tensor<f64> {
    Tensor::uniform(shape, low, high, &mut Rng::new(seed)).unwrap()
}

const REDUCTIONS: [Reduction; 3] = [Reduction::Mean, Reduction::Sum, Reduction::None];

#[test]
fn regression() {
    let (x, y) = (normal(&[3, 4], 1), normal(&[3, 4], 2));
    for r in REDUCTIONS {
        macro_rules! both {
            ($($loss:expr;)*) => {$(
                // The target too.
                right(stringify!($loss), &[x.clone(), y.clone()], |v| {
                    $loss.reduction(r).forward(v[0], v[1])
                });
            )*};
        }
        both! {
            MseLoss::new();
            MaeLoss::new();
            HuberLoss::new().delta(0.7);
            SmoothL1Loss::new().beta(0.4);
            LogCoshLoss::new();
            QuantileLoss::new().tau(0.3);
            CharbonnierLoss::new().epsilon(0.5);
            CauchyLoss::new().scale(0.8);
            TukeyLoss::new().scale(2.0);
            GeneralRobustLoss::new(2.0, 1.5);
            GeneralRobustLoss::new(0.7, 1.5);
            GeneralRobustLoss::new(0.0, 1.5);
            GeneralRobustLoss::new(-3.0, 1.5);
            GeneralRobustLoss::new(f64::NEG_INFINITY, 1.5);
            AdaptiveRobustLoss::new();
        }
    }
}

#[test]
fn a_learned_shape_and_scale() {
    let (x, y) = (normal(&[3, 4], 19), normal(&[3, 4], 20));
    // One of each for all, one a column, and one an element.
    for shape in [&[][..], &[4], &[3, 4]] {
        let (alpha, scale) = (between(shape, 0.1, 1.9, 21), between(shape, 0.5, 2.0, 22));
        right("robust_nll", &[x.clone(), y.clone(), alpha, scale], |v| {
            robust_nll(v[0], v[1], v[2], v[3])
        });
    }
    // Close to the ends, where the formula has no value.
    for alpha in [0.002, 1.998] {
        right("robust_nll", &[x.clone(), y.clone(), Tensor::scalar(alpha)], |v| {
            robust_nll(v[0], v[1], v[2], 1.5)
        });
    }
}

#[test]
fn likelihoods() {
    let (x, counts) = (normal(&[2, 3], 3), tensor![[0.0, 1.0, 4.0], [2.0, 7.0, 1.0]]);
    right("poisson", &[x.clone()], |v| PoissonNllLoss::new().full().forward(v[0], &counts));
    let targets = between(&[2, 3], 1.5, 4.0, 4);
    right("poisson of a target", &[x.clone(), targets], |v| {
        PoissonNllLoss::new().full().forward(v[0], v[1])
    });
    let rates = between(&[2, 3], 0.5, 4.0, 5);
    right("poisson of rates", &[rates], |v| {
        PoissonNllLoss::new().of_rates().forward(v[0], &counts)
    });
    for shape in [&[2, 3][..], &[2, 1], &[2]] {
        let variance = between(shape, 0.5, 2.0, 6);
        right("gaussian", &[x.clone(), normal(&[2, 3], 7), variance], |v| {
            gaussian_nll(v[0], v[1], v[2])
        });
    }
}

#[test]
fn classes() {
    let x = normal(&[4, 3], 8);
    let labels = tensor![2_usize, 0, 1, 1];
    let w = tensor![0.5, 2.0, 1.5];
    for r in REDUCTIONS {
        for smoothing in [0.0, 0.2] {
            right("cross_entropy", &[x.clone()], |v| {
                let loss = CrossEntropyLoss::new().weight(w.clone()).label_smoothing(smoothing);
                loss.ignore_index(0).reduction(r).forward(v[0], &labels)
            });
        }
        right("nll", &[x.clone()], |v| {
            let loss = NllLoss::new().weight(w.clone()).ignore_index(0);
            loss.reduction(r).forward(v[0].log_softmax(1)?, &labels)
        });
        right("focal", &[x.clone()], |v| {
            FocalLoss::new(1.7).weight(w.clone()).reduction(r).forward(v[0], &labels)
        });
        right("generalized_cross_entropy", &[x.clone()], |v| {
            let loss = GeneralizedCrossEntropyLoss::new().q(0.6).ignore_index(0);
            loss.reduction(r).forward(v[0], &labels)
        });
        right("symmetric_cross_entropy", &[x.clone()], |v| {
            let loss = SymmetricCrossEntropyLoss::new().alpha(0.7).beta(0.4).ignore_index(0);
            loss.reduction(r).forward(v[0], &labels)
        });
        right("multi_margin", &[x.clone()], |v| {
            MultiMarginLoss::new().p(2).weight(w.clone()).reduction(r).forward(v[0], &labels)
        });
        right("multilabel_margin", &[x.clone()], |v| {
            let lists = tensor![[2_i64, 0, -1], [1, -1, 0], [0, 1, 2], [1, 1, -1]];
            MultilabelMarginLoss::new().reduction(r).forward(v[0], &lists)
        });
        let q = normal(&[4, 3], 9).softmax(1).unwrap();
        right("cross_entropy of both", &[x.clone(), q], |v| {
            let loss = CrossEntropyLoss::new().weight(w.clone()).label_smoothing(0.1);
            // Differences leave the distributions.
            loss.unchecked().reduction(r).forward(v[0], v[1])
        });
    }
    let image = normal(&[2, 3, 2], 10);
    let places = tensor![[2_usize, 0], [1, 1]];
    right("cross_entropy of more axes", &[image], |v| cross_entropy(v[0], &places));
    let tokens = tensor![[1_usize, 2, 0], [1, 0, 0]];
    right("sequence_cross_entropy", &[normal(&[2, 3, 4], 11)], |v| {
        sequence_cross_entropy(v[0], &tokens, 0)
    });
}

#[test]
fn yes_or_no() {
    let x = normal(&[2, 3], 12);
    let (p, y) = (between(&[2, 3], 0.1, 0.9, 13), between(&[2, 3], 0.1, 0.9, 14));
    let hard = tensor![[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]];
    let w = tensor![0.5, 2.0, 1.0];
    right("bce", &[p, y.clone()], |v| BceLoss::new().weight(w.clone()).forward(v[0], v[1]));
    right("bce_with_logits", &[x.clone(), y.clone()], |v| {
        BceWithLogitsLoss::new().weight(w.clone()).forward(v[0], v[1])
    });
    right("pos_weight", &[x.clone(), y.clone()], |v| {
        BceWithLogitsLoss::new().pos_weight(w.clone()).forward(v[0], v[1])
    });
    right("multilabel_cross_entropy", &[x.clone(), y], |v| multilabel_cross_entropy(v[0], v[1]));
    for r in REDUCTIONS {
        right("dice", &[x.clone(), between(&[2, 3], 0.1, 0.9, 23)], |v| {
            DiceLoss::new().smooth(0.3).reduction(r).forward(v[0], v[1])
        });
        for gamma in [1.0, 4.0 / 3.0] {
            right("tversky", &[x.clone()], |v| {
                TverskyLoss::new(0.3, 0.7).gamma(gamma).reduction(r).forward(v[0], &hard)
            });
        }
    }
    right("dice of one mask", &[normal(&[4], 24)], |v| dice(v[0], &tensor![1.0, 0.0, 0.0, 1.0]));
    right("dice of images", &[normal(&[2, 2, 3], 25)], |v| {
        dice(v[0], &between(&[2, 2, 3], 0.1, 0.9, 26))
    });
    for gamma in [0.0, 0.5, 2.0] {
        right("binary_focal", &[x.clone()], |v| {
            BinaryFocalLoss::new(gamma).alpha(0.25).forward(v[0], &hard)
        });
    }
}

#[test]
fn sides_and_distances() {
    let (a, b, c) = (normal(&[3, 4], 15), normal(&[3, 4], 16), normal(&[3, 4], 17));
    let signs = b.sign();
    right("hinge", &[a.clone()], |v| hinge(v[0], &signs));
    right("squared_hinge", &[a.clone()], |v| squared_hinge(v[0], &signs));
    right("soft_margin", &[a.clone(), b.clone()], |v| {
        SoftMarginLoss::new().unchecked().forward(v[0], v[1])
    });
    right("hinge_embedding", &[a.clone()], |v| hinge_embedding(v[0], &signs));
    right("margin_ranking", &[a.clone(), b.clone()], |v| {
        MarginRankingLoss::new().margin(0.3).forward(v[0], (v[1], &signs))
    });
    let pairs = tensor![1.0, -1.0, 1.0];
    right("cosine_embedding", &[a.clone(), b.clone()], |v| {
        CosineEmbeddingLoss::new().margin(-0.9).forward(v[0], (v[1], &pairs))
    });
    for p in [1.0, 2.0, 3.0] {
        right("triplet_margin", &[a.clone(), b.clone(), c.clone()], |v| {
            TripletMarginLoss::new().margin(20.0).p(p).swap().forward(v[0], (v[1], v[2]))
        });
        right("pairwise_distance", &[a.clone(), b.clone()], |v| {
            v[0].pairwise_distance(v[1], p, 1e-6, false)
        });
    }
    right("cosine_similarity", &[a.clone(), b.clone()], |v| v[0].cosine_similarity(v[1], 0, 1e-8));
    let q = between(&[3, 4], 0.1, 0.9, 18);
    right("kl_div", &[a.clone(), q], |v| kl_div(v[0].log_softmax(1)?, v[1]));
    right("kl_div of logs", &[a, b.clone()], |v| {
        KlDivLoss::new().log_target().forward(v[0].log_softmax(1)?, v[1].log_softmax(1)?)
    });
    right("weighted_mean", &[c, b.square().add_scalar(0.5)], |v| {
        let losses = MseLoss::new().reduction(Reduction::None).forward(v[0], &signs)?;
        weighted_mean(losses, v[1])
    });
}
