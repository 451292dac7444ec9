-- Rooms, who is in them, and their logs. Times are milliseconds since 1970. Texts that people write may hold U+0000 and
-- are kept in the code of crates/database/src/postgres/text.rs.

-- What chat knows of an account: a copy of what the auth service says, under the same id.
CREATE TABLE chat.users (
    id           uuid   NOT NULL,
    -- The order in which chat met them, which decides between members who joined in one millisecond.
    number       bigint GENERATED ALWAYS AS IDENTITY,
    username     text   NOT NULL,
    username_key text   NOT NULL,
    display_name text   NOT NULL,
    avatar_url   text,
    known_since  bigint NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (id)
) WITH (fillfactor = 80);

CREATE INDEX users_by_name ON chat.users (username_key);

-- Inside the store a room is a small number: the log's index has one entry for each event, and 16 bytes would be most
-- of it. A number is also what orders locks.
CREATE TABLE chat.rooms (
    number      bigint   GENERATED ALWAYS AS IDENTITY,
    id          uuid     NOT NULL,
    kind        smallint NOT NULL, -- public, private, direct
    name        text,
    title       text,
    -- Name and title in lower case, as the program and not a collation sees it: the directory compares these.
    name_key    text,
    title_key   text,
    topic       text,
    metadata    text     NOT NULL DEFAULT '{}',
    created_by  uuid,
    created_at  bigint   NOT NULL,
    archived_at bigint,
    CONSTRAINT rooms_pkey PRIMARY KEY (number),
    CONSTRAINT rooms_id_key UNIQUE (id),
    CONSTRAINT rooms_kind_check CHECK (kind IN (0, 1, 2))
);

CREATE UNIQUE INDEX rooms_public_name ON chat.rooms (name) WHERE kind = 0 AND archived_at IS NULL;

-- What changes with every event, apart from what hardly ever changes. Its row is the room's lock: whoever adds to a log
-- holds it. No column that changes is indexed and half of each page is free, so that a change stays on its page (HOT).
CREATE TABLE chat.room_counters (
    room          bigint NOT NULL,
    head_seq      bigint NOT NULL DEFAULT 0,
    message_count bigint NOT NULL DEFAULT 0,
    member_count  bigint NOT NULL DEFAULT 0,
    last_event_at bigint NOT NULL DEFAULT 0,
    CONSTRAINT room_counters_pkey PRIMARY KEY (room),
    CONSTRAINT room_counters_room_fkey FOREIGN KEY (room) REFERENCES chat.rooms (number)
) WITH (fillfactor = 50);

-- A room as it stands, in the order in which the program reads it.
CREATE VIEW chat.rooms_now AS
SELECT r.id, r.kind, r.name, r.title, r.topic, r.metadata, r.created_by, r.created_at, r.archived_at, c.member_count,
       c.head_seq, r.number
FROM chat.rooms r
JOIN chat.room_counters c ON c.room = r.number;

CREATE TABLE chat.members (
    room      bigint   NOT NULL,
    "user"    uuid     NOT NULL,
    role      smallint NOT NULL, -- member, admin, owner
    joined_at bigint   NOT NULL,
    read_seq  bigint   NOT NULL DEFAULT 0,
    CONSTRAINT members_pkey PRIMARY KEY (room, "user"),
    CONSTRAINT members_room_fkey FOREIGN KEY (room) REFERENCES chat.rooms (number),
    CONSTRAINT members_user_fkey FOREIGN KEY ("user") REFERENCES chat.users (id),
    CONSTRAINT members_role_check CHECK (role IN (0, 1, 2))
) WITH (fillfactor = 70); -- Read marks move all the time; see room_counters.

CREATE INDEX members_by_user ON chat.members ("user", room);
-- The list of members, page by page.
CREATE INDEX members_by_time ON chat.members (room, joined_at);

-- The log: one row for each event, `seq` = 1, 2, 3 … in each room. A row is never changed but to forget a deleted body.
-- `message_no` counts the room's messages up to and including this event, so that unread counts are a subtraction.
-- There is no foreign key: its check would lock the room's and the author's rows on the hottest path, and what it would
-- check has been read under the room's lock.
CREATE TABLE chat.events (
    room          bigint   NOT NULL,
    seq           bigint   NOT NULL,
    kind          smallint NOT NULL,
    at            bigint   NOT NULL,
    actor         uuid,
    subject       uuid,     -- the member that an event is about
    message_no    bigint   NOT NULL,
    message_id    uuid,
    client_msg_id uuid,
    format        smallint, -- plain, markdown
    reply_to      uuid,
    mentions      uuid[],
    body          text,
    detail        text,     -- JSON: what only some kinds have
    CONSTRAINT events_pkey PRIMARY KEY (room, seq),
    CONSTRAINT events_seq_check CHECK (seq > 0)
) PARTITION BY HASH (room);

