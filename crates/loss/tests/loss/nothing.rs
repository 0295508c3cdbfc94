//! One rule where nothing counts: an empty batch, every target ignored, every weight 0. `Mean` is an error, `MeanOrZero` 0,
//! `MeanOrNan` NaN, `Sum` 0, and every gradient is 0.

use wengert_autograd::{Result, Tape, Var};
use wengert_loss::*;
use wengert_tensor::{Tensor, tensor};

/// What each reduction of `loss` gives, and that `x` gets a gradient of zeros alone.
#[track_caller]
fn nothing_counts<'t>(
    name: &str,
    x: Var<'t, f64>,
    loss: impl Fn(Reduction) -> Result<Var<'t, f64>>,
) {
    let error = loss(Reduction::Mean).expect_err(name).to_string();
    assert!(error.contains("the mean of no losses"), "{name}: {error}");
    for reduction in [Reduction::MeanOrZero, Reduction::MeanOrNan, Reduction::Sum] {
        let loss = loss(reduction).unwrap();
        let value = loss.item().unwrap();
        match reduction {
            Reduction::MeanOrNan => assert!(value.is_nan(), "{name}: {value}"),
            _ => assert_eq!(value, 0.0, "{name}, {reduction:?}"),
        }
        let g = loss.gradients().unwrap().wrt(x).value().unwrap();
        assert!(g.iter().all(|g| g == 0.0), "{name}, {reduction:?}: {g}");
        // In recorded ops, as second order has it.
        let g = loss.grad_or_zero(&[x]).unwrap()[0].value().unwrap();
        assert!(g.iter().all(|g| g == 0.0), "{name}, {reduction:?}, recorded: {g}");
    }
    let each = loss(Reduction::None).unwrap().value().unwrap();
    assert!(each.iter().all(|loss| loss == 0.0), "{name}: {each}");
}

#[test]
fn every_target_is_ignored_or_has_weight_0() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![[0.5, -1.0, 2.0], [0.0, 3.0, -4.0]]);
    let log = x.log_softmax(1).unwrap();
    for labels in [tensor![7_usize, 7], tensor![1_usize, 1]] {
        let ignored = labels.get(&[0]).unwrap();
        for share in [0.0, 0.1] {
            nothing_counts("cross_entropy", x, |r| {
                let loss = CrossEntropyLoss::new().ignore_index(ignored).label_smoothing(share);
                loss.reduction(r).forward(x, &labels)
            });
            nothing_counts("sequence", x, |r| {
                let loss = SequenceCrossEntropyLoss::new(ignored).label_smoothing(share);
                loss.reduction(r).forward(x, &labels)
            });
        }
        nothing_counts("generalized_cross_entropy", x, |r| {
            let loss = GeneralizedCrossEntropyLoss::new().ignore_index(ignored);
            loss.reduction(r).forward(x, &labels)
        });
        nothing_counts("symmetric_cross_entropy", x, |r| {
            let loss = SymmetricCrossEntropyLoss::new().ignore_index(ignored);
            loss.reduction(r).forward(x, &labels)
        });
        nothing_counts("nll", x, |r| {
            NllLoss::new().ignore_index(ignored).reduction(r).forward(log, &labels)
        });
    }
    let (labels, w) = (tensor![1_usize, 1], tensor![1.0, 0.0, 2.0]);
    nothing_counts("cross_entropy of weight 0", x, |r| {
        CrossEntropyLoss::new().weight(w.clone()).reduction(r).forward(x, &labels)
    });
    nothing_counts("nll of weight 0", x, |r| {
        NllLoss::new().weight(w.clone()).reduction(r).forward(log, &labels)
    });
    let mask = tensor![false, false];
    nothing_counts("sequence of a mask", x, |r| {
        SequenceCrossEntropyLoss::unpadded().reduction(r).forward(x, (&labels, &mask))
    });
}

#[test]
fn what_is_ignored_changes_nothing() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![[0.5, -1.0, 2.0], [0.0, 3.0, -4.0]]);
    let first = x.narrow(0, 0, 1).unwrap();
    let w = tensor![0.0, 1.0, 2.0];
    // The ignored class exists here, and has a weight of 0 or not: its sample spreads no share of the smoothing.
    for ignored in [0_usize, 1, 7] {
        let loss = CrossEntropyLoss::new().weight(w.clone()).label_smoothing(0.1);
        let all = loss.clone().ignore_index(ignored).forward(x, &tensor![2, ignored]).unwrap();
        let alone = loss.forward(first, &tensor![2_usize]).unwrap();
        assert_eq!(all.item().unwrap(), alone.item().unwrap());
    }
}

