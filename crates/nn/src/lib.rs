//! Modules, layers, initialisers, and weights in files that PyTorch reads.
//!
//! A model is a struct of layers. [`Parts`] names its layers, and [`Module`] is its function. Write `forward`, and use `call`:
//!
//! ```
//! use wengert_autograd::{Result, Tape, Var};
//! use wengert_nn::{Linear, Module, Parts, parts};
//! use wengert_tensor::{Rng, Tensor};
//!
//! struct Mlp {
//!     l1: Linear<f32>,
//!     l2: Linear<f32>,
//! }
//!
//! parts!(Mlp { l1, l2 });
//!
//! impl Mlp {
//!     fn new(inputs: usize, outputs: usize, rng: &mut Rng) -> Self {
//!         Self { l1: Linear::new(inputs, 32, rng), l2: Linear::new(32, outputs, rng) }
//!     }
//! }
//!
//! impl Module<f32> for Mlp {
//!     fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
//!         let x = self.l1.call(x)?.relu();
//!         self.l2.call(x)
//!     }
//! }
//!
//! let model = Mlp::new(4, 3, &mut Rng::new(0));
//! let tape = Tape::new();
//! let y = model.call(tape.constant(Tensor::ones([8, 4])))?;
//! assert_eq!(*y.shape(), [8, 3]);
//!
//! let names: Vec<String> = model.named_parameters().into_iter().map(|(name, _)| name).collect();
//! assert_eq!(names, ["l1.weight", "l1.bias", "l2.weight", "l2.bias"]);
//! # Ok::<(), wengert_nn::Error>(())
//! ```
//!
//! | to | see |
//! |---|---|
//! | give an optimiser the parameters | [`Parts::parameters`] |
//! | freeze some by path | [`Parts::freeze`] |
//! | save and load weights | [`Parts::state`], [`Parts::load_state`], [`save`], [`load`] |
//! | evaluate without a tape | [`Module::predict`] |
//! | print a table of layers and shapes | [`Module::summary`] |
//! | see the result of each layer | [`trace()`] |
//! | build a net from a list of widths | [`mlp`](fn@mlp) |
//! | check that no field was forgotten | [`check_parameters`] |
//! | take indices, masks or several inputs | [`Module`] with `In` and `Out`, as in [`Embedding`] and [`Bilinear`] |
//!
//! For PyTorch users:
//!
//! | PyTorch | here |
//! |---|---|
//! | `nn.Sequential(nn.Linear(4, 8), nn.Tanh())` | `sequential![Linear::new(4, 8, rng), Tanh]`, or [`Sequential`]'s `with` and `named` |
//! | two layers with one weight | `head.weight = words.weight.clone()`: a clone of a `Param` is the same parameter |
//! | `copy.deepcopy(model)` | [`model.deep_copy()`](Parts::deep_copy): a clone of a model has its parameters, and a step of one is a step of both |
//! | `self.layers = nn.ModuleList([…])` | a field `layers: Vec<…>` |
//! | `nn.Linear(4, 8, bias=False)` | `Linear::new(4, 8, rng).without_bias()` |
//! | `model.train()`, `model.eval()` | `Tape::new()`; `Tape::no_grad()`, `.evaluating()` |
//! | `with torch.no_grad(): model(x)` | [`model.predict(&x)`](Module::predict) |
//! | `p.requires_grad_(False)` for some | `model.freeze("backbone.*")` |
//! | `out, (h, c) = lstm(x)`, `lstm(x, (h, c))` | `let (out, (h, c)) = lstm.call(x)?`, `lstm.call((x, (h, c)))` |
//! | `pack_padded_sequence(x, lengths)` | `lstm.call((x, lengths))` |
//! | `mha(x, x, x, attn_mask=~seen)` | `mha.call((x, seen))`, with `true` where a key is seen |
//! | `self.register_buffer("mean", …)` | a field `mean: Buffer<T>`, named in [`parts!`] |
//! | `model.state_dict()`, `load_state_dict(…, strict=False)` | `model.state()`, `model.load_matching(&state)` |
//! | `nn.init.kaiming_normal_(layer.weight)` | `layer.weight.set(init::kaiming_normal(…)?)` |
//! | `sum(p.numel() for p in model.parameters())` | `model.num_parameters()` |
//!
//! Three things that other frameworks mix up are separate here:
//!
//! | | where it is | its effect |
//! |---|---|---|
//! | the mode: training or evaluation | the tape | what dropout and batch normalisation compute |
//! | whether a gradient is wanted | the parameter ([`freeze`](Parts::freeze)) and the tape (`no_grad`) | what is recorded |
//! | running statistics | [`Buffer`]s | they change in training on a tape that records, and at no other time |

