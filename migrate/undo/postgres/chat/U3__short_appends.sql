-- Takes back V3. Nothing is lost.

DROP FUNCTION chat.append_few(
    uuid[], uuid[], uuid[], uuid[], smallint[], uuid[], text[], bigint[], text[]
);
