//! Losses that are looked at before they are used, advice, and explanations.

use wengert_autograd::{Result, Tape, Var};
use wengert_loss::dist::{Likelihood, Mixture, StudentT};
use wengert_loss::*;
use wengert_tensor::{Rng, Tensor, tensor};

fn numbers() -> (Tensor<f64>, Tensor<f64>) {
    (tensor![[0.4, -1.3], [2.2, 0.9]], tensor![[1.0, 0.5], [-0.5, 1.2]])
}

#[test]
fn what_is_known_of_losses_is_found() {
    let (x, y) = numbers();
    let look = |criterion: &dyn for<'t, 'a> Loss<'t, f64, &'a Tensor<f64>>| {
        let found = audit(&By(criterion), &x, &y).unwrap();
        assert!(found.faults().is_empty() && found.finite_up_to == 1e8, "{found}");
        assert_eq!(found.batch, Batch::Mean, "{found}");
        assert!(found.lines > 0 && !found.time.is_zero());
        found
    };
    let mse = look(&MseLoss::new());
    assert_eq!((mse.at_target, mse.symmetric, mse.largest_slope), (Some(0.0), Some(true), None));
    assert!((0.0..1e-6).contains(&mse.least), "{mse}");
    // The target, the errors, their mean.
    assert_eq!(mse.lines, 3);
    let mae = look(&MaeLoss::new());
    assert_eq!((mae.symmetric, mae.largest_slope), (Some(true), Some(0.25)));
    let huber = look(&HuberLoss::new().delta(2.0));
    assert_eq!(huber.largest_slope, Some(0.5));
    assert_eq!(look(&QuantileLoss::new().tau(0.9)).symmetric, Some(false));
    assert_eq!(look(&TukeyLoss::new()).at_target, Some(0.0));
    // A likelihood has no bottom at 0.
    let narrow = custom(|x, y: &Tensor<f64>| dist::Normal::new(x, 0.01)?.nll(y));
    let narrow = look(&narrow);
    assert!(narrow.least < 0.0 && narrow.to_string().contains("it can be negative"), "{narrow}");
    let sum = audit(&MseLoss::new().reduction(Reduction::Sum), &x, &y).unwrap();
    assert_eq!(sum.batch, Batch::Sum);
    assert!(sum.to_string().contains("the learning rate must shrink"), "{sum}");
    // The spread of a batch is neither.
    let spread = custom(|x, _: &Tensor<f64>| Ok(x.square().sum().sqrt()));
    assert_eq!(audit(&spread, &x, &y).unwrap().batch, Batch::Neither);
}

/// A loss behind a reference.
struct By<'c>(&'c dyn for<'t, 'a> Loss<'t, f64, &'a Tensor<f64>>);

impl<'t, 'a> Loss<'t, f64, &'a Tensor<f64>> for By<'_> {
    fn forward(&self, x: Var<'t, f64>, y: &'a Tensor<f64>) -> Result<Var<'t, f64>> {
        self.0.forward(x, y)
    }
}

#[test]
fn losses_of_classes_are_looked_at_too() {
    let x = tensor![[0.4, -1.3, 0.2], [2.2, 0.9, -0.1]];
    let found = audit(&CrossEntropyLoss::new(), &x, &tensor![2_usize, 0]).unwrap();
    assert!(found.faults().is_empty() && found.finite_up_to == 1e8, "{found}");
    assert_eq!((found.at_target, found.symmetric, found.batch), (None, None, Batch::Mean));
    // A slope of at most 1 a sample; and nothing to lose in the end.
    assert_eq!(found.largest_slope, Some(0.5));
    assert!((0.0..1e-9).contains(&found.least), "{found}");
    // Of probabilities: predictions beyond them are refused, and are no fault.
    let p = tensor![0.3, 0.6, 0.2];
    let found = audit(&BceLoss::new(), &p, &tensor![0.0, 1.0, 1.0]).unwrap();
    assert!(found.faults().is_empty(), "{found}");
}

