"""Other people's clients and servers over streams of ours: SSH, IMAP, PostgreSQL."""
import getpass
import grp
import hashlib
import os
import pwd

from lib import SCRIPTS, Program, example, expect, fails, file, free_port, noise, place, relay, run
from programs import our, wait_for_port


def keys(*names):
    for name in names:
        if not (place.scratch / name).exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place.scratch / name)


def ssh_client():
    """russh, and OpenSSH's server behind a relay."""
    at, port = place.scratch, free_port()
    keys("host", "user", "stranger")
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    server = Program("/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", port, "-h", at / "host",
                     "-o", "ListenAddress=127.0.0.1", "-o", f"AuthorizedKeysFile={at}/user.pub", "-o", "StrictModes=no",
                     "-o", "UsePAM=no", "-o", "PermitRootLogin=yes", "-o", f"PidFile={at}/sshd.pid")
    wait_for_port(port, server)
    to = [our("ssh_client"), relay(port).url, getpass.getuser()]
    octets = noise()
    digest = hashlib.sha256(octets).hexdigest()
    up = run(*to, at / "user", at / "host.pub", "sha256sum", octets=octets)
    expect("what has come up", up.decode().split()[0], digest)
    down = run(*to, at / "user", at / "host.pub", "cat", octets=octets)
    expect("what has come down", hashlib.sha256(down).hexdigest(), digest)
    run(*to, at / "user", at / "host.pub", "exit 7", status=7)
    fails("does not accept", *to, at / "stranger", at / "host.pub", "true")
    fails("UnknownKey", *to, at / "user", at / "stranger.pub", "true")


def ssh_server():
    """russh's server, and OpenSSH's client with `tunnel -` as its ProxyCommand."""
    at = place.scratch
    keys("host", "user", "stranger")
    server = Program(our("ssh_server"), "127.0.0.1:0", at / "host", at / "user.pub")
    url = "ws://" + server.line(r"listening on (?:tcp:)?(\S+)")[1]
    known = file("known", f"russh {(at / 'host.pub').read_text()}")

    options = ["-F", "none", "-o", f"ProxyCommand={example('tunnel')} - {url}", "-o", f"UserKnownHostsFile={known}",
               "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
    octets = noise()
    expect("echo", run("ssh", *options, "-i", at / "user", "russh", "echo", octets=octets), octets)
    fails("Permission denied", "ssh", *options, "-i", at / "stranger", "russh", "echo", status=255)


def imap_client():
    """async-imap, and Dovecot behind a relay."""
    at, port = place.scratch / "imap", free_port()
    me = pwd.getpwuid(os.geteuid())
    # Nobody's mail is root's.
    owner = pwd.getpwnam("nobody") if me.pw_uid == 0 else me
    sizes = {"first": 100, "second": 3_000_000}
    for folder in ("cur", "new", "tmp"):
        os.makedirs(at / "mail" / folder)
    for subject, size in sizes.items():
        lines = "From: ada@example.org\nSubject: " + subject + "\n\n" + "wsstream\n" * (size // 9)
        file(f"imap/mail/new/{len(subject)}.{subject}", lines)
    for path in [at, *at.rglob("*")]:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    internal = "" if me.pw_uid == 0 else f"default_internal_user = {me.pw_name}\ndefault_login_user = {me.pw_name}\n" \
        f"default_internal_group = {grp.getgrgid(me.pw_gid).gr_name}\n"
    config = file("dovecot.conf", f"""
base_dir = {at}/run
state_dir = {at}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
{internal}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={at}
}}
mail_location = maildir:{at}/mail
first_valid_gid = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
""")
    server = Program("/usr/sbin/dovecot", "-F", "-c", config)
    wait_for_port(port, server)
    url = relay(port).url
    try:
        listed = run(our("imap_client"), url, "ada", "secret").decode().splitlines()
    except AssertionError as error:
        raise AssertionError(f"{error}; Dovecot: {server.lines[-10:]}") from None
    found = dict(line.removesuffix(" octets").split(": ") for line in listed)
    expect("subjects", sorted(found), sorted(sizes))
    for subject, size in sizes.items():
        # Its lines end with CR LF on the wire.
        lines = size // 9 + 3
        expect(subject, int(found[subject]),
               len(f"From: ada@example.org\nSubject: {subject}\n\n") + size // 9 * 9 + lines)
    fails("uthentication failed", our("imap_client"), url, "ada", "wrong")


def postgres_client():
    """tokio-postgres, and PostgreSQL behind a relay: in a script of its own."""
    run(SCRIPTS / "real-postgres", example("relay").parent)
