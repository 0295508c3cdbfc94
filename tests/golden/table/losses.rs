//! PyTorch's losses, and what each is here.
//!
//! `reduction` is an enum: `"sum"` and `"none"` are `Reduction::Sum` and `None`; `"mean"` is `Reduction::Mean`, which
//! refuses a mean over nothing, where PyTorch gives NaN: these lines run with `Reduction::MeanOrNan`. `unchecked()` takes
//! any number as a target or weight, as PyTorch does; without it numbers that mean nothing are errors. A target may be a
//! tensor or a var. Class numbers are `usize`: a label that is to be ignored is a number of your choice, `IGNORED` here.

use wengert::loss::{
    BceLoss, BceWithLogitsLoss, CosineEmbeddingLoss, CrossEntropyLoss, GaussianNllLoss,
    HingeEmbeddingLoss, HuberLoss, KlDivLoss, KlReduction, Loss, MaeLoss, MarginRankingLoss,
    MseLoss, MultiMarginLoss, MultilabelMarginLoss, MultilabelSoftMarginLoss, NllLoss,
    PoissonNllLoss, Reduction, SmoothL1Loss, SoftMarginLoss, TripletMarginLoss,
};
use wengert::tensor::{Float, Tensor};

use super::super::call::{Answer, Call, IntoAnswer, Options, Parameter, Refusal};
use crate::table;

table! {
    fn call -> Answer<'t, T>, IntoAnswer::into_answer;

    mse_loss(x: Var, target: Target, reduction: Reduction) =>
        MseLoss::new().reduction(reduction).forward(x, target);
    l1_loss(x: Var, target: Target, reduction: Reduction) =>
        MaeLoss::new().reduction(reduction).forward(x, target);
    huber_loss(x: Var, target: Target, reduction: Reduction, delta: f64) =>
        HuberLoss::new().delta(delta).reduction(reduction).forward(x, target);
    smooth_l1_loss(x: Var, target: Target, reduction: Reduction, beta: f64) =>
        SmoothL1Loss::new().beta(beta).reduction(reduction).forward(x, target);
    binary_cross_entropy(x: Var, target: Target, weight: MaybeData, reduction: Reduction) =>
        BceLoss::new().unchecked().maybe(weight, BceLoss::weight).reduction(reduction).forward(x, target);
    binary_cross_entropy_with_logits(
        x: Var, target: Target, weight: MaybeData, pos_weight: MaybeData, reduction: Reduction
    ) => BceWithLogitsLoss::new()
        .unchecked()
        .maybe(weight, BceWithLogitsLoss::weight)
        .maybe(pos_weight, BceWithLogitsLoss::pos_weight)
        .reduction(reduction)
        .forward(x, target);
    cross_entropy(
        x: Var, target: Ints, weight: MaybeData, ignore_index: isize, label_smoothing: f64,
        reduction: Reduction
    ) => CrossEntropyLoss::new()
        .unchecked()
        .maybe(weight, CrossEntropyLoss::weight)
        .label_smoothing(label_smoothing)
        .ignore_index(IGNORED)
        .reduction(reduction)
        .forward(x, &classes(&target, ignore_index)?),
        as "CrossEntropyLoss::new().unchecked().weight(weight).label_smoothing(label_smoothing).ignore_index(ignore_index).reduction(reduction).forward(x, &target)";
    cross_entropy(
        x: Var, target: Var, weight: MaybeData, ignore_index: isize, label_smoothing: f64,
        reduction: Reduction
    ) => {
        if ignore_index >= 0 {
            let what = format!("class {ignore_index} is ignored, and the target is of probabilities");
            return Err(Refusal::inexpressible(what));
        }
        CrossEntropyLoss::new()
            .unchecked()
            .maybe(weight, CrossEntropyLoss::weight)
            .label_smoothing(label_smoothing)
            .reduction(reduction)
            .forward(x, target)
    }, as "CrossEntropyLoss::new().unchecked().weight(weight).label_smoothing(label_smoothing).reduction(reduction).forward(x, target)";
    nll_loss(x: Var, target: Ints, weight: MaybeData, ignore_index: isize, reduction: Reduction) =>
        NllLoss::new()
        .unchecked()
        .maybe(weight, NllLoss::weight)
        .ignore_index(IGNORED)
        .reduction(reduction)
        .forward(x, &classes(&target, ignore_index)?),
        as "NllLoss::new().unchecked().weight(weight).ignore_index(ignore_index).reduction(reduction).forward(x, &target)";
    kl_div(x: Var, target: Target, reduction: KlReduction, log_target: bool) =>
        KlDivLoss::new()
        .unchecked()
        .when(log_target, KlDivLoss::log_target)
        .reduction(reduction)
        .forward(x, target);
    poisson_nll_loss(
        x: Var, target: Target, log_input: bool, full: bool, eps: f64, reduction: Reduction
    ) => PoissonNllLoss::new()
        .unchecked()
        .when(!log_input, PoissonNllLoss::of_rates)
        .when(full, PoissonNllLoss::full)
        .epsilon(eps)
        .reduction(reduction)
        .forward(x, target);
    gaussian_nll_loss(
        x: Var, target: Target, var: Term, full: bool, eps: f64, reduction: Reduction
    ) => GaussianNllLoss::new()
        .when(full, GaussianNllLoss::full)
        .epsilon(eps)
        .reduction(reduction)
        .forward(x, (target, var));
    hinge_embedding_loss(x: Var, target: Target, margin: f64, reduction: Reduction) =>
        HingeEmbeddingLoss::new().margin(margin).reduction(reduction).forward(x, target);
    soft_margin_loss(x: Var, target: Target, reduction: Reduction) =>
        SoftMarginLoss::new().unchecked().reduction(reduction).forward(x, target);
    margin_ranking_loss(x: Var, x2: Var, target: Target, margin: f64, reduction: Reduction) =>
        MarginRankingLoss::new().unchecked().margin(margin).reduction(reduction).forward(x, (x2, target));
    cosine_embedding_loss(x: Var, x2: Var, target: Target, margin: f64, reduction: Reduction) =>
        CosineEmbeddingLoss::new().margin(margin).reduction(reduction).forward(x, (x2, target));
    triplet_margin_loss(
        anchor: Var, positive: Var, negative: Var, margin: f64, p: f64, eps: f64, swap: bool,
        reduction: Reduction
    ) => TripletMarginLoss::new()
        .margin(margin)
        .p(p)
        .epsilon(eps)
        .when(swap, TripletMarginLoss::swap)
        .reduction(reduction)
        .forward(anchor, (positive, negative));
    multi_margin_loss(
        x: Var, target: Index, p: usize, margin: f64, weight: MaybeData, reduction: Reduction
    ) => MultiMarginLoss::new()
        .unchecked()
        .p(p as u32)
        .margin(margin)
        .maybe(weight, MultiMarginLoss::weight)
        .reduction(reduction)
        .forward(x, &target);
    multilabel_margin_loss(x: Var, target: Ints, reduction: Reduction) =>
        MultilabelMarginLoss::new().reduction(reduction).forward(x, &target);
    multilabel_soft_margin_loss(x: Var, target: Target, weight: MaybeData, reduction: Reduction) =>
        MultilabelSoftMarginLoss::new()
        .unchecked()
        .maybe(weight, MultilabelSoftMarginLoss::weight)
        .reduction(reduction)
        .forward(x, target);
}

