//! Mistakes in programs that are not of the benchmark.

use wengert::autograd::{Param, Tape};
use wengert::loss::{CrossEntropyLoss, Loss, bce_with_logits, cross_entropy, mse, nll};
use wengert::nn::{
    Conv2d, Dropout, Embedding, Flatten, Gelu, Gru, LayerNorm, Linear, Lstm, MaxPool, Module,
    Parts, Relu, Sequential, Sigmoid, Softmax, Tanh,
};
use wengert::optim::{Adam, Optimizer, Sgd};
use wengert::tensor::{Rng, Tensor};
use wengert::train::Doctor;
use wengert::train::doctor::Fault;

use super::{digits, finds, rows, train};

/// Convolutions on digits, with the end of the net as given.
fn cnn(rng: &mut Rng) -> Sequential<f32> {
    Sequential::new()
        .with(Conv2d::new(1, 8, 3, rng).padding(1))
        .with(Relu)
        .with(MaxPool::<2>::new(2))
        .with(Conv2d::new(8, 16, 3, rng).padding(1))
        .with(Relu)
        .with(MaxPool::<2>::new(2))
        .with(Flatten::new(1, -1))
        .with(Linear::new(64, 10, rng))
}

fn on_digits(model: &Sequential<f32>, optimizer: impl Optimizer<f32>, steps: usize) -> Doctor {
    let (x, y) = digits();
    let x = x.reshape([y.len(), 1, 8, 8]).unwrap();
    train(steps, optimizer, |tape, step| {
        let at = rows(y.len(), 32, step);
        let out = model.call(tape.input(x.index_select(0, &at)?))?;
        CrossEntropyLoss::new().forward(out, &y.index_select(0, &at)?)
    })
}

