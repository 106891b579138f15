//! The first octets of an answer: whether they are HTTP's, and otherwise whose.
//!
//! A server of another protocol may greet with a few octets, without any line end, and then wait. So its answer is
//! told by its first octets, as soon as they cannot be HTTP's and there is a name for them, or none can be found.

use alloc::string::{String, ToString};
use core::fmt;

/// An answer that is not HTTP.
pub(super) struct Foreign {
    /// Its first octets, escaped.
    pub(super) begins: String,
    /// The protocol that it seems to be.
    pub(super) speaks: Option<&'static str>,
}

/// The first octets of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    octets: [u8; LONGEST],
    len: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It may become HTTP.
    Open,
    /// It is HTTP.
    Http,
    /// It cannot become HTTP, and may become another protocol that is known.
    Foreign,
}

impl Beginning {
    /// Of which nothing has been received.
    pub(super) const fn new() -> Self {
        Self {
            octets: [0; LONGEST],
            len: 0,
            state: State::Open,
        }
    }

    /// Of what is not looked at.
    pub(super) const fn ignored() -> Self {
        Self {
            octets: [0; LONGEST],
            len: 0,
            state: State::Http,
        }
    }

    /// Takes the next octet. Returns whether it may still be HTTP.
    ///
    /// # Errors
    ///
    /// If it cannot be HTTP, and all that can be known of it is known.
    pub(super) fn receive(&mut self, octet: u8) -> Result<bool, Foreign> {
        if self.state == State::Http {
            return Ok(true);
        }
        if let Some(next) = self.octets.get_mut(self.len) {
            *next = octet;
            self.len += 1;
        }
        let received = self.received();
        if HTTP.iter().any(|begin| received.starts_with(begin)) {
            self.state = State::Http;
            return Ok(true);
        }
        if HTTP.iter().any(|begin| begin.starts_with(received)) {
            return Ok(true);
        }
        if let Some((_, name)) = PROTOCOLS
            .iter()
            .find(|(begin, _)| begin.is_all_of(received))
        {
            return Err(self.error(Some(name)));
        }
        if PROTOCOLS
            .iter()
            .any(|(begin, _)| begin.may_become(received))
        {
            self.state = State::Foreign;
            return Ok(false);
        }
        Err(self.error(None))
    }

    /// Whether it cannot become HTTP any more.
    pub(super) fn is_foreign(&self) -> bool {
        self.state == State::Foreign
    }

    /// What cannot become HTTP any more, and stopped before it had a name.
    pub(super) fn incomplete(&self) -> Option<Foreign> {
        self.is_foreign().then(|| self.error(None))
    }

    fn received(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }

    fn error(&self, speaks: Option<&'static str>) -> Foreign {
        let begins = self.received().escape_ascii().to_string();
        Foreign { begins, speaks }
    }
}

/// Says what was found, and what to do.
pub(super) fn write_foreign(
    f: &mut fmt::Formatter<'_>,
    begins: &str,
    speaks: Option<&str>,
) -> fmt::Result {
    match speaks {
        None => write!(
            f,
            "this port does not speak HTTP, its answer begins with \"{begins}\""
        ),
        Some(TLS) => f.write_str("this port speaks TLS, not plain HTTP: use wss://"),
        Some(HTTP_2) => f.write_str("this port speaks HTTP/2 alone, expected HTTP/1.1"),
        Some(ECHO) => f.write_str("this port repeats the request, expected an answer"),
        Some(speaks) => {
            write!(
                f,
                "this port speaks {speaks}, not HTTP: put a WebSocket relay in front of it"
            )
        }
    }
}

/// How a protocol begins.
#[derive(Debug)]
enum Begin {
    Text(&'static str),
    /// For each octet the least and the greatest.
    Octets(&'static [(u8, u8)]),
}

impl Begin {
    /// Whether this has been received, and nothing else.
    fn is_all_of(&self, received: &[u8]) -> bool {
        self.len() == received.len() && self.may_become(received)
    }

    /// Whether this begins with what has been received.
    fn may_become(&self, received: &[u8]) -> bool {
        match self {
            Self::Text(text) => text.as_bytes().starts_with(received),
            Self::Octets(octets) => {
                let mut both = received.iter().zip(*octets);
                received.len() <= octets.len()
                    && both.all(|(octet, (least, most))| (least..=most).contains(&octet))
            }
        }
    }

    const fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Octets(octets) => octets.len(),
        }
    }
}

