//! Programs of unusual kinds in which nothing is wrong.

use wengert::autograd::Tape;
use wengert::loss::{
    CrossEntropyLoss, HuberLoss, Loss, bce_with_logits, cross_entropy, gaussian_nll, mse,
};
use wengert::nn::{
    BatchNorm2d, Conv1d, Conv2d, Dropout, Embedding, Gelu, Gru, LayerNorm, Linear, Module, Parts,
    Relu, Sequential, Tanh,
};
use wengert::optim::{Adam, AdamW, Optimizer, Sgd};
use wengert::tensor::{Rng, Tensor, keep};
use wengert::train::Doctor;

use super::{digits, rows, train, well};

#[test]
fn a_bag_of_words() {
    let rng = &mut Rng::new(0);
    let (words, head) = (Embedding::<f32>::new(200, 16, rng), Linear::new(16, 2, rng));
    let x = Tensor::<usize>::randint([800, 20], 0, 200, rng).unwrap();
    let few = |r: &[usize]| usize::from(r.iter().filter(|w| **w < 100).count() > 10);
    let y = Tensor::from(x.to_vec().chunks(20).map(few).collect::<Vec<_>>());
    let all = [words.parameters(), head.parameters()].concat();
    well(&train(400, Adam::new(all, 1e-2), |tape, step| {
        let at = rows(800, 40, step);
        let h = words.call(tape.input(x.index_select(0, &at)?))?.mean_over(1)?;
        cross_entropy(head.call(h)?, &y.index_select(0, &at)?)
    }));
}

#[test]
fn a_language_model_with_tied_weights() {
    // Letters in a cycle, now and then with a jump: the next letter from the last three.
    let rng = &mut Rng::new(0);
    let jumps = Tensor::<f32>::rand([2003], rng).to_vec();
    let text: Vec<usize> = jumps
        .iter()
        .scan(0, |c, j| {
            *c = (*c + if *j < 0.8 { 1 } else { 5 }) % 20;
            Some(*c)
        })
        .collect();
    let x = Tensor::from_vec((0..2000).flat_map(|k| text[k..k + 3].to_vec()).collect(), [2000, 3])
        .unwrap();
    let y = Tensor::from(text[3..].to_vec());
    let (letters, mix) = (Embedding::<f32>::new(20, 16, rng), Linear::new(48, 16, rng));
    let all = [letters.parameters(), mix.parameters()].concat();
    well(&train(400, AdamW::new(all, 5e-3), |tape, step| {
        let at = rows(2000, 50, step);
        let h = letters.call(tape.input(x.index_select(0, &at)?))?.reshape([50, 48])?;
        let out = mix.call(h)?.tanh().matmul(tape.param(&letters.weight).t())?;
        cross_entropy(out, &y.index_select(0, &at)?)
    }));
}

#[test]
fn norms_and_gelus() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(64, 48, rng))
        .with(LayerNorm::new([48]))
        .with(Gelu::new())
        .with(Linear::new(48, 48, rng))
        .with(LayerNorm::new([48]))
        .with(Gelu::new())
        .with(Linear::new(48, 10, rng));
    well(&train(300, AdamW::new(model.parameters(), 2e-3), |tape, step| {
        let at = rows(y.len(), 32, step);
        let criterion = CrossEntropyLoss::new().label_smoothing(0.1);
        criterion
            .forward(model.call(tape.input(x.index_select(0, &at)?))?, &y.index_select(0, &at)?)
    }));
}

#[test]
fn gradients_that_are_accumulated() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(64, 32, rng))
        .with(Relu)
        .with(Linear::new(32, 10, rng));
    let mut optimizer = Adam::new(model.parameters(), 3e-3);
    let mut doctor = Doctor::new();
    for step in 0..200 {
        optimizer.zero_grad();
        for part in 0..4 {
            let at = rows(y.len(), 8, 4 * step + part);
            let tape = Tape::new();
            let out = model.call(tape.input(x.index_select(0, &at).unwrap())).unwrap();
            let loss =
                cross_entropy(out, &y.index_select(0, &at).unwrap()).unwrap().mul_scalar(0.25);
            loss.backward().unwrap();
            if part == 3 {
                doctor.step(loss, &mut optimizer).unwrap();
            }
        }
    }
    well(&doctor);
}

