-- What Redshift's scalar functions are in DuckDB's terms. A function of the allow-list that the
-- translator does not build itself is the macro rs_<name> here.
CREATE MACRO rs_nonzero(n) AS CASE WHEN n = 0 THEN error('Divide by zero') ELSE n END;
CREATE MACRO rs_text(s, n) AS CASE
    WHEN s IS NULL OR strlen(s) <= n THEN s
    WHEN strlen(rtrim(s, ' ')) <= n THEN rpad(rtrim(s, ' '), CAST(length(rtrim(s, ' ')) + n - strlen(rtrim(s, ' ')) AS INTEGER), ' ')
    ELSE error('value too long for type character varying(' || n || ')') END;
CREATE MACRO rs_char(s, n) AS CASE
    WHEN s IS NULL OR strlen(rtrim(s, ' ')) <= n THEN rtrim(s, ' ')
    ELSE error('value too long for type character(' || n || ')') END;
CREATE MACRO rs_cut(s, n) AS CASE
    WHEN strlen(s) <= n THEN s
    WHEN strlen(s) = length(s) THEN left(s, n)
    ELSE left(s, list_count(list_filter(range(1, n + 1), lambda i: strlen(left(s, i)) <= n))) END;
CREATE MACRO rs_len(s) AS CAST(length(CAST(s AS VARCHAR)) AS INTEGER);
CREATE MACRO rs_length(s) AS rs_len(s);
CREATE MACRO rs_char_length(s) AS rs_len(s);
CREATE MACRO rs_character_length(s) AS rs_len(s);
CREATE MACRO rs_textlen(s) AS rs_len(s);
CREATE MACRO rs_octet_length(s) AS CAST(strlen(CAST(s AS VARCHAR)) AS INTEGER);
CREATE MACRO rs_strpos(s, part) AS CAST(strpos(CAST(s AS VARCHAR), part) AS INTEGER);
CREATE MACRO rs_charindex(part, s) AS CAST(strpos(CAST(s AS VARCHAR), part) AS INTEGER);
CREATE MACRO rs_position(part, s) AS CAST(strpos(CAST(s AS VARCHAR), part) AS INTEGER);
CREATE MACRO rs_ascii(s) AS CASE WHEN s = '' THEN 0 ELSE unicode(s) END;
CREATE MACRO rs_lower(s) AS lower(CAST(s AS VARCHAR));
CREATE MACRO rs_upper(s) AS upper(CAST(s AS VARCHAR));
CREATE MACRO rs_initcap(s) AS array_to_string(list_transform(range(1, length(s) + 1), lambda i:
    CASE WHEN i = 1 OR NOT regexp_matches(s[i - 1], '[\p{L}\p{N}]') THEN upper(s[i]) ELSE lower(s[i]) END), '');
CREATE MACRO rs_reverse(s) AS reverse(CAST(s AS VARCHAR));
CREATE MACRO rs_left(s, n) AS left(CAST(s AS VARCHAR), n);
CREATE MACRO rs_right(s, n) AS right(CAST(s AS VARCHAR), n);
CREATE MACRO rs_lpad(s, n) AS lpad(CAST(s AS VARCHAR), CAST(n AS INTEGER), ' '), (s, n, filler) AS lpad(CAST(s AS VARCHAR), CAST(n AS INTEGER), filler);
CREATE MACRO rs_rpad(s, n) AS rpad(CAST(s AS VARCHAR), CAST(n AS INTEGER), ' '), (s, n, filler) AS rpad(CAST(s AS VARCHAR), CAST(n AS INTEGER), filler);
CREATE MACRO rs_ltrim(s) AS ltrim(CAST(s AS VARCHAR), ' '), (s, characters) AS ltrim(CAST(s AS VARCHAR), characters);
CREATE MACRO rs_rtrim(s) AS rtrim(CAST(s AS VARCHAR), ' '), (s, characters) AS rtrim(CAST(s AS VARCHAR), characters);
CREATE MACRO rs_btrim(s) AS trim(CAST(s AS VARCHAR), ' '), (s, characters) AS trim(CAST(s AS VARCHAR), characters);
CREATE MACRO rs_trim(s) AS trim(CAST(s AS VARCHAR), ' '), (s, characters) AS trim(CAST(s AS VARCHAR), characters);
CREATE MACRO rs_substring(s, start) AS substring(CAST(s AS VARCHAR), greatest(start, 1)),
    (s, start, count) AS substring(CAST(s AS VARCHAR), greatest(start, 1), greatest(start + count - greatest(start, 1), 0));
