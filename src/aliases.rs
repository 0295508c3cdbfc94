//! The contents of both preludes: traits and plain types, and the generic types with their float fixed.

/// The contents of a prelude for one float type.
///
/// The generic types are aliases without a parameter. `type Tensor<T = f32>` would not do: Rust applies a default in types
/// only, so `Tensor::full([2], 1.0)` would be of `f64`, the default of the literal, and a net would train in it unnoticed.
macro_rules! prelude {
    ($t:ident) => {
        pub use wengert_autograd::{GradCheck, Gradient, Pointwise, Result, einsum, gradcheck};
        pub use wengert_data::metrics::{self, RunningMean};
        pub use wengert_data::{Csv, DataLoader, Dataset, MinMax, Standardizer, Table};
        pub use wengert_loss::{
            BinaryFocalLoss, CauchyLoss, CharbonnierLoss, CosineEmbeddingLoss, CtcLoss, CtcTarget, DiceLoss, GaussianNllLoss, GeneralRobustLoss, GeneralizedCrossEntropyLoss, HingeEmbeddingLoss, HingeLoss,
            HuberLoss, KlDivLoss, KlReduction, LogCoshLoss, Loss, MaeLoss, MarginRankingLoss, MseLoss, MultilabelMarginLoss, PoissonNllLoss,
            QuantileLoss, Reduction, SequenceCrossEntropyLoss, SmoothL1Loss, SoftMarginLoss, SymmetricCrossEntropyLoss, TripletMarginLoss, TukeyLoss, TverskyLoss,
        };
        pub use wengert_nn::{
            self as nn, AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d, AvgPool1d,
            AvgPool2d, AvgPool3d, Celu, ChannelShuffle, ConstantPad1d, ConstantPad2d, Dropout, Dropout1d, Dropout2d, Dropout3d, Elu, Flatten, Fold,
            Gelu, Glu, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, Identity, LeakyRelu, LogSigmoid, LogSoftmax, LpPool1d, LpPool2d, LpPool3d,
            MaxPool1d, MaxPool2d, MaxPool3d, Mish, Module, Padding, Parts, PixelShuffle, PixelUnshuffle, ReflectionPad1d, ReflectionPad2d, Relu, Relu6,
            Residual, RotaryPositions, Selu, Sigmoid, Silu, SinusoidalPositions, Softmax, Softmin, Softplus, Softshrink, Softsign, Tanh, Tanhshrink,
            Threshold, TimeFirst, Unfold, Upsample, Visitor, ZeroPad1d, ZeroPad2d,
            check_parameters, func, func_of, functional, init, sequential,
        };
        pub use wengert_optim::schedule::{self, Schedule};
        pub use wengert_optim::{ClipNorm, Lookahead, Optimizer, ProximalStep, Sam, clip_grad_norm, clip_grad_value};
        pub use wengert_tensor::{Axes, Order, REST, Rng, keep, s, tensor};
        pub use wengert_train::{Checkpoints, Config, Doctor, History, Progress, Space, Trainer, evaluate, lr_range_test, sweep, train_epoch};
        pub use wengert_viz::{Inspect, Notebook};

        aliases! { $t
            wengert_tensor: Tensor;
            wengert_autograd: Param;
            wengert_nn: BatchNorm1d, BatchNorm2d, BatchNorm3d, Bilinear, Buffer, Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, Embedding, EmbeddingBag, GroupNorm, Gru, GruCell, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, LayerNorm, LearnedPositions, Linear, Lstm, LstmCell, MultiheadAttention, Parallel, PRelu, RmsNorm, Rnn, RnnCell, Standardize, TransformerDecoder, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer;
            wengert_loss: AdaptiveRobustLoss, BceLoss, BceWithLogitsLoss, CrossEntropyLoss, FocalLoss, MultilabelCrossEntropyLoss, MultilabelSoftMarginLoss, MultiMarginLoss, NllLoss;
            wengert_optim: Adadelta, Adafactor, Adagrad, Adam, Adamax, AdamW, Adan, Asgd, Average, GradientDescent, Lamb, Lars, Lbfgs, Lion, Muon, NAdam, RAdam, RmsProp, Rprop, Sgd;
            wengert_train: Checkpoint, EarlyStopping, MultiTask;
        }
        #[doc = concat!("[`TensorDataset`](wengert_data::TensorDataset) of `", stringify!($t), "`, its targets class numbers or, as in a regression, numbers like its features.")]
        pub type TensorDataset<Y = usize> = wengert_data::TensorDataset<$t, Y>;
        /// Class numbers, token ids and other indices: `wengert::tensor::Tensor<usize>`. [`Tensor`] is of floats here and takes no
        /// type parameter, so a `Vec<usize>` becomes labels by `Labels::from`.
        pub type Labels = wengert_tensor::Tensor<usize>;
        #[doc = concat!("A tape of `", stringify!($t), "`.")]
        pub type Tape = wengert_autograd::Tape<$t>;
        /// Class numbers, token ids and other indices, as [`Labels`].
        pub type Indices = wengert_tensor::Tensor<usize>;
        /// A mask: what is true is chosen.
        pub type Mask = wengert_tensor::Tensor<bool>;
        #[doc = concat!("A recorded value of `", stringify!($t), "`: `Var<'t>`; of indices `Var<'t, Indices>`, of a pair `Var<'t, (Tensor, Mask)>`.")]
        pub type Var<'t, K = Tensor> = wengert_autograd::Var<'t, $t, K>;
        #[doc = concat!("Layers one after another, of `", stringify!($t), "`; `Sequential<Indices>` begins with an [`Embedding`].")]
        pub type Sequential<In = Tensor> = wengert_nn::Sequential<$t, In>;
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
