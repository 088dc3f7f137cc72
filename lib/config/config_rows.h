/* SPDX-License-Identifier: ISC */
/* config_rows - all options of the file, a row each
 *
 *	ROW(its number, its name, where it may be set, its form, its default,
 *	    how its value is read, with its bounds, and where it is kept)
 *
 * Everything else follows: declaring an option to libconfuse, its default,
 * checking its value, storing it (lib/config/config_assign), printing it (-T).
 * TEXT: code reads the value, since it takes more than a number, a time or a
 * word. NOWHERE: code asks for the value and its bounds are those of the row,
 * since it is one of a list, or becomes a part of something else.
 *
 * Each list of words begins with that of value 0. A name may occur in several
 * rows if no place has two of them. The parameters of address resolution and
 * the parts of a question have no rows: lib/address/parameters and
 * lib/request/request_notation list them.
 *
 * Included where ROW is defined, so it has no guard. */

ROW(OPTION_USER, "user", SCOPE_TOP, FORM_TEXT, "nobody", TEXT)
ROW(OPTION_GROUP, "group", SCOPE_TOP, FORM_TEXT, "", TEXT)
ROW(OPTION_PID_FILE, "pid_file", SCOPE_TOP, FORM_TEXT, CONFIG_PID_FILE,
    PATH(CONFIG_PATH_MAX, CONFIG(pid_file)))
ROW(OPTION_LOG, "log", SCOPE_TOP, FORM_TEXT, "syslog", TEXT)
ROW(OPTION_LOG_VERDICTS, "log_verdicts", SCOPE_TOP, FORM_PLAIN_LIST,
    "permit reject defer ask hold", TEXT)
ROW(OPTION_REQUEST_TIMEOUT, "request_timeout", SCOPE_TOP, FORM_PLAIN_TEXT,
    "10s", SECONDS(1, 3600, CONFIG(limits.request_ms)))
ROW(OPTION_IDLE_TIMEOUT, "idle_timeout", SCOPE_TOP, FORM_PLAIN_TEXT, "1200s",
    SECONDS(1, 7 * DAY, CONFIG(limits.idle_ms)))
ROW(OPTION_REPLY_TIMEOUT, "reply_timeout", SCOPE_TOP, FORM_PLAIN_TEXT, "10s",
    SECONDS(1, 3600, CONFIG(limits.reply_ms)))
ROW(OPTION_MAX_CONNECTIONS, "max_connections", SCOPE_TOP, FORM_PLAIN_TEXT,
    "4096", NUMBER(1, 1000000, CONFIG(limits.max_connections)))
ROW(OPTION_THREADS, "threads", SCOPE_TOP, FORM_PLAIN_TEXT, "0",
    NUMBER(0, 64, CONFIG(threads)))
ROW(OPTION_ALLOW_OPEN_RELAY, "allow_open_relay", SCOPE_TOP, FORM_PLAIN_TEXT,
    "no", SWITCH(CONFIG(allow_open_relay)))
ROW(OPTION_IMPORT_POSTFIX, "import_postfix", SCOPE_TOP, FORM_TEXT, "", TEXT)
ROW(OPTION_TABLE_REFRESH, "table_refresh", SCOPE_TOP, FORM_PLAIN_TEXT, "1",
    SECONDS(0, DAY, NOWHERE))
ROW(OPTION_CAPTURE, "capture", SCOPE_TOP, FORM_TEXT, "",
    PATH(CONFIG_PATH_MAX, CONFIG(capture)))
ROW(OPTION_CAPTURE_FILES, "capture_files", SCOPE_TOP, FORM_PLAIN_TEXT, "8",
    NUMBER(2, 1000, CONFIG(capture_files)))
ROW(OPTION_SHADOW, "shadow", SCOPE_TOP, FORM_TEXT, "",
    PATH(CONFIG_PATH_MAX, CONFIG(shadow)))
