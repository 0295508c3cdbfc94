//! Bags of embeddings, and layers next to each other: gradients, values by hand, ties of weights.

use wengert_autograd::{GradCheck, Tape, Var};
use wengert_nn::functional::{Bag, Bags, embedding_bag};
use wengert_nn::{
    Embedding, EmbeddingBag, Linear, Module, Parallel, Parts, Residual, Tanh, parts, sequential,
};
use wengert_tensor::{Rng, Tensor, tensor};

#[test]
fn gradients_of_bags() {
    let rng = &mut Rng::new(1);
    for mode in [Bag::Sum, Bag::Mean, Bag::Max] {
        let words = EmbeddingBag::<f64>::new(6, 3, rng).mode(mode).padding(2);
        let report = GradCheck::new().check_parameters(&words.parameters(), |tape| {
            let (index, starts) = (tensor![5_usize, 0, 2, 0, 4], tensor![0_usize, 3, 3]);
            let a = words.call((tape.input(index), tape.input(starts)))?;
            let b = words.call(tape.input(tensor![[1_usize, 1], [2, 2]]))?;
            Ok(Var::cat(&[a, b], 0)?.square())
        });
        assert!(report.is_right(), "{mode:?}: {report}");
    }
    let words = EmbeddingBag::<f64>::new(4, 2, rng).mode(Bag::Sum);
    let (index, by) = (tensor![[1_usize, 3], [3, 0]], Tensor::<f64>::randn([2, 2], rng));
    let param = wengert_autograd::Param::new(by);
    let mut parameters = words.parameters();
    parameters.push(param.clone());
    let report = GradCheck::new().check_parameters(&parameters, |tape| {
        Ok(words.call((tape.input(index.clone()), tape.param(&param)))?.square())
    });
    assert!(report.is_right(), "{report}");
}

#[test]
fn bags_by_hand() {
    let table = tensor![[1.0, -2.0], [3.0, 4.0], [5.0, -6.0]];
    let of = |mode| EmbeddingBag::<f64>::from_weights(table.clone()).mode(mode);
    let bags = (tensor![0_usize, 2, 1, 1, 1], tensor![0_usize, 2, 5]);
    // The last bag is empty.
    let y = |mode| of(mode).predict(&bags).unwrap();
    assert_eq!(y(Bag::Sum), tensor![[6.0, -8.0], [9.0, 12.0], [0.0, 0.0]]);
    assert_eq!(y(Bag::Mean), tensor![[3.0, -4.0], [3.0, 4.0], [0.0, 0.0]]);
    assert_eq!(y(Bag::Max), tensor![[5.0, -2.0], [3.0, 4.0], [0.0, 0.0]]);
    let scaled = (bags.0.clone(), bags.1.clone(), tensor![1.0, 0.5, 0.0, 1.0, 1.0]);
    assert_eq!(
        of(Bag::Sum).predict(&scaled).unwrap(),
        tensor![[3.5, -5.0], [6.0, 8.0], [0.0, 0.0]]
    );
    let none = of(Bag::Max).predict(&Tensor::<usize>::zeros([2, 0])).unwrap();
    assert_eq!(none, Tensor::zeros([2, 2]));
    let padded = of(Bag::Mean).padding(1);
    assert_eq!(padded.predict(&tensor![[0_usize, 1]]).unwrap(), tensor![[1.0, -2.0]]);
    // Only the first of equal rows gets a gradient of the greatest.
    let tape = Tape::new();
    let same = EmbeddingBag::<f64>::from_weights(Tensor::ones([2, 1])).mode(Bag::Max);
    same.call(tape.input(tensor![[1_usize, 0]])).unwrap().sum().backward().unwrap();
    assert_eq!(same.weight.grad().unwrap(), tensor![[0.0], [1.0]]);
}

/// The gradient holds the rows of the bags alone, and the rows of padding are none of them. A second use adds to it.
#[test]
fn gradients_of_bags_come_by_rows() {
    let words = EmbeddingBag::<f64>::from_weights(Tensor::ones([200, 2])).padding(7);
    let tape = Tape::new();
    let bags = tensor![[150_usize, 3], [3, 7]];
    words.call(tape.input(bags.clone())).unwrap().sum().backward().unwrap();
    let rows = (tensor![3_usize, 150], tensor![[1.5, 1.5], [0.5, 0.5]]);
    assert_eq!(words.weight.row_grad().unwrap(), rows);
    let tape = Tape::new();
    words.call(tape.input(bags)).unwrap().sum().backward().unwrap();
    let rows = (tensor![3_usize, 150], tensor![[3.0, 3.0], [1.0, 1.0]]);
    assert_eq!(words.weight.row_grad().unwrap(), rows);
    let mut whole = Tensor::zeros([200, 2]);
    for (row, g) in [(3, 3.0), (150, 1.0)] {
        whole.set(&[row, 0], g).unwrap();
        whole.set(&[row, 1], g).unwrap();
    }
    assert_eq!(words.weight.grad().unwrap(), whole);
}