CREATE MACRO rs_substr(s, start) AS rs_substring(s, start), (s, start, count) AS rs_substring(s, start, count);
CREATE MACRO rs_split_part(s, delimiter, part) AS CASE WHEN part <= 0 THEN error('field position must be greater than zero') ELSE split_part(CAST(s AS VARCHAR), delimiter, part) END;
CREATE MACRO rs_replace(s, old, new) AS replace(CAST(s AS VARCHAR), old, new);
CREATE MACRO rs_translate(s, old, new) AS translate(CAST(s AS VARCHAR), old, new);
CREATE MACRO rs_repeat(s, n) AS repeat(CAST(s AS VARCHAR), n);
CREATE MACRO rs_replicate(s, n) AS repeat(CAST(s AS VARCHAR), n);
CREATE MACRO rs_chr(n) AS chr(CAST(n AS INTEGER));
CREATE MACRO rs_md5(s) AS md5(CAST(s AS VARCHAR));
CREATE MACRO rs_sha(s) AS sha1(CAST(s AS VARCHAR));
CREATE MACRO rs_sha1(s) AS sha1(CAST(s AS VARCHAR));
CREATE MACRO rs_func_sha1(s) AS sha1(CAST(s AS VARCHAR));
CREATE MACRO rs_sha2(s, bits) AS CASE WHEN bits IN (0, 256) THEN sha256(CAST(s AS VARCHAR)) ELSE error('SHA2 with ' || bits || ' bits is not supported by etlocal') END;
CREATE MACRO rs_to_hex(n) AS lower(to_hex(CAST(n AS BIGINT)));
CREATE MACRO rs_quote_ident(s) AS CASE WHEN regexp_full_match(s, '[a-z_][a-z0-9_]*') THEN s ELSE '"' || replace(s, '"', '""') || '"' END;
CREATE MACRO rs_quote_literal(s) AS '''' || replace(replace(s, '\', '\\'), '''', '''''') || '''';
CREATE MACRO rs_concat(a, b) AS CAST(a AS VARCHAR) || CAST(b AS VARCHAR);
CREATE MACRO rs_strtol(s, base) AS CASE WHEN regexp_full_match(lower(trim(s)), '[+-]?(0x)?[0-9a-z]+') THEN
    CAST(CASE WHEN trim(s) LIKE '-%' THEN -1 ELSE 1 END * list_reduce(list_prepend(CAST(0 AS BIGINT), list_transform(string_split(regexp_replace(lower(trim(s)), '^[+-]?(0x)?', ''), ''), lambda c:
        CASE WHEN strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) BETWEEN 1 AND base THEN CAST(strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) - 1 AS BIGINT) ELSE error('The input ' || s || ' is not valid to be converted to base ' || base) END)),
        lambda acc, digit: acc * base + digit) AS BIGINT)
    ELSE error('The input ' || s || ' is not valid to be converted to base ' || base) END;
CREATE MACRO rs_regexp_replace(s, pattern, new) AS regexp_replace(CAST(s AS VARCHAR), pattern, regexp_replace(new, '\$(\d)', '\\\1', 'g'), 'g'),
    (s, pattern, new, start) AS left(s, start - 1) || regexp_replace(substring(s, start), pattern, regexp_replace(new, '\$(\d)', '\\\1', 'g'), 'g');
CREATE MACRO rs_regexp_substr(s, pattern) AS regexp_extract(CAST(s AS VARCHAR), pattern),
    (s, pattern, start) AS regexp_extract(substring(CAST(s AS VARCHAR), start), pattern),
    (s, pattern, start, occurrence) AS CASE WHEN s IS NULL THEN NULL ELSE coalesce(regexp_extract_all(substring(CAST(s AS VARCHAR), start), pattern)[occurrence], '') END;
CREATE MACRO rs_regexp_count(s, pattern) AS CAST(len(regexp_extract_all(CAST(s AS VARCHAR), pattern)) AS INTEGER),
    (s, pattern, start) AS CAST(len(regexp_extract_all(substring(CAST(s AS VARCHAR), start), pattern)) AS INTEGER);
