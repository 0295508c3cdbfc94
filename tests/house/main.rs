//! The whole framework, tested as its users meet it. One program, so that it is compiled and linked once and not for every file.

#![allow(clippy::unwrap_used)]

mod book;
mod classifier;
mod closed_form;
mod compiled;
mod conventions;
mod depth;
mod errata;
mod examples;
mod files;
mod lesson_programs;
mod lessons;
mod likelihoods;
mod limits;
mod locks;
mod misuse;
mod objectives;
mod own_optimizer;
mod page_lines;
mod preludes;
mod programs;
mod promises;
mod pytorch_loop;
mod readme;
mod recompute;
mod refusals;
mod regularisers;
mod robust;
mod sequences;
mod small_items;
mod tutorials;
mod tutorials_page;
mod words;
