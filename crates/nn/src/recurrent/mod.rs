//! Recurrent layers: `Rnn`, `Gru` and `Lstm` over sequences, and their cells, which take one step.

mod cell;
mod layer;
mod lstm;
mod settings;
mod stack;
mod step;
mod weights;

pub use cell::{GruCell, LstmCell, RnnCell};
pub use layer::{Gru, Lstm, Rnn};
pub use weights::RecurrentWeights;