ROW(OPTION_RATE_DIRECTORY, "rate_directory", SCOPE_TOP, FORM_TEXT,
    CONFIG_RATE_DIRECTORY, PATH(RATE_DIRECTORY_MAX, CONFIG(rate_directory)))
ROW(OPTION_RESTRICTIONS, "restrictions", EVERY_SERVICE, FORM_PLAIN_LIST,
    "permit_auth_destination reject_plaintext_session "
    "permit_sasl_authenticated reject_unauth_destination",
    TEXT)
ROW(OPTION_MYNETWORKS, "mynetworks", SCOPE_TOP, FORM_LIST, "", TEXT)
ROW(OPTION_RELAY_CLIENTCERTS, "relay_clientcerts", SCOPE_TOP, FORM_LIST, "",
    TEXT)
ROW(OPTION_SERVICE_MODE, "mode", EVERY_SERVICE, FORM_PLAIN_TEXT, "enforce",
    WORD(mode_word, SERVICE(reply.observe)))
ROW(OPTION_SENDER_LOGIN_MAPS, "sender_login_maps", SCOPE_TOP, FORM_LIST, "",
    TEXT)
ROW(OPTION_REPLY, "reply", EVERY_SERVICE, FORM_PLAIN_TEXT, "lock",
    WORD(reply_mode_name, SERVICE(reply.mode)))
ROW(OPTION_REJECT_REPLY, "reject_reply", EVERY_SERVICE, FORM_TEXT, "", TEXT)
ROW(OPTION_PLAINTEXT_REPLY, "plaintext_reply", EVERY_SERVICE, FORM_TEXT, "",
    TEXT)
ROW(OPTION_TLS_PROTOCOLS, "tls_protocols", EVERY_SERVICE, FORM_TEXT,
    ">=TLSv1.2", TEXT)
ROW(OPTION_TLS_CIPHERS, "tls_ciphers", EVERY_SERVICE, FORM_TEXT, "HIGH:!aNULL",
    TEXT)
ROW(OPTION_TLS_KEYSIZE, "tls_keysize", EVERY_SERVICE, FORM_PLAIN_TEXT, "128",
    NUMBER(0, 4096, NOWHERE))
ROW(OPTION_SERVER_PORT, "server_port", SCOPE_SERVICE, FORM_PLAIN_LIST, NULL,
    NUMBER(1, 65535, NOWHERE))
ROW(OPTION_POLICY_CONTEXT, "policy_context", SCOPE_SERVICE, FORM_LIST, NULL,
    TEXT)
ROW(OPTION_LISTENER_GROUP, "group", LOCAL_LISTENER, FORM_TEXT, "",
    GROUP(LISTENER(gid)))
ROW(OPTION_MODE, "mode", LOCAL_LISTENER, FORM_TEXT, "0660",
    MODE(LISTENER(mode)))
ROW(OPTION_OWNER, "owner", LOCAL_LISTENER, FORM_TEXT, "", USER(LISTENER(uid)))
ROW(OPTION_ALLOW_USERS, "allow_users", SCOPE_TOP | SCOPE_UNIX, FORM_LIST, "",
    USER(NOWHERE))
ROW(OPTION_VERDICT, "verdict", SCOPE_EXPECT, FORM_TEXT, NULL, TEXT)
ROW(OPTION_ALLOW_REMOTE, "allow_remote", SCOPE_INET, FORM_LIST, "", TEXT)
ROW(OPTION_CERTIFICATE, "certificate", EVERY_TLS, FORM_TEXT, "", TEXT)
ROW(OPTION_KEY, "key", EVERY_TLS, FORM_TEXT, "", TEXT)
ROW(OPTION_CA, "ca", EVERY_TLS, FORM_TEXT, "", TEXT)
ROW(OPTION_CRL, "crl", SCOPE_TLS, FORM_TEXT, "", TEXT)
ROW(OPTION_REQUIRE_CLIENT_CERTIFICATE, "require_client_certificate", SCOPE_TLS,
    FORM_PLAIN_TEXT, "yes", SWITCH(NOWHERE))