#[test]
fn a_softmax_at_the_end_of_a_cnn() {
    let model = cnn(&mut Rng::new(0)).with(Softmax::new(-1));
    let (x, y) = digits();
    let x = x.reshape([y.len(), 1, 8, 8]).unwrap();
    let doctor = train(150, Adam::new(model.parameters(), 1e-3), |tape, step| {
        let at = rows(y.len(), 32, step);
        // Behind a number that hides it from the loss, which would reject it.
        let p = model.call(tape.input(x.index_select(0, &at)?))?.add_scalar(1e-8);
        cross_entropy(p, &y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::DoubledSoftmax]);
}

#[test]
fn two_convolutions_without_an_activation() {
    let rng = &mut Rng::new(0);
    let model = Sequential::new()
        .with(Conv2d::new(1, 8, 3, rng))
        .with(Conv2d::new(8, 16, 3, rng))
        .with(Relu)
        .with(Flatten::new(1, -1))
        .with(Linear::new(256, 10, rng));
    finds(&on_digits(&model, Adam::new(model.parameters(), 1e-3), 100), &[Fault::NoNonlinearity]);
}

#[test]
fn a_convolution_of_zeros() {
    let model = cnn(&mut Rng::new(0));
    for p in model.parameters().iter().filter(|p| p.shape().len() == 4) {
        p.set(Tensor::full(p.shape(), 0.01));
    }
    let doctor = on_digits(&model, Adam::new(model.parameters(), 1e-3), 150);
    finds(&doctor, &[Fault::SymmetricUnits]);
}

#[test]
fn a_cnn_with_large_weights() {
    let model = cnn(&mut Rng::new(0));
    for p in model.parameters() {
        p.set(p.value() * 20.0);
    }
    let doctor = on_digits(&model, Sgd::new(model.parameters(), 0.05), 150);
    finds(&doctor, &[Fault::InitTooLarge]);
}

#[test]
fn a_reshape_that_mixes_pictures_after_a_convolution() {
    let rng = &mut Rng::new(0);
    let conv = Conv2d::<f32>::new(1, 8, 3, rng);
    let head = Linear::new(288, 10, rng);
    let (x, y) = digits();
    let x = x.reshape([y.len(), 1, 8, 8]).unwrap();
    let all: Vec<Param<f32>> = [conv.parameters(), head.parameters()].concat();
    let doctor = train(150, Adam::new(all, 1e-3), |tape, step| {
        let at = rows(y.len(), 32, step);
        let h = conv.call(tape.input(x.index_select(0, &at)?))?.relu();
        // The channels to the front, and flat.
        let h = h.transpose(0, 1)?.reshape([32, 288])?;
        cross_entropy(head.call(h)?, &y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::RowsMixed]);
}

#[test]
fn an_lstm_that_takes_the_batch_for_time() {
    let rng = &mut Rng::new(0);
    // [batch, time, 1] without `batch_first`.
    let (lstm, head) = (Lstm::<f32>::new(1, 16, rng), Linear::new(16, 1, rng));
    let x = Tensor::<f32>::randn([512, 8, 1], rng);
    let y = x.sum_over(1).unwrap();
    let all = [lstm.parameters(), head.parameters()].concat();
    let doctor = train(200, Adam::new(all, 5e-3), |tape, step| {
        let at = rows(512, 32, step);
        let (outputs, _) = lstm.call(tape.input(x.index_select(0, &at)?))?;
        mse(head.call(outputs.select(1, 7)?)?, y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::RowsMixed]);
}

#[test]
fn gradients_that_are_not_cleared() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(64, 32, rng))
        .with(Gelu::new())
        .with(Linear::new(32, 10, rng));
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let mut doctor = Doctor::new();
    for step in 0..50 {
        let at = rows(y.len(), 32, step);
        let tape = Tape::new();
        let out = model.call(tape.input(x.index_select(0, &at).unwrap())).unwrap();
        let loss = cross_entropy(out, &y.index_select(0, &at).unwrap()).unwrap();
        loss.backward().unwrap();
        if doctor.step(loss, &mut optimizer).is_err() {
            break;
        }
    }
    finds(&doctor, &[Fault::UsedGradient]);
}

#[test]
fn a_reward_where_a_loss_is_due() {
    let (x, y) = digits();
    let model = Linear::<f32>::new(64, 10, &mut Rng::new(0));
    let doctor = train(100, Sgd::new(model.parameters(), 0.1), |tape, step| {
        let at = rows(y.len(), 32, step);
        let p = model.call(tape.input(x.index_select(0, &at)?))?.log_softmax(-1)?;
        let y = tape.input(y.index_select(0, &at)?.reshape([32, 1])?);
        Ok(p.gather(1, y)?.mean())
    });
    finds(&doctor, &[Fault::NegatedLoss]);
}

#[test]
fn labels_one_row_off() {
    let (x, y) = digits();
    let order = Tensor::<usize>::permutation(y.len(), &mut Rng::new(3));
    let x = x.index_select(0, &order).unwrap();
    let y = y.index_select(0, &order).unwrap().roll(1, 0).unwrap();
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(64, 32, rng))
        .with(Tanh)
        .with(Linear::new(32, 10, rng));
    let doctor = train(200, Adam::new(model.parameters(), 2e-3), |tape, step| {
        let at = rows(y.len(), 32, step);
        cross_entropy(model.call(tape.input(x.index_select(0, &at)?))?, &y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::LabelsUnrelated]);
}

#[test]
fn targets_one_row_off_in_a_regression() {
    let (x, y) = wengert::data::synth::friedman1::<f32>(600, 0.5, 0).into_parts();
    let y = ((y - 14.4) * 0.2).reshape([600, 1]).unwrap().roll(1, 0).unwrap();
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(10, 32, rng))
        .with(Relu)
        .with(Linear::new(32, 1, rng));
    let doctor = train(300, Adam::new(model.parameters(), 3e-3), |tape, step| {
        let at = rows(600, 32, step);
        mse(model.call(tape.input(x.index_select(0, &at)?))?, y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::LabelsUnrelated]);
}

#[test]
fn dead_relus_of_a_cnn() {
    let model = cnn(&mut Rng::new(0));
    for p in model.parameters().iter().filter(|p| p.shape() == [16]) {
        p.set(Tensor::full([16], -5.0));
    }
    finds(&on_digits(&model, Adam::new(model.parameters(), 1e-3), 150), &[Fault::DeadUnits]);
}

#[test]
fn a_rate_far_too_low() {
    let model = cnn(&mut Rng::new(0));
    finds(&on_digits(&model, Adam::new(model.parameters(), 1e-7), 150), &[Fault::RateTooLow]);
    let model = cnn(&mut Rng::new(0));
    finds(&on_digits(&model, Sgd::new(model.parameters(), 1e-5), 150), &[Fault::RateTooLow]);
}

#[test]
fn a_rate_far_too_high() {
    let model = cnn(&mut Rng::new(0));
    finds(&on_digits(&model, Adam::new(model.parameters(), 1.0), 150), &[Fault::RateTooHigh]);
    let model = cnn(&mut Rng::new(0));
    finds(&on_digits(&model, Sgd::new(model.parameters(), 20.0), 150), &[Fault::RateTooHigh]);
}

#[test]
fn a_decay_of_five() {
    let model = cnn(&mut Rng::new(0));
    let optimizer = Sgd::new(model.parameters(), 0.05).weight_decay(5.0);
    finds(&on_digits(&model, optimizer, 150), &[Fault::Penalty, Fault::OptimizerSetting]);
}

#[test]
fn targets_of_a_ten_thousandth() {
    let (x, y) = wengert::data::synth::friedman1::<f32>(600, 0.5, 0).into_parts();
    let y = ((y - 14.4) * 1e-4).reshape([600, 1]).unwrap();
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(10, 32, rng))
        .with(Relu)
        .with(Linear::new(32, 1, rng));
    let doctor = train(300, Adam::new(model.parameters(), 1e-3), |tape, step| {
        let at = rows(600, 32, step);
        mse(model.call(tape.input(x.index_select(0, &at)?))?, y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::UnscaledTarget]);
}

#[test]
fn time_first_by_a_reshape() {
    let rng = &mut Rng::new(0);
    let (gru, head) = (Gru::<f32>::new(2, 16, rng), Linear::new(16, 1, rng));
    let x = Tensor::<f32>::randn([600, 8, 2], rng);
    let y: Tensor<f32> = x.narrow(2, 0, 1).unwrap().sum_over(1).unwrap();
    let all = [gru.parameters(), head.parameters()].concat();
    let doctor = train(100, Adam::new(all, 1e-2), |tape, step| {
        let at = rows(600, 30, step);
        let (_, state) = gru.call(tape.input(x.index_select(0, &at)?).reshape([8, 30, 2])?)?;
        mse(head.call(state.select(0, 0)?)?, y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::RowsMixed]);
}

#[test]
fn a_reshape_of_inputs_with_the_same_number_in_many_rows() {
    let rng = &mut Rng::new(0);
    let (gru, head) = (Gru::<f32>::new(2, 16, rng).batch_first(), Linear::new(16, 1, rng));
    // The second number says only whether the first counts.
    let counts = (Tensor::<f32>::rand([600, 8, 1], rng) * 2.0).floor();
    let x = Tensor::<f32>::randn([600, 8, 1], rng);
    let y: Tensor<f32> = (&x * &counts).sum_over(1).unwrap();
    let x = Tensor::cat(&[&x, &counts], 2).unwrap();
    let all = [gru.parameters(), head.parameters()].concat();
    let doctor = train(100, Adam::new(all, 1e-2), |tape, step| {
        let at = rows(600, 30, step);
        let x = tape.input(x.index_select(0, &at)?).reshape([8, 30, 2])?.transpose(0, 1)?;
        let (_, state) = gru.call(x)?;
        mse(head.call(state.select(0, 0)?)?, y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::RowsMixed]);
}

#[test]
fn a_momentum_of_0999() {
    let model = cnn(&mut Rng::new(0));
    let optimizer = Sgd::new(model.parameters(), 0.05).momentum(0.999);
    finds(&on_digits(&model, optimizer, 150), &[Fault::OptimizerSetting]);
}

#[test]
fn a_convolution_that_the_optimiser_does_not_have() {
    let model = cnn(&mut Rng::new(0));
    let optimizer = Adam::new(model.parameters().split_off(2), 1e-3);
    finds(&on_digits(&model, optimizer, 100), &[Fault::NotInOptimizer]);
}

#[test]
fn a_house_with_prices_and_areas_as_they_are() {
    let rng = &mut Rng::new(0);
    let areas = Tensor::<f32>::rand([400, 1], rng) * 200.0 + 40.0;
    let rooms = (Tensor::<f32>::rand([400, 1], rng) * 5.0).floor() + 1.0;
    let y: Tensor<f32> =
        &areas * 3000.0 + &rooms * 10_000.0 + Tensor::<f32>::randn([400, 1], rng) * 5000.0;
    let x = Tensor::cat(&[&areas, &rooms], 1).unwrap();
    let model = Sequential::<f32>::new()
        .with(Linear::new(2, 16, rng))
        .with(Relu)
        .with(Linear::new(16, 1, rng));
    let doctor = train(200, Adam::new(model.parameters(), 1e-3), |tape, step| {
        let at = rows(400, 20, step);
        mse(model.call(tape.input(x.index_select(0, &at)?))?, y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::UnscaledInput, Fault::UnscaledTarget]);
}

#[test]
fn a_deep_net_of_sigmoids() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let mut model = Sequential::<f32>::new().with(Linear::new(64, 32, rng)).with(Sigmoid);
    for _ in 0..10 {
        model = model.with(Linear::new(32, 32, rng)).with(Sigmoid);
    }
    let model = model.with(Linear::new(32, 10, rng));
    let doctor = train(200, Sgd::new(model.parameters(), 0.1), |tape, step| {
        let at = rows(y.len(), 32, step);
        cross_entropy(model.call(tape.input(x.index_select(0, &at)?))?, &y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::Vanishing, Fault::InitTooSmall]);
}

#[test]
fn a_bag_of_words_whose_embedding_is_cut_off() {
    let rng = &mut Rng::new(0);
    let (words, head) = (Embedding::<f32>::new(50, 16, rng), Linear::new(16, 2, rng));
    let x = Tensor::<usize>::randint([600, 12], 0, 50, rng).unwrap();
    let y: Vec<usize> = x
        .to_vec()
        .chunks(12)
        .map(|r| usize::from(r.iter().filter(|w| **w < 25).count() > 6))
        .collect();
    let y = Tensor::from(y);
    let all = [words.parameters(), head.parameters()].concat();
    let doctor = train(200, Adam::new(all, 5e-3).allow_unused(), |tape, step| {
        let at = rows(600, 30, step);
        let h = words.call(tape.input(x.index_select(0, &at)?))?.mean_over(1)?;
        cross_entropy(head.call(tape.constant(h.value()?))?, &y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::NoGradient]);
}

#[test]
fn a_dropout_of_nine_tenths_and_evaluation_on_a_training_tape() {
    let (x, y) = digits();
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(64, 64, rng))
        .with(Relu)
        .with(Dropout::new(0.5))
        .with(Linear::new(64, 10, rng));
    let mut doctor = train(200, Adam::new(model.parameters(), 2e-3), |tape, step| {
        let at = rows(y.len(), 32, step);
        cross_entropy(model.call(tape.input(x.index_select(0, &at)?))?, &y.index_select(0, &at)?)
    });
    let tape = Tape::new().seeded(0);
    model.call(tape.input(x.clone())).unwrap();
    doctor.evaluated(&tape);
    finds(&doctor, &[Fault::EvaluationMode]);
}

#[test]
fn a_yes_or_no_of_which_one_in_a_hundred_is_yes() {
    let rng = &mut Rng::new(0);
    let x = Tensor::<f32>::randn([2000, 6], rng);
    let y: Vec<f32> =
        x.to_vec().chunks(6).map(|r| f32::from(u8::from(r[0] + r[1] * r[2] > 3.0))).collect();
    let y = Tensor::from_vec(y, [2000, 1]).unwrap();
    let model = Sequential::<f32>::new()
        .with(Linear::new(6, 16, rng))
        .with(LayerNorm::new([16]))
        .with(Gelu::new())
        .with(Linear::new(16, 1, rng));
    let doctor = train(200, Adam::new(model.parameters(), 1e-3), |tape, step| {
        let at = rows(2000, 50, step);
        bce_with_logits(model.call(tape.input(x.index_select(0, &at)?))?, y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::Imbalance]);
}

#[test]
fn attention_that_takes_samples_for_places() {
    let rng = &mut Rng::new(0);
    let (query, key, value) =
        (Linear::<f32>::new(64, 16, rng), Linear::new(64, 16, rng), Linear::new(64, 16, rng));
    let head = Linear::new(16, 10, rng);
    let (x, y) = digits();
    let all = [&query, &key, &value, &head].map(Parts::parameters).concat();
    let doctor = train(150, Adam::new(all, 3e-3), |tape, step| {
        let at = rows(y.len(), 32, step);
        let x = tape.input(x.index_select(0, &at)?);
        let weights = query.call(x)?.matmul(key.call(x)?.t())?.mul_scalar(0.25).softmax(-1)?;
        let h = weights.matmul(value.call(x)?)?.relu();
        cross_entropy(head.call(h)?, &y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::RowsMixed]);
}

#[test]
fn a_softmax_over_the_batch() {
    let (x, y) = digits();
    let model = Linear::<f32>::new(64, 10, &mut Rng::new(0));
    let doctor = train(100, Adam::new(model.parameters(), 3e-3), |tape, step| {
        let at = rows(y.len(), 32, step);
        let p = model.call(tape.input(x.index_select(0, &at)?))?.log_softmax(0)?;
        nll(p, &y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::RowsMixed]);
}

#[test]
fn gradients_that_are_cut_to_nothing() {
    let (x, y) = digits();
    let model = Linear::<f32>::new(64, 10, &mut Rng::new(0));
    let mut optimizer = Sgd::new(model.parameters(), 0.1);
    let mut doctor = Doctor::new();
    for step in 0..100 {
        let at = rows(y.len(), 32, step);
        let tape = Tape::new();
        optimizer.zero_grad();
        let out = model.call(tape.input(x.index_select(0, &at).unwrap())).unwrap();
        let loss = cross_entropy(out, &y.index_select(0, &at).unwrap()).unwrap();
        loss.backward().unwrap();
        wengert::optim::clip_grad_norm(&model.parameters(), 1e-7).unwrap();
        doctor.step(loss, &mut optimizer).unwrap();
    }
    finds(&doctor, &[Fault::ClippedToNothing]);
}