/// One empty line may come first, as some servers send one.
const HTTP: [&[u8]; 2] = [b"HTTP/", b"\r\nHTTP/"];

/// What is found at ports that are taken for a WebSocket server's: what it says first, or answers to our GET.
const PROTOCOLS: &[(Begin, &str)] = &[
    (Begin::Text("SSH-"), "SSH"),
    // OpenSSH when it is busy, or has had enough of us.
    (Begin::Text("Exceeded MaxStartups"), "SSH"),
    (Begin::Text("Not allowed at this time"), "SSH"),
    (Begin::Text("RFB "), VNC),
    (Begin::Text("* OK"), "IMAP"),
    (Begin::Text("* BYE"), "IMAP"),
    (Begin::Text("* PREAUTH"), "IMAP"),
    (Begin::Text("+OK"), "POP3"),
    (Begin::Text("-ERR"), "Redis or POP3"),
    (Begin::Text("-NOAUTH"), "Redis"),
    (Begin::Text("-DENIED"), "Redis"),
    (Begin::Text("NOTICE "), "IRC"),
    (Begin::Text("ERROR :"), "IRC"),
    (Begin::Octets(&[(b':', b':'), (b'a', b'z')]), "IRC"),
    (Begin::Text("ERROR\r"), "memcached"),
    (Begin::Text("ERROR\n"), "STOMP"),
    (Begin::Text("INFO {"), "NATS"),
    (Begin::Text("@RSYNCD:"), "rsync"),
    (Begin::Text("RTSP/"), "RTSP"),
    (Begin::Text("SIP/"), "SIP"),
    (Begin::Text("ICY "), "Icecast"),
    (Begin::Text("AMQP"), "AMQP"),
    (Begin::Text("<stream:"), "XMPP"),
    (Begin::Text("<?xml"), "XMPP"),
    // A page without a head.
    (Begin::Text("<!"), "HTTP/0.9"),
    (Begin::Text("<h"), "HTTP/0.9"),
    (Begin::Text("<H"), "HTTP/0.9"),
    // Who repeats our request.
    (Begin::Text("GET "), ECHO),
    (Begin::Text("PRI * HTTP/2"), HTTP_2),
    (Begin::Text("PROXY "), "the PROXY protocol"),
    (Begin::Text("\r\n\r\n\0\r\nQUIT\n"), "the PROXY protocol"),
    // RFC 5321 §4.2, RFC 959 §4.2, RFC 3977 §3.2: a reply is three digits, and a blank or a hyphen.
    (
        Begin::Octets(&[(b'1', b'5'), (b'0', b'9'), (b'0', b'9'), (b' ', b' ')]),
        MAIL,
    ),
    (
        Begin::Octets(&[(b'1', b'5'), (b'0', b'9'), (b'0', b'9'), (b'-', b'-')]),
        MAIL,
    ),
    // RFC 8446 §5.1: an alert of any version answers what is no TLS.
    (Begin::Octets(&[(21, 21), (3, 3)]), TLS),
    (Begin::Octets(&[(22, 22), (3, 3)]), TLS),
    // RFC 854: IAC, and WILL, WONT, DO or DONT.
    (Begin::Octets(&[(255, 255), (251, 254)]), "Telnet"),
    // RFC 9113 §4.1: a SETTINGS or a GOAWAY frame, of less than 256 octets or of 64 KiB.
    (
        Begin::Octets(&[(0, 0), (0, 0), (0, 255), (4, 4), (0, 0)]),
        HTTP_2,
    ),
    (
        Begin::Octets(&[(0, 0), (0, 255), (0, 255), (7, 7), (0, 0)]),
        HTTP_2,
    ),
    // A packet of less than 256 octets, numbered 0: protocol 10, or an error.
    (
        Begin::Octets(&[(1, 255), (0, 0), (0, 0), (0, 0), (10, 10)]),
        "MySQL",
    ),
    (
        Begin::Octets(&[(1, 255), (0, 0), (0, 0), (0, 0), (255, 255)]),
        "MySQL",
    ),
];

const MAIL: &str = "SMTP, FTP or NNTP";
const VNC: &str = "VNC";

/// These have an advice of their own.
const ECHO: &str = "echo";
const HTTP_2: &str = "HTTP/2";
const TLS: &str = "TLS";

/// No protocol of the table needs more octets.
const LONGEST: usize = 24;

#[cfg(test)]
mod tests;
