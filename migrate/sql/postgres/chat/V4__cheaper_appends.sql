-- Appends that take it that all is well, as it nearly always is: the author is in the room, the room is open, and nothing was
-- sent before. What is not so is left to chat.append_messages, which is dearer and knows every case.
--
-- To begin was most of what an append cost, up to some 20 messages: chat.events has 16 partitions, and a statement that looks
-- into it for a repeat locks all of them and sets up a scan for each, or finds out for which not to. An INSERT opens only the
-- partition that it writes to, and the index events_once, which is the promise that nothing is there twice, refuses a repeat
-- by itself. So nobody looks before; a refusal takes back all that the call has done, and says so. And what is left takes
-- fewer and narrower steps.
--
-- What chat.append_messages says of locks holds here as well: the rooms are locked first, in the order of their numbers, and
-- what is read is read in later statements. Which of the three functions is called makes no difference to what is written,
-- and nodes of the version before call chat.append_few and chat.append_messages while these are in use.
--
-- The plans of these functions are made once for each connection, perhaps while the tables are empty. What keeps them right at
-- any size are settings of the connections that append; see services/chat/repository/src/postgres/append.rs. What it all
-- costs is in docs/adr/0010-appends-in-postgresql.md.

-- What is raised when a case is not one of these functions': they catch it, so it takes back what was done and nobody sees it.
CREATE FUNCTION chat.leave_to_the_careful()
RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    RAISE no_data_found;
END $$;

-- Functions, so that what most messages have no use for has no part in the plan of those that append: it would be set up for
-- every call.
CREATE FUNCTION chat.is_said(in_room bigint, message uuid)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM chat.events e WHERE e.room = in_room AND e.message_id = message);
END $$;

-- Notes the members that a text names, without its author, and gives them in the text's order.
CREATE FUNCTION chat.mention(in_room bigint, author uuid, place bigint, names text)
RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    named uuid[];
BEGIN
    SELECT array_agg(u.id ORDER BY n.nth) INTO named
    FROM unnest(string_to_array(names, ',')) WITH ORDINALITY AS n (name, nth)
    CROSS JOIN LATERAL (
        SELECT u.id FROM chat.users u
        WHERE u.username_key = n.name AND u.id <> author AND EXISTS (
            SELECT FROM chat.members m WHERE m.room = in_room AND m."user" = u.id
        )
        LIMIT 1
    ) u;
    IF named IS NOT NULL THEN
        INSERT INTO chat.mentions (room, "user", seq) SELECT in_room, who, place FROM unnest(named) AS who
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN named;
END $$;

-- Appends one message: each statement finds one row by a key, and is quick to begin.
CREATE FUNCTION chat.append_one(
    room uuid, author uuid, message_id uuid, client_msg_id uuid, format smallint, reply_to uuid, body text, at bigint,
    -- The lower-case names that the text mentions, with commas between them.
    names text,
    -- 0 created; 6 nothing was done, and chat.append_messages is to be called.
    OUT outcome integer,
    OUT seq bigint,
    OUT mentions uuid[],
    OUT username text, OUT display_name text, OUT avatar_url text
)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    in_room bigint;
    messages bigint;
BEGIN
    -- Takes the room's lock and its next place.
    UPDATE chat.room_counters c
    SET head_seq = c.head_seq + 1, message_count = c.message_count + 1, last_event_at = append_one.at
    FROM chat.rooms r
    WHERE r.id = append_one.room AND c.room = r.number
    RETURNING c.room, c.head_seq, c.message_count INTO STRICT in_room, seq, messages;
    -- Who writes has seen the room. This statement begins when the room is locked, so it sees whether the author has left or
    -- the room was closed.
    UPDATE chat.members m
    SET read_seq = append_one.seq
    FROM chat.users u, chat.rooms r
    WHERE m.room = in_room AND m."user" = append_one.author AND u.id = m."user"
          AND r.number = m.room AND r.archived_at IS NULL
    RETURNING u.username, u.display_name, u.avatar_url INTO STRICT username, display_name, avatar_url;
    IF reply_to IS NOT NULL AND NOT chat.is_said(in_room, reply_to) THEN
        PERFORM chat.leave_to_the_careful();
    END IF;
    IF names IS NOT NULL THEN
        mentions := chat.mention(in_room, author, seq, names);
    END IF;
    INSERT INTO chat.events (room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, reply_to,
                             mentions, body)
    VALUES (in_room, append_one.seq, 4, append_one.at, append_one.author, messages, append_one.message_id,
            append_one.client_msg_id, append_one.format, append_one.reply_to, append_one.mentions, append_one.body);
    outcome := 0;
EXCEPTION WHEN no_data_found OR unique_violation THEN
    outcome := 6;
