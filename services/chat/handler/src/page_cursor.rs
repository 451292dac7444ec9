//! The `cursor` of a list: a place in it that means nothing to anybody else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat_usecase::port::{Place, RoomPage};
use contract::page::Page;
use contract::problem::{Problem, Slug};

/// Reads a cursor that a client sent back.
pub(crate) fn read(cursor: Option<&str>) -> Result<Option<Place>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let place = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| {
        let (major, minor) = bytes.split_first_chunk::<8>()?;
        Some(Place { major: i64::from_be_bytes(*major), minor: i64::from_be_bytes(minor.try_into().ok()?) })
    });
    let wrong = || Problem::new(Slug::InvalidRequest, "The cursor is not one that this list gave.");
    place.map(Some).ok_or_else(wrong)
}

/// Writes a page with the cursor of the next one.
pub(crate) fn page<T, U>(page: &RoomPage<T>, item: impl Fn(&T) -> U) -> Page<U> {
    let next_cursor = page.next.map(|place| {
        let mut bytes = place.major.to_be_bytes().to_vec();
        bytes.extend(place.minor.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    });
    Page { items: page.items.iter().map(item).collect(), next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_and_nothing_else_does() {
        let place = Place { major: -3, minor: i64::MAX };
        let written = page(&RoomPage { items: vec![1], next: Some(place) }, |item| *item);
        assert_eq!(read(written.next_cursor.as_deref()), Ok(Some(place)));
        for wrong in ["", "AAAA", "%%%", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(read(Some(wrong)).unwrap_err().code, Slug::InvalidRequest, "{wrong}");
        }
    }
}
