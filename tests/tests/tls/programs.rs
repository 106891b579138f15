//! The examples `tls_client` and `tls_server` of both adapters, each with the other's.

use std::env::current_exe;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use rcgen::ExtendedKeyUsagePurpose::ClientAuth;
use wsstream_tests::net::Directory;

use super::certificates::{Authority, names};

/// Ended when the test is.
struct Server(Child, String);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn example(name: &str) -> Command {
    // target/PROFILE/deps/this, target/PROFILE/examples/NAME
    let this = current_exe().unwrap();
    let folder: PathBuf = this.parent().unwrap().parent().unwrap().join("examples");
    Command::new(folder.join(name))
}

#[test]
fn with_a_certificate_of_the_client_and_without() {
    let files = Directory::new();
    let write = |name: &str, pem: &str| {
        let path = files.path(name);
        fs::write(&path, pem).unwrap();
        path
    };
    let authority = Authority::new();
    let roots = write("roots.pem", &authority.pem());
    let mut params = names(&[]);
    params.extended_key_usages = vec![ClientAuth];
    let identities = [
        ("server", authority.localhost()),
        ("client", authority.certify(&params)),
    ];
    let [server, client] = identities.map(|(name, identity)| {
        let (chain, key) = (format!("{name}.pem"), format!("{name}.key"));
        [write(&chain, &identity.chain), write(&key, &identity.key)]
    });
    for (server_name, client_name) in [
        ("tls_server", "async_std_tls_client"),
        ("async_std_tls_server", "tls_client"),
    ] {
        let mut child = example(server_name)
            .arg("127.0.0.1:0")
            .args(&server)
            .arg(&roots)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = lines.next().unwrap().unwrap();
        let port = listening.rsplit(':').next().unwrap();
        let serving = Server(child, format!("wss://localhost:{port}/"));
        let ask = |identity: &[PathBuf]| -> Output {
            let mut client = example(client_name);
            client.arg(&serving.1).arg(&roots).args(identity);
            client.output().unwrap()
        };
        let echoed = ask(&client);
        assert_eq!(
            String::from_utf8_lossy(&echoed.stdout),
            "hello over TLS\n",
            "{echoed:?}"
        );
        assert!(echoed.status.success());
        assert_eq!(
            lines.next().unwrap().unwrap(),
            "a client with 1 certificates"
        );

        let refused = ask(&[]);
        let says = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success());
        assert!(
            says.contains("localhost") && says.to_lowercase().contains("certificate"),
            "{says}"
        );
    }
}