#[test]
fn faults_are_found() {
    let (x, y) = numbers();
    let text = |found: Audit| found.faults().join("\n");
    // ln of a softmax that was computed first: 0 far out, and its logarithm infinite.
    let naive = custom(|x, y: &Tensor<f64>| Ok(-x.softmax(1)?.ln().try_mul(y)?.mean()));
    let found = audit(&naive, &x, &tensor![[1.0, 0.0], [0.0, 1.0]]).unwrap();
    assert_eq!(found.finite_up_to, 1e2, "{found}");
    assert!(text(found).contains("not finite for predictions of ±1e4"));
    // The root of a square has no slope at 0, where the descent ends: 0·∞.
    let root = custom(|x, y: &Tensor<f64>| Ok(x.try_sub(y)?.square().sum().sqrt()));
    let found = text(audit(&root, &x, &y).unwrap());
    assert!(found.starts_with("a descent on the predictions ends at a value"), "{found}");
    // A rule of one's own that is wrong: 3e² for e².
    let wrong = custom(|x, y: &Tensor<f64>| {
        let e = x.try_sub(y)?;
        let rule =
            |g: &Tensor<f64>, x: &[Tensor<f64>], _: &Tensor<f64>| Ok(vec![Some(g * &x[0] * 3.0)]);
        let square = |x: &[&Tensor<f64>]| Ok(x[0].square());
        Ok(x.tape().custom("own_square", &[e], square, rule)?.mean())
    });
    let found = text(audit(&wrong, &x, &y).unwrap());
    assert!(found.contains("its gradient is not that of its value"), "{found}");
    assert!(found.contains("own_square"), "{found}");
    // Below every bound.
    let bottomless = custom(|x, _: &Tensor<f64>| Ok(x.exp().neg().mean()));
    assert!(!audit(&bottomless, &x, &y).unwrap().faults().is_empty());
    // Not one number.
    let error = audit(&MseLoss::new().reduction(Reduction::None), &x, &y).unwrap_err();
    assert!(error.to_string().contains("the loss is not a single number"), "{error}");
    assert!(audit(&MseLoss::new(), &x, &tensor![1.0]).is_err());
}

/// The loss of a name, of the forms that the advice gives it.
fn named(name: &str, task: Task) -> Result<f64> {
    let tape = Tape::<f64>::new();
    let rng = &mut Rng::new(0);
    let x = tape.var(Tensor::randn([4, 3], rng));
    let (y, v) = (Tensor::randn([4, 3], rng), Tensor::ones([4, 3]));
    let yes = y.map(|y: f64| if y > 0.0 { 1.0 } else { 0.0 });
    let (side, sides) = (yes.map(|y| 2.0 * y - 1.0), tensor![1.0, -1.0, 1.0, -1.0]);
    let classes = tensor![0_usize, 2, 1, 1];
    let loss = match name {
        "mse" => mse(x, &y),
        "mae" => mae(x, &y),
        "huber" => huber(x, &y, 1.0),
        "cauchy" => cauchy(x, &y, 1.0),
        "tukey" => tukey(x, &y, 4.685),
        "AdaptiveRobustLoss" => AdaptiveRobustLoss::new().forward(x, &y),
        "quantile" => quantile(x, &y, 0.9),
        "gaussian_nll" => gaussian_nll(x, &y, &v),
        "dist::StudentT" => StudentT::new(4.0, x, &v)?.nll(&y),
        "dist::Mixture" => Mixture::new(x, x, &v)?.nll(&sides),
        "poisson_nll" => poisson_nll(x, &yes),
        "bce_with_logits" => bce_with_logits(x, &yes),
        "BceWithLogitsLoss" => BceWithLogitsLoss::new().pos_weight(v).forward(x, &yes),
        "binary_focal" => binary_focal(x, &yes, 2.0),
        "soft_margin" => soft_margin(x, &side),
        "hinge" => hinge(x, &side),
        "squared_hinge" => squared_hinge(x, &side),
        "cross_entropy" if task == Task::ClassProbabilities => {
            cross_entropy(x, &y.softmax(1).unwrap())
        }
        "cross_entropy" => cross_entropy(x, &classes),
        "CrossEntropyLoss" => CrossEntropyLoss::new().label_smoothing(0.1).forward(x, &classes),
        "multi_margin" => multi_margin(x, &classes),
        "focal" => focal(x, &classes, 2.0),
        "generalized_cross_entropy" => generalized_cross_entropy(x, &classes, 0.7),
        "symmetric_cross_entropy" => symmetric_cross_entropy(x, &classes),
        "kl_div" => kl_div(x.log_softmax(1)?, &y.softmax(1).unwrap()),
        "multilabel_cross_entropy" => multilabel_cross_entropy(x, &yes),
        "sequence_cross_entropy" => {
            let tokens = tensor![[0_usize, 2], [1, 1]];
            sequence_cross_entropy(x.reshape([2, 2, 3])?, &tokens, 1)
        }
        "dice" => dice(x, &yes),
        "tversky" => tversky(x, &yes, 0.3, 0.7),
        "smooth_l1" => smooth_l1(x, &y, 1.0),
        "margin_ranking" => margin_ranking(x, &y, &side),
        "triplet_margin" => triplet_margin(x, &y, &v),
        "cosine_embedding" => cosine_embedding(x, &y, &sides),
        "hinge_embedding" => hinge_embedding(x, &side),
        other => panic!("no loss `{other}`"),
    };
    loss?.item()
}

const TASKS: [Task; 20] = [
    Task::Number,
    Task::NumberWithOutliers,
    Task::Quantile,
    Task::NumberAndNoise,
    Task::SeveralValues,
    Task::Count,
    Task::YesOrNo,
    Task::RareYes,
    Task::WideMargin,
    Task::OneClass,
    Task::UnbalancedClasses,
    Task::WrongLabels,
    Task::ClassProbabilities,
    Task::SeveralLabels,
    Task::Sequence,
    Task::Segmentation,
    Task::Box,
    Task::Ranking,
    Task::Similarity,
    Task::Reconstruction,
];

