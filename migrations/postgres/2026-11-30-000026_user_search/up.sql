-- The text by which administrators find users: full name, user name, e-mail address and id, in lower case and without
-- accents. A table of our own, because `users` is NOVA's. `folded_name` and `folded_email` are the orders of the list.
CREATE TABLE mfa_user_search (
    user_id BIGINT PRIMARY KEY,
    folded_username TEXT COLLATE "C" NOT NULL,
    folded_email TEXT COLLATE "C" NOT NULL,
    folded_name TEXT COLLATE "C" NOT NULL,
    folded TEXT COLLATE "C" NOT NULL
);
CREATE INDEX mfa_user_search_name ON mfa_user_search (folded_name, user_id);
CREATE INDEX mfa_user_search_email ON mfa_user_search (folded_email, user_id);

-- Returns a text in lower case and without accents, the same in every locale: lower() depends on the database's. The same as
-- `fold_search` of the server, which folds what an administrator types.
CREATE FUNCTION mfa_fold(folded TEXT) RETURNS TEXT LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    folded := translate(folded, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
    IF folded !~ '[^[:ascii:]]' THEN
        RETURN folded;
    END IF;
    -- The frequent letters first: the time of translate() grows with the list.
    folded := translate(folded,
        E'\u2018\u2019\u02bc\u2010\u2011\u2013\u2014\u00a0\u202f' ||
            'ÀÁÂÃÄÅàáâãäåĀāĂăĄąÇçĆćĈĉĊċČčÐðĎďĐđÈÉÊËèéêëĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĦħÌÍÎÏìíîïĨĩĪīĬĭĮįİıĴĵĶķĸĹĺĻļĽľĿŀŁ'
            'łÑñŃńŅņŇňŉŊŋÒÓÔÕÖØòóôõöøŌōŎŏŐőŔŕŖŗŘřŚśŜŝŞşŠšſŢţŤťŦŧÙÚÛÜùúûüŨũŪūŬŭŮůŰűŲųŴŵÝýÿŶŷŸŹźŻżŽž',
        E'\'\'\'----  ' ||
            'aaaaaaaaaaaaaaaaaaccccccccccddddddeeeeeeeeeeeeeeeeeegggggggghhhhiiiiiiiiiiiiiiiiiijjkkklllllllll'
            'lnnnnnnnnnnnoooooooooooooooooorrrrrrsssssssssttttttuuuuuuuuuuuuuuuuuuuuwwyyyyyyzzzzzz');
    IF folded !~ '[^[:ascii:]]' THEN
        RETURN folded;
    END IF;
    -- Combining accents, as in texts that are decomposed (Unicode NFD), and letters that become two.
    folded := replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        regexp_replace(folded, '[\u0300-\u036f\u00ad]', '', 'g')
        , 'Æ', 'ae'), 'æ', 'ae'), 'Ǣ', 'ae'), 'ǣ', 'ae'), 'Ǽ', 'ae'), 'ǽ', 'ae'), 'Ǆ', 'dz'), 'ǅ', 'dz')
        , 'ǆ', 'dz'), 'Ǳ', 'dz'), 'ǲ', 'dz'), 'ǳ', 'dz'), 'Ĳ', 'ij'), 'ĳ', 'ij'), 'Ǉ', 'lj'), 'ǈ', 'lj')
        , 'ǉ', 'lj'), 'Ǌ', 'nj'), 'ǋ', 'nj'), 'ǌ', 'nj'), 'Œ', 'oe'), 'œ', 'oe'), 'ß', 'ss'), 'ẞ', 'ss')
        , 'Þ', 'th'), 'þ', 'th');
    RETURN translate(folded,
            ';ǍǎǞǟǠǡǺǻȀȁȂȃȦȧḀḁẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặƀƁɃḂḃḄḅḆḇḈḉḊḋḌḍḎḏḐḑḒḓƎǝȄȅȆȇȨȩḔḕḖḗḘḙḚḛḜḝẸẹẺẻẼẽẾếỀềỂểỄễỆệ'
            'ƑƒḞḟǤǥǦǧǴǵḠḡȞȟḢḣḤḥḦḧḨḩḪḫẖƗǏǐȈȉȊȋḬḭḮḯỈỉỊịǰǨǩḰḱḲḳḴḵḶḷḸḹḺḻḼḽḾḿṀṁṂṃǸǹṄṅṆṇṈṉṊṋƠơǑǒǪǫǬǭǾǿȌȍȎȏȪȫȬȭȮȯȰȱṌ'
            'ṍṎṏṐṑṒṓỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợṔṕṖṗȐȑȒȓṘṙṚṛṜṝṞṟȘșṠṡṢṣṤṥṦṧṨṩẛȚțṪṫṬṭṮṯṰṱẗƯưǓǔǕǖǗǘǙǚǛǜȔȕȖȗṲṳṴṵṶṷṸṹṺ'
            'ṻỤụỦủỨứỪừỬửỮữỰựṼṽṾṿẀẁẂẃẄẅẆẇẈẉẘẊẋẌẍȲȳẎẏẙỲỳỴỵỶỷỸỹƵƶẐẑẒẓẔẕ΅·ƂƄƇƋǶƘȽȠƢƤƧƬƳƸƼǷȜȢȤȻɁɆɈɊɌɎƆƉƊƏƐƓƔƖƜƝƟƦƩ'
            'ƮɄƱƲɅƷǮǯʹͰͲͶϽϾϿΆΑάΒΓΔΈΕέΖΉΗήΘϴΊΐΙΪίϊΚΛΜΝΞΌΟόΠΡΣςΤΎΥΫΰϋύΦΧΨΏΩώϓϔϏϘϚϜϞϠϢϤϦϨϪϬϮϹͿϷϺАӐӑӒӓБВЃГѓДЀЁЕѐё'
            'ӖӗЖӁӂӜӝЗӞӟЍИЙйѝӢӣӤӥЌКќЛМНОӦӧПРСТЎУўӮӯӰӱӲӳФХЦЧӴӵШЩЪЫӸӹЬЭӬӭЮЯЂЄЅІЇїЈЉЊЋЏѠѢѤѦѨѪѬѮѰѲѴѶѷѸѺѼѾҀҊҌҎҐҒҔҖҘ'
            'ҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӃӅӇӉӋӍӀӔӘӚӛӠӨӪӫӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮỺỼỾȺȾ',
            ';aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbccddddddddddeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'
            'ffffgggggggghhhhhhhhhhhhhiiiiiiiiiiiiiiijkkkkkkkkllllllllmmmmmmnnnnnnnnnnooooooooooooooooooooooo'
            'ooooooooooooooooooooooooooooooopppprrrrrrrrrrrrssssssssssssstttttttttttuuuuuuuuuuuuuuuuuuuuuuuuu'
            'uuuuuuuuuuuuuuuvvvvwwwwwwwwwwwxxxxyyyyyyyyyyyyyzzzzzzzz¨·ƃƅƈƌƕƙƚƞƣƥƨƭƴƹƽƿȝȣȥȼɂɇɉɋɍɏɔɖɗəɛɠɣɩɯɲɵʀʃ'
            'ʈʉʊʋʌʒʒʒʹͱͳͷͻͼͽαααβγδεεεζηηηθθιιιιιικλμνξοοοπρσστυυυυυυφχψωωωϒϒϗϙϛϝϟϡϣϥϧϩϫϭϯϲϳϸϻааааабвгггдеееее'
            'еежжжжжзззиииииииииккклмнооопрстуууууууууфхцчччшщъыыыьэээюяђєѕіііјљњћџѡѣѥѧѩѫѭѯѱѳѵѵѵѹѻѽѿҁҋҍҏґғҕҗҙ'
            'қҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӄӆӈӊӌӎӏӕәәәӡөөөӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯỻỽỿⱥⱦ');
