//! Batches that were sent: held, withdrawn and restored; and who may.

use naqsha_tests::answers::{matched, status};
use naqsha_tests::server::Server;
use naqsha_tests::street::file as street;

const POLICE: &str = "profile=open.police-uk";

#[test]
fn a_batch_with_too_many_rejections_is_stored_and_held() {
    let server = Server::over_nothing();
    let mut file = street("held", 3);
    for _ in 0..3 {
        file.extend(b"bad,2018-17,WYP,WYP,-1.55,53.80,On or near X,E01,Leeds,Drugs,,\n");
    }
    let told = status(&server.upload(POLICE, "held", &file), 201);
    assert_eq!(
        (&told["state"], &told["held"]),
        (&"held".into(), &"B904".into())
    );
    assert_eq!(matched(&server), 0);
    // A stated total that differs holds it too.
    let query = format!("{POLICE}&rows=7");
    let told = status(&server.upload(&query, "rows", &street("rows", 3)), 201);
    assert_eq!(told["held"], "B903");
    let batch = server.json(&format!(
        "/collections/incidents/batches/{}",
        told["batch"].as_str().unwrap()
    ));
    assert_eq!(
        (&batch["manifest"]["rows"], &batch["held_for"][0]),
        (&7.into(), &"B903".into())
    );
}

#[test]
fn a_batch_is_withdrawn_and_restored_with_a_reason() {
    let server = Server::over_nothing();
    let taken = status(&server.upload(POLICE, "w", &street("w", 5)), 201);
    let at = format!(
        "/collections/incidents/batches/{}",
        taken["batch"].as_str().unwrap()
    );
    let change = |method: &str, path: String| server.send(method, &path, &[], b"");
    status(&change("DELETE", at.clone()), 400);
    status(&change("DELETE", format!("{at}?reason=%20")), 400);
    status(&change("DELETE", format!("{at}0?reason=x")), 404);
    status(&change("POST", format!("{at}/restore?reason=x")), 409);
    assert_eq!(change("DELETE", format!("{at}?reason=R7b")).status, 204);
    status(&change("DELETE", format!("{at}?reason=R7b")), 409);
    let events = server.json(&at)["events"].clone();
    assert_eq!(
        (
            &events[0]["operation"],
            &events[0]["reason"],
            &events[0]["by"]
        ),
        (&"withdraw".into(), &"R7b".into(), &"operator".into())
    );
    assert_eq!(
        change("POST", format!("{at}/restore?reason=mistake")).status,
        204
    );
    assert_eq!(matched(&server), 5);
}

#[test]
fn four_eyes_are_not_two() {
    let mut server = Server::over_nothing_with("[policy]\nfour_eyes = true\n");
    let taken = status(&server.upload(POLICE, "w", &street("w", 5)), 201);
    let at = format!(
        "/collections/incidents/batches/{}",
        taken["batch"].as_str().unwrap()
    );
    let withdraw = format!("{at}?reason=R1");
    let first = status(&server.send("DELETE", &withdraw, &[], b""), 202);
    assert_eq!(first["pending"]["operation"], "withdraw");
    server.restart();
    assert_eq!(
        server.json(&at)["pending"][0]["reason"],
        "R1",
        "it waits on, also after a crash"
    );
    status(&server.send("DELETE", &withdraw, &[], b""), 409);
    assert_eq!(matched(&server), 5);
}

#[test]
fn who_may_not_send_is_told_so() {
    let server = Server::over_nothing();
    let file = street("x", 3);
    let path = format!("/collections/incidents/batches?{POLICE}");
    for header in [
        ("origin", "http://evil.example"),
        ("host", "evil.example"),
        ("origin", "null"),
    ] {
        let headers = [("idempotency-key", "x"), header];
        status(&server.send("POST", &path, &headers, &file), 403);
        status(
            &server.send(
                "DELETE",
                "/collections/incidents/batches/00?reason=x",
                &headers,
                b"",
            ),
            403,
        );
    }
    let own = server.base().to_owned();
    let headers = [("idempotency-key", "x"), ("origin", own.as_str())];
    status(&server.send("POST", &path, &headers, &file), 201);
    for (query, key) in [
        ("profile=none", "a"),
        ("", "b"),
        ("profile=open.police-uk&colour=red", "c"),
    ] {
        status(&server.upload(query, key, &file), 400);
    }
    assert_eq!(
        server
            .send(
                "POST",
                "/collections/counts/batches?profile=open.police-uk",
                &headers,
                &file
            )
            .status,
        404
    );
    let public = Server::over_nothing_with("[auth]\nanonymous_role = \"public\"\n");
    status(&public.upload(POLICE, "x", &file), 401);
    status(&public.get("/collections/incidents/batches"), 401);
}

#[test]
fn profiles_say_what_they_want() {
    let server = Server::over_nothing();
    let profiles = server.json("/profiles")["profiles"]
        .as_array()
        .unwrap()
        .clone();
    let of = |name: &str| {
        profiles
            .iter()
            .find(|p| p["profile"] == name)
            .unwrap()
            .clone()
    };
    assert!(profiles.len() >= 26);
    assert_eq!(of("open.generic-points")["parameters"]["lon"], "required");
    let police = of("open.police-uk");
    assert!(
        police["columns"].to_string().contains("\"Crime type\""),
        "{police}"
    );
}