CREATE MACRO rs_regexp_instr(s, pattern) AS CAST(CASE WHEN regexp_matches(s, pattern) THEN 1 + length(regexp_extract(s, '^((?s:.*?))(?:' || pattern || ')', 1)) ELSE 0 END AS INTEGER),
    (s, pattern, start) AS CAST(CASE WHEN regexp_matches(substring(s, start), pattern) THEN start + length(regexp_extract(substring(s, start), '^((?s:.*?))(?:' || pattern || ')', 1)) ELSE 0 END AS INTEGER);
CREATE MACRO rs_similar(s, pattern) AS regexp_full_match(s, replace(replace(pattern, '%', '(?s:.*)'), '_', '(?s:.)'));
CREATE MACRO rs_abs(n) AS abs(n);
CREATE MACRO rs_ceil(n) AS ceil(n);
CREATE MACRO rs_ceiling(n) AS ceil(n);
CREATE MACRO rs_floor(n) AS floor(n);
CREATE MACRO rs_round(n) AS round(n), (n, digits) AS round(n, CAST(digits AS INTEGER));
CREATE MACRO rs_sign(n) AS sign(n);
CREATE MACRO rs_sqrt(n) AS sqrt(n);
CREATE MACRO rs_cbrt(n) AS cbrt(n);
CREATE MACRO rs_exp(n) AS exp(n);
CREATE MACRO rs_dexp(n) AS exp(n);
CREATE MACRO rs_ln(n) AS ln(n);
CREATE MACRO rs_dlog1(n) AS ln(n);
CREATE MACRO rs_log(n) AS log10(n);
CREATE MACRO rs_dlog10(n) AS log10(n);
CREATE MACRO rs_power(n, m) AS power(CAST(n AS DOUBLE), m);
CREATE MACRO rs_pow(n, m) AS power(CAST(n AS DOUBLE), m);
CREATE MACRO rs_sin(n) AS sin(n);
CREATE MACRO rs_cos(n) AS cos(n);
CREATE MACRO rs_tan(n) AS tan(n);
CREATE MACRO rs_cot(n) AS cot(n);
CREATE MACRO rs_asin(n) AS asin(n);
CREATE MACRO rs_acos(n) AS acos(n);
CREATE MACRO rs_atan(n) AS atan(n);
CREATE MACRO rs_atan2(n, m) AS atan2(n, m);
CREATE MACRO rs_degrees(n) AS degrees(n);
CREATE MACRO rs_radians(n) AS radians(n);
CREATE MACRO rs_pi() AS pi();
CREATE MACRO rs_random() AS random();
CREATE MACRO rs_getdate() AS date_trunc('second', timezone('UTC', now()));
CREATE MACRO rs_sysdate() AS timezone('UTC', now());
CREATE MACRO rs_now() AS now();
CREATE MACRO rs_date(t) AS CAST(t AS DATE);
CREATE MACRO rs_last_day(t) AS last_day(CAST(t AS DATE));
CREATE MACRO rs_add_months(t, n) AS CASE WHEN CAST(t AS DATE) = last_day(CAST(t AS DATE))
    THEN CAST(last_day(CAST(CAST(t AS TIMESTAMP) + to_months(CAST(n AS INTEGER)) AS DATE)) AS TIMESTAMP) + (CAST(t AS TIMESTAMP) - CAST(CAST(t AS DATE) AS TIMESTAMP))
    ELSE CAST(t AS TIMESTAMP) + to_months(CAST(n AS INTEGER)) END;
CREATE MACRO rs_months_between(a, b) AS CASE
    WHEN day(CAST(a AS DATE)) = day(CAST(b AS DATE)) OR (CAST(a AS DATE) = last_day(CAST(a AS DATE)) AND CAST(b AS DATE) = last_day(CAST(b AS DATE)))
    THEN CAST((year(CAST(a AS DATE)) - year(CAST(b AS DATE))) * 12 + month(CAST(a AS DATE)) - month(CAST(b AS DATE)) AS DOUBLE)
    ELSE (year(CAST(a AS DATE)) - year(CAST(b AS DATE))) * 12 + month(CAST(a AS DATE)) - month(CAST(b AS DATE))
        + CAST(day(CAST(a AS DATE)) - day(CAST(b AS DATE)) AS DOUBLE) / 31.0::DOUBLE END;