ROW(OPTION_FINGERPRINTS, "fingerprints", SCOPE_TLS, FORM_LIST, "", TEXT)
ROW(OPTION_RATE_KEY, "key", SCOPE_RATE, FORM_PLAIN_LIST, "sasl_username",
    WORD(rate_part_name, NOWHERE))
ROW(OPTION_RATE_KEY_MAPS, "key_maps", SCOPE_RATE, FORM_LIST, "", TEXT)
ROW(OPTION_RATE_COUNT, "count", SCOPE_RATE, FORM_PLAIN_TEXT, "recipients",
    WORD(rate_count_name, RATE(count)))
ROW(OPTION_RATE_LIMIT, "limit", SCOPE_RATE, FORM_LIST, "", TEXT)
ROW(OPTION_RATE_LIMIT_MAPS, "limit_maps", SCOPE_RATE, FORM_LIST, "", TEXT)
ROW(OPTION_RATE_ACTION, "action", SCOPE_RATE, FORM_PLAIN_TEXT, "defer",
    WORD(rate_action_name, RATE(action)))
ROW(OPTION_RATE_OVER_REPLY, "over_reply", SCOPE_RATE, FORM_TEXT, "", TEXT)
ROW(OPTION_RATE_NEAR, "near", SCOPE_RATE, FORM_PLAIN_TEXT, "80",
    NUMBER(0, 99, RATE(near)))
ROW(OPTION_RATE_STATE, "state", SCOPE_RATE, FORM_PLAIN_TEXT, "DATA",
    WORD(rate_state_name, RATE(state)))
ROW(OPTION_RATE_IPV4_PREFIX, "ipv4_prefix", SCOPE_RATE, FORM_PLAIN_TEXT, "32",
    NUMBER(1, 32, RATE(ipv4_prefix)))
ROW(OPTION_RATE_IPV6_PREFIX, "ipv6_prefix", SCOPE_RATE, FORM_PLAIN_TEXT, "64",
    NUMBER(1, 128, RATE(ipv6_prefix)))
ROW(OPTION_RATE_PLACE_MAPS, "place_maps", SCOPE_RATE, FORM_LIST, "", TEXT)
ROW(OPTION_RATE_KEYS, "keys", SCOPE_RATE, FORM_PLAIN_TEXT, "65536",
    NUMBER(RATE_KEYS_MIN, RATE_KEYS_MAX, RATE(keys)))
ROW(OPTION_STORE_NAME, "name", SCOPE_STORE, FORM_TEXT, "", TEXT)
ROW(OPTION_STORE_USERNAME, "username", SCOPE_STORE, FORM_TEXT, "", TEXT)
ROW(OPTION_STORE_PASSWORD_FILE, "password_file", SCOPE_STORE, FORM_TEXT, "",
    TEXT)
ROW(OPTION_STORE_PREFIX, "prefix", SCOPE_STORE, FORM_TEXT, "policyd", TEXT)
ROW(OPTION_STORE_TIMEOUT, "timeout", SCOPE_STORE, FORM_PLAIN_TEXT, "200ms",
    MILLISECONDS(10, 10000, STORE(timeout_ms)))
ROW(OPTION_STORE_AWAY, "away", SCOPE_STORE, FORM_PLAIN_TEXT, "local",
    WORD(away_word, STORE(away)))
ROW(OPTION_STORE_SENTINELS, "sentinels", SCOPE_STORE, FORM_LIST, "", TEXT)
ROW(OPTION_STORE_SENTINEL_USERNAME, "sentinel_username", SCOPE_STORE, FORM_TEXT,
    "", TEXT)
ROW(OPTION_STORE_SENTINEL_PASSWORD_FILE, "sentinel_password_file", SCOPE_STORE,
    FORM_TEXT, "", TEXT)
ROW(OPTION_STORE_SERVERNAME, "servername", SCOPE_STORE_TLS, FORM_TEXT, "", TEXT)
