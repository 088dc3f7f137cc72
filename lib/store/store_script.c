/* SPDX-License-Identifier: ISC */
/* store_script - what the store does for one request, in Lua
 *
 * The same counting as in lib/rate: each window is 31 counters of T/30; all
 * charges of a request are counted, or none; an instance counts once. Lua has
 * only doubles, so a counter stays at 2^53, which is beyond every limit.
 *
 * A key has one value for all its windows. Numbers have the highest byte first:
 *
 *	1 byte		STORE_VALUE + unit, + 4 if it is blocked
 *	6, 2 bytes	the last tick, where the instances begin (from 1)
 *	6 bytes		the end of a block (1: never), if it is blocked
 *	a window	3 bytes: length; 1: noticed; 1: size of a counter; 1:
 *			how many counters; and those that are not 0, the newest
 *			first: 1 byte of the number of the part; 1, 4 or 7: the
 *			count
 *	an instance	5 bytes of its hash, 3 of the tick, 4 of the amount; the
 *			latest is the first
 *
 * With networks, numbers of seven bits in each byte follow the block: how many
 * windows, which have no counters, how many networks, and of each its age, the
 * length of its name and the name.
 *
 * A key with nothing but one message of one to eight recipients, with no
 * window of more than 300,000 seconds, is a number of 19 digits, which takes no
 * memory of its own: one digit of the amount, 7 of the tick, 11 of the hash.
 *
 * It expires when all of it has left the longest window. A clock that goes back
 * changes nothing, up to five minutes; time stops until it has caught up.
 * Beyond that, the counts of the key are lost.
 *
 * There is a word for each key: what to do, and the charge:
 *
 *	4 bytes		"take", "look", "note" or "back"
 *	1, 1, 1 bytes	STORE_VALUE + unit, flags (store_command.c), near
 *	1, 7 bytes	number of windows, amount
 *	5, 11 bytes	the hash of the instance, as bytes and in digits
 *	3, 7 bytes	for each window: length, limit (all bits: none)
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
	"local byte, sub, call, unpack = string.byte, string.sub, redis.call, struct.unpack\n"
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
	"  unpack('>BBBBI7c5xxxxxxxxxxxI3I7', ask, 5)\n"
	" local text, last, single, seen, found = call('GET', key), now\n"
	" local before, stored, bits, wide, parts, p = 0, 0, 0, 1, 0, 16\n"
	" if head == 22 then break end\n"
	" if flags < 4 then id = nil end\n"
	" if text then\n"
	"  if #text < 15 then break end\n"
	"  local first\n"
	"  first, last, seen, stored, bits, wide, parts = unpack('>BI6I2I3BBB', text)\n"
	"  if first == head then\n"
	"   if seen < 16 or last > now and (counts or last > now + 9000) then break end\n"
	/* an instance begins at every 12th byte */
	"   found = id and string.find(text, id, seen, true)\n"
	"   while found and (found - seen) % 12 > 0 do\n"
	"    found = string.find(text, id, found + 1, true)\n"
	"   end\n"
	"   if found then before = unpack('>I4', text, found + 8) % 2147483648 end\n"
	"  elseif head == 20 and #text == 19 and string.find(text, '^[1-8]%d+$') then\n"
	"   single, bits, wide = byte(text) - 48, 0, 1\n"
	"   last = now + 9000 - (now + 9000 - sub(text, 2, 8)) % 10000000\n"
	"   if last > now and counts then break end\n"
	"   found = id and sub(text, 9) == sub(ask, 21, 31)\n"
	"   before = found and single or 0\n"
	"  else\n"
	"   break\n"
	"  end\n"
	" end\n";

static const char windows_part[] =
	/* Each window: what is in it, and does it fit? */
	" local time, extra, q = now, amount, 42\n"
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
	"  local sum, live, same, stop, size = 0, 0, false, p, 1 + wide\n"
	"  local o, w, f, old = 0, 0, 0, bits\n"
	/* it has one counter, or its value has them */
	"  if single then\n"
	"   if part - newest < 31 then\n"
	"    sum, live, same = single, 1, part == newest\n"
	"   end\n"
	"  elseif text then\n"
	"   if stored ~= length then break end\n"
	"   stop = p + size * parts\n"
	"   if part - newest < 31 then\n"
	"    for at = p, stop - 1, size do\n"
	"     local age, n\n"
	"     if wide == 1 then\n"
	"      age, n = byte(text, at, at + 1)\n"
	"     else\n"
	"      age, n = unpack(wide == 4 and '>BI4' or '>BI7', text, at)\n"
	"     end\n"
	"     if (part - age) % 256 > 30 then break end\n"
	"     sum, live, same = sum + n, live + 1, same or age == part % 256\n"
	"    end\n"
	"   end\n"
	"  end\n";

