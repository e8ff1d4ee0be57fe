-- The text by which administrators find users: full name, user name, e-mail address and id, in lower case and without
-- accents. `folded_name` and `folded_email` are the orders of the list.
CREATE TABLE mfa_user_search (
    user_id INTEGER PRIMARY KEY,
    folded_username TEXT NOT NULL,
    folded_email TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    folded TEXT NOT NULL
);
CREATE INDEX mfa_user_search_name ON mfa_user_search (folded_name, user_id);
CREATE INDEX mfa_user_search_email ON mfa_user_search (folded_email, user_id);
CREATE INDEX mfa_user_search_username ON mfa_user_search (folded_username);

-- Letters with another case or accents, and accents alone. A table, because the triggers also run on connections of other
-- programs, which have only the functions of SQLite. The same as `fold_search` of the server, which folds what an
-- administrator types.
CREATE TABLE mfa_search_letters (letter TEXT PRIMARY KEY, folded TEXT NOT NULL) WITHOUT ROWID;

INSERT INTO mfa_search_letters
WITH RECURSIVE
    families (folded, letters) AS (VALUES
        (';', ';'), ('a', 'ÀÁÂÃÄÅàáâãäåĀāĂăĄąǍǎǞǟǠǡǺǻȀȁȂȃȦȧḀḁẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặ'), ('b', 'ƀƁɃḂḃḄḅḆḇ'),
        ('c', 'ÇçĆćĈĉĊċČčḈḉ'), ('d', 'ÐðĎďĐđḊḋḌḍḎḏḐḑḒḓ'),
        ('e', 'ÈÉÊËèéêëĒēĔĕĖėĘęĚěƎǝȄȅȆȇȨȩḔḕḖḗḘḙḚḛḜḝẸẹẺẻẼẽẾếỀềỂểỄễỆệ'), ('f', 'ƑƒḞḟ'), ('g', 'ĜĝĞğĠġĢģǤǥǦǧǴǵḠḡ'),
        ('h', 'ĤĥĦħȞȟḢḣḤḥḦḧḨḩḪḫẖ'), ('i', 'ÌÍÎÏìíîïĨĩĪīĬĭĮįİıƗǏǐȈȉȊȋḬḭḮḯỈỉỊị'), ('j', 'Ĵĵǰ'), ('k', 'ĶķĸǨǩḰḱḲḳḴḵ'),
        ('l', 'ĹĺĻļĽľĿŀŁłḶḷḸḹḺḻḼḽ'), ('m', 'ḾḿṀṁṂṃ'), ('n', 'ÑñŃńŅņŇňŉŊŋǸǹṄṅṆṇṈṉṊṋ'),
        ('o', 'ÒÓÔÕÖØòóôõöøŌōŎŏŐőƠơǑǒǪǫǬǭǾǿȌȍȎȏȪȫȬȭȮȯȰȱṌṍṎṏṐṑṒṓỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợ'), ('p', 'ṔṕṖṗ'),
        ('r', 'ŔŕŖŗŘřȐȑȒȓṘṙṚṛṜṝṞṟ'), ('s', 'ŚśŜŝŞşŠšſȘșṠṡṢṣṤṥṦṧṨṩẛ'), ('t', 'ŢţŤťŦŧȚțṪṫṬṭṮṯṰṱẗ'),
        ('u', 'ÙÚÛÜùúûüŨũŪūŬŭŮůŰűŲųƯưǓǔǕǖǗǘǙǚǛǜȔȕȖȗṲṳṴṵṶṷṸṹṺṻỤụỦủỨứỪừỬửỮữỰự'), ('v', 'ṼṽṾṿ'), ('w', 'ŴŵẀẁẂẃẄẅẆẇẈẉẘ'),
        ('x', 'ẊẋẌẍ'), ('y', 'ÝýÿŶŷŸȲȳẎẏẙỲỳỴỵỶỷỸỹ'), ('z', 'ŹźŻżŽžƵƶẐẑẒẓẔẕ'), ('¨', '΅'), ('·', '·'), ('ƃ', 'Ƃ'),
        ('ƅ', 'Ƅ'), ('ƈ', 'Ƈ'), ('ƌ', 'Ƌ'), ('ƕ', 'Ƕ'), ('ƙ', 'Ƙ'), ('ƚ', 'Ƚ'), ('ƞ', 'Ƞ'), ('ƣ', 'Ƣ'), ('ƥ', 'Ƥ'),
        ('ƨ', 'Ƨ'), ('ƭ', 'Ƭ'), ('ƴ', 'Ƴ'), ('ƹ', 'Ƹ'), ('ƽ', 'Ƽ'), ('ƿ', 'Ƿ'), ('ȝ', 'Ȝ'), ('ȣ', 'Ȣ'), ('ȥ', 'Ȥ'),
        ('ȼ', 'Ȼ'), ('ɂ', 'Ɂ'), ('ɇ', 'Ɇ'), ('ɉ', 'Ɉ'), ('ɋ', 'Ɋ'), ('ɍ', 'Ɍ'), ('ɏ', 'Ɏ'), ('ɔ', 'Ɔ'), ('ɖ', 'Ɖ'),
        ('ɗ', 'Ɗ'), ('ə', 'Ə'), ('ɛ', 'Ɛ'), ('ɠ', 'Ɠ'), ('ɣ', 'Ɣ'), ('ɩ', 'Ɩ'), ('ɯ', 'Ɯ'), ('ɲ', 'Ɲ'), ('ɵ', 'Ɵ'),
        ('ʀ', 'Ʀ'), ('ʃ', 'Ʃ'), ('ʈ', 'Ʈ'), ('ʉ', 'Ʉ'), ('ʊ', 'Ʊ'), ('ʋ', 'Ʋ'), ('ʌ', 'Ʌ'), ('ʒ', 'ƷǮǯ'), ('ʹ', 'ʹ'),
        ('ͱ', 'Ͱ'), ('ͳ', 'Ͳ'), ('ͷ', 'Ͷ'), ('ͻ', 'Ͻ'), ('ͼ', 'Ͼ'), ('ͽ', 'Ͽ'), ('α', 'ΆΑά'), ('β', 'Β'), ('γ', 'Γ'),
        ('δ', 'Δ'), ('ε', 'ΈΕέ'), ('ζ', 'Ζ'), ('η', 'ΉΗή'), ('θ', 'Θϴ'), ('ι', 'ΊΐΙΪίϊ'), ('κ', 'Κ'), ('λ', 'Λ'),
        ('μ', 'Μ'), ('ν', 'Ν'), ('ξ', 'Ξ'), ('ο', 'ΌΟό'), ('π', 'Π'), ('ρ', 'Ρ'), ('σ', 'Σς'), ('τ', 'Τ'),
        ('υ', 'ΎΥΫΰϋύ'), ('φ', 'Φ'), ('χ', 'Χ'), ('ψ', 'Ψ'), ('ω', 'ΏΩώ'), ('ϒ', 'ϓϔ'), ('ϗ', 'Ϗ'), ('ϙ', 'Ϙ'),
        ('ϛ', 'Ϛ'), ('ϝ', 'Ϝ'), ('ϟ', 'Ϟ'), ('ϡ', 'Ϡ'), ('ϣ', 'Ϣ'), ('ϥ', 'Ϥ'), ('ϧ', 'Ϧ'), ('ϩ', 'Ϩ'), ('ϫ', 'Ϫ'),
        ('ϭ', 'Ϭ'), ('ϯ', 'Ϯ'), ('ϲ', 'Ϲ'), ('ϳ', 'Ϳ'), ('ϸ', 'Ϸ'), ('ϻ', 'Ϻ'), ('а', 'АӐӑӒӓ'), ('б', 'Б'), ('в', 'В'),
        ('г', 'ЃГѓ'), ('д', 'Д'), ('е', 'ЀЁЕѐёӖӗ'), ('ж', 'ЖӁӂӜӝ'), ('з', 'ЗӞӟ'), ('и', 'ЍИЙйѝӢӣӤӥ'), ('к', 'ЌКќ'),
        ('л', 'Л'), ('м', 'М'), ('н', 'Н'), ('о', 'ОӦӧ'), ('п', 'П'), ('р', 'Р'), ('с', 'С'), ('т', 'Т'),
        ('у', 'ЎУўӮӯӰӱӲӳ'), ('ф', 'Ф'), ('х', 'Х'), ('ц', 'Ц'), ('ч', 'ЧӴӵ'), ('ш', 'Ш'), ('щ', 'Щ'), ('ъ', 'Ъ'),
        ('ы', 'ЫӸӹ'), ('ь', 'Ь'), ('э', 'ЭӬӭ'), ('ю', 'Ю'), ('я', 'Я'), ('ђ', 'Ђ'), ('є', 'Є'), ('ѕ', 'Ѕ'),
        ('і', 'ІЇї'), ('ј', 'Ј'), ('љ', 'Љ'), ('њ', 'Њ'), ('ћ', 'Ћ'), ('џ', 'Џ'), ('ѡ', 'Ѡ'), ('ѣ', 'Ѣ'), ('ѥ', 'Ѥ'),
        ('ѧ', 'Ѧ'), ('ѩ', 'Ѩ'), ('ѫ', 'Ѫ'), ('ѭ', 'Ѭ'), ('ѯ', 'Ѯ'), ('ѱ', 'Ѱ'), ('ѳ', 'Ѳ'), ('ѵ', 'ѴѶѷ'), ('ѹ', 'Ѹ'),
        ('ѻ', 'Ѻ'), ('ѽ', 'Ѽ'), ('ѿ', 'Ѿ'), ('ҁ', 'Ҁ'), ('ҋ', 'Ҋ'), ('ҍ', 'Ҍ'), ('ҏ', 'Ҏ'), ('ґ', 'Ґ'), ('ғ', 'Ғ'),
        ('ҕ', 'Ҕ'), ('җ', 'Җ'), ('ҙ', 'Ҙ'), ('қ', 'Қ'), ('ҝ', 'Ҝ'), ('ҟ', 'Ҟ'), ('ҡ', 'Ҡ'), ('ң', 'Ң'), ('ҥ', 'Ҥ'),
        ('ҧ', 'Ҧ'), ('ҩ', 'Ҩ'), ('ҫ', 'Ҫ'), ('ҭ', 'Ҭ'), ('ү', 'Ү'), ('ұ', 'Ұ'), ('ҳ', 'Ҳ'), ('ҵ', 'Ҵ'), ('ҷ', 'Ҷ'),
        ('ҹ', 'Ҹ'), ('һ', 'Һ'), ('ҽ', 'Ҽ'), ('ҿ', 'Ҿ'), ('ӄ', 'Ӄ'), ('ӆ', 'Ӆ'), ('ӈ', 'Ӈ'), ('ӊ', 'Ӊ'), ('ӌ', 'Ӌ'),
        ('ӎ', 'Ӎ'), ('ӏ', 'Ӏ'), ('ӕ', 'Ӕ'), ('ә', 'ӘӚӛ'), ('ӡ', 'Ӡ'), ('ө', 'ӨӪӫ'), ('ӷ', 'Ӷ'), ('ӻ', 'Ӻ'), ('ӽ', 'Ӽ'),
        ('ӿ', 'Ӿ'), ('ԁ', 'Ԁ'), ('ԃ', 'Ԃ'), ('ԅ', 'Ԅ'), ('ԇ', 'Ԇ'), ('ԉ', 'Ԉ'), ('ԋ', 'Ԋ'), ('ԍ', 'Ԍ'), ('ԏ', 'Ԏ'),
        ('ԑ', 'Ԑ'), ('ԓ', 'Ԓ'), ('ԕ', 'Ԕ'), ('ԗ', 'Ԗ'), ('ԙ', 'Ԙ'), ('ԛ', 'Ԛ'), ('ԝ', 'Ԝ'), ('ԟ', 'Ԟ'), ('ԡ', 'Ԡ'),
        ('ԣ', 'Ԣ'), ('ԥ', 'Ԥ'), ('ԧ', 'Ԧ'), ('ԩ', 'Ԩ'), ('ԫ', 'Ԫ'), ('ԭ', 'Ԭ'), ('ԯ', 'Ԯ'), ('ỻ', 'Ỻ'), ('ỽ', 'Ỽ'),
        ('ỿ', 'Ỿ'), ('ⱥ', 'Ⱥ'), ('ⱦ', 'Ⱦ'), ('ae', 'ÆæǢǣǼǽ'), ('dz', 'ǄǅǆǱǲǳ'), ('ij', 'Ĳĳ'), ('lj', 'Ǉǈǉ'),
        ('nj', 'Ǌǋǌ'), ('oe', 'Œœ'), ('ss', 'ßẞ'), ('th', 'Þþ')),
    letters (folded, letter, rest) AS (
        SELECT folded, substr(letters, 1, 1), substr(letters, 2) FROM families
        UNION ALL
        SELECT folded, substr(rest, 1, 1), substr(rest, 2) FROM letters WHERE rest <> ''
    ),
    -- Combining accents, as in texts that are decomposed (Unicode NFD).
    accents (number) AS (SELECT 768 UNION ALL SELECT number + 1 FROM accents WHERE number < 879),
    marks (number, folded) AS (VALUES (173, ''), (8216, char(39)), (8217, char(39)), (700, char(39)), (8208, '-'),
        (8209, '-'), (8211, '-'), (8212, '-'), (160, ' '), (8239, ' '))