DO $$
BEGIN
    FOR part IN 0..15 LOOP
        EXECUTE format(
            'CREATE TABLE chat.events_%s PARTITION OF chat.events FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
            lpad(part::text, 2, '0'), part
        );
    END LOOP;
END $$;

-- Messages (kind 4) only: who pages through them does not walk over all who came and went.
CREATE INDEX events_messages ON chat.events (room, seq) WHERE kind = 4;
-- Sending is idempotent for ever: this index is the promise.
CREATE UNIQUE INDEX events_once ON chat.events (room, actor, client_msg_id) WHERE client_msg_id IS NOT NULL;
CREATE UNIQUE INDEX events_message ON chat.events (room, message_id) WHERE message_id IS NOT NULL;

-- Who was named where, for the count of unread mentions.
CREATE TABLE chat.mentions (
    room   bigint NOT NULL,
    "user" uuid   NOT NULL,
    seq    bigint NOT NULL,
    CONSTRAINT mentions_pkey PRIMARY KEY (room, "user", seq)
);

-- Answers to POST requests with an Idempotency-Key, kept for a day.
CREATE TABLE chat.idempotency (
    "user"      uuid   NOT NULL,
    key         text   NOT NULL,
    fingerprint bytea  NOT NULL,
    room        bigint NOT NULL,
    created_at  bigint NOT NULL,
    CONSTRAINT idempotency_pkey PRIMARY KEY ("user", key)
);

CREATE INDEX idempotency_by_age ON chat.idempotency (created_at);

-- One row: the name of this store's history.
CREATE TABLE chat.epoch (
    "only" integer NOT NULL,
    name   text    NOT NULL,
    CONSTRAINT epoch_pkey PRIMARY KEY ("only"),
    CONSTRAINT epoch_only_check CHECK ("only" = 1)
);

INSERT INTO chat.epoch ("only", name) VALUES (1, left(replace(gen_random_uuid()::text, '-', ''), 16));

