mod accepted;
mod defaults;
mod properties;
mod refused;
mod syntax;
