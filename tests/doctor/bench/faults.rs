//! The planted faults.

use wengert::train::doctor::Fault;

use super::plant::{Act, Data, Init, LossFault, Optimizing, Plant, Planted};

const NONE: Plant = Plant::NONE;

macro_rules! planted {
    ($($program:literal $name:literal { $($field:ident: $value:expr),* } => [$($cause:ident)*] at [$($place:literal)*];)*) => {
        vec![$(Planted {
            program: $program,
            name: $name,
            plant: Plant { $($field: $value,)* ..NONE },
            causes: &[$(Fault::$cause),*],
            place: &[$($place),*],
        }),*]
    };
}

/// All of them.
pub fn all() -> Vec<Planted> {
    planted! {
        "regression" "rate x100" { rate: 100.0 } => [RateTooHigh] at [];
        "regression" "rate /10000" { rate: 1e-4 } => [RateTooLow] at [];
        "regression" "zero weights" { init: Init::Zeros } => [SymmetricUnits InitTooSmall] at ["layers"];
        "regression" "weights x30" { init: Init::Times(30.0) } => [InitTooLarge Saturated] at ["layers"];
        "regression" "no activation" { act: Some(Act::None) } => [NoNonlinearity] at ["layers"];
        "regression" "relu as output" { output: Act::Relu } => [OutputOutOfRange] at ["relu"];
        "regression" "sigmoid as output" { output: Act::Sigmoid } => [OutputOutOfRange] at ["sigmoid"];
        "regression" "a column x1e6" { data: Data::ColumnTimes(1e6) } => [UnscaledInput] at ["column 1"];
        "regression" "a column is the target" { data: Data::Leak } => [Leak] at ["column 2"];
        "regression" "labels shuffled" { data: Data::Shuffled } => [LabelsUnrelated] at [];
        "regression" "target broadcast" { loss: LossFault::Broadcast } => [Broadcast] at ["run.rs"];
        "regression" "loss negated" { loss: LossFault::Negated } => [NegatedLoss] at ["neg"];
        "regression" "loss summed" { loss: LossFault::Sum } => [SummedLoss RateTooHigh] at [];
        "regression" "penalty x1000" { loss: LossFault::Penalty(10.0) } => [Penalty] at [];
        "regression" "step up" { optimizing: Optimizing::Uphill } => [Ascent] at [];
        "regression" "momentum 0.999" { optimizing: Optimizing::Momentum(0.999) } => [OptimizerSetting] at ["momentum"];
        "regression" "layer not in the optimiser" { forgotten: Some(1) } => [NotInOptimizer] at ["layers.1"];
        "regression" "rate ends at a tenth" { rate_ends: 0.1 } => [RateAtZero] at [];
        "regression" "gradients not cleared" { used_gradients: true } => [UsedGradient] at [];
        "regression" "targets x1000" { data: Data::TargetTimes(1e3) } => [UnscaledTarget RateTooHigh] at [];
        "regression" "a NaN in the data" { data: Data::Nan } => [DataNotFinite] at ["row"];
        "digits" "rate x100" { rate: 100.0 } => [RateTooHigh] at [];
        "digits" "rate /10000" { rate: 1e-4 } => [RateTooLow] at [];
        "digits" "zero weights" { init: Init::Zeros } => [SymmetricUnits InitTooSmall] at ["layers"];
        "digits" "constant weights" { init: Init::Constant(0.1) } => [SymmetricUnits] at ["layers"];
        "digits" "biases of -10" { init: Init::Bias(-10.0) } => [DeadUnits] at ["relu"];
        "digits" "weights x30" { init: Init::Times(30.0) } => [InitTooLarge] at ["layers"];
        "digits" "softmax twice" { loss: LossFault::Softmax } => [DoubledSoftmax] at ["softmax"];
        "digits" "class numbers" { loss: LossFault::ClassNumbers } => [ClassesAsNumbers] at [];
        "digits" "log of a probability" { loss: LossFault::LogOfProbability } => [UnstableLogarithm NotFinite] at ["ln"];
        "digits" "labels shuffled" { data: Data::Shuffled } => [LabelsUnrelated] at [];
        "digits" "labels 60 % random" { data: Data::Flipped(0.6) } => [LabelNoise] at [];
        "digits" "classes 1 : 60" { data: Data::Rare(60) } => [Imbalance] at [];
        "digits" "epsilon 1" { optimizing: Optimizing::Epsilon(1.0) } => [OptimizerSetting] at ["eps"];
        "digits" "layer detached" { cut: Some(1) } => [NoGradient] at ["layers"];
        "digits" "layer not in the optimiser" { forgotten: Some(0) } => [NotInOptimizer] at ["layers.0"];
        "digits" "rows mixed" { mixed: true } => [RowsMixed] at ["reshape"];
        "digits" "relu on logits" { output: Act::Relu } => [OutputOutOfRange] at ["relu"];
        "digits" "loss negated" { loss: LossFault::Negated } => [NegatedLoss] at ["neg"];
        "digits" "dropout in evaluation" { dropout: 0.7, evaluating: true } => [EvaluationMode] at ["Dropout"];
        "deep" "sigmoid" { act: Some(Act::Sigmoid) } => [Vanishing InitTooSmall] at ["layers"];
        "deep" "weights /100" { init: Init::Times(0.01) } => [InitTooSmall Vanishing] at ["layers"];
        "deep" "weights x30" { init: Init::Times(30.0) } => [InitTooLarge Saturated] at ["layers"];
        "deep" "rate x100" { rate: 100.0 } => [RateTooHigh] at [];
        "deep" "no activation" { act: Some(Act::None) } => [NoNonlinearity] at ["layers"];
        "deep" "layer detached" { cut: Some(18) } => [NoGradient] at ["layers"];
        "deep" "labels shuffled" { data: Data::Shuffled } => [LabelsUnrelated] at [];
        "attention" "rate x100" { rate: 100.0 } => [RateTooHigh] at [];
        "attention" "rate /10000" { rate: 1e-4 } => [RateTooLow] at [];
        "attention" "softmax twice" { loss: LossFault::Softmax } => [DoubledSoftmax] at ["softmax"];
        "attention" "softmax over samples" { mixed: true } => [RowsMixed] at ["softmax"];
        "attention" "labels shuffled" { data: Data::Shuffled } => [LabelsUnrelated] at [];
        "attention" "biases of -10" { init: Init::Bias(-10.0) } => [DeadUnits] at ["relu"];
        "attention" "detached before the head" { cut: Some(4) } => [NoGradient] at ["words" "query" "up"];
        "attention" "epsilon 1" { optimizing: Optimizing::Epsilon(1.0) } => [OptimizerSetting] at ["eps"];
        "attention" "loss negated" { loss: LossFault::Negated } => [NegatedLoss] at ["neg"];
        "attention" "class numbers" { loss: LossFault::ClassNumbers } => [ClassesAsNumbers] at [];
        "attention" "zero weights" { init: Init::Zeros } => [SymmetricUnits InitTooSmall] at [];
        "residual" "rate x100" { rate: 100.0 } => [RateTooHigh] at [];
        "residual" "rate /10000" { rate: 1e-4 } => [RateTooLow] at [];
        "residual" "rows mixed" { mixed: true } => [RowsMixed] at ["reshape"];
        "residual" "labels shuffled" { data: Data::Shuffled } => [LabelsUnrelated] at [];
        "residual" "labels -1 and 1" { loss: LossFault::Signs } => [TargetsOutOfRange] at ["bce_with_logits"];
        "residual" "sigmoid twice" { loss: LossFault::Softmax } => [DoubledSoftmax] at ["sigmoid"];
        "residual" "target broadcast" { loss: LossFault::Broadcast } => [Broadcast] at ["run.rs"];
        "residual" "loss negated" { loss: LossFault::Negated } => [NegatedLoss] at ["neg"];
        "residual" "penalty" { loss: LossFault::Penalty(1.0) } => [Penalty] at [];
        "residual" "detached before the head" { cut: Some(3) } => [NoGradient] at ["stem" "norms" "ups"];
        "residual" "log of a probability" { loss: LossFault::LogOfProbability } => [UnstableLogarithm NotFinite] at ["ln"];
        "residual" "decay 1" { optimizing: Optimizing::Decay(1.0) } => [Penalty OptimizerSetting] at [];
        "residual" "rate ends at a tenth" { rate_ends: 0.1 } => [RateAtZero] at [];
        "residual" "step up" { optimizing: Optimizing::Uphill } => [Ascent] at [];
        "residual" "dropout in evaluation" { dropout: 0.7, evaluating: true } => [EvaluationMode] at ["Dropout"];
        "images" "rate x100" { rate: 100.0 } => [RateTooHigh] at [];
        "images" "rate /10000" { rate: 1e-4 } => [RateTooLow] at [];
        "images" "zero weights" { init: Init::Zeros } => [SymmetricUnits InitTooSmall] at ["convs" "hidden" "head"];
        "images" "constant weights" { init: Init::Constant(0.1) } => [SymmetricUnits] at ["convs" "hidden" "head"];
        "images" "weights x30" { init: Init::Times(30.0) } => [InitTooLarge] at ["convs" "hidden" "head"];
        "images" "biases of -10" { init: Init::Bias(-10.0) } => [DeadUnits] at ["relu"];
        "images" "pixels 0 to 255" { data: Data::Times(255.0), optimizing: Optimizing::Sgd(0.1) } => [UnscaledInput] at [];
        "images" "softmax twice" { loss: LossFault::Softmax } => [DoubledSoftmax] at ["softmax"];
        "images" "class numbers" { loss: LossFault::ClassNumbers } => [ClassesAsNumbers] at [];
        "images" "log of a probability" { loss: LossFault::LogOfProbability } => [UnstableLogarithm NotFinite] at ["ln"];
        "images" "labels shuffled" { data: Data::Shuffled } => [LabelsUnrelated] at [];
        "images" "labels 60 % random" { data: Data::Flipped(0.6) } => [LabelNoise] at [];
        "images" "rows mixed" { mixed: true } => [RowsMixed] at ["reshape"];
        "images" "convolutions detached" { cut: Some(1) } => [NoGradient] at ["convs"];
        "images" "convolution not in the optimiser" { forgotten: Some(0) } => [NotInOptimizer] at ["convs.0"];
        "images" "loss negated" { loss: LossFault::Negated } => [NegatedLoss] at ["neg"];
        "images" "loss summed" { loss: LossFault::Sum, optimizing: Optimizing::Sgd(0.2) } => [SummedLoss RateTooHigh] at [];
        "images" "gradients not cleared" { used_gradients: true } => [UsedGradient] at [];
        "images" "momentum 0.999" { optimizing: Optimizing::Momentum(0.999) } => [OptimizerSetting] at ["momentum"];
        "images" "step up" { optimizing: Optimizing::Uphill } => [Ascent] at [];
        "images" "a NaN in the data" { data: Data::Nan } => [DataNotFinite] at ["row"];
        "images" "relu on logits" { output: Act::Relu } => [OutputOutOfRange] at ["relu"];
        "images" "dropout in evaluation" { dropout: 0.7, evaluating: true } => [EvaluationMode] at ["Dropout"];
        "images" "classes 1 : 60" { data: Data::Rare(60) } => [Imbalance] at [];
        "images" "rate ends at a tenth" { rate_ends: 0.1 } => [RateAtZero] at [];
        "sequence" "rate x100" { rate: 100.0 } => [RateTooHigh] at [];
        "sequence" "rate /10000" { rate: 1e-4 } => [RateTooLow] at [];
        "sequence" "zero weights" { init: Init::Zeros } => [SymmetricUnits InitTooSmall] at ["gru" "weight_ih" "hidden" "head"];
        "sequence" "weights x30" { init: Init::Times(30.0) } => [InitTooLarge Saturated] at ["gru" "weight_ih" "hidden" "head"];
        "sequence" "biases of -10" { init: Init::Bias(-10.0) } => [DeadUnits] at ["relu"];
        "sequence" "targets x1000" { data: Data::TargetTimes(1e3) } => [UnscaledTarget] at [];
        "sequence" "target broadcast" { loss: LossFault::Broadcast } => [Broadcast] at ["run.rs"];
        "sequence" "labels shuffled" { data: Data::Shuffled } => [LabelsUnrelated] at [];
        "sequence" "rows mixed" { mixed: true } => [RowsMixed] at ["reshape"];
        "sequence" "recurrence detached" { cut: Some(0) } => [NoGradient] at ["gru" "weight_ih"];
        "sequence" "recurrence not in the optimiser" { forgotten: Some(0) } => [NotInOptimizer] at ["gru" "weight_ih"];
        "sequence" "relu as output" { output: Act::Relu } => [OutputOutOfRange] at ["relu"];
        "sequence" "tanh as output" { output: Act::Tanh } => [OutputOutOfRange] at ["tanh"];
        "sequence" "loss negated" { loss: LossFault::Negated } => [NegatedLoss] at ["neg"];
        "sequence" "penalty" { loss: LossFault::Penalty(1.0) } => [Penalty] at [];
        "sequence" "epsilon 1" { optimizing: Optimizing::Epsilon(1.0) } => [OptimizerSetting] at ["eps"];
        "sequence" "gradients not cleared" { used_gradients: true } => [UsedGradient] at [];
        "sequence" "step up" { optimizing: Optimizing::Uphill } => [Ascent] at [];
        "sequence" "rate ends at a tenth" { rate_ends: 0.1 } => [RateAtZero] at [];
        "sequence" "a NaN in the data" { data: Data::Nan } => [DataNotFinite] at ["row"];
        "sequence" "dropout in evaluation" { dropout: 0.7, evaluating: true } => [EvaluationMode] at ["Dropout"];
    }
}
