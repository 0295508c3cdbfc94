//! Layers in print: `println!("{layer}")` writes the layer's [`tree`](crate::Parts::tree), as PyTorch's `print(layer)` does.

use std::fmt::{Display, Formatter, Result};

use wengert_autograd::Tensors;
use wengert_tensor::Float;

use crate::*;

/// `Display` of the layers with these generics; those without parameters have the same tree for each type of float, so `f32` does.
macro_rules! display {
    (@ [$($generics:tt)*] $T:ty, $Layer:ty) => {
        impl<$($generics)*> Display for $Layer {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                f.write_str(&Parts::<$T>::tree(self))
            }
        }
    };
    ($generics:tt $T:ty: $($Layer:ty),* $(,)?) => {$(
        display!(@ $generics $T, $Layer);
    )*};
}

display! { [T: Float, In: Tensors] T: Sequential<T, In> }
display! { [T: Float]
    T: Bilinear<T>, Embedding<T>, EmbeddingBag<T>, Gru<T>, GruCell<T>, LayerNorm<T>, LearnedPositions<T>, Linear<T>, Lstm<T>,
    LstmCell<T>, MultiheadAttention<T>, GroupNorm<T>, Parallel<T>, PRelu<T>, RmsNorm<T>, Rnn<T>, RnnCell<T>, Standardize<T>,
    TransformerDecoder<T>, TransformerDecoderLayer<T>, TransformerEncoder<T>, TransformerEncoderLayer<T>,
}
display! { [T: Float, const D: usize]
    T: BatchNorm<T, D>, Conv<T, D>, ConvTranspose<T, D>, InstanceNorm<T, D>,
}
display! { [const D: usize]
    f32: AdaptiveAvgPool<D>, AdaptiveMaxPool<D>, AvgPool<D>, ChannelDropout<D>, ConstantPad<D>, LpPool<D>, MaxPool<D>,
    ReflectionPad<D>,
}
display! { [F: Send + Sync, In, Out] f32: Func<F, In, Out> }
display! { []
    f32: Celu, ChannelShuffle, Dropout, Elu, Flatten, Fold, Gelu, Glu, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, Identity,
    LeakyRelu, LogSigmoid, LogSoftmax, Mish, PixelShuffle, PixelUnshuffle, Relu, Relu6, RotaryPositions, Selu, Sigmoid, Silu,
    SinusoidalPositions, Softmax, Softmin, Softplus, Softshrink, Softsign, Tanh, Tanhshrink, Threshold, Unfold, Upsample,
}
