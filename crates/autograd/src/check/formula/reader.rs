//! A reader of formulas.

use wengert_tensor::Tensor;

use super::Place;

/// A reader of formulas: sums of products of names, numbers, calls and brackets.
pub(super) struct Reader<'a> {
    pub(super) signs: Vec<char>,
    pub(super) at: usize,
    pub(super) place: &'a Place<'a>,
}

impl Reader<'_> {
    fn next_is(&mut self, sign: char) -> bool {
        while self.signs.get(self.at) == Some(&' ') {
            self.at += 1;
        }
        let found = self.signs.get(self.at) == Some(&sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn sum(&mut self) -> Tensor<f64> {
        let mut sum = if self.next_is('-') { -self.product() } else { self.product() };
        loop {
            if self.next_is('+') {
                sum = sum + self.product();
            } else if self.next_is('-') {
                sum = sum - self.product();
            } else {
                return sum;
            }
        }
    }

    fn product(&mut self) -> Tensor<f64> {
        let mut product = self.factor();
        loop {
            if self.next_is('·') {
                product = product * self.factor();
            } else if self.next_is('/') {
                product = product / self.factor();
            } else if self.next_is('@') {
                product = product.matmul(&self.factor()).unwrap();
            } else {
                return product;
            }
        }
    }

    fn factor(&mut self) -> Tensor<f64> {
        let value = if self.next_is('(') {
            let value = self.sum();
            assert!(self.next_is(')'));
            value
        } else {
            let word: String = self.signs[self.at..]
                .iter()
                .take_while(|c| c.is_ascii_alphanumeric() || **c == '_')
                .collect();
            self.at += word.len();
            if let Ok(number) = word.parse::<f64>() {
                Tensor::scalar(number)
            } else if self.next_is('(') {
                let mut arguments = vec![self.argument()];
                while self.next_is(',') {
                    arguments.push(self.argument());
                }
                assert!(self.next_is(')'));
                self.place.call(&word, &arguments)
            } else {
                self.place.name(&word)
            }
        };
        if self.next_is('ᵀ') { self.place.call("transposed", &[value]) } else { value }
    }

    /// A mask or an index is an attribute, which the function fetches itself.
    fn argument(&mut self) -> Tensor<f64> {
        while self.next_is(' ') {}
        for name in ["mask", "index", "bags"] {
            if self.signs[self.at..].starts_with(&name.chars().collect::<Vec<_>>()) {
                self.at += name.len();
                return Tensor::scalar(0.0);
            }
        }
        self.sum()
    }
}
