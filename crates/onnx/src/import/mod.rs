//! A graph as a model: what this crate exports, and the operators that nets use in inference.

mod bound;
mod elementwise;
mod known;
mod nets;
mod run;
mod shape;

use std::collections::HashSet;
use std::panic::Location;
use std::path::Path;

use wengert_autograd::{Param, Var, Who};
use wengert_nn::{Module, Parts, Visitor};
use wengert_tensor::{AnyTensor, Tensor};

use crate::proto::Model;
use crate::{Error, Result};
pub use known::operators;
use run::{Run, Value};

/// A model that was read from an ONNX file. Its float tensors are parameters, by their names in the file, so that it can also be
/// trained on. It gives the graph's first output.
#[derive(Clone)]
pub struct Net {
    model: Model,
    parameters: Vec<(String, Param<f32>)>,
    limit: Option<usize>,
}

/// The directory of this crate's files, as lines of code name it.
const HERE: &str = file!().split_at(file!().len() - "import/mod.rs".len()).0;

/// Reads an ONNX file as a model.
///
/// # Errors
/// If there is no such file, if it is no ONNX file, or if it has an operator that is not known here, or one with an
/// attribute that is not; the error names it.
pub fn import(path: impl AsRef<Path>) -> Result<Net> {
    let path = path.as_ref();
    let bytes = std::fs::read(path)
        .map_err(|error| Error::Io { path: path.display().to_string(), what: error.to_string() })?;
    Net::from_bytes(&bytes).map_err(|error| match error {
        Error::Format(what) => Error::Format(format!("{}: {what}", path.display())),
        error => error,
    })
}

impl Net {
    /// The model in these bytes of a file.
    ///
    /// ```
    /// assert!(wengert_onnx::Net::from_bytes(b"not a model").is_err());
    /// ```
    ///
    /// # Errors
    /// As [`import`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut model = Model::from_bytes(bytes).map_err(Error::Format)?;
        let graph = &mut model.graph;
        let format = |what: String| Err(Error::Format(what));
        let mut known: HashSet<&str> = HashSet::from([""]);
        let twice = |name: &str| format(format!("`{name}` is given twice"));
        for (name, _) in &graph.tensors {
            if !known.insert(name) {
                return twice(name);
            }
        }
        known.extend(graph.inputs.iter().map(|port| port.name.as_str()));
        for node in &graph.nodes {
            if let Some(reason) = known::unknown(node) {
                return format(reason);
            }
            if let Some(name) = node.inputs.iter().find(|name| !known.contains(name.as_str())) {
                return format(format!(
                    "`{}` reads `{name}`, which nothing before it gives",
                    node.name
                ));
            }
            for name in node.outputs.iter().filter(|name| !name.is_empty()) {
                if !known.insert(name) {
                    return twice(name);
                }
            }
        }
        match graph.outputs.first() {
            Some(output) if known.contains(output.name.as_str()) => {}
            _ => return format("it has no output".into()),
        }
        let mut parameters = Vec::new();
        graph.tensors.retain(|(name, tensor)| match tensor {
            AnyTensor::F32(value) => {
                parameters.push((name.clone(), Param::new(value.clone())));
                false
            }
            _ => true,
        });
        // Old files list constants as inputs too.
        let given: HashSet<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        let ints: HashSet<String> = graph.tensors.iter().map(|(name, _)| name.clone()).collect();
        graph
            .inputs
            .retain(|port| !given.contains(port.name.as_str()) && !ints.contains(&port.name));
        if graph.inputs.len() != 1 {
            return format(format!("it has {} inputs, and a model has one", graph.inputs.len()));
        }
        Ok(Self { model, parameters, limit: None })
    }

    /// The same model, a run of which may read and write so many numbers; 64 multiplications count as one. A run that would need more
    /// is an error, which names the node.
    ///
    /// A few bytes of a file can ask for any amount of work and memory. So each node is charged before it runs. If nothing is said, the
    /// bound is 65,536 for each number of the input and of the file, and 16,777,216 besides.
    ///
    /// ```
    /// # use wengert_nn::{Linear, Module};
    /// # use wengert_tensor::{Rng, Tensor};
    /// let bytes = wengert_onnx::to_bytes(&Linear::<f32>::new(4, 3, &mut Rng::new(0)), [1, 4])?;
    /// let net = wengert_onnx::Net::from_bytes(&bytes)?;
    /// let x = Tensor::<f32>::ones([5, 4]);
    ///
    /// assert!(net.predict(&x).is_ok());
    /// let error = net.limit(10).predict(&x).unwrap_err().to_string();
    /// assert!(error.contains("Gemm") && error.contains("Net::limit"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn limit(self, numbers: usize) -> Self {
        Self { limit: Some(numbers), ..self }
    }

    /// A line of this crate in an error becomes that of the call. Behind a `dyn` the caller's line is not known, but the tape has it.
    #[track_caller]
    fn run<'t>(&self, input: Value<'t>, any: Run<'t>) -> wengert_autograd::Result<Var<'t, f32>> {
        let (tape, caller) = (any.tape, Location::caller());
        any.run(&self.model, &self.parameters, input, self.limit).map_err(|error| {
            let scopes = tape.scopes();
            let call = scopes.iter().rev().find(|scope| scope.who == Some(Who::of(self)));
            error.outside_of(HERE, call.and_then(|scope| scope.at).unwrap_or(caller))
        })
    }
}

impl std::fmt::Debug for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Net({} nodes, {} parameters)",
            self.model.graph.nodes.len(),
            self.parameters.len()
        )
    }
}

impl Parts<f32> for Net {
    fn visit(&self, v: &mut Visitor<'_, f32>) {
        for (name, param) in &self.parameters {
            v.param(name, param);
        }
    }
    fn describe(&self) -> Option<String> {
        Some(format!("{self:?}"))
    }
}

impl Module<f32> for Net {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, f32>) -> wengert_autograd::Result<Var<'t, f32>> {
        self.run(Value::Float(x), Run::new(x.tape()))
    }
}

impl Module<f32, Tensor<usize>> for Net {
    #[track_caller]
    fn forward<'t>(
        &self,
        x: Var<'t, f32, Tensor<usize>>,
    ) -> wengert_autograd::Result<Var<'t, f32>> {
        let indices = x.value()?.map(|i| i as i64);
        self.run(Value::Ints(indices), Run::new(x.tape()))
    }
}
