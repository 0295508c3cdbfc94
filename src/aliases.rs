//! What both preludes hold: the traits and plain types, and the generic ones with their float fixed.

/// The contents of a prelude for one float type.
///
/// Aliases, because a default type parameter acts in types only: `Tensor::full([2], 1.0)` would be `f64` by the
/// literal's own default, and a net would train in it unnoticed.
macro_rules! prelude {
    ($t:ident) => {
        pub use wengert_autograd::{Gradient, GradCheck, Pointwise, gradcheck};
        pub use wengert_data::metrics::{self, RunningMean};
        pub use wengert_data::{DataLoader, Dataset};
        pub use wengert_loss::{
            BinaryFocalLoss, CauchyLoss, CharbonnierLoss, CosineEmbeddingLoss, GaussianNllLoss, GeneralRobustLoss, HingeEmbeddingLoss, HingeLoss,
            HuberLoss, KlDivLoss, LogCoshLoss, Loss, MaeLoss, MarginRankingLoss, MseLoss, MultilabelMarginLoss, PoissonNllLoss,
            QuantileLoss, Reduction, SequenceCrossEntropyLoss, SmoothL1Loss, SoftMarginLoss, TripletMarginLoss,
        };
        pub use wengert_nn::{
            Celu, Dropout, Elu, Flatten, Gelu, Glu, Hardsigmoid, Hardswish, Hardtanh, Identity, LeakyRelu,
            LogSigmoid, LogSoftmax, Mish, Module, Parts, Relu, Relu6, Selu, Sigmoid, Silu, Softmax, Softplus,
            Softsign, Tanh, Visitor, check_parameters, func, init, sequential,
        };
        pub use wengert_optim::schedule::Schedule;
        pub use wengert_optim::{Optimizer, clip_grad_norm, clip_grad_value, schedule};
        pub use wengert_tensor::{Axes, REST, Rng, keep, s, tensor};
        pub use wengert_train::{Progress, Trainer, evaluate, train_epoch};

        aliases! { $t
            wengert_tensor: Tensor;
            wengert_autograd: Param;
            wengert_nn: BatchNorm1d, BatchNorm2d, Bilinear, Embedding, GroupNorm, LayerNorm, Linear, PRelu, RmsNorm, Sequential, Standardize;
            wengert_loss: BceLoss, BceWithLogitsLoss, CrossEntropyLoss, FocalLoss, MultiMarginLoss, MultilabelCrossEntropyLoss, MultilabelSoftMarginLoss, NllLoss;
            wengert_optim: Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Asgd, Average, GradientDescent, Lbfgs, NAdam, RAdam, RmsProp, Rprop, Sgd;
            wengert_train: Checkpoint, EarlyStopping;
        }
        #[doc = concat!("[`TensorDataset`](wengert_data::TensorDataset) of `", stringify!($t), "`, its targets class numbers or, as in a regression, numbers like its features.")]
        pub type TensorDataset<Y = usize> = wengert_data::TensorDataset<$t, Y>;
        /// Class numbers and indices. `Tensor` is of floats here, so a `Vec<usize>` becomes labels by `Labels::from`.
        pub type Labels = wengert_tensor::Tensor<usize>;
        #[doc = concat!("A tape of `", stringify!($t), "`.")]
        pub type Tape = wengert_autograd::Tape<$t>;
        #[doc = concat!("A recorded `", stringify!($t), "` value.")]
        pub type Var<'t> = wengert_autograd::Var<'t, $t>;
    };
}

/// Generic types of a crate with their float fixed.
macro_rules! aliases {
    ($t:ident $($crate_:ident: $($Name:ident),*;)*) => {$($(
        #[doc = concat!("[`", stringify!($Name), "`](", stringify!($crate_), "::", stringify!($Name), ") of `", stringify!($t), "`.")]
        pub type $Name = $crate_::$Name<$t>;
    )*)*};
}

pub(crate) use {aliases, prelude};