CREATE MACRO rs_next_day(t, weekday) AS CAST(t AS DATE) + CAST((CASE
    WHEN lower(left(weekday, 2)) = 'su' THEN 0 WHEN lower(left(weekday, 1)) = 'm' THEN 1 WHEN lower(left(weekday, 2)) = 'tu' THEN 2
    WHEN lower(left(weekday, 1)) = 'w' THEN 3 WHEN lower(left(weekday, 2)) = 'th' THEN 4 WHEN lower(left(weekday, 1)) = 'f' THEN 5
    WHEN lower(left(weekday, 2)) = 'sa' THEN 6 ELSE error('Invalid weekday: ' || weekday) END
    - dayofweek(CAST(t AS DATE)) + 6) % 7 + 1 AS INTEGER);
CREATE MACRO rs_convert_timezone(target, t) AS timezone(target, timezone('UTC', CAST(t AS TIMESTAMP))),
    (source, target, t) AS timezone(target, timezone(source, CAST(t AS TIMESTAMP)));
CREATE MACRO rs_date_cmp(a, b) AS CAST(CASE WHEN CAST(a AS DATE) < CAST(b AS DATE) THEN -1 WHEN CAST(a AS DATE) = CAST(b AS DATE) THEN 0 WHEN CAST(a AS DATE) > CAST(b AS DATE) THEN 1 END AS INTEGER);
CREATE MACRO rs_timestamp_cmp(a, b) AS CAST(CASE WHEN CAST(a AS TIMESTAMP) < CAST(b AS TIMESTAMP) THEN -1 WHEN CAST(a AS TIMESTAMP) = CAST(b AS TIMESTAMP) THEN 0 WHEN CAST(a AS TIMESTAMP) > CAST(b AS TIMESTAMP) THEN 1 END AS INTEGER);
CREATE MACRO rs_date_part_year(t) AS CAST(year(CAST(t AS DATE)) AS INTEGER);
CREATE MACRO rs_json_parse(s) AS CAST(CASE WHEN json_valid(s) THEN json(s) ELSE error('Invalid JSON: ' || s) END AS JSON);
CREATE MACRO rs_can_json_parse(s) AS json_valid(s);
CREATE MACRO rs_is_valid_json(s) AS json_valid(s) AND json_type(s) = 'OBJECT';
CREATE MACRO rs_is_valid_json_array(s) AS json_valid(s) AND json_type(s) = 'ARRAY';
CREATE MACRO rs_json_serialize(j) AS CAST(j AS VARCHAR);
CREATE MACRO rs_json_array_length(s) AS CAST(CASE WHEN json_valid(s) AND json_type(s) = 'ARRAY' THEN json_array_length(s) ELSE error('invalid json array object ' || s) END AS INTEGER),
    (s, lenient) AS CAST(CASE WHEN json_valid(s) AND json_type(s) = 'ARRAY' THEN json_array_length(s) WHEN lenient THEN NULL ELSE error('invalid json array object ' || s) END AS INTEGER);
CREATE MACRO rs_json_extract_array_element_text(s, place) AS CASE WHEN json_valid(s) AND json_type(s) = 'ARRAY' THEN json_extract_string(s, '$[' || CAST(place AS VARCHAR) || ']') ELSE error('invalid json array object ' || s) END,
    (s, place, lenient) AS CASE WHEN json_valid(s) AND json_type(s) = 'ARRAY' THEN json_extract_string(s, '$[' || CAST(place AS VARCHAR) || ']') WHEN lenient THEN NULL ELSE error('invalid json array object ' || s) END;
