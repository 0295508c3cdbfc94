//! The layers, tested. One program, so that they are compiled and linked once and not for every file.

#![allow(clippy::unwrap_used)]

mod attention;
mod bags;
mod conv;
mod copies;
mod errors;
mod files;
mod init;
mod layers;
mod models;
mod recurrent;