SELECT letter, folded FROM letters
UNION ALL SELECT char(number), '' FROM accents
UNION ALL SELECT char(number), folded FROM marks;

CREATE VIEW mfa_folded_users AS
SELECT id,
    CASE WHEN coalesce(CAST(username AS TEXT), '') NOT GLOB '*[^ -~]*' THEN lower(coalesce(CAST(username AS TEXT), ''))
        ELSE (
            WITH RECURSIVE step (rest, done) AS (
                SELECT CAST(username AS TEXT), ''
                UNION ALL
                SELECT substr(rest, 2), done || coalesce(
                    (SELECT folded FROM mfa_search_letters WHERE letter = substr(rest, 1, 1)), lower(substr(rest, 1, 1)))
                FROM step WHERE rest <> ''
            )
            SELECT done FROM step WHERE rest = ''
        ) END AS username,
    CASE WHEN coalesce(CAST(email AS TEXT), '') NOT GLOB '*[^ -~]*' THEN lower(coalesce(CAST(email AS TEXT), ''))
        ELSE (
            WITH RECURSIVE step (rest, done) AS (
                SELECT CAST(email AS TEXT), ''
                UNION ALL
                SELECT substr(rest, 2), done || coalesce(
                    (SELECT folded FROM mfa_search_letters WHERE letter = substr(rest, 1, 1)), lower(substr(rest, 1, 1)))
                FROM step WHERE rest <> ''
            )
            SELECT done FROM step WHERE rest = ''
        ) END AS email,
    CASE WHEN coalesce(CAST(full_name AS TEXT), '') NOT GLOB '*[^ -~]*' THEN lower(coalesce(CAST(full_name AS TEXT), ''))
        ELSE (
            WITH RECURSIVE step (rest, done) AS (
                SELECT CAST(full_name AS TEXT), ''
                UNION ALL
                SELECT substr(rest, 2), done || coalesce(
                    (SELECT folded FROM mfa_search_letters WHERE letter = substr(rest, 1, 1)), lower(substr(rest, 1, 1)))
                FROM step WHERE rest <> ''
            )
            SELECT done FROM step WHERE rest = ''
        ) END AS full_name