CREATE MACRO rs_json_typeof(j) AS CASE json_type(j) WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' ELSE 'number' END;
CREATE MACRO rs_get_array_length(j) AS CASE WHEN json_type(j) = 'ARRAY' THEN CAST(json_array_length(j) AS INTEGER) END;
CREATE MACRO rs_is_array(j) AS json_type(j) = 'ARRAY';
CREATE MACRO rs_is_object(j) AS json_type(j) = 'OBJECT';
CREATE MACRO rs_is_varchar(j) AS json_type(j) = 'VARCHAR';
CREATE MACRO rs_is_integer(j) AS json_type(j) IN ('BIGINT', 'UBIGINT');
CREATE MACRO rs_is_scalar(j) AS json_type(j) NOT IN ('ARRAY', 'OBJECT');
CREATE MACRO rs_array_concat(a, b) AS to_json(list_concat(CAST(a AS JSON[]), CAST(b AS JSON[])));
CREATE MACRO rs_split_to_array(s) AS to_json(string_split(s, ',')), (s, delimiter) AS to_json(string_split(s, delimiter));
CREATE MACRO rs_version() AS 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0 (etlocal)';
CREATE MACRO rs_decimal_quotient(a, b, up, down) AS ((CAST(a AS HUGEINT) * up) // rs_nonzero(CAST(b AS HUGEINT) * down));
CREATE MACRO rs_current_user() AS getvariable('rs_user');
CREATE MACRO rs_current_schema() AS current_schema();
CREATE MACRO rs_current_database() AS current_database();
CREATE MACRO rs_pg_backend_pid() AS CAST(getvariable('rs_pid') AS INTEGER);
CREATE MACRO rs_pg_last_query_id() AS CAST(coalesce(getvariable('rs_query'), -1) AS BIGINT);
CREATE MACRO rs_pg_last_copy_count() AS CAST(coalesce(getvariable('rs_copied'), 0) AS INTEGER);
-- What psql and drivers ask of the catalog. Every user has all rights, and owns what there is.
CREATE MACRO rs_pg_get_userbyid(id) AS getvariable('rs_user');
CREATE MACRO rs_pg_encoding_to_char(id) AS 'UTF8';
CREATE MACRO rs_pg_get_expr(expression, relation) AS expression, (expression, relation, pretty) AS expression;
CREATE MACRO rs_array_to_string(items, separator) AS array_to_string(items, separator);
CREATE MACRO rs_has_table_privilege(name, privilege) AS true, (who, name, privilege) AS true;
CREATE MACRO rs_has_schema_privilege(name, privilege) AS true, (who, name, privilege) AS true;
CREATE MACRO rs_has_database_privilege(name, privilege) AS true, (who, name, privilege) AS true;
CREATE MACRO rs_pg_table_is_visible(relation) AS EXISTS (
    SELECT 1 FROM (
        SELECT database_name, schema_name, table_oid AS oid FROM duckdb_tables()
        UNION ALL SELECT database_name, schema_name, view_oid FROM duckdb_views()) AS r
    WHERE r.oid + 100000 = relation AND r.database_name = current_database()
        AND list_contains(current_schemas(false), r.schema_name));
CREATE MACRO rs_current_schemas(implicit) AS list_concat(
    CASE WHEN implicit THEN ['pg_catalog'] ELSE [] END,
    list_filter(current_schemas(false), lambda name: name <> 'main'));
CREATE MACRO rs_format_type(kind, modifier) AS CASE CAST(kind AS BIGINT)
    WHEN 16 THEN 'boolean' WHEN 17 THEN 'bytea' WHEN 18 THEN '"char"' WHEN 19 THEN 'name'
    WHEN 20 THEN 'bigint' WHEN 21 THEN 'smallint' WHEN 23 THEN 'integer' WHEN 25 THEN 'text'
    WHEN 26 THEN 'oid' WHEN 700 THEN 'real' WHEN 701 THEN 'double precision'
    WHEN 705 THEN '"unknown"' WHEN 1082 THEN 'date' WHEN 1083 THEN 'time without time zone'
    WHEN 1114 THEN 'timestamp without time zone' WHEN 1184 THEN 'timestamp with time zone'
    WHEN 1186 THEN 'interval' WHEN 1266 THEN 'time with time zone' WHEN 4000 THEN 'super'
    WHEN 6551 THEN 'binary varying'
    WHEN 1042 THEN 'character' || CASE WHEN modifier > 4 THEN '(' || (modifier - 4) || ')' ELSE '' END
    WHEN 1043 THEN 'character varying' || CASE WHEN modifier > 4 THEN '(' || (modifier - 4) || ')' ELSE '' END
    WHEN 1700 THEN 'numeric' || CASE WHEN modifier > 4 THEN '(' || ((modifier - 4) >> 16) || ',' || ((modifier - 4) & 65535) || ')' ELSE '' END
    ELSE '???' END;
