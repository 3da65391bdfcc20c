-- The same request again and again; answers are counted, not looked at. Arguments: kind of contender,
-- path, file with a token.

function init(arguments)
    local headers = ""
    if arguments[1] == "bearer" then
        headers = "Authorization: Bearer " .. io.lines(arguments[3])() .. "\r\n"
    end
    same = "GET " .. arguments[2] .. " HTTP/1.1\r\nHost: localhost\r\n" .. headers .. "\r\n"
end

function request()
    return same
end

function done(summary)
    local failed = summary.errors.connect + summary.errors.read + summary.errors.write
        + summary.errors.timeout + summary.errors.status
    io.write(string.format('{"requests":%d,"micros":%d,"failed":%d}\n',
        summary.requests, summary.duration, failed))
end