#![forbid(unsafe_code)]

pub mod activation;
mod attention;
mod branches;
mod buffer;
mod check;
mod containers;
mod conv;
mod display;
mod dropout;
mod each;
mod embedding;
mod embedding_bag;
mod error;
pub mod functional;
pub mod init;
mod layer;
mod linear;
mod made;
mod mlp;
mod module;
mod norm;
mod pad;
mod parts;
mod pool;
mod recurrent;
mod resize;
mod sequential;
mod several;
mod shape;
mod standardize;
mod state;
mod summary;
mod trace;
mod tree;

pub use activation::{
    Celu, Elu, Gelu, Glu, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyRelu, LogSigmoid,
    LogSoftmax, Mish, PRelu, Relu, Relu6, Selu, Sigmoid, Silu, Softmax, Softmin, Softplus,
    Softshrink, Softsign, Tanh, Tanhshrink, Threshold,
};
pub use attention::{
    InProjection, LearnedPositions, MultiheadAttention, RotaryPositions, SinusoidalPositions,
    TimeFirst, TransformerDecoder, TransformerDecoderLayer, TransformerEncoder,
    TransformerEncoderLayer, Weighed,
};
pub use branches::{Parallel, Residual};
pub use buffer::{Buffer, Counter};
pub use check::{ParameterMismatch, check_parameters, check_parameters_on};
pub use conv::{
    Conv, Conv1d, Conv2d, Conv3d, ConvTranspose, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d,
};
pub use dropout::{ChannelDropout, Dropout, Dropout1d, Dropout2d, Dropout3d};
pub use each::{Each, OneOrEach, Padding};
pub use embedding::Embedding;
pub use embedding_bag::EmbeddingBag;
pub use error::{Error, Result};
pub use linear::{Bilinear, Linear};
pub use mlp::mlp;
pub use module::{Func, Module, func, func_of};
pub use norm::{
    BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d, GroupNorm, InstanceNorm, InstanceNorm1d,
    InstanceNorm2d, InstanceNorm3d, LayerNorm, RmsNorm, Running,
};
pub use pad::{
    ConstantPad, ConstantPad1d, ConstantPad2d, ReflectionPad, ReflectionPad1d, ReflectionPad2d,
    ZeroPad1d, ZeroPad2d,
};
pub use parts::{Part, Parts, Visitor};
pub use pool::{
    AdaptiveAvgPool, AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool,
    AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d, AvgPool, AvgPool1d, AvgPool2d,
    AvgPool3d, LpPool, LpPool1d, LpPool2d, LpPool3d, MaxPool, MaxPool1d, MaxPool2d, MaxPool3d,
};
pub use recurrent::{Gru, GruCell, Lstm, LstmCell, RecurrentWeights, Rnn, RnnCell};
pub use resize::{ChannelShuffle, Fold, PixelShuffle, PixelUnshuffle, Unfold, Upsample};
pub use sequential::Sequential;
pub use several::Input;
pub use shape::{Flatten, Identity};
pub use standardize::Standardize;
pub use state::Mismatch;
pub use summary::{Row, Summary};
pub use trace::{Trace, trace};
pub use wengert_autograd::matches;
#[doc(inline)]
pub use wengert_files::safetensors::{self, load, save};
pub use wengert_files::{Entry, State};

/// Names that the macros of this crate use.
#[doc(hidden)]
pub mod hidden {
    pub use wengert_tensor::Float;
}