-- Appends messages, one of each (room, author, client_msg_id) at most, and answers for each, in order.
--
-- First it locks the rooms, in the order of their numbers, so that no two calls wait for each other. Only then does it
-- read: under READ COMMITTED each statement of a volatile function sees what is committed when that statement begins, so
-- membership, repeats and answered messages are judged as they are under the lock, and nobody else can change them until
-- the commit. That is what keeps logs dense (I2), messages single (I4) and those who have left out (I25), whichever nodes
-- write at the same time.
--
-- Each look into a table is a subquery of its own with a limit, and the settings leave it no way but through an index:
-- the plan, which is made once for each connection, perhaps while the tables are empty, is right at any size then.
CREATE FUNCTION chat.append_messages(
    rooms uuid[], authors uuid[], message_ids uuid[], client_msg_ids uuid[], formats smallint[], replies_to uuid[],
    bodies text[], times bigint[],
    -- The lower-case names that each text mentions, with commas between them.
    names text[]
)
RETURNS TABLE (
    -- 0 created, 1 there before, 2 no such reply, 3 archived, 4 not a member, 5 no such room
    outcome integer,
    seq bigint,
    mentions uuid[],
    username text, display_name text, avatar_url text,
    -- Of a message that was there before.
    earlier_id uuid, earlier_format smallint, earlier_reply_to uuid, earlier_body text, earlier_at bigint
)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM 1
    FROM chat.room_counters c
    WHERE c.room IN (SELECT r.number FROM chat.rooms r WHERE r.id = ANY (rooms))
    ORDER BY c.room
    FOR UPDATE OF c;

    RETURN QUERY
    WITH judged AS MATERIALIZED (
        SELECT a.*, r.number, u.username, u.display_name, u.avatar_url, e.seq AS earlier_seq,
               e.mentions AS earlier_mentions, e.message_id AS earlier_id, e.format AS earlier_format,
               e.reply_to AS earlier_reply_to, e.body AS earlier_body, e.at AS earlier_at,
               CASE
                   WHEN r.number IS NULL THEN 5
                   WHEN u.id IS NULL THEN CASE WHEN r.kind = 0 THEN 4 ELSE 5 END
                   WHEN e.seq IS NOT NULL THEN 1
                   WHEN r.archived_at IS NOT NULL THEN 3
                   WHEN a.reply_to IS NOT NULL AND NOT EXISTS (
                       SELECT FROM chat.events o WHERE o.room = r.number AND o.message_id = a.reply_to
                   ) THEN 2
                   ELSE 0
               END AS outcome
        FROM unnest(rooms, authors, message_ids, client_msg_ids, formats, replies_to, bodies, times, names)
            WITH ORDINALITY
            AS a (room_id, author, message_id, client_msg_id, format, reply_to, body, at, names, place)
        LEFT JOIN LATERAL (SELECT * FROM chat.rooms r WHERE r.id = a.room_id LIMIT 1) r ON true
        LEFT JOIN LATERAL (
            SELECT u.* FROM chat.members m JOIN chat.users u ON u.id = m."user"
            WHERE m.room = r.number AND m."user" = a.author LIMIT 1
        ) u ON true
        LEFT JOIN LATERAL (
            SELECT * FROM chat.events e
            WHERE e.room = r.number AND e.actor = a.author AND e.client_msg_id = a.client_msg_id LIMIT 1
        ) e ON true
    ),
    -- Refused entries take no place, so they leave no gap.
    placed AS MATERIALIZED (
        SELECT j.*,
               CASE WHEN j.outcome = 0 THEN c.head_seq + row_number() OVER nth END AS seq,
               CASE WHEN j.outcome = 0 THEN c.message_count + row_number() OVER nth END AS message_no,
               -- The members that the text names, in its order, without its author.
               CASE WHEN j.outcome = 0 AND j.names IS NOT NULL THEN (
                   SELECT array_agg(u.id ORDER BY n.nth)
                   FROM unnest(string_to_array(j.names, ',')) WITH ORDINALITY AS n (name, nth)
                   CROSS JOIN LATERAL (
                       SELECT u.id FROM chat.users u
                       WHERE u.username_key = n.name AND u.id <> j.author AND EXISTS (
                           SELECT FROM chat.members m WHERE m.room = j.number AND m."user" = u.id
                       )
                       LIMIT 1
                   ) u
               ) END AS users
        FROM judged j
        LEFT JOIN LATERAL (SELECT * FROM chat.room_counters c WHERE c.room = j.number LIMIT 1) c ON true
        WINDOW nth AS (PARTITION BY j.number, j.outcome = 0 ORDER BY j.place)
    ),
    written AS (
        INSERT INTO chat.events (room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, reply_to,
                                 mentions, body)
        SELECT p.number, p.seq, 4, p.at, p.author, p.message_no, p.message_id, p.client_msg_id, p.format, p.reply_to,
               p.users, p.body
        FROM placed p
        WHERE p.outcome = 0
    ),
    counted AS (
        UPDATE chat.room_counters c
        SET head_seq = l.seq, message_count = l.message_no, last_event_at = l.at
        FROM (
            SELECT DISTINCT ON (p.number) p.number, p.seq, p.message_no, p.at
            FROM placed p WHERE p.outcome = 0 ORDER BY p.number, p.seq DESC
        ) l
        WHERE c.room = l.number
    ),
    -- Who writes has seen the room.
    marked AS (
        UPDATE chat.members m
        SET read_seq = l.seq
        FROM (
            SELECT p.number, p.author, max(p.seq) AS seq FROM placed p WHERE p.outcome = 0 GROUP BY p.number, p.author
        ) l
        WHERE m.room = l.number AND m."user" = l.author
    ),
    noted AS (
        INSERT INTO chat.mentions (room, "user", seq)
        SELECT p.number, named_user, p.seq FROM placed p CROSS JOIN LATERAL unnest(p.users) AS named_user
        ON CONFLICT DO NOTHING
    )
    SELECT p.outcome, coalesce(p.seq, p.earlier_seq), coalesce(p.users, p.earlier_mentions),
           p.username, p.display_name, p.avatar_url,
           p.earlier_id, p.earlier_format, p.earlier_reply_to, p.earlier_body, p.earlier_at
    FROM placed p
    ORDER BY p.place;
END $$;
