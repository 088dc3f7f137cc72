/* SPDX-License-Identifier: ISC */
/* store_script - what the store does for one request, in Lua
 *
 * The same counting as in lib/rate: each window is 31 counters of T/30; all
 * charges of a request are counted, or none; an instance counts once. Lua has
 * only doubles, so a counter stays at 2^53, which is beyond every limit.
 *
 * A key has one value for all its windows. Numbers have the highest byte first:
 *
 *	1 byte		STORE_VALUE + unit, + 4 if it is blocked, + 8 if an
 *			instance has a long amount
 *	5, 1 bytes	the last tick, how many instances there are
 *	6 bytes		the end of a block (1: never), if it is blocked
 *	a window	3 bytes: length, + 2^22 if a counter has 4 bytes, not 1,
 *			+ 2^23 if it has 7; 1: how many counters follow the
 *			first, + 32 * noticed; the counter of the part of the
 *			last tick; and the others that are not 0, the newest
 *			first: 1 byte of the number of the part, the count
 *	an instance	5 bytes of its hash, 2 of the tick, 1 or 4 of the
 *			amount, the highest bit if it was counted in two steps;
 *			the latest is the first; none is older than 36 minutes
 *
 * With networks, numbers of seven bits in each byte follow the block: how many
 * windows, whose one counter is 0, how many networks, and of each its age, the
 * length of its name and the name.
 *
 * A key with nothing but one message of one to eight recipients, with no
 * window of more than 300,000 seconds, is a number of 19 digits, which takes no
 * memory of its own: one digit of the amount, 7 of the tick, 11 of the hash.
 *
 * It expires when all of it has left the longest window. A clock that goes back
 * changes nothing, up to five minutes; time stops until it has caught up.
 * Beyond that, the counts of the key are lost; a block lasts until its end, but
 * one that had ended may be forgotten.
 *
 * There is a word for each key: what to do, and the charge:
 *
 *	4 bytes		"take", "look", "note" or "back"
 *	1, 1, 1 bytes	STORE_VALUE + unit, flags (store_command.c), near
 *	1, 7 bytes	number of windows, amount
 *	5 bytes		the hash of the instance
 *	3, 7 bytes	for each window: length, limit (all bits: none)
 *	11 bytes	the hash again, in digits
 *	the rest	how many milliseconds the key will be kept; the network
 *
 * "probe" and "greet" have no more than this word, and the words of the command
 * line are texts. The word after these is the tick, in tests; without it the
 * clock of the store is asked.
 *
 * The whole text is run for each question, and each function in it, each table
 * and each number that becomes a text costs as much as some ten steps: so here,
 * where most questions end, there are next to none. The rest is in
 * store_script_general.c, which can do everything: networks, blocks, notices,
 * windows that were not counted before, a clock that was set back. Nothing is
 * written before all of it has been read: an error has changed nothing, too. */

#include "lib/store/store_internal.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

static const char fast_part[] =
	"local byte, sub, call = string.byte, string.sub, redis.call\n"
	"local pack, unpack = struct.pack, struct.unpack\n"
	"local what, keys, now = byte(ARGV[1]), #KEYS, ARGV[#KEYS + 1]\n"
	/* greet, probe */
	"if what == 103 then return 1 end\n"
	"if what == 112 then\n"
	" call('SET', KEYS[1], '', 'PX', '2000')\n"
	" return 1\n"
	"end\n"
	/* 30 ticks in a second */
	"if now and now ~= '' then\n"
	" now = now + 0\n"
	"else\n"
	" local time = call('TIME')\n"
	" local part = time[2] * 3\n"
	" now = time[1] * 30 + (part - part % 100000) / 100000\n"
	"end\n"
	/* take counts; look remembers nothing */
	"local counts, notes, pass = what == 116, what ~= 108, true\n"
	"local list, general = keys > 1 and {}, what ~= 116 and what ~= 108 and what ~= 110\n"
	/* a key that is there twice is counted once */
	"for k = 1, list and keys or 0 do\n"
	" general, list[KEYS[k]] = general or list[KEYS[k]] ~= nil, true\n"
	"end\n";

