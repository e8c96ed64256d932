//! `multipart/form-data`, as far as Discord's clients send it. Pure, and never in a panic whatever comes.

use bytes::Bytes;

/// How many parts are looked at.
const MAX_PARTS: usize = 64;

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) filename: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) content: Bytes,
}

/// The boundary that a content type names.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = rest.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    Some(boundary.trim_matches('"')).filter(|boundary| !boundary.is_empty())
}

/// The parts of a body; `None` where it is not whole.
pub(super) fn parts(body: &Bytes, boundary: &str) -> Option<Vec<Part>> {
    let first = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let mut at = find(body, first.as_bytes())? + first.len();
    let mut parts = Vec::new();
    while parts.len() < MAX_PARTS {
        if body.get(at..)?.starts_with(b"--") {
            return Some(parts);
        }
        let length = find(body.get(at..)?, between.as_bytes())?;
        parts.push(part(&body.slice(at..at + length))?);
        at += length + between.len();
    }
    Some(parts)
}

fn part(bytes: &Bytes) -> Option<Part> {
    let blank = find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..blank]).into_owned();
    let (mut name, mut filename, mut kind) = (None, None, None);
    for line in head.split("\r\n") {
        let Some((header, value)) = line.split_once(':') else { continue };
        if header.trim().eq_ignore_ascii_case("content-type") {
            kind = Some(value.trim().to_owned());
        } else if header.trim().eq_ignore_ascii_case("content-disposition") {
            name = parameter(value, "name");
            filename = parameter(value, "filename");
        }
    }
    Some(Part { name: name?, filename, kind, content: bytes.slice(blank + 4..) })
}

/// A header's parameter, quoted or not.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let (_, mut rest) = value.split_once(';')?;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (given, left) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(given.trim().to_owned());
        }
        rest = left.trim_start().trim_start_matches(';');
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    loop {
        let next = from + haystack.get(from..)?.iter().position(|byte| *byte == first)?;
        if haystack.get(next..)?.starts_with(needle) {
            return Some(next);
        }
        from = next + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn files_and_json_are_found_and_contents_stay_as_they_are() {
        let kind = boundary("multipart/form-data; boundary=\"abc\"").unwrap();
        let body = "--abc\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"a;b.png\"\r\n\
            content-type: image/png\r\n\r\nby\r\n--ab\r\ntes\r\n--abc\r\n\
            Content-Disposition: form-data; name=payload_json\r\n\r\n{}\r\n--abc--\r\n";
        let found = parts(&Bytes::from(body), kind).unwrap();
        let file = Part {
            name: "files[0]".into(),
            filename: Some("a;b.png".into()),
            kind: Some("image/png".into()),
            content: Bytes::from("by\r\n--ab\r\ntes"),
        };
        assert_eq!((&found[0], found[1].name.as_str(), &found[1].content[..]), (&file, "payload_json", &b"{}"[..]));
        assert_eq!(parts(&Bytes::from("--abc\r\nnothing"), kind), None);
        assert_eq!(boundary("application/json"), None);
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body: Vec<u8>, mark in "[a-c]{1,2}", head in ".{0,40}") {
            let _ = parts(&Bytes::from(body), &mark);
            let _ = parts(&Bytes::from(format!("--{mark}\r\n{head}\r\n\r\nx\r\n--{mark}--")), &mark);
            let _ = parameter(&head, "name");
        }
    }
}
