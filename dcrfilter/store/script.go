package store

import (
	"errors"

	"github.com/redis/go-redis/v9"
)

var errDamaged = errors.New("store: the client's record is damaged")

// answers maps the scripts' answers to errors.
var answers = map[string]error{
	"done":      nil,
	"absent":    ErrNotFound,
	"duplicate": ErrDuplicate,
	"conflict":  ErrConflict,
	"taken":     errors.New("store: the client id is taken"),
	"moved":     errors.New("store: a client cannot change its software product"),
	"damaged":   errDamaged,
}

// scripts are the writes. Each uses only the keys that it receives, all in one slot, and reads everything before it
// writes: a script that fails has written nothing. ARGV[1] is the id of the write.
type scripts struct {
	create, mayCreate, grant, update, mayUpdate, remove, burn, revoke, readKeys, addKey, burnToRevoke *redis.Script

	// whenFull are those that succeed in a Redis that is full, too: what ends access must not wait for room. The flag needs
	// Redis 7.0, and nothing else of a script.
	whenFull map[*redis.Script]*redis.Script
}

func newScripts() scripts {
	s := scripts{
		create:    redis.NewScript(jtis + mayCreate + create),
		mayCreate: redis.NewScript(jtis + mayCreate + yes),
		grant:     redis.NewScript(jtis + grant),
		update:    redis.NewScript(jtis + mayUpdate + update),
		mayUpdate: redis.NewScript(jtis + mayUpdate + yes),
		remove:    redis.NewScript(remove),
		burn:      redis.NewScript(jtis + burn),
		revoke:    redis.NewScript(revoke),
		readKeys:  redis.NewScript(clock + readKeys),
		addKey:    redis.NewScript(clock + addKey),
	}
	s.burnToRevoke = redis.NewScript(jtis + burn)
	const evenIfFull = "#!lua flags=allow-oom\n"
	s.whenFull = map[*redis.Script]*redis.Script{
		s.revoke: redis.NewScript(evenIfFull + revoke), s.burnToRevoke: redis.NewScript(evenIfFull + jtis + burn),
	}
	return s
}

// jtis is the beginning of the scripts that mark jtis as used. The jtis are the keys from the given number on. The
// times until which they are kept, in milliseconds, are the last arguments. A jti's value is the id of the write that
// used it, so that a repeated write does not count as a replay.
const jtis = `
local function replayed(first)
	for i = first, #KEYS do
		local owner = redis.call('GET', KEYS[i])
		if owner and owner ~= ARGV[1] then return 'replayed ' .. i - first end
	end
	return false
end

local function burn(first)
	for i = first, #KEYS do
		redis.call('SET', KEYS[i], ARGV[1], 'PXAT', ARGV[#ARGV - #KEYS + i])
	end
end
`

// yes is the end of a script that only checks.
const yes = `
return 'done'
`

// mayCreate: KEYS client, software, jtis. ARGV write, client id, unique, record, state, digest of the software product,
// times. It only reads.
const mayCreate = `
if redis.call('HGET', KEYS[1], 'write') == ARGV[1] then return 'done' end
local clients = redis.call('SCARD', KEYS[2])
local again = replayed(3)
if again then return again end
if ARGV[3] == '1' and clients > 0 then return 'duplicate' end
if redis.call('EXISTS', KEYS[1]) == 1 then return 'taken' end
`

// create is what follows mayCreate.
const create = `
redis.call('HSET', KEYS[1], 'record', ARGV[4], 'version', '1', 'generation', '1', 'state', ARGV[5],
	'software', ARGV[6], 'write', ARGV[1])
redis.call('SADD', KEYS[2], ARGV[2])
burn(3)
return 'done'
`

// grant: KEYS client, jtis. ARGV write, times. The field token says that the client has been given one.
const grant = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 'absent' end
local again = replayed(2)
if again then return again end
redis.call('HSETNX', KEYS[1], 'token', '1')
burn(2)
return 'done'
`

// mayUpdate: KEYS client, software, jtis. ARGV write, client id, version to replace, record, version, generation,
// state, times. It only reads.
const mayUpdate = `
local kept = redis.call('HMGET', KEYS[1], 'write', 'version')
if kept[1] == ARGV[1] then return 'done' end
if redis.call('EXISTS', KEYS[1]) == 0 then return 'absent' end
if redis.call('SISMEMBER', KEYS[2], ARGV[2]) == 0 then return 'moved' end
local again = replayed(3)
if again then return again end
if kept[2] ~= ARGV[3] then return 'conflict' end
`

// update is what follows mayUpdate.
const update = `
redis.call('HSET', KEYS[1], 'record', ARGV[4], 'version', ARGV[5], 'generation', ARGV[6], 'state', ARGV[7],
	'write', ARGV[1])
burn(3)
return 'done'
`

// remove: KEYS client, software, receipt. ARGV write, client id. The receipt is the id of the write. It is kept for the
// time in which the write may be repeated.
const remove = `
if redis.call('GET', KEYS[3]) == ARGV[1] then return 'done' end
if redis.call('EXISTS', KEYS[1]) == 0 then return 'absent' end
if redis.call('SISMEMBER', KEYS[2], ARGV[2]) == 0 then return 'damaged' end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], ARGV[1], 'EX', '60')
return 'done'
`

// burn: KEYS jtis. ARGV write, times.
const burn = `
local again = replayed(1)
if again then return again end
burn(1)
return 'done'
`

// revoke: KEYS revocation. ARGV write, time until which it is kept. The time of a revocation never decreases.
const revoke = `
if redis.call('PEXPIRETIME', KEYS[1]) < tonumber(ARGV[2]) then
	redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[2])
end
return 'done'
`

// clock is the beginning of the scripts that need the time: Redis', in milliseconds.
const clock = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`

// readKeys: KEYS signing keys. It answers with the time, and then with each key's id and value.
const readKeys = `
local answer = redis.call('HGETALL', KEYS[1])
table.insert(answer, 1, string.format('%.0f', now))
return answer
`

// addKey: KEYS signing keys. ARGV write, key id, DER, since in milliseconds. A value is its key's creation in milliseconds, a
// colon and the DER.
const addKey = `
for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
	local created = tonumber(string.match(value, '^%d+'))
	if created > tonumber(ARGV[4]) and created <= now then return 'done' end
end
redis.call('HSETNX', KEYS[1], ARGV[2], string.format('%.0f:', now) .. ARGV[3])
return 'done'
`