static const char charge_part[] =
	/* Each charge. Whatever is to be done in general ends the loop. */
	"for k = 1, keys do\n"
	" if general then break end\n"
	" general = true\n"
	" local ask, key = ARGV[k], KEYS[k]\n"
	" local head, flags, near, windows, amount, id, length, number =\n"
	"  unpack('>BBBBI7c5I3I7', ask, 5)\n"
	" local text, last, single, seen, found = call('GET', key), now\n"
	" local before, stored, bits, ids, each, p = 0, 0, 0, 0, 8, 12\n"
	" if head == 178 then break end\n"
	" if flags < 4 then id = nil end\n"
	" if text then\n"
	"  if #text < 12 then break end\n"
	"  local first\n"
	"  first, last, ids, stored, bits = unpack('>BI5BI3B', text)\n"
	"  if first == head or first == head + 8 then\n"
	"   if first ~= head then each = 11 end\n"
	"   seen = #text - each * ids + 1\n"
	"   if seen < 13 or last > now and (counts or last > now + 9000) then break end\n"
	/* an instance begins at every 8th byte, or every 11th */
	"   found = id and ids > 0 and string.find(text, id, seen, true)\n"
	"   while found and (found - seen) % each > 0 do\n"
	"    found = string.find(text, id, found + 1, true)\n"
	"   end\n"
	"   if found and each == 8 then\n"
	"    before = byte(text, found + 7) % 128\n"
	"   elseif found then\n"
	"    before = unpack('>I4', text, found + 7) % 2147483648\n"
	"   end\n"
	"   if each == 8 and amount > 127 then break end\n"
	"  elseif head == 176 and #text == 19 and string.find(text, '^[1-8]%d+$') then\n"
	"   single, ids = byte(text) - 48, 1\n"
	"   last = now + 9000 - (now + 9000 - sub(text, 2, 8)) % 10000000\n"
	"   if amount > 127 or last > now and counts then break end\n"
	"   if id then\n"
	"    local from = 20 + 10 * windows\n"
	"    found = sub(text, 9) == sub(ask, from + 1, from + 11)\n"
	"   end\n"
	"   before = found and single or 0\n"
	"  else\n"
	"   break\n"
	"  end\n"
	" elseif amount > 127 then\n"
	"  each = 11\n"
	" end\n";

static const char windows_part[] =
	/* Each window: what is in it, and does it fit? */
	" local time, extra, q = now, amount, 31\n"
	" if last > now then time = last end\n"
	" if before > 0 then extra = before < amount and amount - before or 0 end\n"
	" if counts and found and extra > 0 then break end\n"
	" local adds, changed, keep = counts and extra > 0, false\n"
	" local outcome, wait, fill, used, limit, index, notice = 0, 0, 0, 0, -1, 0, 0\n"
	" local blocks, noticed, longest, i = '', 0, 0, 1\n"
	" while true do\n"
	"  local part = (time - time % length) / length\n"
	"  local newest = (last - last % length) / length\n"
	"  if length > longest then longest, keep = length, text and newest == part end\n"
	/* what the newest part has, and how many others are behind it */
	"  local first, wide, sum, live, after, stop = single or 0, 1, 0, 0, p, p\n"
	"  local old = 0\n"
	"  if single then\n"
	"   bits = 0\n"
	"  elseif text then\n"
	"   if stored > 4194303 then\n"
	"    wide = stored < 8388608 and 4 or 7\n"
	"    stored = stored % 4194304\n"
	"   end\n"
	"   if stored ~= length then break end\n"
	"   local others = bits % 32\n"
	"   old, bits = (bits - others) / 32, (bits - others) / 32\n"
	"   after = p + wide\n"
	"   stop = after + (1 + wide) * others\n"
	"   if wide == 1 then\n"
	"    first = byte(text, p)\n"
	"   else\n"
	"    first = unpack(wide == 4 and '>I4' or '>I7', text, p)\n"
	"   end\n"
	"  end\n"
	"  if part - newest > 30 then\n"
	"   first = 0\n"
	"  else\n"
	"   sum = first\n"
	"   for at = after, stop - 1, 1 + wide do\n"
	"    local age, n\n"
	"    if wide == 1 then\n"
	"     age, n = byte(text, at, at + 1)\n"
	"    else\n"
	"     age, n = unpack(wide == 4 and '>BI4' or '>BI7', text, at)\n"
	"    end\n"
	"    if (part - age) % 256 > 30 then break end\n"
	"    sum, live = sum + n, live + 1\n"
	"   end\n"
	"  end\n";