#[test]
fn a_line_that_has_long_converged() {
    let rng = &mut Rng::new(0);
    let x = Tensor::<f32>::randn([100, 1], rng);
    let y: Tensor<f32> = &x * 3.0 + 4.0 + Tensor::<f32>::randn([100, 1], rng) * 0.1;
    let model = Linear::<f32>::new(1, 1, rng);
    well(&train(3000, Sgd::new(model.parameters(), 0.1), |tape, _| {
        mse(model.call(tape.input(x.clone()))?, y.clone())
    }));
}

#[test]
fn a_noisy_target_at_its_floor() {
    let rng = &mut Rng::new(0);
    let x = Tensor::<f32>::randn([1000, 3], rng);
    let y: Tensor<f32> =
        x.sum_over(keep(1)).unwrap() * 0.3 + Tensor::<f32>::randn([1000, 1], rng) * 0.8;
    let model = Sequential::<f32>::new()
        .with(Linear::new(3, 16, rng))
        .with(Tanh)
        .with(Linear::new(16, 1, rng));
    well(&train(600, Adam::new(model.parameters(), 3e-3), |tape, step| {
        let at = rows(1000, 50, step);
        mse(model.call(tape.input(x.index_select(0, &at)?))?, y.index_select(0, &at)?)
    }));
}

#[test]
fn the_four_samples_of_xor() {
    let x = Tensor::<f32>::from_vec(vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], [4, 2]).unwrap();
    let y = Tensor::<f32>::from_vec(vec![0.0, 1.0, 1.0, 0.0], [4, 1]).unwrap();
    for seed in 0..5 {
        let rng = &mut Rng::new(seed);
        let model = Sequential::<f32>::new()
            .with(Linear::new(2, 8, rng))
            .with(Tanh)
            .with(Linear::new(8, 1, rng));
        well(&train(500, Adam::new(model.parameters(), 0.03), |tape, _| {
            bce_with_logits(model.call(tape.input(x.clone()))?, y.clone())
        }));
    }
}

#[test]
fn small_targets() {
    let (x, y) = wengert::data::synth::friedman1::<f32>(600, 0.5, 0).into_parts();
    let y = ((y - 14.4) * 0.004).reshape([600, 1]).unwrap();
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(10, 32, rng))
        .with(Relu)
        .with(Linear::new(32, 1, rng));
    well(&train(800, Adam::new(model.parameters(), 1e-3), |tape, step| {
        let at = rows(600, 32, step);
        mse(model.call(tape.input(x.index_select(0, &at)?))?, y.index_select(0, &at)?)
    }));
}

#[test]
fn a_likelihood_below_zero() {
    let rng = &mut Rng::new(0);
    let x = Tensor::<f32>::randn([600, 4], rng);
    let y: Tensor<f32> =
        x.narrow(1, 0, 1).unwrap() * 0.5 + Tensor::<f32>::randn([600, 1], rng) * 0.05;
    let model = Sequential::<f32>::new()
        .with(Linear::new(4, 32, rng))
        .with(Tanh)
        .with(Linear::new(32, 2, rng));
    well(&train(600, Adam::new(model.parameters(), 5e-3), |tape, step| {
        let at = rows(600, 40, step);
        let out = model.call(tape.input(x.index_select(0, &at)?))?;
        let (mean, log) = (out.narrow(1, 0, 1)?, out.narrow(1, 1, 1)?);
        gaussian_nll(mean, y.index_select(0, &at)?, log.exp())
    }));
}

/// The first layer is linear, and what it gives goes around each block too.
#[test]
fn residual_blocks_behind_a_linear_stem() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let stem = Linear::<f32>::new(64, 24, rng);
    let blocks: Vec<Linear<f32>> = (0..3).map(|_| Linear::new(24, 24, rng)).collect();
    let head = Linear::<f32>::new(24, 10, rng);
    let mut all = [stem.parameters(), head.parameters()].concat();
    blocks.iter().for_each(|block| all.extend(block.parameters()));
    well(&train(200, Adam::new(all, 3e-3), |tape, step| {
        let at = rows(y.len(), 32, step);
        let mut h = stem.call(tape.input(x.index_select(0, &at)?))?;
        for block in &blocks {
            h = h.try_add(block.call(h)?.relu())?;
        }
        cross_entropy(head.call(h)?, &y.index_select(0, &at)?)
    }));
}

