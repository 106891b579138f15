//! The connection layer, from outside: octets in, octets and events out, time as an argument.

mod ahead;
mod closing;
mod control;
mod deflate;
mod deflate_zlib;
mod in_place;
mod limits;
mod model;
mod resting;
mod sending;
mod support;
mod time;
mod wire;