END
$$;

-- Writes the text of one user anew, as the user is now. Anyone may call it: it changes nothing that is right. It runs with
-- the rights of its owner, because NOVA's role has none on this table. It must not fail, because then NOVA could not write
-- the user.
CREATE FUNCTION mfa_user_search_refresh(changed BIGINT) RETURNS VOID LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    found RECORD;
BEGIN
    BEGIN
        SELECT mfa_fold(coalesce(username::text, '')) AS username, mfa_fold(coalesce(email::text, '')) AS email,
            mfa_fold(coalesce(full_name::text, '')) AS full_name
        INTO found FROM users WHERE id = changed;
    EXCEPTION WHEN undefined_column THEN
        SELECT mfa_fold(coalesce(username::text, '')) AS username, mfa_fold(coalesce(email::text, '')) AS email,
            '' AS full_name
        INTO found FROM users WHERE id = changed;
    END;
    IF found.username IS NULL THEN
        DELETE FROM mfa_user_search WHERE user_id = changed;
    ELSE
        INSERT INTO mfa_user_search (user_id, folded_username, folded_email, folded_name, folded)
        VALUES (changed, found.username, found.email,
            CASE WHEN btrim(found.full_name) = '' THEN found.username ELSE found.full_name END,
            concat_ws(E'\n', changed, found.username, found.email, found.full_name))
        ON CONFLICT (user_id) DO UPDATE SET folded_username = EXCLUDED.folded_username,
            folded_email = EXCLUDED.folded_email, folded_name = EXCLUDED.folded_name, folded = EXCLUDED.folded;
    END IF;
