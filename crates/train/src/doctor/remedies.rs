//! The remedies of each fault, the first thing first.

use super::Fault;
use super::finding::{Action, Remedy};

use Action::{
    AdamOnAll, ClipNorm, Code, Restart, RestartAndAdam, RestartAndScaleRate, ScaleRate,
    StandardiseInput,
};

/// The remedies of a fault, in the order in which they are worth trying.
pub(crate) fn of(fault: Fault) -> Vec<Remedy> {
    let list: &[(&str, Action)] = match fault {
        Fault::DataNotFinite => &[
            ("find the rows", Code("println!(\"{}\", wengert::data::check(&dataset))")),
            ("leave them out, or fill them", Code("dataset.subset(&rows)?")),
        ],
        Fault::Broadcast => &[(
            "give both one shape, by a loss that never broadcasts",
            Code("mse(prediction, &target.unsqueeze(1)?)?"),
        )],
        Fault::DoubledSoftmax => &[(
            "give the loss the logits: leave the last softmax or sigmoid out of the model",
            Code("cross_entropy(logits, &labels)?"),
        )],
        Fault::MissingSoftmax => &[(
            "give the outputs of the layer to a loss that takes logits",
            Code(
                "cross_entropy(logits, &labels)? // or bce_with_logits, or logits.log_softmax(-1)?",
            ),
        )],
        Fault::SoftmaxOfOne => &[(
            "take it over the axis of the classes or of the places, or a sigmoid of a single score",
            Code("scores.softmax(1)? // or bce_with_logits(score, &target)?"),
        )],
        Fault::UnstableLogarithm => &[(
            "take both in one op",
            Code("logits.log_softmax(-1)? // or .log_sigmoid(), or a loss on logits"),
        )],
        Fault::TargetsOutOfRange => {
            &[("labels of -1 and 1 become 0 and 1", Code("(y + 1.0) / 2.0"))]
        }
        Fault::OutputOutOfRange => &[
            (
                "leave the last activation out",
                Code("Sequential::new().with(…).with(Linear::new(…))"),
            ),
            (
                "or scale the targets into its range",
                Code("let scaler = MinMax::fit(train.targets(), 0.0, 1.0)?;"),
            ),
        ],
        Fault::OutlierTarget => &[
            (
                "read these samples: a code for a missing value, another unit",
                Code("println!(\"{}\", wengert::data::check(&dataset))"),
            ),
            ("or a loss that forgives", Code("HuberLoss::new().forward(output, &target)?")),
        ],
        Fault::ConstantTarget => &[(
            "see where the targets are read: the wrong column, or one default for all",
            Code("println!(\"{}\", wengert::data::check(&dataset))"),
        )],
        Fault::ClassesAsNumbers => &[(
            "one logit for each class, and the loss of classes",
            Code("cross_entropy(logits, &labels)? // Linear::new(features, classes, rng)"),
        )],
        Fault::NegatedLoss => &[
            (
                "take the minus away: the optimiser makes the loss small, so a loss must be small where the model is right",
                Action::ScaleLoss(-1.0),
            ),
            (
                "in code, without the minus before it",
                Code("let loss = criterion.forward(output, &target)?;"),
            ),
        ],
        Fault::Ascent => &[
            ("turn the sign of the step", Code("value - rate * gradient")),
            ("an optimiser of the library, from fresh weights", RestartAndAdam(1e-2)),
            ("the same at a tenth of that rate", RestartAndAdam(1e-3)),
        ],
        Fault::NoGradient => &[(
            "compute with vars from the parameters to the loss: without `detach` and without `.value()`",
            Code("let h = self.l1.call(x)?.tanh(); // and no .detach()"),
        )],
        Fault::NotInOptimizer | Fault::NotUpdated => &[
            ("make the optimiser from all parameters", AdamOnAll(1e-3)),
            ("in code", Code("Adam::new(model.parameters(), 0.001)")),
            ("if it is meant, say so", Code("model.freeze(\"layer.*\")?")),
        ],
        Fault::FrozenAtRandom => {
            &[("unfreeze them", AdamOnAll(1e-3)), ("in code", Code("model.unfreeze(\"*\")?"))]
        }
        Fault::UsedGradient => {
            &[("clear them before each `backward`", Code("optimizer.zero_grad();"))]
        }
        Fault::RowsMixed => &[(
            "keep the first axis that of the samples: reshape only the axes behind it",
            Code("x.reshape([x.shape()[0], rest])?"),
        )],
        Fault::EvaluationMode => &[(
            "train on `Tape::new()`, evaluate on `Tape::no_grad()` or by `model.predict`",
            Code("let tape = Tape::no_grad();"),
        )],
        Fault::NoNonlinearity => &[(
            "put an activation between them",
            Code(".with(Linear::new(…)).with(Relu).with(Linear::new(…))"),
        )],
        Fault::SymmetricUnits => &[
            ("draw the weights at random", Restart),
            ("in code", Code("Linear::new(inputs, outputs, rng)")),
        ],
        Fault::InitTooLarge | Fault::InitTooSmall => &[
            ("draw the weights again, by the number of inputs", Restart),
            ("the same, and a third of the learning rate", RestartAndScaleRate(0.3)),
            ("the same, and three times the learning rate", RestartAndScaleRate(3.0)),
        ],
        Fault::UnscaledInput => &[
            ("give the columns mean 0 and deviation 1", StandardiseInput),
            ("in code", Code("let scaler = Standardizer::fit(train.features())?;")),
            ("a hundredth of the learning rate, from fresh weights", RestartAndScaleRate(0.01)),
        ],
        Fault::UnscaledTarget => &[
            ("scale the targets", Code("let scaler = Standardizer::fit(train.targets())?;")),
            ("an optimiser whose steps do not depend on the gradient's size", AdamOnAll(1e-2)),
        ],
        Fault::ConstantColumn | Fault::DuplicateColumn | Fault::Leak => {
            &[("leave the column out of the features", Code("features.index_select(1, &columns)?"))]
        }
        Fault::LabelsUnrelated => &[(
            "shuffle inputs and targets together",
            Code("DataLoader::new(TensorDataset::new(x, y)?, 32)?.shuffle(seed)"),
        )],
        Fault::NotShuffled => &[(
            "draw the samples in a random order",
            Code("DataLoader::new(data, 32)?.shuffle(seed)"),
        )],
        Fault::LabelNoise => &[
            ("read the samples that the model gets wrong", Code("worst_samples(…)")),
            ("a loss that forgives", Code("CrossEntropyLoss::new().label_smoothing(0.1)")),
        ],
        Fault::Imbalance => &[
            ("weigh the classes", Code("CrossEntropyLoss::new().weight(data.class_weights()?)")),
            ("or draw them equally often", Code("DataLoader::new(data, 32)?.balanced(seed)?")),
        ],
        Fault::OptimizerSetting => &[
            ("go back to a default: Adam at 0.003, from fresh weights", RestartAndAdam(3e-3)),
            ("Adam at 0.01", RestartAndAdam(1e-2)),
            ("Adam at 0.001", RestartAndAdam(1e-3)),
        ],
        Fault::RateAtZero => &[
            ("let the schedule end with the training", Code("CosineAnnealingLr::new(rate, steps)")),
            ("Adam, with a rate that stays", AdamOnAll(1e-3)),
        ],
        Fault::Penalty => {
            &[("a thousandth of the factor", Code("let loss = data + penalty * (0.001 * factor);"))]
        }
        Fault::SummedLoss => &[
            ("take the mean", Code("MseLoss::new() // Reduction::Mean")),
            ("or divide the learning rate by the number of samples", RestartAndScaleRate(0.01)),
        ],
        Fault::RateTooHigh => &[
            ("a tenth of the learning rate, from fresh weights", RestartAndScaleRate(0.1)),
            ("a hundredth of it, from fresh weights", RestartAndScaleRate(0.01)),
            ("a thousandth of it, from fresh weights", RestartAndScaleRate(0.001)),
        ],
        Fault::RateTooLow => &[
            ("a hundred times the learning rate", ScaleRate(100.0)),
            ("ten thousand times the learning rate", ScaleRate(1e4)),
            ("ten times the learning rate", ScaleRate(10.0)),
        ],
        Fault::ClippedToNothing => &[
            ("clip at a greater norm, or not at all", Code("clip_grad_norm(&parameters, 1.0)?")),
            ("an optimiser whose steps do not depend on the gradient's size", AdamOnAll(1e-3)),
        ],
        Fault::BatchTooSmall => &[
            ("a tenth of the learning rate", ScaleRate(0.1)),
            ("more samples a batch", Code("DataLoader::new(data, 32)?")),
        ],
        Fault::Vanishing => &[
            ("draw the weights again, by the number of inputs", Restart),
            ("an optimiser that scales each gradient", AdamOnAll(1e-3)),
            (
                "ReLU for the sigmoid, or a norm layer, or a residual",
                Code("x.try_add(layer.call(x)?)?"),
            ),
        ],
        Fault::Exploding => &[
            ("clip the gradients", ClipNorm(1.0)),
            ("fresh weights and a tenth of the learning rate", RestartAndScaleRate(0.1)),
            ("draw the weights again, by the number of inputs", Restart),
        ],
        Fault::DeadUnits => &[
            ("draw weights and biases again", Restart),
            ("the same, and a third of the learning rate", RestartAndScaleRate(0.3)),
            ("an activation with a slope below 0", Code("LeakyRelu::new(0.01)")),
        ],
        Fault::Saturated => &[
            ("draw the weights again, by the number of inputs", Restart),
            ("scale the inputs", StandardiseInput),
            ("the same, and a third of the learning rate", RestartAndScaleRate(0.3)),
        ],
        Fault::NotFinite => &[
            ("fresh weights and a tenth of the learning rate", RestartAndScaleRate(0.1)),
            ("clip the gradients", ClipNorm(1.0)),
        ],
        Fault::NoBetterThanConstant | Fault::CannotOverfit => &[
            ("ten times the learning rate", ScaleRate(10.0)),
            ("a tenth of it, from fresh weights", RestartAndScaleRate(0.1)),
            ("Adam at 0.01", AdamOnAll(1e-2)),
        ],
        Fault::InputUnused => &[("see that `forward` uses its argument", Code("self.l1.call(x)?"))],
        Fault::StartOff => &[("draw the weights again, by the number of inputs", Restart)],
        Fault::Overfitting => &[
            ("stop in time", Code("EarlyStopping::new().patience(5)")),
            ("decay the weights", Code("AdamW::new(model.parameters(), 1e-3).weight_decay(0.01)")),
        ],
    };
    list.iter().map(|&(text, action)| Remedy { text: text.to_string(), action }).collect()
}

#[cfg(test)]
mod tests;