/// The sums of bags are those of rows that are looked up first.
#[test]
fn bags_are_rows_that_are_added() {
    let rng = &mut Rng::new(4);
    let tape = Tape::new();
    let table = tape.var(Tensor::<f64>::randn([50, 33], rng));
    let index = Tensor::<f64>::uniform([700], 0.0, 50.0, rng).unwrap().map(|i| i as usize);
    let of = index.len() / 7;
    let starts: Vec<usize> = (0..7).map(|bag| bag * of).collect();
    let one = table.sum_bags(&index, Tensor::from(starts)).unwrap();
    let bags: Vec<usize> = (0..700).map(|i| i / of).collect();
    let zeros = tape.constant(Tensor::zeros([7, 33]));
    let rows = table.rows(&index).unwrap();
    let two = zeros.index_add(0, Tensor::from(bags), rows).unwrap();
    assert_eq!(one.value().unwrap(), two.value().unwrap());
    let gradients = [one, two].map(|y| y.square().sum().grad(&[table]).unwrap()[0]);
    let [a, b] = gradients.map(|g| g.value().unwrap());
    let apart = a.try_sub(&b).unwrap().abs().max_over(..).unwrap().item().unwrap();
    assert!(apart < 1e-12, "{apart}");
}

#[test]
fn errors_of_bags() {
    let tape = Tape::new();
    let table = tape.var(Tensor::<f64>::ones([3, 2]));
    let says = |bags: Bags<'_>, mode, scales, words: &str| {
        let error = embedding_bag(bags, table, mode, None, scales).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("tests/nn/bags.rs"), "{error}");
    };
    let (row, starts) = (tensor![0_usize, 1], tensor![1_usize]);
    says(Bags::Rows(&row), Bag::Sum, None, "must be [bags, size]");
    says(Bags::From(&row, &starts), Bag::Sum, None, "offsets must begin with 0");
    let (pair, one) = (tensor![[0_usize, 3]], tape.var(tensor![[1.0, 2.0]]));
    says(Bags::Rows(&pair), Bag::Sum, None, "the table's rows are 0 to 2");
    says(Bags::Rows(&tensor![[0_usize, 1]]), Bag::Mean, Some(one), "of bags that are summed");
}

struct Tied {
    words: Embedding<f64>,
    head: Linear<f64>,
}
parts!(Tied as f64 { words, head });

impl Module<f64, Tensor<usize>> for Tied {
    fn forward<'t>(
        &self,
        x: Var<'t, f64, Tensor<usize>>,
    ) -> wengert_autograd::Result<Var<'t, f64>> {
        self.head.call(self.words.call(x)?)
    }
}

/// A weight in two layers is one parameter: it is listed once, gets both gradients, and stays tied when it is loaded.
#[test]
fn tied_weights() {
    let rng = &mut Rng::new(2);
    let words = Embedding::new(5, 3, rng);
    let mut head = Linear::new(3, 5, rng).without_bias();
    head.weight = words.weight.clone();
    let model = Tied { words, head };
    assert_eq!(model.parameters().len(), 1);
    let report = GradCheck::new()
        .check_parameters(&model.parameters(), |tape| model.call(tape.input(tensor![1_usize, 4])));
    assert!(report.is_right(), "{report}");
    let state = model.state();
    model.load_state(&state).unwrap();
    assert!(model.head.weight.is(&model.words.weight));
}

#[test]
fn branches() {
    let rng = &mut Rng::new(3);
    let inner = sequential![Linear::<f64>::new(3, 3, rng), Tanh];
    let block = Residual::new(inner);
    let x = Tensor::<f64>::randn([2, 3], rng);
    let own = block.inner.predict(&x).unwrap();
    assert_eq!(block.predict(&x).unwrap(), x.try_add(&own).unwrap());
    let names: Vec<String> = block.named_parameters().into_iter().map(|(n, _)| n).collect();
    assert_eq!(names, ["inner.0.weight", "inner.0.bias"]);
    let both = Parallel::new(1).with(block).with(Linear::new(3, 2, rng));
    let y = both.predict(&x).unwrap();
    assert_eq!(y.narrow(1, 0, 3).unwrap(), x.try_add(&own).unwrap());
    assert_eq!(both.parameters()[3].path(), "1.bias");
    let report = GradCheck::new()
        .check_parameters(&both.parameters(), |tape| both.call(tape.constant(x.clone())));
    assert!(report.is_right(), "{report}");
}
