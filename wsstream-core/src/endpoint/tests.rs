mod accepted;
mod properties;
mod refused;
mod syntax;