FROM users;

-- A text is deleted before it is inserted: the conflict clause of the outer statement would replace one of ours. A row that
-- REPLACE removes fires no trigger, so the texts of its user name and address are looked up.
CREATE TRIGGER mfa_searched_insert AFTER INSERT ON users
BEGIN
    DELETE FROM mfa_user_search WHERE user_id = NEW.id;
    INSERT INTO mfa_user_search (user_id, folded_username, folded_email, folded_name, folded)
    SELECT id, username, email, CASE WHEN trim(full_name) = '' THEN username ELSE full_name END,
        id || char(10) || username || char(10) || email || char(10) || full_name
    FROM mfa_folded_users WHERE id = NEW.id;
    DELETE FROM mfa_user_search WHERE folded_username = (SELECT folded_username FROM mfa_user_search WHERE user_id = NEW.id)
        AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = mfa_user_search.user_id);
    DELETE FROM mfa_user_search WHERE folded_email = (SELECT folded_email FROM mfa_user_search WHERE user_id = NEW.id)
        AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = mfa_user_search.user_id);
END;

CREATE TRIGGER mfa_searched_update AFTER UPDATE OF id, username, email, full_name ON users
BEGIN
    DELETE FROM mfa_user_search WHERE user_id IN (OLD.id, NEW.id);
    INSERT INTO mfa_user_search (user_id, folded_username, folded_email, folded_name, folded)
    SELECT id, username, email, CASE WHEN trim(full_name) = '' THEN username ELSE full_name END,
        id || char(10) || username || char(10) || email || char(10) || full_name
    FROM mfa_folded_users WHERE id = NEW.id;
    DELETE FROM mfa_user_search WHERE folded_username = (SELECT folded_username FROM mfa_user_search WHERE user_id = NEW.id)
        AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = mfa_user_search.user_id);
    DELETE FROM mfa_user_search WHERE folded_email = (SELECT folded_email FROM mfa_user_search WHERE user_id = NEW.id)
        AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = mfa_user_search.user_id);
