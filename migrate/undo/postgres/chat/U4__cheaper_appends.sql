-- Takes back V4. Nothing is lost.

DROP FUNCTION chat.append_together(
    uuid[], uuid[], uuid[], uuid[], smallint[], uuid[], text[], bigint[], text[]
);
DROP FUNCTION chat.append_one(uuid, uuid, uuid, uuid, smallint, uuid, text, bigint, text);
DROP FUNCTION chat.mention(bigint, uuid, bigint, text);
DROP FUNCTION chat.is_said(bigint, uuid);
DROP FUNCTION chat.leave_to_the_careful();