EXCEPTION WHEN OTHERS THEN
    -- A user whose names cannot be read is still listed, and found by id.
    RAISE WARNING 'mfa_user_search: user % is found by id only: %', changed, SQLERRM;
    BEGIN
        DELETE FROM mfa_user_search WHERE user_id = changed;
        INSERT INTO mfa_user_search (user_id, folded_username, folded_email, folded_name, folded)
        SELECT changed, '', '', '', changed::text FROM users WHERE id = changed;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
END
$$;

-- Deletes the texts of users that do not exist, after TRUNCATE.
CREATE FUNCTION mfa_user_search_clear() RETURNS VOID LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    DELETE FROM mfa_user_search AS s WHERE NOT EXISTS (SELECT FROM users WHERE users.id = s.user_id);
END
$$;

-- A role that creates objects in another schema must not replace what these functions call.
DO $$
DECLARE
    signature TEXT;
    novas CONSTANT TEXT := (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = 'users'::regclass);
    ours CONSTANT TEXT := (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = 'mfa_user_search'::regclass);
BEGIN
    FOR signature IN VALUES ('mfa_user_search_refresh(BIGINT)'), ('mfa_user_search_clear()') LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %s, %s, pg_temp', signature, ours, novas);
    END LOOP;
END
$$;

-- A verification must not pay for the search. Only this server raises `mfa_version` by exactly one, and no UPDATE of it
-- changes a name. The trigger marks the transaction of any other UPDATE. It runs before `mfa_guard`, which sets the version,
-- in the order of their names.
CREATE FUNCTION mfa_foreign_update() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_catalog.set_config('nova_mfa.foreign_update', 'on', true);
    RETURN NEW;
END
$$;

-- Runs after writes of other programs. WHEN and UPDATE OF name no column of NOVA, because NOVA could not change its type or
-- drop it then.
CREATE FUNCTION mfa_searched() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM mfa_user_search_clear();
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        BEGIN
            IF NEW.id = OLD.id AND NEW.username::text IS NOT DISTINCT FROM OLD.username::text
                AND NEW.email::text IS NOT DISTINCT FROM OLD.email::text
                AND NEW.full_name::text IS NOT DISTINCT FROM OLD.full_name::text
            THEN
                RETURN NULL;
            END IF;
        EXCEPTION WHEN undefined_column THEN
            NULL;
        END;
    END IF;
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND NEW.id <> OLD.id) THEN
        PERFORM mfa_user_search_refresh(OLD.id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM mfa_user_search_refresh(NEW.id);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER mfa_foreign_update BEFORE UPDATE ON users
FOR EACH ROW WHEN (NEW.mfa_version IS DISTINCT FROM OLD.mfa_version + 1)
EXECUTE FUNCTION mfa_foreign_update();
CREATE TRIGGER mfa_searched AFTER INSERT OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION mfa_searched();
CREATE TRIGGER mfa_searched_update AFTER UPDATE ON users
FOR EACH ROW WHEN (current_setting('nova_mfa.foreign_update', true) = 'on')
EXECUTE FUNCTION mfa_searched();
CREATE TRIGGER mfa_search_cleared AFTER TRUNCATE ON users FOR EACH STATEMENT EXECUTE FUNCTION mfa_searched();

INSERT INTO mfa_user_search (user_id, folded_username, folded_email, folded_name, folded)
SELECT id, username, email, CASE WHEN btrim(full_name) = '' THEN username ELSE full_name END,
    concat_ws(E'\n', id, username, email, full_name)
FROM (
    SELECT id, mfa_fold(coalesce(username::text, '')) AS username, mfa_fold(coalesce(email::text, '')) AS email,
        mfa_fold(coalesce(full_name::text, '')) AS full_name
    FROM users
) AS folded;

-- The server's role of deploy/postgresql/roles.sql reads the events, and now this table.
DO $$
DECLARE
    grantee RECORD;
BEGIN
    FOR grantee IN
        SELECT DISTINCT pg_get_userbyid(acl.grantee) AS name FROM pg_class, LATERAL aclexplode(relacl) AS acl
        WHERE oid = 'mfa_events'::regclass AND acl.privilege_type = 'SELECT' AND acl.grantee <> 0
    LOOP
        EXECUTE format('GRANT SELECT ON mfa_user_search TO %I', grantee.name);
    END LOOP;
END
$$;