static const char fits_part[] =
	/* Unlimited is more than that; ticks until it fits. */
	"  local o, w, f = 0, 0, 0\n"
	"  if number < 72057594037927935 then\n"
	"   f = 1000\n"
	"   if sum + extra < number then\n"
	"    f = (sum + extra) * 1000 / number\n"
	"    f = f - f % 1\n"
	"   end\n"
	"   if sum < number - (number - number % 2) / 2 then bits = 0 end\n"
	"   if extra > 0 and sum + extra > number then\n"
	"    o = 1\n"
	"    if amount > number then\n"
	"     o, w = 2, 9007199254740992\n"
	"    else\n"
	"     local rest, at = number - extra - first, after\n"
	"     if rest < 0 then w = (newest + 31) * length - now end\n"
	"     while rest >= 0 do\n"
	"      local age, n\n"
	"      if wide == 1 then\n"
	"       age, n = byte(text, at, at + 1)\n"
	"      else\n"
	"       age, n = unpack(wide == 4 and '>BI4' or '>BI7', text, at)\n"
	"      end\n"
	"      rest, at = rest - n, at + 1 + wide\n"
	"      w = (part - (part - age) % 256 + 31) * length - now\n"
	"     end\n"
	"    end\n"
	"   end\n"
	"  end\n"
	/* the window that says most */
	"  if i == 1 or o > outcome or o == outcome and (w > wait or w == wait and\n"
	"    (f > fill or f == fill and number < 72057594037927935 and\n"
	"    limit < 0)) then\n"
	"   outcome, wait, fill, used, index, noticed = o, w, f, sum, i, bits\n"
	"   limit = number < 72057594037927935 and number or -1\n"
	"  end\n";

static const char block_part[] =
	"  changed = changed or bits ~= old\n"
	/* the window as it will be */
	"  if adds then\n"
	"   local n, rest = extra, ''\n"
	"   if live > 0 then rest = sub(text, after, after + (1 + wide) * live - 1) end\n"
	"   if newest == part then\n"
	"    n = n + first\n"
	"   elseif first > 0 then\n"
	"    rest = pack(wide == 1 and '>BB' or wide == 4 and '>BI4' or '>BI7',\n"
	"     newest % 256, first) .. rest\n"
	"    live = live + 1\n"
	"   end\n"
	"   if not text then\n"
	"    wide = n < 256 and 1 or n < 4294967296 and 4 or 7\n"
	"   end\n"
	"   if wide == 1 then\n"
	"    if n > 255 then break end\n"
	"    rest = pack('>I3BBc0', length, bits * 32 + live, n, rest)\n"
	"   elseif wide == 4 then\n"
	"    if n > 4294967295 then break end\n"
	"    rest = pack('>I3BI4c0', length + 4194304, bits * 32 + live, n, rest)\n"
	"   else\n"
	"    if n > 9007199254740991 then break end\n"
	"    rest = pack('>I3BI7c0', length + 8388608, bits * 32 + live, n, rest)\n"
	"   end\n"
	"   blocks = i > 1 and blocks .. rest or rest\n"
	"  end\n"
	"  if i == windows then\n"
	"   general, p = false, stop\n"
	"   break\n"
	"  end\n"
	/* the next one */
	"  i, length, number = i + 1, unpack('>I3I7', ask, q)\n"
	"  if text and not single then\n"
	"   if stop + 5 > seen then break end\n"
	"   stored, bits = unpack('>I3B', text, stop)\n"
	"   p = stop + 4\n"
	"  else\n"
	"   bits = 0\n"
	"  end\n"
	"  q = q + 10\n"
	" end\n"
	" if general then break end\n";

