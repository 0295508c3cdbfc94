//! Sequences from end to end: a net that turns them round.

use wengert::loss;
use wengert::prelude64::*;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The last token first.
fn reversed(tokens: &Indices) -> Outcome<Indices> {
    Ok(tokens.flip(1)?)
}

#[test]
fn attention_learns_to_turn_a_sequence_round() -> Outcome {
    const TOKENS: usize = 6;
    const LENGTH: usize = 8;
    let rng = &mut Rng::new(0);
    let attention = TransformerEncoderLayer::new(24, 2, rng).feedforward(48, rng).dropout(0.0);
    let model: Sequential<Indices> = sequential![
        Embedding::new(TOKENS, 24, rng),
        LearnedPositions::new(LENGTH, 24, rng),
        attention.batch_first(),
        Linear::new(24, TOKENS, rng)
    ];
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    for _ in 0..200 {
        let x = Indices::randint([64, LENGTH], 0, TOKENS, rng)?;
        let tape = Tape::new();
        optimizer.zero_grad();
        let logits = model.call(tape.input(x.clone()))?;
        let every = SequenceCrossEntropyLoss::unpadded();
        every.forward(logits, &reversed(&x)?)?.backward()?;
        optimizer.step()?;
    }
    // Sequences that it has not seen, by the tokens that are right and by the sequences that are right as a whole.
    let x = Indices::randint([500, LENGTH], 0, TOKENS, &mut Rng::new(1))?;
    let (said, wanted) = (model.predict(&x)?.argmax_over(-1)?, reversed(&x)?);
    let right = said.equal(&wanted)?.to_vec();
    let tokens = right.iter().filter(|right| **right).count() as f64 / right.len() as f64;
    let whole = right.chunks(LENGTH).filter(|row| row.iter().all(|right| *right)).count();
    assert!(tokens > 0.99 && whole > 490, "{tokens} {whole}");
    let tape = Tape::no_grad();
    let cost =
        loss::SequenceCrossEntropyLoss::unpadded().forward(model.call(tape.input(x))?, &wanted)?;
    assert!(loss::perplexity(cost)? < 1.05);
    Ok(())
}
