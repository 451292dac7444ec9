-- Appends a few messages: the same as chat.append_messages, which is for many.
--
-- One statement for many messages is cheap for each of them and dear to begin: its plan has a node for each partition that
-- each of its looks might go into, and all are set up for every call. That took some 350 µs of the server's time, for one
-- message as for a hundred. Here are small statements instead, row by row, of which each knows its partition before it begins.
-- Measured on 2 cores with PostgreSQL 15: some 170 µs for one message, and more than the other from five on.
--
-- The two answer the same for the same: a test compares them. All that is said there about locks holds here.
CREATE FUNCTION chat.append_few(
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
DECLARE
    place record;
BEGIN
    PERFORM 1
    FROM chat.room_counters c
    WHERE c.room IN (SELECT r.number FROM chat.rooms r WHERE r.id = ANY (rooms))
    ORDER BY c.room
    FOR UPDATE OF c;

    FOR entry IN 1..cardinality(rooms) LOOP
        -- Nothing of the row before: each look below leaves what it finds, or nothing.
        mentions := NULL;
        SELECT r.number, r.kind, r.archived_at, c.head_seq, c.message_count INTO place
        FROM chat.rooms r JOIN chat.room_counters c ON c.room = r.number WHERE r.id = rooms[entry];
        SELECT u.username, u.display_name, u.avatar_url INTO username, display_name, avatar_url
        FROM chat.members m JOIN chat.users u ON u.id = m."user"
        WHERE m.room = place.number AND m."user" = authors[entry];
        IF NOT FOUND THEN
            outcome := CASE WHEN place.kind = 0 THEN 4 ELSE 5 END;
        END IF;
        IF FOUND THEN
            SELECT 1, e.seq, e.mentions, e.message_id, e.format, e.reply_to, e.body, e.at
            INTO outcome, seq, mentions, earlier_id, earlier_format, earlier_reply_to, earlier_body, earlier_at
            FROM chat.events e
            WHERE e.room = place.number AND e.actor = authors[entry] AND e.client_msg_id = client_msg_ids[entry];
            IF NOT FOUND THEN
                outcome := CASE
                    WHEN place.archived_at IS NOT NULL THEN 3
                    WHEN replies_to[entry] IS NOT NULL AND NOT EXISTS (
                        SELECT FROM chat.events o WHERE o.room = place.number AND o.message_id = replies_to[entry]
                    ) THEN 2
                    ELSE 0
                END;
            END IF;
        ELSE
            SELECT NULL, NULL, NULL, NULL, NULL, NULL
            INTO seq, earlier_id, earlier_format, earlier_reply_to, earlier_body, earlier_at;
        END IF;
        IF outcome = 0 THEN
            seq := place.head_seq + 1;
            IF names[entry] IS NOT NULL THEN
                -- The members that the text names, in its order, without its author.
                SELECT array_agg(u.id ORDER BY n.nth) INTO mentions
                FROM unnest(string_to_array(names[entry], ',')) WITH ORDINALITY AS n (name, nth)
                CROSS JOIN LATERAL (
                    SELECT u.id FROM chat.users u
                    WHERE u.username_key = n.name AND u.id <> authors[entry] AND EXISTS (
                        SELECT FROM chat.members m WHERE m.room = place.number AND m."user" = u.id
                    )
                    LIMIT 1
                ) u;
            END IF;
            INSERT INTO chat.events (room, seq, kind, at, actor, message_no, message_id, client_msg_id, format,
                                     reply_to, mentions, body)
            VALUES (place.number, append_few.seq, 4, times[entry], authors[entry], place.message_count + 1,
                    message_ids[entry], client_msg_ids[entry], formats[entry], replies_to[entry], append_few.mentions,
                    bodies[entry]);
            UPDATE chat.room_counters c
            SET head_seq = append_few.seq, message_count = c.message_count + 1, last_event_at = times[entry]
            WHERE c.room = place.number;
            -- Who writes has seen the room.
            UPDATE chat.members m SET read_seq = append_few.seq
            WHERE m.room = place.number AND m."user" = authors[entry];
            IF mentions IS NOT NULL THEN
                INSERT INTO chat.mentions (room, "user", seq)
                SELECT place.number, named, append_few.seq FROM unnest(append_few.mentions) AS named
                ON CONFLICT DO NOTHING;
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;
