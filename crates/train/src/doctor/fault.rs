//! `Fault`: the faults that the doctor knows by name, why each hurts, and how early in a chain of causes it stands.

use std::fmt;

macro_rules! faults {
    ($($(#[$doc:meta])* $Fault:ident $rank:literal $name:literal, $why:literal;)*) => {
        /// A fault of a training program, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* #[doc = concat!("In a report: ", $name, ".")] $Fault,)*
        }

        impl Fault {
            /// All faults.
            pub const ALL: &[Self] = &[$(Self::$Fault),*];

            /// The name in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$Fault => $name,)* }
            }

            /// The harm that it does.
            pub fn why(self) -> &'static str {
                match self { $(Self::$Fault => $why,)* }
            }

            /// The place in a chain of causes: one with a lower number can be the cause of one with a higher number.
            pub(crate) fn rank(self) -> u8 {
                match self { $(Self::$Fault => $rank,)* }
            }
        }
    };
}

faults! {
    DataNotFinite 0 "data that is not finite",
        "one NaN makes the loss NaN, and the next step every weight";
    Broadcast 1 "prediction and target broadcast",
        "each prediction is compared with every target, so the best constant is all that can be learnt";
    DoubledSoftmax 1 "probabilities where logits are due",
        "the loss applies its softmax or sigmoid to numbers between 0 and 1, so it cannot get near 0 and its gradient is small";
    MissingSoftmax 1 "a softmax or a sigmoid that is missing",
        "the loss takes probabilities and gets numbers without bounds: it can fall for ever, or has no logarithm";
    SoftmaxOfOne 1 "a softmax over one number",
        "the softmax of one number is 1 whatever it is, so nothing is learnt through it";
    UnstableLogarithm 1 "the logarithm of a probability that can round to 0",
        "a confident mistake gives ln 0 = -inf, and then NaN";
    TargetsOutOfRange 1 "targets outside what the loss takes",
        "the loss has no minimum there, and its gradient pulls without end";
    OutputOutOfRange 1 "an output that cannot reach the targets",
        "the last activation bounds the output, and targets lie outside its bounds";
    OutlierTarget 2 "targets that are far from all others",
        "the few samples that have them make up nearly all of the loss, and their steps undo what the others teach";
    ConstantTarget 1 "targets that are all the same",
        "one constant answers them all, so there is nothing to learn from the inputs";
    ClassesAsNumbers 1 "class numbers as targets of a regression",
        "class 9 is then nine times as far from 0 as class 1, an order that classes do not have";
    NegatedLoss 1 "a loss with its sign turned",
        "the optimiser makes the error larger, without end";
    Ascent 1 "a step up the gradient",
        "the step adds the gradient where it should subtract it, so the loss rises";
    NoGradient 1 "parameters that no gradient reaches",
        "they keep their random start, and what stands on them has to make do with it";
    NotInOptimizer 1 "parameters that the optimiser does not have",
        "their gradients are computed, and no step uses them";
    FrozenAtRandom 4 "frozen parameters that look random",
        "they keep their random start";
    NotUpdated 1 "parameters that no step changes",
        "they have a gradient and keep their start";
    UsedGradient 1 "gradients of earlier steps that were not cleared",
        "each step repeats all earlier ones, so the steps grow and point back to where the weights were";
    RowsMixed 1 "rows of a batch that are mixed",
        "the prediction for a sample depends on the other samples of its batch, by an order that says nothing";
    EvaluationMode 1 "the other mode",
        "dropout and batch normalisation do in training what they should do in evaluation, or the other way round";
    NoNonlinearity 2 "layers without an activation between them",
        "two linear maps are one linear map, so the extra layer adds no function";
    SymmetricUnits 1 "units that are copies of each other",
        "they get the same gradient for ever, so a layer of many is a layer of one";
    InitTooLarge 2 "initial weights that are too large",
        "activations saturate or explode from the first step, and so do gradients";
    InitTooSmall 2 "initial weights that are too small",
        "the signal is lost on the way to the output, and the gradient on the way back";
    UnscaledInput 2 "inputs that are not scaled",
        "the weights of large columns need small steps and those of small columns large ones; one learning rate serves neither";
    UnscaledTarget 3 "targets that are not scaled",
        "the output starts near 0 and has to travel far, with gradients of the targets' size";
    ConstantColumn 5 "columns that never change",
        "they carry nothing; a bias does the same";
    DuplicateColumn 5 "columns that are equal",
        "the second carries nothing new";
    Leak 2 "a column that gives away the target",
        "the model copies it and learns nothing else, and later data will not have it";
    LabelsUnrelated 2 "targets that have nothing to do with their inputs",
        "the model can only learn them by heart: rows of inputs and targets are probably in different orders";
    NotShuffled 2 "samples in the order of their classes",
        "a step sees one class and the next the same, so the weights learn to answer with it and forget the others";
    LabelNoise 3 "labels that are often wrong",
        "a part of the gradient pulls to random classes, and a large model learns them by heart";
    Imbalance 2 "classes of very unequal size",
        "to answer with the common class is nearly right, and the rare one is never learnt";
    OptimizerSetting 2 "a setting of the optimiser that is far out",
        "the step is then governed by this number and not by the gradient";
    RateAtZero 2 "a learning rate that has run out",
        "the steps that follow change nothing";
    Penalty 2 "a penalty that outweighs the data",
        "the weights are pulled to 0, and what the data says is lost";
    SummedLoss 3 "a loss that is summed, not averaged",
        "gradients grow with the size of the batch, and so do the steps";
    RateTooHigh 3 "a learning rate that is too high",
        "each step overshoots, and the loss rises";
    RateTooLow 3 "a learning rate that is too low",
        "the weights hardly move";
    ClippedToNothing 2 "gradients that are clipped to next to nothing",
        "each step is as long as the clipping lets it be, and that is too short to get anywhere";
    BatchTooSmall 4 "a batch that is too small for its learning rate",
        "the noise of single samples is larger than what they have in common";
    Vanishing 4 "a gradient that vanishes on its way back",
        "the first layers hardly learn";
    Exploding 4 "a gradient that explodes",
        "single steps throw the weights far off";
    DeadUnits 4 "units that are always 0",
        "no gradient comes back through them, so they stay so";
    Saturated 4 "units that are saturated",
        "the slope of their function is nearly 0, so hardly any gradient comes back";
    NotFinite 3 "a number that is not finite",
        "the step that follows makes every weight NaN";
    NoBetterThanConstant 6 "no more learnt than a constant",
        "the model predicts no better than the mean of the targets, or the shares of the classes";
    CannotOverfit 6 "a small batch that cannot be learnt by heart",
        "what cannot learn 16 samples by heart will learn no data";
    InputUnused 5 "inputs that make no difference",
        "the model learns as well without them";
    StartOff 5 "a loss that starts far from chance",
        "the first steps are spent on undoing the start";
    Overfitting 5 "more learnt by heart than understood",
        "the loss of training falls, and that of validation rises";
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