END;

CREATE TRIGGER mfa_searched_delete AFTER DELETE ON users
BEGIN
    DELETE FROM mfa_user_search WHERE user_id = OLD.id;
END;

INSERT INTO mfa_user_search (user_id, folded_username, folded_email, folded_name, folded)
SELECT id, username, email, CASE WHEN trim(full_name) = '' THEN username ELSE full_name END,
    id || char(10) || username || char(10) || email || char(10) || full_name
FROM mfa_folded_users;

-- The same trigger as before, but without a scan of all users for each insert: whether NOVA has an index is looked up first.
DROP TRIGGER mfa_replace;
CREATE TRIGGER mfa_replace BEFORE INSERT ON users
BEGIN
    DELETE FROM mfa_replaced_rows;
    DELETE FROM mfa_restored_rows;
    INSERT INTO mfa_replaced_rows SELECT
        id, mfa_version, mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, totp_pending_expires_at, totp_enrolled_at,
        phone_number, phone_pending, is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes,
        recovery_codes_generated_at, totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at,
        mfa_last_method, mfa_internal, mfa_authenticators
    FROM users WHERE id IN (
        SELECT id FROM users WHERE id = NEW.id OR username = NEW.username OR email = NEW.email
        -- A unique index of NOVA may ignore the case. Each index is searched only if it exists.
        UNION SELECT u.id FROM (SELECT 1 FROM sqlite_master WHERE type = 'index' AND tbl_name = 'users' AND sql LIKE '%unique%lower%username%' LIMIT 1)
            CROSS JOIN users AS u WHERE lower(u.username) = lower(NEW.username)
        UNION SELECT u.id FROM (SELECT 1 FROM sqlite_master WHERE type = 'index' AND tbl_name = 'users' AND sql LIKE '%unique%username%nocase%' LIMIT 1)
            CROSS JOIN users AS u WHERE u.username = NEW.username COLLATE NOCASE
        UNION SELECT u.id FROM (SELECT 1 FROM sqlite_master WHERE type = 'index' AND tbl_name = 'users' AND sql LIKE '%unique%lower%email%' LIMIT 1)
            CROSS JOIN users AS u WHERE lower(u.email) = lower(NEW.email)
        UNION SELECT u.id FROM (SELECT 1 FROM sqlite_master WHERE type = 'index' AND tbl_name = 'users' AND sql LIKE '%unique%email%nocase%' LIMIT 1)
            CROSS JOIN users AS u WHERE u.email = NEW.email COLLATE NOCASE
    );
END;
