//! The directory of public rooms: what is found, what is not, and page by page.

use chat_entity::RoomKind;
use kernel::RoomId;

use crate::samples::{create, creation, join, person, private_room, public_room};
use crate::stores::Stores;

crate::suite!(
    a_query_is_the_beginning_of_a_name_or_title_without_regard_to_case
    what_means_something_to_a_database_means_itself_in_a_query
    an_exact_name_is_found_as_it_is_written
    private_and_closed_rooms_are_not_listed
    the_rooms_with_the_most_members_come_first_and_pages_cover_all_once
);

async fn found(stores: &Stores, query: Option<&str>, name: Option<&str>) -> Vec<String> {
    let page = stores.rooms.directory(query.map(str::to_owned), name.map(str::to_owned), None, 200).await.unwrap();
    assert_eq!(page.next, None);
    let mut names: Vec<_> = page.items.iter().map(|room| room.name.as_ref().unwrap().as_str().to_owned()).collect();
    names.sort();
    names
}

async fn titled(stores: &Stores, owner: &chat_entity::Profile, name: &str, title: &str) {
    let mut asked = creation(owner, name, RoomKind::Public);
    asked.room.details.title = Some(title.to_owned());
    create(stores, asked).await;
}

pub(crate) async fn a_query_is_the_beginning_of_a_name_or_title_without_regard_to_case(stores: Stores) {
    let ada = person(&stores, "ada").await;
    for name in ["Garden", "garage", "the-garden", "Ärger", "χορός"] {
        public_room(&stores, &ada, name).await;
    }
    titled(&stores, &ada, "plants", "Gardening for all").await;
    for (query, expected) in [
        ("gar", &["Garden", "garage", "plants"][..]),
        ("GARDEN", &["Garden", "plants"]),
        ("garden", &["Garden", "plants"]),
        ("gardening f", &["plants"]),
        ("den", &[]),
        ("ärg", &["Ärger"]),
        ("ÄRG", &["Ärger"]),
        ("ΧΟΡ", &["χορός"]),
        ("", &["Garden", "garage", "plants", "the-garden", "Ärger", "χορός"]),
    ] {
        assert_eq!(found(&stores, Some(query), None).await, expected, "{query:?}");
    }
    assert_eq!(found(&stores, None, None).await.len(), 6);
}

pub(crate) async fn what_means_something_to_a_database_means_itself_in_a_query(stores: Stores) {
    let ada = person(&stores, "ada").await;
    for name in ["a_b", "axb", "a.b"] {
        public_room(&stores, &ada, name).await;
    }
    titled(&stores, &ada, "percent", "100% sure").await;
    titled(&stores, &ada, "slash", "back\\slash").await;
    for (query, expected) in [
        ("a_", &["a_b"][..]),
        ("a.", &["a.b"]),
        ("100%", &["percent"]),
        ("100% s", &["percent"]),
        ("%", &[]),
        ("_", &[]),
        ("back\\", &["slash"]),
        ("back\\s", &["slash"]),
        ("\\", &[]),
        ("a*", &[]),
        ("a_b\0", &[]),
        ("a[", &[]),
        ("' OR 1=1 --", &[]),
    ] {
        assert_eq!(found(&stores, Some(query), None).await, expected, "{query:?}");
    }
}

pub(crate) async fn an_exact_name_is_found_as_it_is_written(stores: Stores) {
    let ada = person(&stores, "ada").await;
    for name in ["den", "Den", "den2"] {
        public_room(&stores, &ada, name).await;
    }
    titled(&stores, &ada, "other", "den").await;
    for (name, expected) in
        [("den", &["den"][..]), ("Den", &["Den"]), ("DEN", &[]), ("de", &[]), ("d%", &[]), ("", &[])]
    {
        assert_eq!(found(&stores, None, Some(name)).await, expected, "{name:?}");
    }
    assert_eq!(found(&stores, Some("den"), Some("Den")).await, ["Den"], "both must fit");
    assert_eq!(found(&stores, Some("x"), Some("Den")).await, [""; 0]);
}

pub(crate) async fn private_and_closed_rooms_are_not_listed(stores: Stores) {
    let ada = person(&stores, "ada").await;
    private_room(&stores, &ada, "secret").await;
    let closed = public_room(&stores, &ada, "closed").await;
    public_room(&stores, &ada, "open").await;
    stores.archive(closed).await;
    assert_eq!(found(&stores, None, None).await, ["open"]);
    assert_eq!(found(&stores, Some("secret"), None).await, [""; 0]);
    assert_eq!(found(&stores, None, Some("secret")).await, [""; 0]);
}

pub(crate) async fn the_rooms_with_the_most_members_come_first_and_pages_cover_all_once(stores: Stores) {
    let (ada, bob) = (person(&stores, "ada").await, person(&stores, "bob").await);
    let eve = person(&stores, "eve").await;
    let mut rooms = Vec::new();
    for n in 0..15 {
        rooms.push(public_room(&stores, &ada, &format!("room{n}")).await);
    }
    for room in &rooms[5..10] {
        join(&stores, &bob, *room).await;
    }
    join(&stores, &eve, rooms[7]).await;
    let whole = stores.rooms.directory(None, None, None, 200).await.unwrap().items;
    let counts: Vec<u64> = whole.iter().map(|room| room.member_count).collect();
    assert_eq!(counts, [3, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    let mut ids: Vec<RoomId> = whole.iter().map(|room| room.id).collect();
    ids.sort();
    rooms.sort();
    assert_eq!(ids, rooms);
    for limit in [1, 2, 7, 14, 15] {
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = stores.rooms.directory(None, None, after, limit).await.unwrap();
            paged.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole, "{limit} at a time");
    }
}