#[test]
fn every_loss_of_an_empty_batch() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Tensor::zeros([0, 3]));
    let y = Tensor::zeros([0, 3]);
    let log = x.log_softmax(1).unwrap();
    let (labels, none) = (Tensor::<usize>::zeros([0]), Tensor::<f64>::zeros([0]));
    macro_rules! each {
        ($($loss:expr, $x:expr, $target:expr;)*) => {$(
            nothing_counts(stringify!($loss), x, |r| $loss.reduction(r).forward($x, $target));
        )*};
    }
    each! {
        MseLoss::new(), x, &y;
        MaeLoss::new(), x, &y;
        HuberLoss::new(), x, &y;
        SmoothL1Loss::new(), x, &y;
        LogCoshLoss::new(), x, &y;
        QuantileLoss::new(), x, &y;
        CharbonnierLoss::new(), x, &y;
        CauchyLoss::new(), x, &y;
        GeneralRobustLoss::new(1.0, 1.0), x, &y;
        TukeyLoss::new(), x, &y;
        AdaptiveRobustLoss::new(), x, &y;
        DiceLoss::new(), x, &y;
        TverskyLoss::new(0.3, 0.7).gamma(2.0), x, &y;
        GeneralizedCrossEntropyLoss::new(), x, &labels;
        SymmetricCrossEntropyLoss::new(), x, &labels;
        BceLoss::new(), x, &y;
        BceLoss::new().weight(tensor![1.0, 2.0, 3.0]), x, &y;
        BceWithLogitsLoss::new(), x, &y;
        BceWithLogitsLoss::new().pos_weight(tensor![1.0, 2.0, 3.0]), x, &y;
        MultilabelCrossEntropyLoss::new(), x, &y;
        BinaryFocalLoss::new(2.0), x, &y;
        HingeLoss::new(), x, &y;
        SoftMarginLoss::new(), x, &y;
        HingeEmbeddingLoss::new(), x, &y;
        MarginRankingLoss::new(), x, (&y, &y);
        CosineEmbeddingLoss::new(), x, (&y, &none);
        TripletMarginLoss::new(), x, (&y, &y);
        PoissonNllLoss::new().full(), x, &y;
        PoissonNllLoss::new().of_rates(), x, &y;
        GaussianNllLoss::new(), x, (&y, &y);
        CrossEntropyLoss::new(), x, &labels;
        CrossEntropyLoss::new().label_smoothing(0.1), x, &labels;
        CrossEntropyLoss::new(), x, &y;
        CrossEntropyLoss::new(), x, tape.var(y.clone());
        NllLoss::new(), log, &labels;
        FocalLoss::new(2.0), x, &labels;
        MultiMarginLoss::new(), x, &labels;
        MultilabelMarginLoss::new(), x, &Tensor::<i64>::zeros([0, 3]);
        SequenceCrossEntropyLoss::unpadded(), x, &labels;
    }
    for reduction in [KlReduction::BatchMean, KlReduction::ElementMean] {
        let error = KlDivLoss::new().reduction(reduction).forward(log, &y).unwrap_err();
        assert!(error.to_string().contains("the mean of no losses"), "{error}");
    }
    let sum = KlDivLoss::new().reduction(KlReduction::Sum).forward(log, &y);
    assert_eq!(sum.unwrap().item().unwrap(), 0.0);
    // Samples without classes or labels mean nothing.
    let x = tape.var(Tensor::zeros([2, 0]));
    let y = Tensor::zeros([2, 0]);
    let two = tensor![0_usize, 0];
    for loss in [
        cross_entropy(x, &two),
        cross_entropy(x, &y),
        generalized_cross_entropy(x, &two, 0.7),
        symmetric_cross_entropy(x, &two),
        nll(x, &two),
        focal(x, &two, 2.0),
        multi_margin(x, &two),
        multilabel_margin(x, &Tensor::zeros([2, 0])),
        multilabel_cross_entropy(x, &y),
        sequence_cross_entropy(x, &two, 9),
    ] {
        assert!(loss.is_err(), "{loss:?}");
    }
}
