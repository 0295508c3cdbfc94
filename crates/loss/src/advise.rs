//! Advice: which loss for which task, with the form of prediction and target, and the reason.

use std::fmt;

/// The kind of a prediction, and the properties of its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Task {
    /// A number: a price, a temperature.
    Number,
    /// A number, with outliers among the targets.
    NumberWithOutliers,
    /// A quantile of a number: the time within which 90 % arrive.
    Quantile,
    /// A number and how sure that is.
    NumberAndNoise,
    /// A number that may be near one of several values.
    SeveralValues,
    /// A count: 0, 1, 2, …
    Count,
    /// Yes or no.
    YesOrNo,
    /// Yes or no, and yes is rare.
    RareYes,
    /// Yes or no, by a wide margin instead of a probability, as a support vector machine has it.
    WideMargin,
    /// One class among several.
    OneClass,
    /// One class among several, some of which are rare.
    UnbalancedClasses,
    /// One class among several, and some labels are wrong.
    WrongLabels,
    /// The probability of each class, of a teacher or of several opinions.
    ClassProbabilities,
    /// Several labels that do not exclude one another.
    SeveralLabels,
    /// The next token of sequences that were padded to one length.
    Sequence,
    /// The pixels of an object.
    Segmentation,
    /// The box of an object.
    Box,
    /// Which of two is better.
    Ranking,
    /// Vectors that are near one another if they belong together.
    Similarity,
    /// The input itself, as an autoencoder has it: for compression, or to find what is unusual.
    Reconstruction,
}

/// A loss that suits a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// The name of its function in this crate, or of its struct if it has options that matter here.
    pub loss: &'static str,
    /// The form of the prediction.
    pub prediction: &'static str,
    /// The form of the target.
    pub target: &'static str,
    /// The reason.
    pub because: &'static str,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { loss, prediction, target, because } = self;
        write!(f, "`{loss}` of {prediction} and {target}: {because}")
    }
}

