-- Numbers that tell whether something about a user has changed, without comparing it; and, as functions that know of
-- them, coming, going and making rooms. Each call is one statement and so one change.
--
-- Whoever changes memberships locks first the user and then rooms in the order of their numbers, so that no two changes
-- wait for each other. The user's row makes one user's changes come one after the other on all nodes, which the limit of
-- rooms and idempotency keys rest on; the row of room_counters is what an append holds as well.

-- Counts the rooms that the user has come into and gone out of.
ALTER TABLE chat.users ADD COLUMN membership_no bigint NOT NULL DEFAULT 0;
-- Which version of the auth service's profile this is: an older one that arrives late is passed over.
ALTER TABLE chat.users ADD COLUMN profile_version bigint NOT NULL DEFAULT 0;

-- Appends an event that is no message, moves the counters with it, and gives its place.
CREATE FUNCTION chat.append_change(
    in_room bigint, kind smallint, at bigint, actor uuid, subject uuid, detail text, more_members bigint
)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    counters chat.room_counters;
BEGIN
    UPDATE chat.room_counters c
    SET head_seq = c.head_seq + 1, member_count = c.member_count + more_members, last_event_at = append_change.at
    WHERE c.room = in_room
    RETURNING c.* INTO STRICT counters;
    INSERT INTO chat.events (room, seq, kind, at, actor, subject, message_no, detail)
    VALUES (in_room, counters.head_seq, append_change.kind, append_change.at, append_change.actor,
            append_change.subject, counters.message_count, append_change.detail);
    RETURN counters.head_seq;
END $$;

-- Puts somebody, whose row the caller has locked, into a room; the read mark begins at the event.
CREATE FUNCTION chat.enter(in_room bigint, newcomer uuid, with_role smallint, at bigint)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    place bigint := chat.append_change(in_room, 2::smallint, at, newcomer, newcomer, NULL, 1);
BEGIN
    INSERT INTO chat.members (room, "user", role, joined_at, read_seq)
    VALUES (in_room, newcomer, with_role, enter.at, place);
    UPDATE chat.users u SET membership_no = u.membership_no + 1 WHERE u.id = newcomer;
    RETURN place;
END $$;

