//! What a connection tells, however the wire was cut.

use wsstream_core::{Close, DataKind, Event, ProtocolError};

/// What a connection has told, pieces of one message joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Data {
        kind: DataKind,
        octets: Vec<u8>,
        end: bool,
    },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Close),
    Fault(ProtocolError),
}

pub(super) fn tell(told: &mut Vec<Told>, event: Result<Event<'_>, ProtocolError>) {
    let new = match event {
        Ok(Event::Data {
            kind,
            payload,
            end: ended,
        }) => {
            let piece = payload.unmask();
            assert!(ended || !piece.is_empty());
            if let Some(Told::Data {
                kind: before,
                octets,
                end: end @ false,
            }) = told.last_mut()
            {
                assert_eq!(*before, kind);
                octets.extend_from_slice(piece);
                *end = ended;
                return;
            }
            Told::Data {
                kind,
                octets: piece.to_vec(),
                end: ended,
            }
        }
        Ok(Event::Ping(payload)) => Told::Ping(payload.to_vec()),
        Ok(Event::Pong(payload)) => Told::Pong(payload.to_vec()),
        Ok(Event::Close(close)) => Told::Close(close),
        Err(error) => Told::Fault(error),
    };
    told.push(new);
}

pub(super) fn without_pings(told: &[Told]) -> Vec<Told> {
    let mut joined: Vec<Told> = Vec::new();
    for told in told {
        match (joined.last_mut(), told) {
            (_, Told::Ping(_) | Told::Pong(_)) => {}
            (
                Some(Told::Data {
                    octets,
                    end: end @ false,
                    ..
                }),
                Told::Data {
                    octets: more,
                    end: ended,
                    ..
                },
            ) => {
                octets.extend_from_slice(more);
                *end = *ended;
            }
            _ => joined.push(told.clone()),
        }
    }
    joined
}
