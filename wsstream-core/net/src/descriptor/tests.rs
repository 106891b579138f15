mod accepted;
mod defaults;
mod plan;
mod properties;
mod refused;
mod syntax;