/// The number of a class that does not count.
const IGNORED: usize = usize::MAX;

/// PyTorch's class numbers as ours: what is ignored as [`IGNORED`], whatever its number.
fn classes(target: &Tensor<i64>, ignored: isize) -> Result<Tensor<usize>, Refusal> {
    if let Some(class) = target.iter().find(|&c| c < 0 && c as isize != ignored) {
        return Err(Refusal::inexpressible(format!("class {class}: a class is a `usize`")));
    }
    Ok(target.map(|c| if c as isize == ignored { IGNORED } else { c as usize }))
}

impl<'t, T: Float> Parameter<'t, T> for Reduction {
    type Out = Self;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        match &*String::read(call, name)? {
            "mean" => Ok(Self::MeanOrNan),
            "sum" => Ok(Self::Sum),
            "none" => Ok(Self::None),
            other => Err(Refusal::inexpressible(format!("the reduction `{other}`"))),
        }
    }
}

impl<'t, T: Float> Parameter<'t, T> for KlReduction {
    type Out = Self;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        match &*String::read(call, name)? {
            "batchmean" => Ok(Self::BatchMean),
            "mean" => Ok(Self::ElementMean),
            "sum" => Ok(Self::Sum),
            "none" => Ok(Self::None),
            other => Err(Refusal::inexpressible(format!("the reduction `{other}`"))),
        }
    }
}