#[test]
fn every_advice_names_a_loss_that_takes_these_targets() {
    let page = include_str!("../../src/lib.rs");
    for task in TASKS {
        assert!(!advise(task).is_empty());
        for advice in advise(task) {
            assert!(named(advice.loss, task).unwrap().is_finite(), "{task:?}: {advice}");
            assert!(page.contains(advice.loss), "the page of the crate lacks `{}`", advice.loss);
        }
    }
}

#[test]
fn the_advice_is_that_of_the_tutorials() {
    // Regression: squared error or absolute error; with outliers Huber's. Two classes: binary cross-entropy; several:
    // cross-entropy; several labels: multi-label cross-entropy; support vectors: hinge; text: cross-entropy of tokens;
    // images: cross-entropy; objects: cross-entropy and smooth L1 of boxes; anomalies: the error of a reconstruction.
    for (task, losses) in [
        (Task::Number, &["mse", "mae"][..]),
        (Task::NumberWithOutliers, &["huber", "mae"]),
        (Task::YesOrNo, &["bce_with_logits"]),
        (Task::OneClass, &["cross_entropy"]),
        (Task::SeveralLabels, &["multilabel_cross_entropy"]),
        (Task::WideMargin, &["hinge"]),
        (Task::Sequence, &["sequence_cross_entropy"]),
        (Task::Box, &["smooth_l1"]),
        (Task::Reconstruction, &["mse"]),
    ] {
        let advised: Vec<&str> = advise(task).iter().map(|a| a.loss).collect();
        assert!(advised.starts_with(losses), "{task:?}: {advised:?}");
    }
}

#[test]
fn contributions_add_up_to_the_loss() {
    #[track_caller]
    fn whole(why: &Explanation, classes: usize) {
        let near = |sum: f64| assert!((sum - why.terms[0].1).abs() < 1e-12, "{why}");
        near(why.samples.iter().sum());
        assert_eq!(why.classes.len(), classes, "{why}");
        if classes > 0 {
            near(why.classes.iter().sum());
        }
        let terms: f64 = why.terms.iter().map(|(_, value)| value).sum();
        assert!((terms - why.loss).abs() < 1e-12, "{why}");
    }
    let rng = &mut Rng::new(4);
    let x = Tensor::<f64>::randn([6, 3], rng);
    let labels = tensor![2_usize, 0, 1, 2, 2, 9];
    let weights = tensor![3.0, 1.0, 0.5];
    let make = |r| {
        let loss = CrossEntropyLoss::new().weight(weights.clone()).ignore_index(9);
        loss.label_smoothing(0.1).reduction(r)
    };
    let why = explain(make, &x, &labels).unwrap().with("l2", 0.25).with("l1", 0.5);
    whole(&why, 3);
    assert_eq!(why.samples[5], 0.0);
    // The sample itself: its loss times its weight, over the sum of the weights.
    let tape = Tape::new();
    let mean = make(Reduction::Mean).forward(tape.var(x.clone()), &labels).unwrap();
    assert!((why.loss - 0.75 - mean.item().unwrap()).abs() < 1e-12);
    let each = make(Reduction::None).forward(tape.var(x.clone()), &labels).unwrap();
    let second = each.value().unwrap().to_vec()[1] / (3.0 + 1.0 + 3.0 * 0.5);
    assert!((why.samples[1] - second).abs() < 1e-12, "{why}");
    assert!((why.classes[0] - second).abs() < 1e-12, "{why}");
    assert!(why.to_string().contains("class 2: ") && why.to_string().contains("l2: 0.250000"));
    // Of numbers and of several labels there are no classes.
    let y = Tensor::randn([6, 3], rng);
    whole(&explain(|r| MseLoss::new().reduction(r), &x, &y).unwrap(), 0);
    let yes = y.map(|y: f64| if y > 0.0 { 1.0 } else { 0.0 });
    whole(&explain(|r| MultilabelCrossEntropyLoss::new().reduction(r), &x, &yes).unwrap(), 0);
    whole(&explain(|r| DiceLoss::new().reduction(r), &x, &yes).unwrap(), 0);
    // Nothing is lost: nothing contributes.
    let none = explain(|r| MseLoss::new().reduction(r), &x, &x).unwrap();
    assert!(none.loss == 0.0 && none.samples.iter().all(|l| *l == 0.0), "{none}");
    // In single precision too.
    let single = explain(
        |r| CrossEntropyLoss::new().reduction(r),
        &tensor![[1.0_f32, 0.0]],
        &tensor![0_usize],
    );
    whole(&single.unwrap(), 1);
}
