//! Frames however they are cut, and what breaks the RFC.

use super::*;

const LIMIT: usize = 1000;

fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut frame = vec![first];
    match u8::try_from(payload.len()) {
        Ok(len) if len < 126 => frame.push(0x80 | len),
        _ => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(payload.len()).expect("short").to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    frame
}

/// Feeds the bytes in pieces of this size; returns what came out.
fn feed(bytes: &[u8], piece: usize) -> Result<Vec<String>, Violation> {
    let (mut partial, mut out) = (None, Vec::new());
    for piece in bytes.chunks(piece) {
        receive(&mut partial, &mut piece.to_vec(), LIMIT, |incoming| {
            out.push(format!("{incoming:?}"));
            true
        })?;
    }
    assert!(partial.is_none(), "nothing is kept after whole messages");
    Ok(out)
}

#[test]
fn messages_come_out_whole_however_they_were_cut() {
    let mut bytes = client_frame(0x81, "4h\u{e9}".as_bytes());
    bytes.extend(client_frame(0x82, &[0; 300]));
    bytes.extend(client_frame(0x01, b"4a"));
    bytes.extend(client_frame(0x89, b"hi"));
    bytes.extend(client_frame(0x8a, b"unasked"));
    bytes.extend(client_frame(0x00, b"b"));
    bytes.extend(client_frame(0x80, b"c"));
    bytes.extend(client_frame(0x81, b""));
    bytes.extend(client_frame(0x88, &1001u16.to_be_bytes()));
    let whole = feed(&bytes, usize::MAX).expect("is right");
    assert_eq!(whole[0], "Text(\"4h\u{e9}\")");
    assert_eq!(
        whole[2..],
        [
            "Ping([104, 105])",
            "Text(\"4abc\")",
            "Text(\"\")",
            "Close(Some(1001))"
        ]
    );
    for piece in 1..40 {
        assert_eq!(
            feed(&bytes, piece).as_ref(),
            Ok(&whole),
            "pieces of {piece}"
        );
    }
}

#[test]
fn what_breaks_the_rfc_has_its_close_code() {
    let unmasked = vec![0x81, 1, b'4'];
    let cases = [
        (unmasked, 1002),
        (client_frame(0xc1, b"4"), 1002),
        (client_frame(0x83, b"4"), 1002),
        (client_frame(0x80, b"4"), 1002),
        (
            [client_frame(0x01, b"4"), client_frame(0x81, b"4")].concat(),
            1002,
        ),
        (client_frame(0x09, b""), 1002),
        (client_frame(0x89, &[0; 126]), 1002),
        (client_frame(0x88, &[3]), 1002),
        (client_frame(0x88, &1005u16.to_be_bytes()), 1002),
        (client_frame(0x88, &[3, 0xe8, 0xff]), 1007),
        (client_frame(0x81, &[0xff]), 1007),
        (client_frame(0x82, &[0; LIMIT + 1]), 1009),
        (
            [client_frame(0x02, &[0; LIMIT]), client_frame(0x80, &[0])].concat(),
            1009,
        ),
    ];
    for (bytes, code) in cases {
        let start = bytes.get(..8).unwrap_or(&bytes).to_vec();
        assert_eq!(
            feed(&bytes, usize::MAX).map_err(Violation::code),
            Err(code),
            "{start:?}"
        );
    }
    assert!(feed(&client_frame(0x82, &[0; LIMIT]), usize::MAX).is_ok());
}

#[test]
fn a_low_limit_on_messages_leaves_control_frames_alone() {
    let mut bytes = client_frame(0x89, &[7; 125]);
    let (mut partial, mut pings) = (None, 0);
    let received = receive(&mut partial, &mut bytes, 100, |incoming| {
        pings += usize::from(incoming == Incoming::Ping(&[7; 125]));
        true
    });
    assert_eq!((received, pings), (Ok(()), 1));
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_its_bytes_come() {
    let mut partial = None;
    let mut header = vec![
        0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4,
    ];
    assert_eq!(
        receive(&mut partial, &mut header, LIMIT, |_| true),
        Err(Violation::TooBig)
    );
}

#[test]
fn the_start_of_a_frame_is_not_kept_in_the_room_of_a_long_one() {
    let long = client_frame(0x82, &[7; 900]);
    let mut partial = None;
    for piece in long.chunks(500) {
        let mut read = piece.to_vec();
        if piece.len() < 500 {
            read.push(0x82);
        }
        assert_eq!(receive(&mut partial, &mut read, LIMIT, |_| true), Ok(()));
    }
    let kept = partial.expect("the start of the next frame");
    assert_eq!((kept.frame.as_slice(), kept.bytes()), (&[0x82][..], 1));
    assert!(kept.frame.capacity() < 100);
}

#[test]
fn frames_are_written_with_the_shortest_length() {
    let mut out = Vec::new();
    write_message(Encoded::Text(b"2"), &mut out);
    write_message(Encoded::Binary(&[7; 126]), &mut out);
    Control::Close(None).write(&mut out);
    Control::Close(Some(1009)).write(&mut out);
    Control::pong(b"x").write(&mut out);
    assert_eq!(out[..7], [0x81, 1, b'2', 0x82, 126, 0, 126]);
    assert_eq!(out[7 + 126..], [0x88, 0, 0x88, 2, 3, 0xf1, 0x8a, 1, b'x']);
}
