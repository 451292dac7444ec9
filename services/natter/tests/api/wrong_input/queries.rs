//! Query strings that will not do: limits, cursors and places.

use testkit::Answer;

use super::Scene;

const LISTS: &[&str] = &["/v1/rooms", "/v1/users/me/rooms", "/v1/rooms/{room}/members"];
const LOGS: &[&str] = &["/v1/rooms/{room}/messages", "/v1/rooms/{room}/events"];

async fn get(scene: &Scene, path: &str, query: &str) -> Answer {
    scene.server.rest.get(&format!("{}?{query}", scene.path(path)), &scene.ada.token).await
}

#[tokio::test]
async fn a_limit_that_is_none_is_refused_and_never_cut() {
    let scene = Scene::open().await;
    for path in [LISTS, LOGS].concat() {
        for limit in ["0", "201", "abc", "", "-1", "1.5", "4294967296", "99999999999999999999", "1&limit=2", "%00"] {
            let answer = get(&scene, path, &format!("limit={limit}")).await;
            assert_eq!(answer.status, 400, "{path} {limit}: {}", answer.text);
            answer.problem(400, "invalid-request");
        }
        for limit in ["1", "200", "050"] {
            get(&scene, path, &format!("limit={limit}")).await.expect(200);
        }
    }
    scene.check_unharmed().await;
}

#[tokio::test]
async fn a_cursor_that_no_list_gave_is_refused() {
    let scene = Scene::open().await;
    for path in LISTS {
        for cursor in ["", "x", "AAAA", "%00", "null", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%F0%9F%9A%80"] {
            get(&scene, path, &format!("cursor={cursor}")).await.problem(400, "invalid-request");
        }
        // Cursors of the right form with numbers that no list has.
        for cursor in
            ["AAAAAAAAAAAAAAAAAAAAAA", "gAAAAAAAAACAAAAAAAAAAA", "f_________9__________w", "_____________________w"]
        {
            let answer = get(&scene, path, &format!("cursor={cursor}")).await;
            assert!(matches!(answer.status, 200 | 400), "{path} {cursor}: {}", answer.text);
        }
    }
    scene.check_unharmed().await;
}

#[tokio::test]
async fn a_place_that_is_none_is_refused() {
    let scene = Scene::open().await;
    for (path, places) in [(LOGS[0], &["before_seq", "after_seq", "around_seq"][..]), (LOGS[1], &["after_seq"])] {
        for place in places {
            for value in ["abc", "", "-1", "1.5", "18446744073709551616", "%00"] {
                get(&scene, path, &format!("{place}={value}")).await.problem(400, "invalid-request");
            }
            for value in ["0", "9223372036854775807", "9223372036854775808", "18446744073709551615"] {
                get(&scene, path, &format!("{place}={value}")).await.expect(200);
            }
        }
    }
    for two in ["before_seq=1&after_seq=1", "around_seq=1&after_seq=1", "before_seq=1&before_seq=1"] {
        get(&scene, LOGS[0], two).await.problem(400, "invalid-request");
    }
    scene.check_unharmed().await;
}

#[tokio::test]
async fn a_room_that_is_no_id_is_refused_and_one_that_nobody_has_is_not_there() {
    let scene = Scene::open().await;
    let room = scene.path("{room}");
    for query in ["room=abc", "room=", "room=%00", "room=1", &format!("room={room}&room={room}"), "room=null"] {
        get(&scene, "/v1/presence", query).await.problem(400, "invalid-request");
    }
    let nobodys = "01a1fdc7-eb67-7c44-8a1e-97b2d03c5e18";
    get(&scene, "/v1/presence", &format!("room={nobodys}")).await.problem(404, "not-found");
    get(&scene, "/v1/presence", &format!("room={room}")).await.expect(200);
    scene.check_unharmed().await;
}

#[tokio::test]
async fn any_text_can_be_looked_for() {
    let scene = Scene::open().await;
    let long = "%C3%A4".repeat(200);
    for text in ["%25", "_", "%00", "a%00b", "%5C", "%27", "%22", "%F0%9F%9A%80", "%FF", "*", "[", &long] {
        for query in [format!("query={text}"), format!("name={text}"), format!("query={text}&name={text}")] {
            let found = get(&scene, "/v1/rooms", &query).await;
            assert_eq!((found.status, found.json["items"].as_array().map(Vec::len)), (200, Some(0)), "{}", found.text);
        }
    }
    scene.check_unharmed().await;
}

#[tokio::test]
async fn a_text_that_is_longer_than_any_name_is_refused() {
    let scene = Scene::open().await;
    for text in ["x".repeat(201), "%C3%A4".repeat(201), "x".repeat(30_000)] {
        for query in [format!("query={text}"), format!("name={text}"), format!("query=a&name={text}")] {
            get(&scene, "/v1/rooms", &query).await.problem(400, "invalid-request");
        }
    }
    scene.check_unharmed().await;
}