END $$;

-- Appends many messages in one statement. Between its steps go numbers and a place in the parameters' arrays; the texts are
-- read when they are written.
CREATE FUNCTION chat.append_together(
    rooms uuid[], authors uuid[], message_ids uuid[], client_msg_ids uuid[], formats smallint[], replies_to uuid[],
    bodies text[], times bigint[], names text[]
)
RETURNS TABLE (
    -- 0 created, 4 not a member, 5 no such room; and 6 as in chat.append_one.
    outcome integer,
    seq bigint,
    mentions uuid[],
    username text, display_name text, avatar_url text
)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    IF rooms[1] = ALL (rooms) THEN
        -- A lively room: nothing to sort.
        PERFORM 1
        FROM chat.room_counters c
        WHERE c.room = (SELECT r.number FROM chat.rooms r WHERE r.id = rooms[1])
        FOR UPDATE OF c;
    ELSE
        PERFORM 1
        FROM chat.room_counters c
        WHERE c.room IN (SELECT r.number FROM chat.rooms r WHERE r.id = ANY (rooms))
        ORDER BY c.room
        FOR UPDATE OF c;
    END IF;

    RETURN QUERY
    WITH judged AS MATERIALIZED (
        SELECT a.place, a.author, r.number, r.head_seq, r.message_count, u.username, u.display_name, u.avatar_url,
               CASE
                   WHEN r.number IS NULL THEN 5
                   WHEN u.id IS NULL THEN CASE WHEN r.kind = 0 THEN 4 ELSE 5 END
                   -- If it was said before, that goes first.
                   WHEN r.archived_at IS NOT NULL THEN chat.leave_to_the_careful()
                   WHEN replies_to[a.place] IS NULL OR chat.is_said(r.number, replies_to[a.place]) THEN 0
                   ELSE chat.leave_to_the_careful()
               END AS outcome
        FROM unnest(rooms, authors) WITH ORDINALITY AS a (room_id, author, place)
        LEFT JOIN LATERAL (
            SELECT r.number, r.kind, r.archived_at, c.head_seq, c.message_count
            FROM chat.rooms r JOIN chat.room_counters c ON c.room = r.number WHERE r.id = a.room_id LIMIT 1
        ) r ON true
        LEFT JOIN LATERAL (
            SELECT u.id, u.username, u.display_name, u.avatar_url
            FROM chat.members m JOIN chat.users u ON u.id = m."user"
            WHERE m.room = r.number AND m."user" = a.author LIMIT 1
        ) u ON true
    ),
    -- Refused entries take no place, so they leave no gap.
    placed AS MATERIALIZED (
        SELECT j.place, j.author, j.number, j.username, j.display_name, j.avatar_url, j.outcome,
               CASE WHEN j.outcome = 0 THEN j.head_seq + row_number() OVER nth END AS seq,
               lead(j.place) OVER nth IS NULL AS is_last,
               CASE WHEN j.outcome = 0 THEN j.message_count + row_number() OVER nth END AS message_no,
               CASE WHEN j.outcome = 0 AND names[j.place] IS NOT NULL THEN
                   chat.mention(j.number, j.author, j.head_seq + row_number() OVER nth, names[j.place])
               END AS mentions
        FROM judged j
        WINDOW nth AS (PARTITION BY j.number, j.outcome = 0 ORDER BY j.place)
    ),
    written AS (
        INSERT INTO chat.events (room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, reply_to,
                                 mentions, body)
        SELECT p.number, p.seq, 4, times[p.place], p.author, p.message_no, message_ids[p.place], client_msg_ids[p.place],
               formats[p.place], replies_to[p.place], p.mentions, bodies[p.place]
        FROM placed p
        WHERE p.outcome = 0
    ),
    counted AS (
        UPDATE chat.room_counters c
        SET head_seq = p.seq, message_count = p.message_no, last_event_at = times[p.place]
        FROM placed p
        WHERE p.outcome = 0 AND p.is_last AND c.room = p.number
    ),
    -- Who writes has seen the room.
    marked AS (
        UPDATE chat.members m
        SET read_seq = l.seq
        FROM (
            SELECT DISTINCT ON (p.number, p.author) p.number, p.author, p.seq
            FROM placed p WHERE p.outcome = 0 ORDER BY p.number, p.author, p.seq DESC
        ) l
        WHERE m.room = l.number AND m."user" = l.author
    )
    SELECT p.outcome, p.seq, p.mentions, p.username, p.display_name, p.avatar_url
    FROM placed p
    ORDER BY p.place;
EXCEPTION WHEN no_data_found OR unique_violation THEN
    RETURN QUERY SELECT 6, NULL::bigint, NULL::uuid[], NULL, NULL, NULL;
END $$;
