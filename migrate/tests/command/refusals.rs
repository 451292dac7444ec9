//! What cannot work is refused with the reason, and with nothing secret in it.

use database::DataDir;

use crate::place::{Place, end};

#[tokio::test]
async fn a_directory_that_a_server_holds_is_refused_by_everything_that_changes_it() {
    let place = Place::embedded();
    place.run("up").await.with(0);
    let _held = DataDir::hold(&place.data_dir()).unwrap();
    for change in ["up", "down 0", "down 0 --yes", "seed"] {
        let said = place.run(change).await.with(1);
        assert!(said.contains("in use") && said.contains(&std::process::id().to_string()), "{change}: {said}");
    }
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_made_by_up_alone() {
    let place = Place::embedded();
    for other in ["down 0", "seed"] {
        let said = place.run(other).await.with(1);
        assert!(said.contains("DATA_DIR"), "{said}");
        assert!(!place.data_dir().exists());
    }
    place.run("up").await.with(0);
    assert!(place.data_dir().exists());
}

#[tokio::test]
async fn a_command_line_that_makes_no_sense_ends_with_two() {
    let place = Place::embedded();
    for wrong in ["", "sideways", "up 0", "up one", "down", "down -1", "status --service mail", "up --yes"] {
        place.run(wrong).await.with(2);
    }
    assert!(place.run("--help").await.with(0).contains("Exit codes"));
    assert!(!place.data_dir().exists());
}

#[tokio::test]
async fn a_version_that_does_not_exist_is_refused_before_anything_is_changed() {
    for place in Place::both().await {
        let said = place.run("up 99").await.with(1);
        assert!(said.contains("no version 99; the newest is 2"), "{said}");
        place.run("status").await.with(3);
        assert_eq!(place.run("status --json").await.out.matches("\"found\":0").count(), 2);
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_named_without_its_password() {
    let place = Place::embedded();
    // A port that was free a moment ago.
    let addr = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for arguments in ["up", "down 0", "status", "seed"] {
        let mut command = place.command(arguments);
        command.env("POSTGRES_URL", format!("postgres://natter:secret@{addr}/chat"));
        let said = end(command).await.with(1);
        assert!(said.contains(&format!("database chat at {addr}")) && said.contains("POSTGRES_URL"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
    let mut command = place.command("up");
    command.env("POSTGRES_URL", "postgres://natter:se/cret@host:port/x");
    let said = end(command).await.with(1);
    assert!(said.contains("POSTGRES_URL") && !said.contains("cret"), "{said}");
}

#[tokio::test]
async fn variables_come_from_a_file_and_the_environment_wins() {
    let place = Place::embedded();
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("vars");
    std::fs::write(&file, format!("DATA_DIR={}/here\n", elsewhere.path().display())).unwrap();
    let from_file = format!("up --env-file {}", file.display());
    let mut command = place.command(&from_file);
    command.env_remove("DATA_DIR");
    end(command).await.with(0);
    assert!(elsewhere.path().join("here/chat.db").exists() && !place.data_dir().exists());
    place.run(&from_file).await.with(0);
    assert!(place.data_dir().exists());
    let said = place.run("up --env-file /nowhere/vars").await.with(1);
    assert!(said.contains("/nowhere/vars"), "{said}");
}