static const char value_part[] =
	/* something to warn of is remembered in general */
	" if limit >= 0 then\n"
	"  if outcome > 0 then\n"
	"   notice = noticed < 2 and 2 or 0\n"
	"  elseif near > 0 and fill * 100 >= near * 1000 and noticed % 2 == 0 then\n"
	"   notice = 1\n"
	"  end\n"
	" end\n"
	" if notice > 0 and notes or counts and (changed and extra == 0 or\n"
	"   text and not single and p ~= seen) then\n"
	"  general = true\n"
	"  break\n"
	" end\n"
	" pass = pass and (outcome == 0 or flags % 2 == 1)\n"
	" local value\n"
	" if adds and pass then\n"
	/* a single message, or a value with it in front */
	"  if not text and head == 176 and flags > 5 and amount < 9 then\n"
	"   value = amount * 10000000 + now % 10000000 .. sub(ask, q, q + 10)\n"
	"  else\n"
	"   local older = ''\n"
	/* those are forgotten that were counted 36 minutes ago */
	"   if single then\n"
	"    if now - last > 64800 then\n"
	"     ids = 0\n"
	"    else\n"
	"     older = pack('>I5I2B', sub(text, 9), last % 65536, single)\n"
	"    end\n"
	"   elseif ids > 0 then\n"
	"    if ids > 254 and id then ids = 254 end\n"
	"    while ids > 0 and (last - unpack('>I2', text, seen + each * ids -\n"
	"      (each - 5))) % 65536 > 64800 - now + last do\n"
	"     ids = ids - 1\n"
	"    end\n"
	"    older = sub(text, seen, seen + each * ids - 1)\n"
	"   end\n"
	"   if each > 8 then head = head + 8 end\n"
	"   if id then\n"
	"    value = pack(each == 8 and '>BI5Bc0c0I2Bc0' or '>BI5Bc0c0I2I4c0', head,\n"
	"     now, ids + 1, blocks, id, now % 65536,\n"
	"     amount < 2147483648 and amount or 2147483647, older)\n"
	"   else\n"
	"    value = pack('>BI5Bc0c0', head, now, ids, blocks, older)\n"
	"   end\n"
	"  end\n"
	" end\n";

static const char answer_part[] =
	/* it expires with the last window, so a part of it has one time */
	" local life = (not keep or longest < 600) and sub(ask, q + 11)\n"
	" before = id and extra == 0 and 1 or 0\n"
	" if wait > 0 then\n"
	"  wait = wait < 9007199254740992 and math.ceil(wait / 30) or -1\n"
	" end\n"
	" if list then\n"
	"  list[k] = { outcome, notice, before, used, index - 1, wait,\n"
	"   extra = adds and extra or 0, value = value, life = life }\n"
	" else\n"
	"  if value then\n"
	"   used = used + extra\n"
	"   if life then\n"
	"    call('SET', key, value, 'PX', life)\n"
	"   else\n"
	"    call('SET', key, value, 'KEEPTTL')\n"
	"   end\n"
	"  end\n"
	/* one number is much cheaper than seven */
	"  if pass and outcome == 0 and notice == 0 and used < 2 ^ 48 then\n"
	"   return -1 - used * 8 - (index - 1) * 2 - before\n"
	"  end\n"
	"  return { pass and 1 or 0, outcome, notice, before, used, index - 1, wait }\n"
	" end\n"
	"end\n"
	/* several charges: all of them, or none */
	"if not general then\n"
	" local answer = { pass and 1 or 0 }\n"
	" for k = 1, keys do\n"
	"  local one, at = list[k], 6 * k - 4\n"
	"  if pass and one.value and one.life then\n"
	"   call('SET', KEYS[k], one.value, 'PX', one.life)\n"
	"  elseif pass and one.value then\n"
	"   call('SET', KEYS[k], one.value, 'KEEPTTL')\n"
	"  end\n"
	"  if pass then one[4] = one[4] + one.extra end\n"
	"  for i = 1, 6 do answer[at + i - 1] = one[i] end\n"
	" end\n"
	" return answer\n"
	"end\n";

/* store_script - all of it */
char *store_script(void)
{
	static const char *const parts[] = { fast_part,	   charge_part,
					     windows_part, fits_part,
					     block_part,   value_part,
					     answer_part };
	char *script = xstrdup("");

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		xappend(&script, "%s", parts[i]);
	for (size_t i = 0; store_script_general[i] != NULL; i++)
		xappend(&script, "%s", store_script_general[i]);
	return script;
}

/* store_script_sha - by which EVALSHA knows it */
void store_script_sha(const char *script, char sha[STORE_SHA_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t length = 0;

	sha[0] = '\0';
	if (EVP_Q_digest(NULL, "SHA1", NULL, script, strlen(script), digest,
			 &length) != 1)
		return;
	for (size_t i = 0; i < length && 2 * i + 2 < STORE_SHA_SIZE; i++)
		snprintf(sha + 2 * i, 3, "%02x", digest[i]);
}
