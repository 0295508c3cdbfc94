//! The gradient of a parameter: whole, or by rows, where rows of it were looked up.
//!
//! A batch reads a few rows of an embedding's table. Their gradient is kept as it comes, without zeros for all other rows, until
//! somebody asks for the whole.

use wengert_tensor::{Float, Shape, Tensor, compiled};

/// A gradient that is kept.
#[derive(Clone)]
pub(crate) enum Grad<T> {
    Whole(Tensor<T>),
    Rows(Rows<T>),
}

impl<T> Grad<T> {
    pub(crate) fn as_whole(&self) -> Option<&Tensor<T>> {
        match self {
            Self::Whole(g) => Some(g),
            Self::Rows(_) => None,
        }
    }

    pub(crate) fn into_whole(self) -> Option<Tensor<T>> {
        match self {
            Self::Whole(g) => Some(g),
            Self::Rows(_) => None,
        }
    }
}

/// Gradients of rows, one look-up after another.
#[derive(Clone)]
pub(crate) struct Rows<T> {
    /// The shape of the whole.
    shape: Shape,
    parts: Vec<RowPart<T>>,
    /// True if there is one part, and its rows are in rising order.
    is_sorted: bool,
    /// Makes the whole of them: known where the numbers are known to be floats.
    whole: fn(&[usize], &[RowPart<T>]) -> Tensor<T>,
}

/// The gradients of rows that were looked up: row `index[i]` has the gradient `values[i]`; or, if they were summed in bags, that of its
/// bag.
#[derive(Clone)]
pub(crate) struct RowPart<T> {
    pub(crate) index: Tensor<usize>,
    /// The places of `index` where bags begin.
    pub(crate) starts: Option<Tensor<usize>>,
    pub(crate) values: Tensor<T>,
}

impl<T> Rows<T> {
    pub(crate) fn whole(&self) -> Tensor<T> {
        (self.whole)(&self.shape, &self.parts)
    }

    /// The shape of the whole.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(crate) fn push(&mut self, part: RowPart<T>) {
        self.parts.push(part);
        self.is_sorted = false;
    }
}

impl<T: Float> Rows<T> {
    pub(crate) fn new(shape: &[usize], part: RowPart<T>) -> Self {
        Self { shape: Shape::new(shape), parts: vec![part], is_sorted: false, whole: whole_of_rows }
    }

    /// The rows, rising, and their gradients, each the sum of all that came for it in the order in which it came.
    pub(crate) fn sorted(&mut self) -> (Tensor<usize>, Tensor<T>) {
        if !self.is_sorted {
            self.sort();
        }
        (self.parts[0].index.clone(), self.parts[0].values.clone())
    }

    /// Makes one part of all, its rows in rising order.
    #[inline(never)]
    fn sort(&mut self) {
        let mut rows = Places::new(self.shape[0]);
        self.parts.iter().flat_map(|part| part.index.iter()).for_each(|row| rows.insert(row));
        let numbers = rows.rising();
        let mut shape = self.parts[0].values.shape().to_vec();
        shape[0] = numbers.len();
        for part in &mut self.parts {
            let places: Vec<usize> = part.index.iter().map(|row| rows.rank(row)).collect();
            part.index = Tensor::from(places);
        }
        let values = whole_of_rows(&shape, &self.parts);
        self.parts = vec![RowPart { index: Tensor::from(numbers), starts: None, values }];
        self.is_sorted = true;
    }
}

/// The sum of all parts, each added up by itself, as a sweep adds up what comes from several uses.
#[inline(never)]
pub(crate) fn whole_of_rows<T: Float>(shape: &[usize], parts: &[RowPart<T>]) -> Tensor<T> {
    // Of a single 0 the copy is made that is then added to.
    let zeros = || Tensor::scalar(T::ZERO).expand(shape);
    let alone = |part: &RowPart<T>| match &part.starts {
        Some(starts) => zeros()?.add_bags(&part.index, starts, &part.values),
        None => zeros()?.index_add(0, &part.index, &part.values),
    };
    let mut sum: wengert_tensor::Result<Tensor<T>> = alone(&parts[0]);
    for part in &parts[1..] {
        sum = sum.and_then(|sum| sum.accumulate(&alone(part)?));
    }
    match sum {
        Ok(whole) => whole,
        Err(error) => unreachable!("the rows were read from a value of this shape: {error}"),
    }
}

/// A set of rows: a bit for each, and, once they are counted, the number of those before each word.
struct Places {
    words: Vec<u64>,
    before: Vec<usize>,
}

impl Places {
    /// None of so many rows.
    fn new(rows: usize) -> Self {
        Self { words: vec![0; rows.div_ceil(64)], before: Vec::new() }
    }

    fn insert(&mut self, row: usize) {
        self.words[row / 64] |= 1 << (row % 64);
    }

    /// The rows, rising. They are counted.
    fn rising(&mut self) -> Vec<usize> {
        let mut rows = Vec::new();
        self.before.clear();
        for (i, &word) in self.words.iter().enumerate() {
            self.before.push(rows.len());
            let mut rest = word;
            while rest != 0 {
                rows.push(64 * i + rest.trailing_zeros() as usize);
                rest &= rest - 1;
            }
        }
        rows
    }

    /// The number of rows in the set before this one.
    fn rank(&self, row: usize) -> usize {
        let below = self.words[row / 64] & ((1 << (row % 64)) - 1);
        self.before[row / 64] + below.count_ones() as usize
    }
}

compiled!(f32 f64: { Rows::<T>::sort, whole_of_rows::<T> });