#[test]
fn an_autoencoder() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(64, 32, rng))
        .with(Relu)
        .with(Linear::new(32, 8, rng))
        .with(Linear::new(8, 32, rng))
        .with(Relu)
        .with(Linear::new(32, 64, rng));
    well(&train(500, Adam::new(model.parameters(), 3e-3), |tape, step| {
        let x = x.index_select(0, &rows(y.len(), 32, step))?;
        mse(model.call(tape.input(x.clone()))?, x)
    }));
}

#[test]
fn a_norm_over_the_batch_by_hand_and_one_of_the_library() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let (first, last) = (Linear::<f32>::new(64, 32, rng), Linear::new(32, 10, rng));
    let all = [first.parameters(), last.parameters()].concat();
    well(&train(200, Adam::new(all, 3e-3), |tape, step| {
        let at = rows(y.len(), 32, step);
        let h = first.call(tape.input(x.index_select(0, &at)?))?;
        let h = h.try_sub(h.mean_over(keep(0))?)?;
        let h = h.try_div(h.square().mean_over(keep(0))?.add_scalar(1e-5).sqrt())?.relu();
        cross_entropy(last.call(h)?, &y.index_select(0, &at)?)
    }));
    let model = Sequential::<f32>::new()
        .with(Conv2d::new(1, 8, 3, rng))
        .with(BatchNorm2d::new(8))
        .with(Relu)
        .with(wengert::nn::Flatten::new(1, -1))
        .with(Linear::new(288, 10, rng));
    let x = x.reshape([y.len(), 1, 8, 8]).unwrap();
    well(&train(200, Adam::new(model.parameters(), 2e-3), |tape, step| {
        let at = rows(y.len(), 32, step);
        cross_entropy(model.call(tape.input(x.index_select(0, &at)?))?, &y.index_select(0, &at)?)
    }));
}

#[test]
fn pairs_that_are_told_from_all_others() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let net = |rng: &mut Rng| {
        Sequential::<f32>::new()
            .with(Linear::new(32, 32, rng))
            .with(Relu)
            .with(Linear::new(32, 16, rng))
    };
    let (upper, lower) = (net(rng), net(rng));
    let all = [upper.parameters(), lower.parameters()].concat();
    let own = Tensor::from((0..32).collect::<Vec<usize>>());
    well(&train(400, Adam::new(all, 3e-3), |tape, step| {
        let x = x.index_select(0, &rows(y.len(), 32, step))?;
        let a = upper.call(tape.input(x.narrow(1, 0, 32)?.contiguous()))?;
        let b = lower.call(tape.input(x.narrow(1, 32, 32)?.contiguous()))?;
        cross_entropy(a.matmul(b.t())?, &own)
    }));
}

#[test]
fn outliers_and_a_loss_that_forgives() {
    let rng = &mut Rng::new(0);
    let x = Tensor::<f32>::randn([600, 4], rng);
    let off = Tensor::<f32>::rand([600, 1], rng).to_vec();
    let off: Vec<f32> = off.iter().map(|u| if *u < 0.03 { 20.0 } else { 0.0 }).collect();
    let y: Tensor<f32> = x.sum_over(keep(1)).unwrap() + Tensor::from_vec(off, [600, 1]).unwrap();
    let model = Sequential::<f32>::new()
        .with(Linear::new(4, 16, rng))
        .with(Relu)
        .with(Linear::new(16, 1, rng));
    well(&train(600, Adam::new(model.parameters(), 5e-3), |tape, step| {
        let at = rows(600, 40, step);
        HuberLoss::new()
            .forward(model.call(tape.input(x.index_select(0, &at)?))?, &y.index_select(0, &at)?)
    }));
}