static const char fits_part[] =
	/* Unlimited is more than that; ticks until it fits. */
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
	"    elseif single then\n"
	"     w = (newest + 31) * length - now\n"
	"    else\n"
	"     local rest, at = number - extra, p\n"
	"     repeat\n"
	"      local age, n\n"
	"      if wide == 1 then\n"
	"       age, n = byte(text, at, at + 1)\n"
	"      else\n"
	"       age, n = unpack(wide == 4 and '>BI4' or '>BI7', text, at)\n"
	"      end\n"
	"      rest, at = rest - n, at + size\n"
	"      if rest < 0 then\n"
	"       w = (part - (part - age) % 256 + 31) * length - now\n"
	"      end\n"
	"     until rest < 0\n"
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
	"   local n, from, rest = extra, p, ''\n"
	"   if same then\n"
	"    if single then\n"
	"     n = n + single\n"
	"    elseif wide == 1 then\n"
	"     n = n + byte(text, p + 1)\n"
	"    else\n"
	"     n = n + unpack(wide == 4 and '>I4' or '>I7', text, p + 1)\n"
	"    end\n"
	"    from, live = from + size, live - 1\n"
	"   end\n"
	"   if not text then\n"
	"    wide = n < 256 and 1 or n < 4294967296 and 4 or 7\n"
	"   end\n"
	"   if n > 255 and (wide == 1 or n > 4294967295 and wide == 4 or\n"
	"     n > 9007199254740991) then\n"
	"    break\n"
	"   end\n"
	"   if live > 0 then\n"
	"    rest = single and struct.pack('>BB', newest % 256, single) or\n"
	"     sub(text, from, from + size * live - 1)\n"
	"   end\n"
	"   blocks = blocks .. sub(ask, q - 10, q - 8) .. struct.pack(wide == 1 and\n"
	"    '>BBBBB' or wide == 4 and '>BBBBI4' or '>BBBBI7', bits, wide, live + 1,\n"
	"    part % 256, n) .. rest\n"
	"  end\n"
	"  if i == windows then\n"
	"   general, p = false, stop\n"
	"   break\n"
	"  end\n"
	/* the next one */
	"  i, length, number = i + 1, unpack('>I3I7', ask, q)\n"
	"  if text and not single then\n"
	"   if stop >= seen then break end\n"
	"   stored, bits, wide, parts = unpack('>I3BBB', text, stop)\n"
	"   p = stop + 6\n"
	"  elseif not single then\n"
	"   wide = 1\n"
	"  end\n"
	"  if not text or single then bits = 0 end\n"
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
	"  if not text and head == 20 and flags > 5 and amount < 9 then\n"
	"   value = amount * 10000000 + now % 10000000 .. sub(ask, 21, 31)\n"
	"  else\n"
	"   local latest, older = '', ''\n"
	"   if id then\n"
	"    latest = id .. struct.pack('>I3I4', now % 16777216,\n"
	"     amount < 2147483648 and amount or 2147483647)\n"
	"   end\n"
	"   if single then\n"
	"    older = struct.pack('>I5I3I4', sub(text, 9), last % 16777216, single)\n"
	"   elseif text and seen <= #text then\n"
	"    local stop = seen + (id and 3060 or 3072) - 1\n"
	"    if stop > #text then stop = #text end\n"
	"    while id and stop > seen and\n"
	"      (now - unpack('>I3', text, stop - 6)) % 16777216 > 108000 do\n"
	"     stop = stop - 12\n"
	"    end\n"
	"    older = sub(text, seen, stop)\n"
	"   end\n"
	"   value = struct.pack('>BI6I2', head, now, 10 + #blocks) .. blocks ..\n"
	"    latest .. older\n"
	"  end\n"
	" end\n";

static const char answer_part[] =
	/* it expires with the last window, so a part of it has one time */
	" local life = (not keep or longest < 600) and sub(ask, q)\n"
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
/* append - the next part */
static char *append(char *script, const char *part)
{
	char *longer = xasprintf("%s%s", script, part);

	free(script);
	return longer;
}

/* store_script - all of it */
char *store_script(void)
{
	static const char *const parts[] = { fast_part,	   charge_part,
					     windows_part, fits_part,
					     block_part,   value_part,
					     answer_part };
	char *script = xstrdup("");

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		script = append(script, parts[i]);
	for (size_t i = 0; store_script_general[i] != NULL; i++)
		script = append(script, store_script_general[i]);
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
