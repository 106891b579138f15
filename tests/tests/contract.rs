//! The contract, on tokio.

use wsstream_tests::Tokio;

wsstream_tests::contract_suite!(Tokio);