#[test]
fn sequences_of_numbers() {
    let rng = &mut Rng::new(0);
    let (gru, head) = (Gru::<f32>::new(1, 16, rng).batch_first(), Linear::new(16, 1, rng));
    let conv = Conv1d::<f32>::new(1, 16, 5, rng);
    let series = wengert::data::synth::seasons::<f32>(700, 0.1, 0).to_vec();
    let x =
        Tensor::from_vec((0..600).flat_map(|k| series[k..k + 24].to_vec()).collect(), [600, 24, 1])
            .unwrap();
    let y = Tensor::from_vec(series[24..624].to_vec(), [600, 1]).unwrap();
    let all = [gru.parameters(), head.parameters()].concat();
    well(&train(300, Adam::new(all, 5e-3), |tape, step| {
        let at = rows(600, 30, step);
        let (_, state) = gru.call(tape.input(x.index_select(0, &at)?))?;
        mse(head.call(state.select(0, 0)?)?, y.index_select(0, &at)?)
    }));
    let all = [conv.parameters(), head.parameters()].concat();
    well(&train(300, Adam::new(all, 5e-3), |tape, step| {
        let at = rows(600, 30, step);
        let x = tape.input(x.index_select(0, &at)?.transpose(1, 2)?.contiguous());
        mse(head.call(conv.call(x)?.relu().mean_over(2)?)?, y.index_select(0, &at)?)
    }));
}

#[test]
fn a_frozen_body_and_a_new_head() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let body = Sequential::<f32>::new().with(Linear::new(64, 64, rng)).with(Relu);
    let head = Linear::<f32>::new(64, 10, rng);
    well(&train(300, Adam::new(head.parameters(), 1e-2), |tape, step| {
        let at = rows(y.len(), 32, step);
        let h = body.call(tape.input(x.index_select(0, &at)?))?.detach();
        cross_entropy(head.call(h)?, &y.index_select(0, &at)?)
    }));
}

#[test]
fn weights_that_are_fine_already() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(64, 32, rng))
        .with(Relu)
        .with(Dropout::new(0.2))
        .with(Linear::new(32, 10, rng));
    let pass = |steps: usize, rate: f64| {
        train(steps, Adam::new(model.parameters(), rate), |tape, step| {
            let at = rows(y.len(), 32, step);
            cross_entropy(
                model.call(tape.input(x.index_select(0, &at)?))?,
                &y.index_select(0, &at)?,
            )
        })
    };
    well(&pass(400, 3e-3));
    well(&pass(200, 1e-5));
}

#[test]
fn several_labels_a_sample_and_a_penalty() {
    let rng = &mut Rng::new(0);
    let x = Tensor::<f32>::randn([600, 8], rng);
    let y: Vec<f32> = x
        .to_vec()
        .chunks(8)
        .flat_map(|r| [r[0] > 0.0, r[1] + r[2] > 0.0, r[3] > r[4]].map(|b| f32::from(u8::from(b))))
        .collect();
    let y = Tensor::from_vec(y, [600, 3]).unwrap();
    let model = Sequential::<f32>::new()
        .with(Linear::new(8, 24, rng))
        .with(Relu)
        .with(Linear::new(24, 3, rng));
    well(&train(300, Adam::new(model.parameters(), 5e-3), |tape, step| {
        let at = rows(600, 40, step);
        let out = model.call(tape.input(x.index_select(0, &at)?))?;
        let penalty =
            model.parameters().iter().map(|p| tape.param(p).abs().sum()).reduce(|a, b| a + b);
        let loss = bce_with_logits(out, y.index_select(0, &at)?)?;
        Ok(penalty.map_or(loss, |penalty| loss + penalty * 1e-4))
    }));
}

#[test]
fn each_sample_against_all_others_of_its_batch() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let net = |rng: &mut Rng| {
        Sequential::<f32>::new()
            .with(Linear::new(64, 32, rng))
            .with(Relu)
            .with(Linear::new(32, 16, rng))
    };
    let (a, b) = (net(rng), net(rng));
    let own = Tensor::from((0..32_usize).collect::<Vec<_>>());
    let all = [a.parameters(), b.parameters()].concat();
    well(&train(300, Adam::new(all, 3e-3), |tape, step| {
        let x = x.index_select(0, &rows(y.len(), 32, step))?;
        let noisy = &x + &(Tensor::<f32>::randn([32, 64], &mut Rng::new(step as u64)) * 0.2);
        let others = b.call(tape.input(noisy))?.t();
        cross_entropy(a.call(tape.input(x))?.matmul(others)? * 0.3, &own)
    }));
}