CREATE FUNCTION chat.is_in_too_many(somebody uuid, max_rooms bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT count(*) >= max_rooms FROM chat.members m WHERE m."user" = somebody
$$;

-- Outcomes: 0 new, 1 already in, 2 archived, 3 in too many rooms, 4 no such room.
CREATE FUNCTION chat.join_room(wanted uuid, joiner uuid, joined_at bigint, max_rooms bigint)
RETURNS TABLE (outcome integer, seq bigint, profile chat.users, room chat.rooms_now)
LANGUAGE plpgsql AS $$
DECLARE
    known boolean;
BEGIN
    SELECT u.* INTO profile FROM chat.users u WHERE u.id = joiner FOR UPDATE;
    known := FOUND;
    SELECT r.* INTO room FROM chat.rooms_now r WHERE r.id = wanted;
    IF NOT FOUND THEN
        outcome := 4;
    ELSIF EXISTS (SELECT FROM chat.members m WHERE m.room = join_room.room.number AND m."user" = joiner) THEN
        outcome := 1;
    ELSIF room.kind <> 0 THEN
        outcome := 4;
    ELSIF room.archived_at IS NOT NULL THEN
        outcome := 2;
    ELSIF chat.is_in_too_many(joiner, max_rooms) THEN
        outcome := 3;
    ELSIF NOT known THEN
        RAISE EXCEPTION 'a user joins who was never welcomed';
    ELSE
        outcome := 0;
        seq := chat.enter(room.number, joiner, 0::smallint, joined_at);
        SELECT r.* INTO room FROM chat.rooms_now r WHERE r.id = wanted;
    END IF;
    RETURN NEXT;
END $$;

-- Outcomes: 0 done, 1 was not in, 2 no such room.
CREATE FUNCTION chat.leave_room(left_room uuid, leaver uuid, left_at bigint)
RETURNS TABLE (outcome integer, seq bigint, profile chat.users)
LANGUAGE plpgsql AS $$
DECLARE
    place record;
BEGIN
    SELECT u.* INTO profile FROM chat.users u WHERE u.id = leaver FOR UPDATE;
    SELECT r.number, r.kind INTO place FROM chat.rooms r WHERE r.id = left_room;
    IF NOT FOUND THEN
        outcome := 2;
        RETURN NEXT;
        RETURN;
    END IF;
    -- Before the member's row: an append holds the room and then moves its author's read mark.
    PERFORM 1 FROM chat.room_counters c WHERE c.room = place.number FOR UPDATE;
    DELETE FROM chat.members m WHERE m.room = place.number AND m."user" = leaver;
    IF FOUND THEN
        outcome := 0;
        DELETE FROM chat.mentions n WHERE n.room = place.number AND n."user" = leaver;
        UPDATE chat.users u SET membership_no = u.membership_no + 1 WHERE u.id = leaver;
        seq := chat.append_change(place.number, 3::smallint, left_at, leaver, leaver, NULL, -1);
    ELSE
        outcome := CASE WHEN place.kind = 0 THEN 1 ELSE 2 END;
    END IF;
    RETURN NEXT;
END $$;

-- Makes a room, empty, with its first event. A taken name violates rooms_public_name.
CREATE FUNCTION chat.insert_room(
    new_id uuid, kind smallint, name text, name_key text, title text, title_key text, topic text, metadata text,
    detail text, maker uuid, made_at bigint
)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO chat.rooms (id, kind, name, name_key, title, title_key, topic, metadata, created_by, created_at)
    VALUES (new_id, insert_room.kind, insert_room.name, insert_room.name_key, insert_room.title, insert_room.title_key,
            insert_room.topic, insert_room.metadata, maker, made_at)
    RETURNING number INTO made;
    INSERT INTO chat.room_counters (room) VALUES (made);
    PERFORM chat.append_change(made, 1::smallint, made_at, maker, NULL, insert_room.detail, 0);
    RETURN made;
END $$;

-- Outcomes: 0 new, 1 made before with the same key, 2 the key is another body's, 3 in too many rooms.
CREATE FUNCTION chat.create_room(
    new_id uuid, kind smallint, name text, name_key text, title text, title_key text, topic text, metadata text,
    detail text, maker uuid, made_at bigint, max_rooms bigint, asked_key text, body bytea, oldest_key bigint
)
RETURNS TABLE (outcome integer, profile chat.users, room chat.rooms_now)
LANGUAGE plpgsql AS $$
DECLARE
    known boolean;
    earlier record;
    made bigint;
BEGIN
    SELECT u.* INTO profile FROM chat.users u WHERE u.id = maker FOR UPDATE;
    known := FOUND;
    SELECT i.fingerprint, i.room INTO earlier
    FROM chat.idempotency i WHERE i."user" = maker AND i.key = asked_key AND i.created_at > oldest_key;
    IF FOUND THEN
        outcome := CASE WHEN earlier.fingerprint = body THEN 1 ELSE 2 END;
        made := earlier.room;
    ELSIF chat.is_in_too_many(maker, max_rooms) THEN
        outcome := 3;
    ELSIF NOT known THEN
        RAISE EXCEPTION 'a user makes a room who was never welcomed';
    ELSE
        outcome := 0;
        made := chat.insert_room(new_id, kind, name, name_key, title, title_key, topic, metadata, detail, maker, made_at);
        PERFORM chat.enter(made, maker, 2::smallint, made_at);
        IF asked_key IS NOT NULL THEN
            -- The own key first, then those that others may have locked, which are passed over: nobody waits in a circle.
            INSERT INTO chat.idempotency ("user", key, fingerprint, room, created_at)
            VALUES (maker, asked_key, body, made, made_at)
            ON CONFLICT ("user", key) DO UPDATE
            SET fingerprint = excluded.fingerprint, room = excluded.room, created_at = excluded.created_at;
            DELETE FROM chat.idempotency i
            USING (
                SELECT o."user", o.key FROM chat.idempotency o WHERE o.created_at <= oldest_key
                LIMIT 100 FOR UPDATE SKIP LOCKED
            ) old
            WHERE i."user" = old."user" AND i.key = old.key;
        END IF;
    END IF;
    SELECT r.* INTO room FROM chat.rooms_now r WHERE r.number = made;
    RETURN NEXT;
END $$;

-- Makes a default room where there is none of its name, and tells whether it did.
CREATE FUNCTION chat.ensure_room(new_id uuid, name text, name_key text, detail text, made_at bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM chat.rooms r WHERE r.name = ensure_room.name AND r.kind = 0 AND r.archived_at IS NULL
    ) THEN
        RETURN false;
    END IF;
    PERFORM chat.insert_room(new_id, 0::smallint, name, name_key, NULL, NULL, NULL, '{}', detail, NULL, made_at);
    RETURN true;
END $$;

-- Notes a newcomer, and gives the default rooms that they are in now; one row without a room when there are none.
CREATE FUNCTION chat.welcome(
    newcomer uuid, username text, username_key text, display_name text, avatar_url text, version bigint,
    default_rooms text[], met_at bigint
)
RETURNS TABLE (is_new boolean, room uuid, seq bigint)
LANGUAGE plpgsql AS $$
DECLARE
    entered record;
BEGIN
    INSERT INTO chat.users (id, username, username_key, display_name, avatar_url, profile_version, known_since)
    VALUES (newcomer, welcome.username, welcome.username_key, welcome.display_name, welcome.avatar_url, version, met_at)
    ON CONFLICT (id) DO NOTHING;
    is_new := FOUND;
    RETURN NEXT;
    IF is_new THEN
        FOR entered IN
            SELECT r.number, r.id FROM chat.rooms r
            WHERE r.name = ANY (default_rooms) AND r.kind = 0 AND r.archived_at IS NULL
            ORDER BY r.number
        LOOP
            room := entered.id;
            seq := chat.enter(entered.number, newcomer, 0::smallint, met_at);
            RETURN NEXT;
        END LOOP;
    END IF;
END $$;

-- Moves a read mark forward, never past the head. It takes no room's lock: a head that it reads may be behind, and is
-- never ahead. Outcomes: 0 done, 1 not a member, 2 no such room.
CREATE FUNCTION chat.mark_read(marked_room uuid, reader uuid, wanted bigint)
RETURNS TABLE (outcome integer, read_seq bigint, moved boolean, member_count bigint)
LANGUAGE plpgsql AS $$
DECLARE
    place record;
BEGIN
    moved := false;
    SELECT r.number, r.kind, c.head_seq, c.member_count INTO place
    FROM chat.rooms r JOIN chat.room_counters c ON c.room = r.number WHERE r.id = marked_room;
    IF NOT FOUND THEN
        outcome := 2;
        RETURN NEXT;
        RETURN;
    END IF;
    UPDATE chat.members m SET read_seq = least(wanted, place.head_seq)
    WHERE m.room = place.number AND m."user" = reader AND m.read_seq < least(wanted, place.head_seq);
    IF FOUND THEN
        moved := true;
        DELETE FROM chat.mentions n
        WHERE n.room = place.number AND n."user" = reader AND n.seq <= least(wanted, place.head_seq);
    END IF;
    SELECT m.read_seq INTO read_seq FROM chat.members m WHERE m.room = place.number AND m."user" = reader;
    outcome := CASE WHEN FOUND THEN 0 WHEN place.kind = 0 THEN 1 ELSE 2 END;
    member_count := place.member_count;
    RETURN NEXT;
END $$;
