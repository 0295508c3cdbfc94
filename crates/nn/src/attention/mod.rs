//! Attention with weights, and the layers of transformers.

mod decoder;
mod encoder;
mod feedforward;
mod multihead;
mod positions;
mod stack;
mod time_first;

pub use decoder::{TransformerDecoder, TransformerDecoderLayer};
pub use encoder::{TransformerEncoder, TransformerEncoderLayer};
pub use multihead::{InProjection, MultiheadAttention, Weighed};
pub use positions::{LearnedPositions, RotaryPositions, SinusoidalPositions};
pub use time_first::TimeFirst;
