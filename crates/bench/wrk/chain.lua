-- Each thread has one connection and walks its own chains: what an answer gives is what the next
-- request presents. Arguments: kind of contender, path, file of tokens (a line each, rewritten at the
-- end), threads.

local count = 0
local threads = {}

function setup(thread)
    thread:set("number", count)
    count = count + 1
    table.insert(threads, thread)
end

function init(arguments)
    kind, path, file = arguments[1], arguments[2], arguments[3]
    tokens, failed, at = {}, 0, 1
    local line_number = 0
    for line in io.lines(arguments[3]) do
        if line_number % tonumber(arguments[4]) == number then
            table.insert(tokens, line)
        end
        line_number = line_number + 1
    end
end

local requests = {
    hello = function()
        return "GET " .. path .. " HTTP/1.1\r\nHost: localhost\r\n\r\n"
    end,
    cookie = function(token)
        return "POST " .. path .. " HTTP/1.1\r\nHost: localhost\r\nCookie: refreshToken="
            .. token .. "\r\nContent-Length: 0\r\n\r\n"
    end,
    simplejwt = function(token)
        local body = '{"refresh":"' .. token .. '"}'
        return "POST " .. path .. " HTTP/1.1\r\nHost: localhost\r\n"
            .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
    end,
}

local answers = {
    cookie = function(headers)
        local cookie = headers["set-cookie"]
        return cookie and string.match(cookie, "refreshToken=([^;]*)")
    end,
    simplejwt = function(_, body)
        return string.match(body, '"refresh":"([^"]*)"')
    end,
}

function request()
    return requests[kind](tokens[at])
end

function response(status, headers, body)
    if status ~= 200 then
        failed = failed + 1
    elseif answers[kind] then
        tokens[at] = answers[kind](headers, body) or tokens[at]
    end
    at = at % #tokens + 1
end

function done(summary)
    local failed = summary.errors.connect + summary.errors.read + summary.errors.write
        + summary.errors.timeout
    local file = io.open(threads[1]:get("file"), "w")
    for _, thread in ipairs(threads) do
        failed = failed + thread:get("failed")
        for _, token in ipairs(thread:get("tokens")) do
            file:write(token, "\n")
        end
    end
    file:close()
    io.write(string.format('{"requests":%d,"micros":%d,"failed":%d}\n',
        summary.requests, summary.duration, failed))
end
