-- What Redshift's functions are in PostgreSQL's terms. A function of the allow-list that the
-- translator does not build itself is rs_<name> here; one statement makes each. The message of
-- rs_refuse is always made of an argument: of constants alone, it would be raised by the planner.
SET LOCAL search_path = etlocal, pg_catalog;
CREATE OR REPLACE FUNCTION rs_refuse(message text, state text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RAISE EXCEPTION '%', message USING ERRCODE = state; END $$;
CREATE OR REPLACE FUNCTION rs_count(relation oid) RETURNS bigint LANGUAGE plpgsql STABLE AS
$$ DECLARE found bigint; BEGIN EXECUTE format('SELECT count(*) FROM %s', CAST(relation AS regclass)) INTO found; RETURN found; END $$;
CREATE OR REPLACE FUNCTION rs_text(s text, n integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
    WHEN octet_length(s) <= n THEN s
    WHEN octet_length(rtrim(s, ' ')) <= n THEN rpad(rtrim(s, ' '), length(rtrim(s, ' ')) + n - octet_length(rtrim(s, ' ')), ' ')
    WHEN s IS NULL THEN NULL
    ELSE etlocal.rs_refuse('value too long for type character varying(' || n || ')', '22001') END $$;
CREATE OR REPLACE FUNCTION rs_char(s text, n integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
    WHEN s IS NULL OR octet_length(rtrim(s, ' ')) <= n THEN rtrim(s, ' ')
    ELSE etlocal.rs_refuse('value too long for type character(' || n || ')', '22001') END $$;
CREATE OR REPLACE FUNCTION rs_cut(s text, n integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
    WHEN octet_length(s) <= n THEN s
    WHEN octet_length(s) = length(s) THEN left(s, n)
    ELSE left(s, (SELECT CAST(coalesce(max(i), 0) AS integer) FROM generate_series(1, n) i WHERE octet_length(left(s, i)) <= n)) END $$;
CREATE OR REPLACE FUNCTION rs_len(s text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT length(s) $$;
CREATE OR REPLACE FUNCTION rs_octet_length(s text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT octet_length(s) $$;
CREATE OR REPLACE FUNCTION rs_substring(s text, start integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT substring(s, greatest(start, 1)) $$;
CREATE OR REPLACE FUNCTION rs_substring(s text, start integer, count integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT substring(s, greatest(start, 1), greatest(start + count - greatest(start, 1), 0)) $$;
CREATE OR REPLACE FUNCTION rs_split_part(s text, delimiter text, part integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN part <= 0 THEN etlocal.rs_refuse('field position must be greater than zero' || left(CAST(part AS text), 0), '22023') ELSE split_part(s, delimiter, part) END $$;
CREATE OR REPLACE FUNCTION rs_sha2(s text, bits integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
    WHEN bits IN (0, 256) THEN encode(sha256(convert_to(s, 'UTF8')), 'hex')
    ELSE etlocal.rs_refuse('SHA2 with ' || bits || ' bits is not supported by etlocal', '0A000') END $$;
CREATE OR REPLACE FUNCTION rs_quote_ident(s text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN s ~ '^[a-z_][a-z0-9_]*$' THEN s ELSE '"' || replace(s, '"', '""') || '"' END $$;
CREATE OR REPLACE FUNCTION rs_quote_literal(s text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '''' || replace(replace(s, '\', '\\'), '''', '''''') || '''' $$;
CREATE OR REPLACE FUNCTION rs_concat(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT a || b $$;
CREATE OR REPLACE FUNCTION rs_strtol(s text, base integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    digits text := regexp_replace(lower(trim(s)), '^[+-]?(0x)?', '');
    digit integer;
    found numeric := 0;
BEGIN
    FOR place IN 1 .. greatest(length(digits), 1) LOOP
        digit := strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(digits, place, 1)) - 1;
        IF digits = '' OR digit < 0 OR digit >= base THEN
            RAISE EXCEPTION 'The input % is not valid to be converted to base %', s, base USING ERRCODE = '22023';
        END IF;
        found := found * base + digit;
    END LOOP;
    RETURN CASE WHEN trim(s) LIKE '-%' THEN -found ELSE found END;
END $$;
CREATE OR REPLACE FUNCTION rs_regexp_replace(s text, pattern text, new text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(s, pattern, regexp_replace(new, '\$(\d)', '\\\1', 'g'), 'g') $$;
CREATE OR REPLACE FUNCTION rs_regexp_replace(s text, pattern text, new text, start integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT left(s, start - 1) || etlocal.rs_regexp_replace(substring(s, start), pattern, new) $$;
CREATE OR REPLACE FUNCTION rs_regexp_substr(s text, pattern text, start integer DEFAULT 1, occurrence integer DEFAULT 1) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN s IS NULL OR pattern IS NULL THEN NULL ELSE coalesce(regexp_substr(s, pattern, start, occurrence), '') END $$;
CREATE OR REPLACE FUNCTION rs_regexp_count(s text, pattern text, start integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_count(s, pattern, start) $$;
CREATE OR REPLACE FUNCTION rs_regexp_instr(s text, pattern text, start integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_instr(s, pattern, start) $$;
CREATE OR REPLACE FUNCTION rs_getdate() RETURNS timestamp LANGUAGE sql STABLE AS $$ SELECT date_trunc('second', timezone('UTC', now())) $$;
CREATE OR REPLACE FUNCTION rs_sysdate() RETURNS timestamp LANGUAGE sql STABLE AS $$ SELECT timezone('UTC', now()) $$;
CREATE OR REPLACE FUNCTION rs_last_day(t timestamp) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CAST(date_trunc('month', t) + interval '1 month' - interval '1 day' AS date) $$;
CREATE OR REPLACE FUNCTION rs_add_months(t timestamp, n integer) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
    WHEN CAST(t AS date) = etlocal.rs_last_day(t)
    THEN CAST(etlocal.rs_last_day(t + n * interval '1 month') AS timestamp) + (t - date_trunc('day', t))
    ELSE t + n * interval '1 month' END $$;
CREATE OR REPLACE FUNCTION rs_months_between(a timestamp, b timestamp) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT CAST((extract(year FROM a) - extract(year FROM b)) * 12 + extract(month FROM a) - extract(month FROM b) AS double precision)
        + CASE WHEN extract(day FROM a) = extract(day FROM b)
            OR (CAST(a AS date) = etlocal.rs_last_day(a) AND CAST(b AS date) = etlocal.rs_last_day(b)) THEN 0
            ELSE CAST(extract(day FROM a) - extract(day FROM b) AS double precision) / 31 END $$;
CREATE OR REPLACE FUNCTION rs_next_day(t timestamp, weekday text) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CAST(t AS date) + (CAST(CASE
        WHEN lower(weekday) LIKE 'su%' THEN '0' WHEN lower(weekday) LIKE 'm%' THEN '1' WHEN lower(weekday) LIKE 'tu%' THEN '2'
        WHEN lower(weekday) LIKE 'w%' THEN '3' WHEN lower(weekday) LIKE 'th%' THEN '4' WHEN lower(weekday) LIKE 'f%' THEN '5'
        WHEN lower(weekday) LIKE 'sa%' THEN '6' WHEN weekday IS NULL THEN NULL
        ELSE etlocal.rs_refuse('Invalid weekday: ' || weekday, '22023') END AS integer)
        - CAST(extract(dow FROM t) AS integer) + 6) % 7 + 1 $$;
CREATE OR REPLACE FUNCTION rs_convert_timezone(target text, t timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT timezone(target, timezone('UTC', t)) $$;
CREATE OR REPLACE FUNCTION rs_convert_timezone(source text, target text, t timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT timezone(target, timezone(source, t)) $$;
CREATE OR REPLACE FUNCTION rs_date_cmp(a date, b date) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN a < b THEN -1 WHEN a = b THEN 0 WHEN a > b THEN 1 END $$;
CREATE OR REPLACE FUNCTION rs_timestamp_cmp(a timestamp, b timestamp) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN a < b THEN -1 WHEN a = b THEN 0 WHEN a > b THEN 1 END $$;
CREATE OR REPLACE FUNCTION rs_date_part_year(t date) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT CAST(extract(year FROM t) AS integer) $$;
CREATE OR REPLACE FUNCTION rs_datediff(part text, a timestamp, b timestamp) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT CAST(CASE part
    WHEN 'millennium' THEN extract(millennium FROM b) - extract(millennium FROM a)
    WHEN 'century' THEN extract(century FROM b) - extract(century FROM a)
    WHEN 'decade' THEN extract(decade FROM b) - extract(decade FROM a)
    WHEN 'year' THEN extract(year FROM b) - extract(year FROM a)
    WHEN 'quarter' THEN (extract(year FROM b) - extract(year FROM a)) * 4 + extract(quarter FROM b) - extract(quarter FROM a)
    WHEN 'month' THEN (extract(year FROM b) - extract(year FROM a)) * 12 + extract(month FROM b) - extract(month FROM a)
    WHEN 'week' THEN (CAST(date_trunc('week', b) AS date) - CAST(date_trunc('week', a) AS date)) / 7
    WHEN 'day' THEN CAST(b AS date) - CAST(a AS date)
    WHEN 'hour' THEN floor(extract(epoch FROM b) / 3600) - floor(extract(epoch FROM a) / 3600)
    WHEN 'minute' THEN floor(extract(epoch FROM b) / 60) - floor(extract(epoch FROM a) / 60)
    WHEN 'second' THEN floor(extract(epoch FROM b)) - floor(extract(epoch FROM a))
    WHEN 'millisecond' THEN floor(extract(epoch FROM b) * 1000) - floor(extract(epoch FROM a) * 1000)
    WHEN 'microsecond' THEN floor(extract(epoch FROM b) * 1000000) - floor(extract(epoch FROM a) * 1000000)
    END AS bigint) $$;
CREATE OR REPLACE FUNCTION rs_is_json(s text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS
$$ BEGIN PERFORM CAST(s AS json); RETURN true; EXCEPTION WHEN data_exception THEN RETURN false; END $$;
CREATE OR REPLACE FUNCTION rs_compact(j json) RETURNS json LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN CASE json_typeof(j)
        WHEN 'object' THEN CAST('{' || coalesce((SELECT string_agg(CAST(to_json(key) AS text) || ':' || CAST(etlocal.rs_compact(value) AS text), ',' ORDER BY place)
            FROM json_each(j) WITH ORDINALITY AS e(key, value, place)), '') || '}' AS json)
        WHEN 'array' THEN CAST('[' || coalesce((SELECT string_agg(CAST(etlocal.rs_compact(value) AS text), ',' ORDER BY place)
            FROM json_array_elements(j) WITH ORDINALITY AS e(value, place)), '') || ']' AS json)
        ELSE CAST(trim(E' \t\r\n' FROM CAST(j AS text)) AS json) END;
END $$;
CREATE OR REPLACE FUNCTION rs_json_parse(s text) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
    WHEN s IS NULL THEN NULL WHEN etlocal.rs_is_json(s) THEN etlocal.rs_compact(CAST(s AS json))
    ELSE CAST(etlocal.rs_refuse('Invalid JSON: ' || s, '22P02') AS json) END $$;
CREATE OR REPLACE FUNCTION rs_can_json_parse(s text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT etlocal.rs_is_json(s) $$;
CREATE OR REPLACE FUNCTION rs_is_valid_json(s text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN etlocal.rs_is_json(s) THEN json_typeof(CAST(s AS json)) = 'object' WHEN s IS NULL THEN NULL ELSE false END $$;
CREATE OR REPLACE FUNCTION rs_is_valid_json_array(s text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN etlocal.rs_is_json(s) THEN json_typeof(CAST(s AS json)) = 'array' WHEN s IS NULL THEN NULL ELSE false END $$;
CREATE OR REPLACE FUNCTION rs_scalar(j json) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT j #>> '{}' $$;
CREATE OR REPLACE FUNCTION rs_number(j json) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN json_typeof(j) = 'number' THEN CAST(j #>> '{}' AS double precision) END $$;
CREATE OR REPLACE FUNCTION rs_item(j json, place integer) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT j -> place $$;
CREATE OR REPLACE FUNCTION rs_item(j json, name text) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT j -> name $$;
CREATE OR REPLACE FUNCTION rs_varbyte(s text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT convert_to(s, 'UTF8') $$;
CREATE OR REPLACE FUNCTION rs_varbyte(b bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT b $$;
CREATE OR REPLACE FUNCTION rs_json_serialize(j json) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CAST(etlocal.rs_compact(j) AS text) $$;
CREATE OR REPLACE FUNCTION rs_json_array_length(s text, lenient boolean DEFAULT false) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
    WHEN etlocal.rs_is_valid_json_array(s) THEN json_array_length(CAST(s AS json)) WHEN lenient OR s IS NULL THEN NULL
    ELSE CAST(etlocal.rs_refuse('invalid json array object ' || s, '22P02') AS integer) END $$;
CREATE OR REPLACE FUNCTION rs_json_extract_array_element_text(s text, place integer, lenient boolean DEFAULT false) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
    WHEN etlocal.rs_is_valid_json_array(s) THEN CAST(s AS json) ->> place WHEN lenient OR s IS NULL THEN NULL
    ELSE etlocal.rs_refuse('invalid json array object ' || s, '22P02') END $$;
CREATE OR REPLACE FUNCTION rs_json_path(s text, path text[], lenient boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE
    WHEN etlocal.rs_is_json(s) THEN CAST(s AS json) #>> path WHEN lenient OR s IS NULL THEN NULL
    ELSE etlocal.rs_refuse('JSON parsing error: ' || s, '22P02') END $$;
CREATE OR REPLACE FUNCTION rs_json_typeof(j json) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT json_typeof(j) $$;
CREATE OR REPLACE FUNCTION rs_get_array_length(j json) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN json_typeof(j) = 'array' THEN json_array_length(j) END $$;
CREATE OR REPLACE FUNCTION rs_is_array(j json) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT json_typeof(j) = 'array' $$;
CREATE OR REPLACE FUNCTION rs_is_object(j json) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT json_typeof(j) = 'object' $$;
CREATE OR REPLACE FUNCTION rs_is_varchar(j json) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT json_typeof(j) = 'string' $$;
CREATE OR REPLACE FUNCTION rs_is_integer(j json) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT json_typeof(j) = 'number' AND (j #>> '{}') ~ '^-?[0-9]+$' $$;
CREATE OR REPLACE FUNCTION rs_is_scalar(j json) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT json_typeof(j) NOT IN ('array', 'object') $$;
CREATE OR REPLACE FUNCTION rs_array_concat(a json, b json) RETURNS json LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE CAST('[' || concat_ws(',', (SELECT string_agg(CAST(etlocal.rs_compact(value) AS text), ',' ORDER BY place)
        FROM (SELECT value, place FROM json_array_elements(a) WITH ORDINALITY AS x(value, place)
            UNION ALL SELECT value, place + 1000000000 FROM json_array_elements(b) WITH ORDINALITY AS y(value, place)) both_of)) || ']' AS json) END $$;
CREATE OR REPLACE FUNCTION rs_split_to_array(s text, delimiter text DEFAULT ',') RETURNS json LANGUAGE sql IMMUTABLE AS $$
    SELECT etlocal.rs_compact(to_json(string_to_array(s, delimiter))) $$;
CREATE OR REPLACE FUNCTION rs_try_cast(s text, target text, sample anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE found sample%TYPE;
BEGIN
    EXECUTE format('SELECT CAST($1 AS %s)', target) INTO found USING s;
    RETURN found;
EXCEPTION WHEN data_exception THEN RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION rs_version() RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0 (etlocal)' $$;
CREATE OR REPLACE FUNCTION rs_current_user() RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('etlocal.user', true) $$;
CREATE OR REPLACE FUNCTION rs_current_schema() RETURNS text LANGUAGE sql STABLE AS $$ SELECT nullif(CAST(current_schema() AS text), 'etlocal') $$;
CREATE OR REPLACE FUNCTION rs_current_database() RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('etlocal.database', true) $$;
CREATE OR REPLACE FUNCTION rs_pg_backend_pid() RETURNS integer LANGUAGE sql STABLE AS $$ SELECT pg_backend_pid() $$;
-- What psql and drivers ask of the catalog; every user has all rights, and owns what there is.
CREATE OR REPLACE FUNCTION rs_mark(database oid) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN shobj_description(database, 'pg_database') LIKE '{"etlocal":%' THEN CAST(shobj_description(database, 'pg_database') AS json) END $$;
CREATE OR REPLACE FUNCTION rs_pg_table_is_visible(relation bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(pg_table_is_visible(CAST(relation AS oid)), false) $$;
CREATE OR REPLACE FUNCTION rs_current_schemas(implicit boolean) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN implicit THEN ARRAY['pg_catalog'] ELSE CAST(ARRAY[] AS text[]) END
        || array_remove(CAST(current_schemas(false) AS text[]), 'etlocal') $$;
CREATE OR REPLACE FUNCTION rs_element(items text[], place integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT items[place] $$;
CREATE OR REPLACE FUNCTION rs_format_type(kind bigint, modifier integer) RETURNS text LANGUAGE sql STABLE AS $$ SELECT CASE kind
    WHEN 705 THEN '"unknown"' WHEN 4000 THEN 'super' WHEN 6551 THEN 'binary varying'
    ELSE format_type(CAST(kind AS oid), modifier) END $$;
CREATE OR REPLACE FUNCTION rs_pg_last_query_id() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CAST(coalesce(nullif(current_setting('etlocal.query', true), ''), '-1') AS bigint) $$;
CREATE OR REPLACE FUNCTION rs_pg_last_copy_count() RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT CAST(coalesce(nullif(current_setting('etlocal.copied', true), ''), '0') AS integer) $$;
CREATE OR REPLACE FUNCTION rs_kept(state anyelement, value anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT state $$;
CREATE OR REPLACE FUNCTION rs_taken(state anyelement, value anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT value $$;
CREATE OR REPLACE AGGREGATE rs_first(anyelement) (SFUNC = rs_kept, STYPE = anyelement);
CREATE OR REPLACE AGGREGATE rs_last(anyelement) (SFUNC = rs_taken, STYPE = anyelement);