/// Losses that suit a task, the first choice first.
///
/// ```
/// use wengert_loss::{Task, advise};
///
/// let advice = advise(Task::SeveralLabels);
/// assert_eq!(advice[0].loss, "multilabel_cross_entropy");
/// assert_eq!(
///     advice[0].to_string(),
///     "`multilabel_cross_entropy` of logits [N, L] and 1.0 and 0.0, [N, L]: each label is a yes or no of its own"
/// );
/// ```
pub fn advise(task: Task) -> &'static [Advice] {
    macro_rules! ranked {
        ($($loss:literal of $prediction:ident, $target:ident: $because:literal;)*) => {
            &[$(Advice { loss: $loss, prediction: $prediction, target: $target, because: $because }),*]
        };
    }
    const NUMBER: &str = "numbers [N, …]";
    const LOGIT: &str = "logits [N, …]";
    const LOGITS: &str = "logits [N, C]";
    const LABEL_LOGITS: &str = "logits [N, L]";
    const SCORE: &str = "scores [N, …]";
    const VECTORS: &str = "vectors [N, D]";
    const YES: &str = "1.0 and 0.0, [N, …]";
    const SIDE: &str = "1.0 and -1.0, [N, …]";
    const CLASS: &str = "class numbers [N]";
    const LABELS: &str = "1.0 and 0.0, [N, L]";
    const SEQUENCE_LOGITS: &str = "logits [N, T, C]";
    const TOKENS: &str = "class numbers [N, T], padded";
    const CLASS_PROBABILITIES: &str = "probabilities [N, C]";
    match task {
        Task::Number => ranked! {
            "mse" of NUMBER, NUMBER: "the likelihood of normal noise; predicts the mean, and is smooth";
            "mae" of NUMBER, NUMBER: "predicts the median, in the unit of the target";
            "huber" of NUMBER, NUMBER: "the mean square near the target, and no pull beyond delta for what is far";
        },
        Task::NumberWithOutliers => ranked! {
            "huber" of NUMBER, NUMBER: "bounds the pull of an outlier, stays convex and smooth; delta is the size of usual errors";
            "mae" of NUMBER, NUMBER: "bounds the pull without an option, at the price of a corner at 0";
            "cauchy" of NUMBER, NUMBER: "forgets what is far out; many outliers need it, and it is not convex";
            "tukey" of NUMBER, NUMBER: "has no pull at all beyond its scale; begin near the answer";
            "AdaptiveRobustLoss" of NUMBER, NUMBER: "learns how heavy the tails are, if nobody knows";
        },
        Task::Quantile => ranked! {
            "quantile" of NUMBER, NUMBER: "its least value is at the tau-quantile of the targets";
        },
        Task::NumberAndNoise => ranked! {
            "gaussian_nll" of NUMBER, NUMBER: "the likelihood of a mean and a variance that are both predicted";
            "dist::StudentT" of NUMBER, NUMBER: "the same with heavy tails, if there are outliers";
        },
        Task::SeveralValues => ranked! {
            "dist::Mixture" of NUMBER, NUMBER: "the likelihood of several normal distributions; a mean square would predict between the values";
        },
        Task::Count => ranked! {
            "poisson_nll" of NUMBER, NUMBER: "the likelihood of counts whose rate is predicted by its logarithm, so it is never negative";
        },
        Task::YesOrNo => ranked! {
            "bce_with_logits" of LOGIT, YES: "the likelihood of yes or no, finite for all logits";
            "soft_margin" of SCORE, SIDE: "the same for targets of 1 and -1";
        },
        Task::RareYes => ranked! {
            "BceWithLogitsLoss" of LOGIT, YES: "with `pos_weight`, the number of noes divided by that of yeses, both count alike";
            "binary_focal" of LOGIT, YES: "what is sure already counts little, so the rare are not drowned";
        },
        Task::WideMargin => ranked! {
            "hinge" of SCORE, SIDE: "with `penalty::l2` it is the support vector machine; what is beyond the margin costs nothing";
            "squared_hinge" of SCORE, SIDE: "the same without a corner, and harder on what is far on the wrong side";
        },
        Task::OneClass => ranked! {
            "cross_entropy" of LOGITS, CLASS: "the likelihood of classes; its slope is probability minus target, which never vanishes while it is wrong";
            "multi_margin" of LOGITS, CLASS: "a margin between the classes instead of probabilities";
        },
        Task::UnbalancedClasses => ranked! {
            "CrossEntropyLoss" of LOGITS, CLASS: "with `weight`, one divided by the frequency of each class, all classes count alike";
            "focal" of LOGITS, CLASS: "what is sure already counts little, so the rare are not drowned";
        },
        Task::WrongLabels => ranked! {
            "generalized_cross_entropy" of LOGITS, CLASS: "a label that contradicts a sure prediction costs at most 1/q and has no pull";
            "symmetric_cross_entropy" of LOGITS, CLASS: "cross-entropy that learns, and its reverse that forgives";
            "CrossEntropyLoss" of LOGITS, CLASS: "with `label_smoothing` no label is taken for certain; a large net still learns it by heart";
        },
        Task::ClassProbabilities => ranked! {
            "cross_entropy" of LOGITS, CLASS_PROBABILITIES: "takes probabilities as targets, and has the slope of the divergence";
            "kl_div" of LOGITS, CLASS_PROBABILITIES: "is 0 where both agree; it takes `log_softmax` of the logits";
        },
        Task::SeveralLabels => ranked! {
            "multilabel_cross_entropy" of LABEL_LOGITS, LABELS: "each label is a yes or no of its own";
            "binary_focal" of LABEL_LOGITS, LABELS: "if most labels are absent most of the time";
        },
        Task::Sequence => ranked! {
            "sequence_cross_entropy" of SEQUENCE_LOGITS, TOKENS: "cross-entropy of each token, without the padding";
        },
        Task::Segmentation => ranked! {
            "dice" of LOGIT, YES: "counts the overlap, so that a small object is worth as much as a large one";
            "tversky" of LOGIT, YES: "the same, with a price for misses and one for false alarms";
            "bce_with_logits" of LOGIT, YES: "each pixel counts alike; often added to `dice`, for its smooth slope";
        },
        Task::Box => ranked! {
            "smooth_l1" of NUMBER, NUMBER: "of the corners, of those boxes that hold an object; next to the cross-entropy of what it is";
        },
        Task::Ranking => ranked! {
            "margin_ranking" of SCORE, SIDE: "one score is to exceed the other by a margin";
        },
        Task::Similarity => ranked! {
            "triplet_margin" of VECTORS, VECTORS: "one that belongs is to be nearer than one that does not";
            "cosine_embedding" of VECTORS, SIDE: "the angle between two vectors, whatever their length";
            "hinge_embedding" of SCORE, SIDE: "for distances that you compute yourself";
        },
        Task::Reconstruction => ranked! {
            "mse" of NUMBER, NUMBER: "for numbers; a sample of high loss is unusual";
            "bce_with_logits" of LOGIT, YES: "for pixels between 0 and 1";
        },
    }
}
