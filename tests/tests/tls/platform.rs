//! What the platform trusts.

use std::process::{Command, id};

use wsstream_tests::net::Net;
use wsstream_tests::{AsyncStd, Smol, Tokio};

use crate::certificates::Authority;
use crate::{echo, hello};

#[test]
fn tokio_asks_the_platform() {
    the_platform_is_asked::<Tokio>("tokio_asks_the_platform");
}

#[test]
fn async_std_asks_the_platform() {
    the_platform_is_asked::<AsyncStd>("async_std_asks_the_platform");
}

#[test]
fn smol_asks_the_platform() {
    the_platform_is_asked::<Smol>("smol_asks_the_platform");
}

/// What the platform trusts, where that can be said in the environment: a process of its own.
fn the_platform_is_asked<N: Net>(test: &str) {
    const PORT: &str = "WSSTREAM_TEST_PORT";
    N::run(async {
        if let Ok(port) = std::env::var(PORT) {
            let stream = N::dial(&format!("wss://localhost:{port}/")).await.unwrap();
            return hello::<N>(stream).await.unwrap();
        }
        let authority = Authority::new();
        let address = echo::<N>(authority.localhost().server()).await;
        let roots = std::env::temp_dir().join(format!("wsstream-{test}-{}.pem", id()));
        std::fs::write(&roots, authority.pem()).unwrap();
        let mut again = Command::new(std::env::current_exe().unwrap());
        again
            .args(["--exact", &format!("platform::{test}")])
            .env("SSL_CERT_FILE", &roots)
            .env(PORT, address.port().to_string());
        let again = smol::unblock(move || again.output()).await;
        std::fs::remove_file(&roots).unwrap();
        let again = again.unwrap();
        let said = String::from_utf8_lossy(&again.stdout);
        assert!(
            again.status.success() && said.contains("1 passed"),
            "{said}"
        );
    });
}
