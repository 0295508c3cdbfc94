//! Losses that read like their formulas, reject meaningless targets, and stay finite.
//!
//! Each loss is a struct with options ([`MseLoss`]) and a function ([`mse`]). Both take a prediction on a tape and a target. The
//! target is a tensor, or a var if it wants a gradient too. A loss of your own is a closure ([`custom`]) or an `impl` of
//! [`Loss`]; it is written in ops, so it needs no gradient code.
//!
//! ```
//! use wengert_autograd::Tape;
//! use wengert_loss::{Loss, MseLoss, Reduction};
//! use wengert_tensor::tensor;
//!
//! let tape = Tape::new();
//! let prediction = tape.var(tensor![1.5_f32, 2.5, 3.5]);
//! let criterion = MseLoss::new().reduction(Reduction::Mean);
//! let loss = criterion.forward(prediction, &tensor![1.0, 2.0, 3.0])?;
//! assert_eq!(loss.item()?, 0.25);
//! # Ok::<(), wengert_autograd::Error>(())
//! ```
//!
//! # Which loss for which target
//!
//! | the target is | the prediction is | loss |
//! |---|---|---|
//! | a number | a number | [`mse`]; with outliers [`mae`], [`huber`], [`log_cosh`], [`cauchy`], [`tukey`] |
//! | a number, with as many outliers as there are | a number | [`AdaptiveRobustLoss`], which learns its shape |
//! | a number, and the quantile is wanted | a number | [`quantile`] |
//! | a number with noise that varies | mean and variance | [`gaussian_nll`] |
//! | a count, 0, 1, 2, … | logarithm of the rate | [`poisson_nll`] |
//! | yes or no: 1.0 or 0.0 | a logit | [`bce_with_logits`]; if yes is rare: the `pos_weight` of [`BceWithLogitsLoss`], [`binary_focal`] |
//! | yes or no: 1.0 or 0.0 | a probability | [`bce`], also called [`log_loss`] |
//! | a side: 1.0 or -1.0 | a score | [`hinge`], [`squared_hinge`], [`soft_margin`] |
//! | one class: `Tensor<usize>` of `[N]` | logits `[N, C]` | [`cross_entropy`]; unbalanced: the `weight` of [`CrossEntropyLoss`], [`focal`]; labels that may be wrong: [`generalized_cross_entropy`], [`symmetric_cross_entropy`] |
//! | one class | log-probabilities | [`nll`] |
//! | one class | scores | [`multi_margin`] |
//! | probabilities of classes `[N, C]` | logits `[N, C]` | [`cross_entropy`] |
//! | probabilities of classes | log-probabilities | [`kl_div`] |
//! | several labels: `[N, L]` of 1.0 and 0.0 | logits `[N, L]` | [`multilabel_cross_entropy`] |
//! | several labels as lists | scores | [`multilabel_margin`] |
//! | the box of an object | numbers | [`smooth_l1`], next to the cross-entropy of what it is |
//! | a mask: `[N, …]` of 1.0 and 0.0 | logits `[N, …]` | [`dice`], [`tversky`] |
//! | tokens `[N, T]`, padded | logits `[N, T, C]` | [`sequence_cross_entropy`], [`perplexity`] |
//! | labels whose places in time are not known | log-probabilities `[T, N, C]` | [`ctc`]; read off by [`ctc_greedy`], [`ctc_beam`] |
//! | the better of two | two scores | [`margin_ranking`] |
//! | similar or not: 1.0 or -1.0 | two vectors | [`cosine_embedding`]; for a distance [`hinge_embedding`] |
//! | one similar, one not | three vectors | [`triplet_margin`] |
//! | anything that a distribution describes | its parameters | the negative log-likelihood of [`dist::Normal`], [`dist::StudentT`], [`dist::Mixture`], … |
//! | parameters | | [`penalty`] |
//!
//! [`advise`] gives the rows of a task in their order, with reasons. [`audit`] looks at a loss of your own before it is used;
//! [`explain`] and [`worst_samples`] say where a loss comes from; [`separation`] is about the margin of a linear model.
//!
//! # Checks
//!
//! Losses never broadcast: a target of another shape is an error that names the fix. Labels are checked, and the error names
//! the sample, the label and the number of classes. Probabilities, sides, counts, weights and options are checked too;
//! `.unchecked()` accepts any number as a target or weight. A loss that takes logits rejects the result of a softmax. The
//! mean over nothing is an error, unless [`Reduction::MeanOrZero`] or [`Reduction::MeanOrNan`] defines it.

#![forbid(unsafe_code)]

mod adaptive;
mod advise;
mod audit;
mod binary;
mod class_target;
mod criterion;
mod cross_entropy;
mod ctc;
pub mod dist;
mod divergence;
mod explain;
mod focal;
mod formula;
mod labels;
mod likelihood;
mod margin;
mod metric;
mod multiclass_margin;
mod nll;
mod noisy;
mod overlap;
pub mod penalty;
mod reduce;
mod refuse;
mod regression;
mod robust;
mod separation;
mod sequence;
mod worst;

pub use adaptive::{AdaptiveRobustLoss, robust_nll};
pub use advise::{Advice, Task, advise};
pub use audit::{Audit, Batch, audit};
pub use binary::{
    BceLoss, BceWithLogitsLoss, MultilabelCrossEntropyLoss, MultilabelSoftMarginLoss, bce,
    bce_with_logits, log_loss, multilabel_cross_entropy, multilabel_soft_margin,
};
pub use class_target::{ClassTarget, Classes};
pub use criterion::{Custom, Loss, custom, custom_of};
pub use cross_entropy::{CrossEntropyLoss, cross_entropy};
pub use ctc::{CtcLoss, CtcTarget, ctc, ctc_beam, ctc_greedy};
pub use divergence::{KlDivLoss, KlReduction, kl_div};
pub use explain::{Explanation, explain};
pub use focal::{BinaryFocalLoss, FocalLoss, binary_focal, focal};
pub use labels::Labels;
pub use likelihood::{GaussianNllLoss, PoissonNllLoss, gaussian_nll, poisson_nll};
pub use margin::{
    HingeEmbeddingLoss, HingeLoss, SoftMarginLoss, hinge, hinge_embedding, soft_margin,
    squared_hinge,
};
pub use metric::{
    CosineEmbeddingLoss, MarginRankingLoss, TripletMarginLoss, cosine_embedding, margin_ranking,
    triplet_margin,
};
pub use multiclass_margin::{
    MultiMarginLoss, MultilabelMarginLoss, multi_margin, multilabel_margin,
};
pub use nll::{NllLoss, nll};
pub use noisy::{
    GeneralizedCrossEntropyLoss, SymmetricCrossEntropyLoss, generalized_cross_entropy,
    symmetric_cross_entropy,
};
pub use overlap::{DiceLoss, TverskyLoss, dice, tversky};
pub use reduce::{Reduction, weighted_mean, weighted_sum};
pub use refuse::same_shape;
pub use regression::{
    CauchyLoss, CharbonnierLoss, HuberLoss, LogCoshLoss, MaeLoss, MseLoss, QuantileLoss,
    SmoothL1Loss, TukeyLoss, cauchy, charbonnier, huber, log_cosh, mae, mse, quantile, smooth_l1,
    tukey,
};
pub use robust::{GeneralRobustLoss, general_robust};
pub use separation::{Separation, separation};
pub use sequence::{SequenceCrossEntropyLoss, perplexity, sequence_cross_entropy};
pub use worst::{Sample, worst_samples};
